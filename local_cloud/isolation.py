"""Keeps the user's own AWS settings out of this process, and moto's output off the terminal."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
NO_SETTINGS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def isolated_environment(account: str) -> Iterator[None]:
    """Hide the user's AWS settings in this process: moto and botocore would both read them."""
    ours = {**no_proxy(os.environ), **NO_SETTINGS, "MOTO_ACCOUNT_ID": account}
    before = {name: os.environ.get(name) for name in {*filter(is_aws, os.environ), *ours}}
    for name in before:
        os.environ.pop(name, None)
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """Send what the server and moto log to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path)
    loggers = [logging.getLogger(name) for name in ("local_cloud.http", "moto")]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagate
        handler.close()


def is_aws(name: str) -> bool:
    return name.startswith(("AWS_", "MOTO_"))


def no_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """Return variables that keep proxies away: a proxy could not reach this process."""
    return {
        name: ",".join(filter(None, [environ.get(name, ""), HOST, "localhost"]))
        for name in ("NO_PROXY", "no_proxy")
    }

"""Runs that end in the middle, as if their machine had been switched off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3

from lake import store


class Killed(BaseException):
    """The run ends here."""


@contextmanager
def killed_at_call(limit: int) -> Iterator[list[str]]:
    """Switch the driver off at its `limit`-th call to AWS; yields the calls that it made."""
    made: list[str] = []

    def count(event_name: str, **_: object) -> None:
        if len(made) >= limit:
            raise Killed
        made.append(event_name)

    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register("before-call.*", count)
    store.client.cache_clear()
    try:
        yield made
    finally:
        boto3.setup_default_session()
        store.client.cache_clear()

"""Lets a process read each of botocore's models once.

botocore keeps them for a session, and whoever wants clients of many accounts, roles or threads has
many sessions: a third of a second for each, most of which is parsing JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader

_as_botocore_does = JSONFileLoader._load_file


@cache
def _read(path: str, opened: Callable[..., Any]) -> Any:
    return _as_botocore_does(JSONFileLoader(), path, opened)


def _read_once(_: JSONFileLoader, path: str, opened: Callable[..., Any]) -> Any:
    return _read(path, opened)


def read_models_once() -> None:
    """Keep what is parsed, for all sessions of this process from now on.

    Sessions share the parsed models. botocore only merges its extras into them, which changes
    nothing the second time.
    """
    JSONFileLoader._load_file = _read_once

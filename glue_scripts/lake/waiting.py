"""Calls that wait for AWS most of their time: many at a time, where there are many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_FEW = 8
_AT_ONCE = 8


def each(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The results, in order. Raises what the first call that failed has raised; calls that had
    begun by then are carried through."""
    if len(items) <= _FEW:
        return [function(item) for item in items]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(function, items))

"""Calls that mostly wait for AWS: run concurrently, if there are many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_FEW = 8
_AT_ONCE = 8


def each(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Call a function for each item; return the results in order.

    Raises what the first failed call has raised; calls that had begun by then are completed.
    """
    if len(items) <= _FEW:
        return [function(item) for item in items]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(function, items))

"""A stand-in for Spark that runs each task where it is asked for.

The engine uses Spark only to place work: here the same functions run over the same pickled items,
without the seconds that a cluster takes to begin. `--spark` runs them in Spark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from pyspark.sql import SparkSession

_CORES = 2


class _Spread:
    """As much of an RDD as the engine asks for."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = list(items)

    def map(self, function: Callable[[Any], Any]) -> _Spread:
        return _Spread(map(function, self._items))

    def mapPartitions(self, function: Callable[[Any], Any]) -> _Spread:  # noqa: N802 - Spark's name
        return _Spread(found for item in self._items for found in function(iter([item])))

    def foreach(self, function: Callable[[Any], Any]) -> None:
        for item in self._items:
            function(item)

    def collect(self) -> list[Any]:
        return self._items


class _Context:
    defaultParallelism = _CORES  # noqa: N815 - Spark's name

    def parallelize(self, items: Sequence[Any], slices: int = 1) -> _Spread:  # noqa: ARG002
        return _Spread(items)


class _Here:
    sparkContext = _Context()  # noqa: N815 - Spark's name


def work_here() -> SparkSession:
    """Return as much of a session as the engine asks for."""
    return cast("SparkSession", _Here())

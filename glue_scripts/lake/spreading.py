"""Running a plain function over many items in Spark's tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from pyspark.sql import SparkSession

from lake.store import region, use_region

Item = TypeVar("Item")
Result = TypeVar("Result")
_WAVES = 4
_CORES_TO_START = 16
"""Slices per core: enough to even out items of different size, few enough to cost nothing."""


def spread(
    spark: SparkSession,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    weight: Callable[[Item], int],
) -> list[Result]:
    """The results in the order of the items. The heaviest items are started first."""
    if not items:
        return []
    context = spark.sparkContext
    order = sorted(range(len(items)), key=lambda i: -weight(items[i]))
    # No fewer slices than cores, if need be empty ones: they start Python on every core at once,
    # so that the next stage does not wait for it.
    most = context.defaultParallelism * _WAVES
    slices = max(min(len(items), most), min(context.defaultParallelism, _CORES_TO_START))
    # Dealt out like cards, so that each slice gets its share of heavy items.
    dealt = [order[start::slices] for start in range(slices)]
    work = [(i, items[i]) for hand in dealt for i in hand]
    there = partial(_in_region, region(), function)
    found = context.parallelize(work, slices).mapValues(there).collectAsMap()
    return [found[i] for i in range(len(items))]


def _in_region(name: str, function: Callable[[Item], Result], item: Item) -> Result:
    use_region(name)
    return function(item)

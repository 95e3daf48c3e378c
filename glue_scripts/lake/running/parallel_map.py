"""Running a plain function over many items in Spark's tasks."""

from __future__ import annotations

import gc
import logging
import pickle
import sys
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from threading import Thread
from typing import TypeVar
from zipimport import zipimporter

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from lake.errors import Unavailable
from lake.running.isolation import Fault, Guarded
from lake.running.witness import each_alone
from lake.store import region, use_region

logger = logging.getLogger(__name__)
Item = TypeVar("Item")
Result = TypeVar("Result")
_WAVES = 4
"""Slices per core: enough to even out items of different size, few enough to cost nothing."""
_CORES_TO_START = 16
_PAUSES = (1.0, 5.0)
"""Seconds before AWS is asked again, after the retries of its clients."""
_WITNESSED = 50
"""Items that share a witness as long as none of them kills it."""


def parallel_map(
    spark: SparkSession,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    weight: Callable[[Item], int],
) -> list[Result]:
    """Return the results in the order of the items. The heaviest items are started first."""
    if not items:
        return []
    context = spark.sparkContext
    order = sorted(range(len(items)), key=lambda i: -weight(items[i]))
    # At least as many slices as cores, even if some are empty: they start Python on every core at
    # once, so that the next stage does not wait for it.
    most = context.defaultParallelism * _WAVES
    slices = max(min(len(items), most), min(context.defaultParallelism, _CORES_TO_START))
    # Dealt out like cards, so that each slice gets its share of heavy items. As bytes, because
    # Spark would pickle them item by item, ten times slower.
    dealt = [order[start::slices] for start in range(slices)]
    hands = [pickle.dumps([items[i] for i in hand]) for hand in dealt]
    there = partial(_work_through, region(), function)
    found = context.parallelize(hands, slices).map(there).collect()
    results = {
        i: result
        for hand, played in zip(dealt, found, strict=True)
        for i, result in zip(hand, pickle.loads(played), strict=True)  # noqa: S301 - made below
    }
    return [results[i] for i in range(len(items))]


def parallel_map_guarded(
    spark: SparkSession,
    guarded: Guarded[Item, Result],
    items: Sequence[Item],
    *,
    weight: Callable[[Item], int],
) -> list[Result | Fault]:
    """Like `parallel_map`, with a fault in place of the result of each item that has none.

    Items that failed because AWS was busy or out of reach, or a machine had no room, are tried
    again. If a worker has died, it is not known at which of its items: all are run again by workers
    that have a witness watch each one. Raises Unavailable if workers die even so.
    """
    results = _survived(spark, guarded, items, weight=weight)
    for pause in _PAUSES:
        again = [
            i
            for i, found in enumerate(results)
            if isinstance(found, Fault) and found.blame.may_pass
        ]
        if not again:
            break
        time.sleep(pause)
        found = _survived(spark, guarded, [items[i] for i in again], weight=weight)
        for i, result in zip(again, found, strict=True):
            results[i] = result
    return results


def _survived(
    spark: SparkSession,
    guarded: Guarded[Item, Result],
    items: Sequence[Item],
    *,
    weight: Callable[[Item], int],
) -> list[Result | Fault]:
    try:
        return parallel_map(spark, guarded, items, weight=weight)
    except Py4JJavaError as error:
        # No exception leaves a guarded function: a worker has died.
        logger.warning("a worker died; its items are done one by one", exc_info=error)
    batches = [items[start : start + _WITNESSED] for start in range(0, len(items), _WITNESSED)]
    watched = partial(each_alone, guarded, region())
    try:
        done = parallel_map(spark, watched, batches, weight=lambda batch: sum(map(weight, batch)))
    except Py4JJavaError as error:
        raise Unavailable(
            "Spark's workers die although they do no more than watch: the cluster lacks memory, or "
            "loses its machines"
        ) from error
    return [result for batch in done for result in batch]


def start_workers(spark: SparkSession, warm: Callable[[], object]) -> Thread:
    """Start Python on every core and call `warm` there, while the driver goes on.

    That takes a second or two, by which the first task would otherwise be delayed. Returns the
    thread that waits for it.
    """
    context = spark.sparkContext
    cores = min(context.defaultParallelism, _CORES_TO_START)
    there = partial(_warmed, region(), warm)

    def start() -> None:
        try:
            context.parallelize(range(cores), cores).foreach(there)
        except Exception:  # only a head start is lost; the error shows in the work
            logger.warning("Python could not be started beforehand", exc_info=True)

    thread = Thread(target=start, daemon=True, name="start-workers")
    thread.start()
    return thread


def _warmed(region_name: str, warm: Callable[[], object], _: int) -> None:
    use_region(region_name)
    warm()
    _ease_next_task()


def _work_through(region_name: str, function: Callable[[Item], Result], hand: bytes) -> bytes:
    use_region(region_name)
    try:
        return pickle.dumps([function(item) for item in pickle.loads(hand)])  # noqa: S301 - made above
    finally:
        _ease_next_task()


def _ease_next_task() -> None:
    """Spare this worker most of what it does between two tasks, a tenth of a second or more.

    Spark makes Python drop its caches for imports. Those of archives, of which Spark's own has
    thousands of files, are then read again at once, once for each package. Without an importer in
    the cache there is nothing to read; the next import makes one. Spark also collects garbage,
    which imported objects are not.
    """
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimporter):
            del sys.path_importer_cache[path]
    _freeze_once()


@cache
def _freeze_once() -> None:
    """Freeze objects once: Python's count of frozen ones is as slow as collecting them."""
    gc.freeze()

"""Where the simulation ends and Python begins: clocks, sleep, chance, threads and boto3.

`install` is called before any module of the product is imported, in a process that does nothing
else.
"""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import functools
import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, SupportsIndex

_REAL_TIME = time.time
_REAL_SLEEP = time.sleep
_REAL_DATETIME = dt.datetime


class Clock(Protocol):
    """What tells the time to whoever asks."""

    def time(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class _Real:
    def time(self) -> float:
        return _REAL_TIME()

    def sleep(self, seconds: float) -> None:
        _REAL_SLEEP(seconds)


class Border:
    """What the product sees of the world; a simulation puts its own here."""

    clock: Clock = _Real()
    chance = random.Random(0)  # noqa: S311 - a simulation can be repeated


class _IsDatetime(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _REAL_DATETIME)


class SimulatedDatetime(_REAL_DATETIME, metaclass=_IsDatetime):
    """`datetime` by the simulation's clock."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return _REAL_DATETIME.fromtimestamp(Border.clock.time(), tz)


class InTurn(concurrent.futures.Executor):
    """An executor that does everything at once, in the thread of who asks: the order of calls is
    the scheduler's alone."""

    def __init__(self, max_workers: int | None = None, *_: object, **__: object) -> None:
        self.max_workers = max_workers

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)
        return future

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,  # noqa: ARG002 - as Executor has it
        chunksize: int = 1,  # noqa: ARG002
    ) -> Iterator[Any]:
        return iter([fn(*items) for items in zip(*iterables, strict=False)])


def _worked_out(
    attribute: functools.cached_property[Any],
    instance: object,
    owner: type[Any] | None = None,  # noqa: ARG001 - as a descriptor is called
) -> Any:
    """Return a cached property without a lock, as Python does from 3.12 on.

    Before, one lock is shared by all instances: an actor that hands over while it works a value
    out would keep every other one from going on, for good.
    """
    if instance is None:
        return attribute
    values = vars(instance)
    name = str(attribute.attrname)
    if name not in values:
        values[name] = attribute.func(instance)
    return values[name]


def _time() -> float:
    return Border.clock.time()


def _sleep(seconds: float | SupportsIndex, /) -> None:
    Border.clock.sleep(float(seconds))


def install() -> None:
    """Put the simulation between the product and Python, for good."""
    import boto3  # noqa: PLC0415 - what is imported here keeps the real clock
    import pandas as pd  # type: ignore[import-untyped]  # noqa: F401, PLC0415
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.orc  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    pa.set_cpu_count(1)
    time.time = _time
    time.sleep = _sleep
    uuid.uuid4 = lambda: uuid.UUID(int=Border.chance.getrandbits(128), version=4)
    dt.datetime = SimulatedDatetime  # type: ignore[misc]
    functools.cached_property.__get__ = _worked_out  # type: ignore[assignment, method-assign]
    concurrent.futures.ThreadPoolExecutor = InTurn  # type: ignore[assignment, misc]
    from simulation import clients  # noqa: PLC0415

    boto3.client = clients.client
    boto3.resource = clients.resource

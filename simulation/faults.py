"""What goes wrong, when: decided for each call by the seed, the actor and the number of its call.

So a fault stays where it is when others are left out, which is how a failure is made small.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Place = tuple[str, int]
"""Actor, and the number of its call."""


class Fault(StrEnum):
    """A kind of fault of a call."""

    REFUSED = "call refused before its effect"
    NO_ANSWER = "answer lost after the effect"
    TWICE = "retried by the client after the effect"
    SLOW = "call slow before its effect"
    SLOW_ANSWER = "answer slow after the effect"
    KILLED_BEFORE = "killed before a call"
    KILLED_AFTER = "killed after a call"
    FULL = "Glue full or throttling"
    CONFLICT = "conflict of transactions"
    NEVER = "catalog refuses for good"


_STARTS = frozenset({"StartJobRun", "StartWorkflowRun"})
_USUAL = (
    (Fault.REFUSED, 20),
    (Fault.NO_ANSWER, 20),
    (Fault.TWICE, 20),
    (Fault.SLOW, 15),
    (Fault.SLOW_ANSWER, 10),
    (Fault.KILLED_BEFORE, 12),
    (Fault.KILLED_AFTER, 12),
)
_OF_STARTS = (*_USUAL, (Fault.FULL, 60))
_OF_TRANSACTIONS = (*_USUAL, (Fault.CONFLICT, 30))
_OF_CATALOG = (*_USUAL, (Fault.NEVER, 60))
_CATALOG = frozenset({"CreatePartition", "CreateTable", "UpdateTable"})
_READS = ("Get", "Head", "List", "Query", "Scan", "BatchGet")
_STARTS_FACTOR = 12
"""Starts are few among all calls, and much hangs on them."""
_CATALOG_FACTOR = 8
_WRITES_FACTOR = 2


@dataclass(frozen=True, kw_only=True)
class Weather:
    """How often which things go wrong in one simulation."""

    calls: float
    """Share of calls with a fault."""
    events_lost: float
    events_twice: float
    events_late: float
    runs_lost: float
    """Share of Glue's runs that end before they begin."""
    runs_outlived: float
    """Share of Glue's runs that go on for a while after Glue says that they have ended."""
    lag: float
    """Seconds by which reads that need not be consistent may be behind."""
    skew: float
    """Seconds by which clocks may differ, in both directions."""


@dataclass
class Faults:
    """The faults of one simulation."""

    seed: str
    weather: Weather
    allowed: frozenset[Place] | None = None
    """Of a replay that leaves others out; None: all."""
    is_calm: bool = False
    """Nothing goes wrong any more."""
    counts: Counter[str] = field(default_factory=Counter)
    injected: list[tuple[Place, Fault]] = field(default_factory=list)

    def of_call(self, actor: str, number: int, operation: str) -> Fault | None:
        """Return the fault of an actor's call, if it has one."""
        if self.is_calm:
            return None
        rate = self.weather.calls * _factor(operation)
        if self.unit(actor, number, "fault") >= rate:
            return None
        place = (actor, number)
        if self.allowed is not None and place not in self.allowed:
            return None
        fault = self._kind(actor, number, operation)
        self.injected.append((place, fault))
        self.counts[fault.value] += 1
        return fault

    def happens(self, share: float, kind: str, *of: object) -> bool:
        """Decide whether something that is not a call's goes wrong, and count it."""
        place = (f"{kind} {'/'.join(map(str, of))}", 0)
        if self.is_calm or self.unit(kind, *of) >= share:
            return False
        if self.allowed is not None and place not in self.allowed:
            return False
        self.counts[kind] += 1
        self.injected.append((place, Fault.REFUSED))
        return True

    def unit(self, *of: object) -> float:
        """Return a number from 0 to 1 that depends on the seed and on what it is for."""
        text = "/".join(map(str, (self.seed, *of)))
        digest = hashlib.blake2b(text.encode(), digest_size=6).digest()
        return int.from_bytes(digest) / 2**48

    def _kind(self, actor: str, number: int, operation: str) -> Fault:
        kinds = dict(_kinds_of(operation))
        left = self.unit(actor, number, "kind") * sum(kinds.values())
        for kind, weight in kinds.items():
            left -= weight
            if left < 0:
                return kind
        return Fault.REFUSED


def weather_of(seed: str) -> Weather:
    """Return the weather of a seed: some days are fair, some have one kind of trouble, some all."""
    faults = Faults(seed, _FAIR)

    def one_of(what: str, *options: float) -> float:
        return options[int(faults.unit("weather", what) * len(options))]

    return Weather(
        calls=one_of("calls", 0.0, 0.003, 0.01, 0.02, 0.04, 0.06),
        events_lost=one_of("lost", 0.0, 0.0, 0.1, 0.5),
        events_twice=one_of("twice", 0.0, 0.2, 0.6),
        events_late=one_of("late", 0.0, 0.2, 0.5),
        runs_lost=one_of("runs", 0.0, 0.05, 0.25),
        runs_outlived=one_of("outlived", 0.0, 0.0, 0.1, 0.3),
        lag=one_of("lag", 0.0, 2.0, 20.0),
        skew=one_of("skew", 0.0, 2.0, 20.0),
    )


_FAIR = Weather(
    calls=0,
    events_lost=0,
    events_twice=0,
    events_late=0,
    runs_lost=0,
    runs_outlived=0,
    lag=0,
    skew=0,
)


def _factor(operation: str) -> float:
    if operation in _STARTS:
        return _STARTS_FACTOR
    if operation in _CATALOG:
        return _CATALOG_FACTOR
    return 1 if operation.startswith(_READS) else _WRITES_FACTOR


def _kinds_of(operation: str) -> Mapping[Fault, int]:
    if operation in _STARTS:
        return dict(_OF_STARTS)
    if operation in _CATALOG:
        return dict(_OF_CATALOG)
    return dict(_OF_TRANSACTIONS if operation == "TransactWriteItems" else _USUAL)

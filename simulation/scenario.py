"""A day's operation: who uploads what, when, and what people do meanwhile. By the seed alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from simulation.truth import KEYED, Kind, Row

START = datetime(2026, 3, 2, 6, tzinfo=UTC).timestamp()
_LAYERED = "data/incoming/2026/03/02/"
_FOLDERS = (f"{KEYED}/", f"{KEYED}/", "visits/", f"{_LAYERED}items/")
_NAMES = ("a.csv", "b.csv", "c/a.csv", "d.csv")
_HOUR = 3600.0


class Act(StrEnum):
    """What people, and schedules, do beside uploading."""

    REDRIVE = "redrive"
    RECONCILE = "reconcile"
    RELEASE = "release"
    MAINTENANCE = "maintenance"
    READER = "a reader who takes its time"


@dataclass(frozen=True, kw_only=True)
class PlannedUpload:
    """An upload to come."""

    number: int
    at: float
    key: str
    dataset: str
    kind: Kind
    rows: tuple[Row, ...]
    malformed: int
    body: bytes


@dataclass(frozen=True, kw_only=True)
class PlannedAct:
    """Something that is done at a time."""

    number: int
    at: float
    act: Act


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One day."""

    uploads: tuple[PlannedUpload, ...]
    acts: tuple[PlannedAct, ...]
    ends: float
    """From then on nothing goes wrong any more."""

    def only(self, uploads: Sequence[int], acts: Sequence[int]) -> Scenario:
        """Return the day with some of its uploads and acts; content that comes again needs its
        first upload."""
        return Scenario(
            uploads=tuple(one for one in self.uploads if one.number in uploads),
            acts=tuple(one for one in self.acts if one.number in acts),
            ends=self.ends,
        )


def scenario_of(seed: str) -> Scenario:
    """Return the day of a seed."""
    chance = random.Random(f"scenario/{seed}")  # noqa: S311 - can be repeated
    hours = chance.choice((0.5, 3.0, 12.0, 24.0, 24.0, 80.0))
    times = sorted(_times(chance, hours))
    uploads: list[PlannedUpload] = []
    for number, at in enumerate(times):
        uploads.append(_upload(chance, number, at, uploads))
    acts = [
        PlannedAct(
            number=number,
            at=_moment(chance, times, hours),
            act=chance.choice(
                (Act.REDRIVE, Act.RECONCILE, Act.RELEASE, Act.MAINTENANCE, Act.READER, Act.READER)
            ),
        )
        for number in range(chance.choice((0, 1, 3, 6)))
    ]
    return Scenario(
        uploads=tuple(uploads),
        acts=tuple(sorted(acts, key=lambda one: one.at)),
        ends=START + hours * _HOUR,
    )


def _moment(chance: random.Random, times: Sequence[float], hours: float) -> float:
    """Return when something is done: at any time, or while an upload is being processed."""
    if chance.random() < 0.5:
        return START + chance.random() * hours * _HOUR
    return chance.choice(times) + chance.random() * 120


def _times(chance: random.Random, hours: float) -> Sequence[float]:
    """Uploads come in bursts."""
    found: list[float] = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        burst = START + chance.random() * hours * _HOUR
        spread = chance.choice((1.0, 60.0, 1200.0))
        found += [burst + chance.random() * spread for _ in range(chance.choice((1, 2, 2, 4)))]
    return found


def _upload(
    chance: random.Random, number: int, at: float, before: Sequence[PlannedUpload]
) -> PlannedUpload:
    again = [one for one in before if one.kind in (Kind.GOOD, Kind.MIXED)]
    if again and chance.random() < 0.12:
        first = chance.choice(again)
        return PlannedUpload(
            number=number,
            at=at,
            key=first.key,
            dataset=first.dataset,
            kind=Kind.AGAIN,
            rows=first.rows,
            malformed=first.malformed,
            body=first.body,
        )
    folder = chance.choice(_FOLDERS)
    kind = chance.choices(
        (Kind.GOOD, Kind.MIXED, Kind.BAD, Kind.BINARY, Kind.EMPTY), (60, 20, 6, 7, 7)
    )[0]
    rows = _rows(chance, number) if kind in (Kind.GOOD, Kind.MIXED) else ()
    malformed = chance.choice((1, 2)) if kind in (Kind.MIXED, Kind.BAD) else 0
    return PlannedUpload(
        number=number,
        at=at,
        key=folder + chance.choice(_NAMES),
        dataset=folder.rstrip("/").rpartition("/")[2],
        kind=kind,
        rows=rows,
        malformed=malformed,
        body=_body(kind, rows, malformed, number),
    )


def _rows(chance: random.Random, number: int) -> tuple[Row, ...]:
    spelling = chance.choice(("{}", "{}", "{}", "{}.5", "v{}"))
    count = chance.choice((1, 2, 4))
    keys = chance.sample(range(6), count)
    return tuple(
        Row(100 * number + place + 1, f"k{key}", spelling.format(chance.randrange(10, 99)))
        for place, key in enumerate(keys)
    )


def _body(kind: Kind, rows: Sequence[Row], malformed: int, number: int) -> bytes:
    if kind is Kind.EMPTY:
        return b""
    if kind is Kind.BINARY:
        return b"%PDF-1.7\n" + bytes(range(256)) + str(number).encode()
    lines = [f"{row.uid},{row.key},{row.value}" for row in rows]
    lines += [f'"{number}"{place},k1,1' for place in range(malformed)]
    return "\n".join(("uid,k,v", *lines, "")).encode()

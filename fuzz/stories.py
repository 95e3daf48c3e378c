"""Chooses a column's kinds up to a row and afterwards, around every limit that the code has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

from fuzz.columns_file import AVRO_NATIVES, NATIVES
from fuzz.kinds import WORDS, Kind
from fuzz.programs import Format, Part


@dataclass(frozen=True)
class Scale:
    """The sizes of a case's files."""

    rows: tuple[int, ...]
    """Numbers of rows to choose from."""
    pads: tuple[int, ...] = (0,)
    files: int = 3
    datasets: int = 3


class Scales(Enum):
    SMALL = Scale((0, 1, 2, 3, 5, 8, 20, 21, 30, 60), datasets=4)
    SAMPLES = Scale((499, 500, 501, 502, 700, 999, 1000, 1001, 1002, 1300))
    """500 records are typed, 1,000 are judged."""
    MEBIBYTE = Scale((1040, 1100, 1300, 2100), (1000,), files=2, datasets=2)
    """The first look takes 1 MiB; more are taken inside a file from 2 MiB on."""
    BATCHES = Scale(
        (19_999, 20_001, 49_999, 50_001, 65_535, 65_536, 65_537, 70_000), files=2, datasets=1
    )
    """20,000 rows decide about dictionaries, 50,000 are a chunk of JSON, 65,536 a batch."""
    PIECES = Scale((9_000, 17_000), (1000,), files=1, datasets=1)
    """Above 8 MiB a file is cut into pieces."""


_LIMITS = (1, 2, 3, 20, 21, 499, 500, 501, 999, 1000, 1001, 1040, 1047)
_LARGE_LIMITS = (19_999, 20_000, 20_001, 49_999, 50_000, 50_001, 65_535, 65_536, 65_537)
_TYPED = (
    Kind.INTEGER,
    Kind.INTEGER,
    Kind.DECIMAL,
    Kind.DECIMAL,
    Kind.DATE,
    Kind.TIMESTAMP,
    Kind.INSTANT,
    Kind.TRUTH,
    Kind.WORD,
)
SEPARATING = (Kind.DECIMAL_COMMA, Kind.DECIMAL_COMMA, Kind.PHRASE, Kind.CLOCK, Kind.URL, Kind.MAC)
"""Kinds of text that may contain a separator."""
_NO_KIND = {Kind.BLANK}


def kinds_for(form: Format) -> tuple[Kind, ...]:
    if form is Format.AVRO:
        return (*sorted(AVRO_NATIVES, key=str), *WORDS)
    if form.is_columnar:
        natives = NATIVES - ({Kind.BIG} if form is Format.ORC else set())
        return (*sorted(natives, key=str), *WORDS)
    return tuple(kind for kind in Kind if kind not in _NO_KIND)


def story(random: Random, form: Format, rows: int) -> tuple[Part, ...]:
    first, second = _kind(random, form), _kind(random, form)
    at = _turn(random, rows)
    if form.is_columnar:
        # A column of a typed format has one type, with values or without.
        second = Kind.BLANK if random.random() < 0.5 else first
    plots = [
        (Part(0, first),),
        (Part(0, first),),
        (Part(at, Kind.BLANK), Part(0, first)),
        (Part(at, first), Part(0, second)),
        (Part(at, first), Part(1, second), Part(0, first)),
        (Part(at, Kind.BLANK), Part(1, first), Part(0, Kind.BLANK)),
    ]
    return random.choice(plots)


def _kind(random: Random, form: Format) -> Kind:
    possible = kinds_for(form)
    chance = random.random()
    if chance < 0.5:
        return random.choice([kind for kind in _TYPED if kind in possible])
    return random.choice(SEPARATING if form is Format.CSV and chance < 0.82 else possible)


def _turn(random: Random, rows: int) -> int:
    """Return the row where the story turns: mostly at a limit that the file reaches."""
    limits = [limit for limit in (*_LIMITS, *_LARGE_LIMITS) if limit < rows]
    near: Sequence[int] = limits[-6:] if random.random() < 0.7 else limits
    return random.choice([*near, max(0, rows - 1), rows // 2])

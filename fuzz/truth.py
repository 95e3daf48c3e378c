"""The contents of a file, however it is written: cells, records, and what may become of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import NamedTuple

from fuzz.kinds import NUMBERS, WORDS, Kind, spelled
from fuzz.programs import Column, File, Format


class Nature(Enum):
    """The form in which a value stands in the file."""

    NONE = "no value"
    FIELD = "text of CSV, whose type is to be found"
    STRING = "a string of JSON, which may be a date or a time"
    TEXT = "a string of a format with types"
    NUMBER = "a number"
    DOUBLE = "a binary floating point number"
    TRUTH = "a truth value"
    MOMENT = "a date or a time"
    NESTED = "an object or a list"


class Cell(NamedTuple):
    nature: Nature
    text: str


class Standing(Enum):
    """The outcomes that a record may have."""

    ROW = "published"
    BAD = "quarantined"
    EITHER = "one or the other"


@dataclass(frozen=True)
class Record:
    """A row of the source, or something else in the place of one."""

    line: int
    """Line where it begins, from 1; the number of the row where there are no lines."""
    cells: tuple[Cell, ...]
    """One per column; none for a record that is no row."""
    standing: Standing = Standing.ROW
    raw: str = ""
    end: int = 0
    """Bytes of the file up to its end, in UTF-8."""


class Duty(StrEnum):
    """The result that is demanded for a file."""

    FULL = "every row is published"
    HONEST = "every row is published, put aside, or the file refused"
    NONE = "it harms no other file"


@dataclass(frozen=True)
class Written:
    """A file as bytes, and what it holds."""

    body: bytes
    records: tuple[Record, ...]
    duty: Duty = Duty.FULL
    inventions: int = 0
    """Rows that may come up although nobody wrote them: halves of records cut in two."""

    def at_most(self, duty: Duty) -> Written:
        return (
            self
            if list(Duty).index(self.duty) >= list(Duty).index(duty)
            else replace(self, duty=duty)
        )


def cells_of(file: File, row: int) -> tuple[Cell, ...]:
    return tuple(cell_of(file, column, row) for column in file.columns)


def cell_of(file: File, column: Column, row: int) -> Cell:
    kind = column.kind_at(row)
    number = file.number * 100_000 + row
    return Cell(nature_of(file.format, kind), spelled(kind, column.tag, number, column.pad))


def nature_of(form: Format, kind: Kind) -> Nature:
    if kind is Kind.BLANK:
        return Nature.NONE
    if form is Format.CSV:
        return Nature.FIELD
    if kind is Kind.TRUTH:
        return Nature.TRUTH
    return _of_json(kind) if form.is_json else _of_columns(kind)


def _of_json(kind: Kind) -> Nature:
    if kind in NUMBERS:
        return Nature.NUMBER
    return Nature.NESTED if kind is Kind.NESTED else Nature.STRING


def _of_columns(kind: Kind) -> Nature:
    if kind in (Kind.DOUBLE, Kind.MINUS_ZERO):
        return Nature.DOUBLE
    if kind in NUMBERS:
        return Nature.NUMBER
    return Nature.TEXT if kind in (*WORDS, Kind.EMPTY, Kind.NESTED) else Nature.MOMENT


def sources_of(file: File) -> list[str]:
    """Return the identity of each column: its name, or a name for its place if it has none."""
    if file.format is Format.CSV and not file.csv.header:
        return [f"column_{place}" for place in range(1, len(file.columns) + 1)]
    return [column.name for column in file.columns]


def are_blank(cells: Sequence[Cell]) -> bool:
    return all(cell.nature is Nature.NONE for cell in cells)

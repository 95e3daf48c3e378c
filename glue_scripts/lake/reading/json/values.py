"""Rows of JSON to columns, without losing a digit or a spelling.

A number is a whole number, a decimal or a double, whichever represents it exactly. A string is
text, or a date or time if all strings of the column are; it is never a number. Objects and lists
are kept as JSON text, as the source spells them. An empty string is text like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

import pyarrow as pa

from lake.columns.observing import observe
from lake.columns.types import NOTHING, TEXT, ColumnType, Kind
from lake.reading.json.exact import Nested, Number, Row
from lake.reading.json.faults import Broken, shown
from lake.reading.json.numbers import array_of, numbers_in, types_of_numbers
from lake.reading.pieces import Tally

_NO_VALUE = type(None)
_SPELLED = frozenset({_NO_VALUE, str, Number, Nested})
_NUMBERS = frozenset({int, float, Number})
_SHOWN_LETTERS = 60
_SHAPES = {True: "an object or a list", False: "a plain value"}
Shapes = dict[str, bool]
"""Whether a column holds objects and lists, by its first value in the file. Has the keys of columns
that have had a value."""


@dataclass(frozen=True)
class Columns:
    """Rows as columns by key, in the order in which the keys appear."""

    table: pa.Table
    """Strings stay text, whatever the type of their column; so do numbers in columns wanted as
    text."""
    types: tuple[ColumnType, ...]
    tallies: Mapping[str, Tally]


def keys_of(rows: Iterable[Row]) -> dict[str, None]:
    """Return the keys of all rows, in order of appearance."""
    return dict.fromkeys(chain.from_iterable(rows))


def by_key(rows: Sequence[Row]) -> dict[str, Sequence[Any]]:
    names = list(keys_of(rows))
    if len(names) > 1:
        with suppress(KeyError):
            # Several times faster if all rows have all keys.
            return dict(zip(names, zip(*map(itemgetter(*names), rows), strict=True), strict=True))
    return {name: [row.get(name) for row in rows] for name in names}


def misfits(columns: Mapping[str, Sequence[Any]], shapes: Shapes) -> dict[int, Broken]:
    """Return rows with an object or a list in a column of plain values, or the other way round.

    A column's first value decides, and is recorded in `shapes`. An empty string fits both.
    """
    found: dict[int, Broken] = {}
    for name, values in columns.items():
        kinds = set(map(type, values))
        if name not in shapes and not _take_down(name, values, kinds, shapes):
            continue
        is_nested = shapes[name]
        others = kinds - {_NO_VALUE, Nested} if is_nested else kinds & {Nested}
        if not others:
            continue
        came, expected = _SHAPES[not is_nested], _SHAPES[is_nested]
        reason = f"'{shown(name[:_SHOWN_LETTERS])}' is {came}, expected {expected}"
        for number, value in enumerate(values):
            if type(value) in others and value != "":
                found.setdefault(number, Broken(f"{reason} as in the rows before"))
    return found


def columns_of(
    rows: Sequence[Row],
    columns: Mapping[str, Sequence[Any]],
    *,
    texts: Collection[str],
    respelled: Callable[[int], Row],
) -> Columns:
    """Return rows as columns with their types.

    `columns` are the rows by key, `texts` the columns that are wanted as text. `respelled` returns
    a row, by number, with its numbers as they are spelled.
    """
    seen = {name: _Seen(values) for name, values in columns.items()}
    wanted = {name for name, column in seen.items() if column.type == TEXT or name in texts}
    unspelled = set().union(*(seen[name].doubles() for name in wanted))
    if unspelled:
        columns = by_key([respelled(n) if n in unspelled else row for n, row in enumerate(rows)])
    arrays = {
        name: _texts(columns[name]) if name in wanted else column.array()
        for name, column in seen.items()
    }
    return Columns(
        table=pa.table(arrays) if arrays else pa.table({"": pa.nulls(len(rows))}).select([]),
        types=tuple(column.type for column in seen.values()),
        tallies={name: column.tally for name, column in seen.items()},
    )


class _Seen:
    """The values of a column, their type and their tally."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self._kinds = set(map(type, values)) - {_NO_VALUE}
        blanks = values.count("") if str in self._kinds else 0
        self.tally = Tally(len(values) - values.count(None) - blanks, blanks)
        self.type = self._type()

    def doubles(self) -> set[int]:
        """Return rows with a number whose spelling is not known."""
        if float not in self._kinds:
            return set()
        return {number for number, value in enumerate(self._values) if type(value) is float}

    def array(self) -> pa.Array:
        match self.type.kind:
            case Kind.BOOLEAN:
                return pa.array(self._values, pa.bool_())
            case Kind.INTEGER | Kind.DECIMAL | Kind.DOUBLE:
                return array_of(self._values, self.type)
            case _:
                return pa.array(self._values, pa.string())

    def _type(self) -> ColumnType:
        kinds = self._kinds
        if not kinds:
            return NOTHING
        if kinds == {Nested}:
            return ColumnType(Kind.JSON)
        if kinds == {str}:
            return self._type_of_strings()
        if kinds == {bool}:
            return ColumnType(Kind.BOOLEAN)
        return self._type_of_numbers() if kinds <= _NUMBERS else TEXT

    def _type_of_strings(self) -> ColumnType:
        if self.tally.blanks:
            # They would be lost in a column of dates.
            return TEXT
        found = observe(pa.chunked_array([pa.array(self._values, pa.string())]))
        stays = found.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT)
        return found if stays else TEXT

    def _type_of_numbers(self) -> ColumnType:
        numbers = numbers_in(self._values)
        found = TEXT if numbers is None else types_of_numbers(numbers)
        if numbers is not None and found != TEXT:
            self._values = numbers
        return found


def _take_down(name: str, values: Sequence[Any], kinds: set[type], shapes: Shapes) -> bool:
    """Record the shape of a column's first value; return whether there is such a value."""
    if kinds <= {_NO_VALUE, str} and not any(values):
        return False
    first = next(value for value in values if value is not None and value != "")
    shapes[name] = type(first) is Nested
    return True


def _texts(values: Sequence[Any]) -> pa.Array:
    if set(map(type, values)) <= _SPELLED:
        return pa.array(values, pa.string())
    return pa.array([_spelled(value) for value in values], pa.string())


def _spelled(value: Any) -> str | None:
    """Return a value as it would be spelled in any other column of text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)

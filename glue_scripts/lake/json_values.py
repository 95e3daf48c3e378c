"""Rows of JSON to columns, without losing a digit or a spelling.

A number is a whole number, a decimal or a double, whichever says exactly what it is. A string is
text, or a date or time where all strings of the column are; it is never a number. Objects and lists
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

from lake.column_types import NOTHING, TEXT, ColumnType, Kind
from lake.json_exact import Nested, Number, Row
from lake.json_faults import Broken, shown
from lake.json_numbers import array_of, numbers_in, types_of_numbers
from lake.observing import observe
from lake.pieces import Tally

_NO_VALUE = type(None)
_SPELLED = frozenset({_NO_VALUE, str, Number, Nested})
_NUMBERS = frozenset({int, float, Number})
_SHOWN_LETTERS = 60
_SHAPES = {True: "an object or a list", False: "a plain value"}
Shapes = dict[str, bool]
"""Whether a column holds objects and lists, as its first value in the file does: by key, for the
columns that have had a value."""


@dataclass(frozen=True)
class Columns:
    """Rows as columns by key, in the order in which the keys appear."""

    table: pa.Table
    """Strings stay text, whatever the type of their column; so do numbers that are wanted so."""
    types: tuple[ColumnType, ...]
    tallies: Mapping[str, Tally]


def keys_of(rows: Iterable[Row]) -> dict[str, None]:
    """Those of all rows, in the order in which they appear."""
    return dict.fromkeys(chain.from_iterable(rows))


def by_key(rows: Sequence[Row]) -> dict[str, Sequence[Any]]:
    names = list(keys_of(rows))
    if len(names) > 1:
        with suppress(KeyError):
            # All keys in all rows: several times as fast.
            return dict(zip(names, zip(*map(itemgetter(*names), rows), strict=True), strict=True))
    return {name: [row.get(name) for row in rows] for name in names}


def misfits(columns: Mapping[str, Sequence[Any]], shapes: Shapes) -> dict[int, Broken]:
    """Rows that have an object or a list where the column's first value is a plain one, or the
    other way round. Takes down in `shapes` what first values tell. An empty string fits both."""
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
    """`columns` are the rows by key. `texts` are those that are wanted as text; `respelled` gives
    a row, by number, with its numbers as they are spelled."""
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
    """The values of a column, and what they are."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self._kinds = set(map(type, values)) - {_NO_VALUE}
        blanks = values.count("") if str in self._kinds else 0
        self.tally = Tally(len(values) - values.count(None) - blanks, blanks)
        self.type = self._type()

    def doubles(self) -> set[int]:
        """Rows with a number whose spelling is not known."""
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
    """Whether there is a first value."""
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
    """As it would be spelled in any other column of text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)

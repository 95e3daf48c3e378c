"""Decision whether a table's first record names its columns or is a row like those below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice, pairwise

from lake.reading.csv.cell_kinds import (
    EMPTY,
    NUMBER,
    ODD,
    is_typed,
    kind_of_cell,
    main_kind,
    says_nothing,
    shape,
    unit_sign,
)
from lake.reading.csv.header_repeats import bare

_MOSTLY = 0.8
"""Share of a column's values that must be of one type to make it a typed column."""
_FEW = 2
_YEAR = re.compile("(?:19|20|21)[0-9]{2}")
_JUDGED_CELLS = 4000


class Verdict(Enum):
    """The decision about the first record."""

    HEADER = auto()
    ROW = auto()
    UNSURE = auto()


@dataclass(frozen=True)
class _Column:
    """A column: its first cell and the values below."""

    cell: str
    values: Sequence[str]
    kind: str
    """Kind of most of the values; "" if they are of several kinds, or words."""

    @property
    def matches(self) -> bool:
        """Whether the first cell is of the values' kind."""
        return kind_of_cell(self.cell) == self.kind

    @property
    def is_of_other_unit(self) -> bool:
        """Whether the first cell has a unit sign that no value has."""
        sign = unit_sign(self.cell)
        return bool(sign) and not any(unit_sign(value) == sign for value in self.values)

    @property
    def recurs(self) -> bool:
        """Whether the first cell is among the values, or a code shaped like most of them."""
        if self.cell in self.values:
            return True
        own = shape(self.cell)
        filled = [value for value in self.values if value]
        alike = sum(shape(value) == own for value in filled) if own else 0
        return bool(alike) and alike >= _MOSTLY * len(filled)


def judge_header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> Verdict:
    """Decide about the first record by all columns.

    A record that fits into typed columns is a row; one that names them is not. `rows` are the
    records below; those that equal the first one do not count.
    """
    first = [cell.strip() for cell in first]
    spread = _spread(rows, len(first))
    names = [bare(cell) for cell in first]
    others = [row for row in spread if any(bare(a) != b for a, b in zip(row, names, strict=True))]
    if not others:
        return _alone(first, recurs=bool(rows))
    if _surely_names(first, others):
        return Verdict.HEADER
    columns = [_column(cell, [row[i] for row in others]) for i, cell in enumerate(first)]
    judged = [column for column in columns if column.kind and column.cell]
    if judged:
        return _by_types(columns, judged)
    return _by_words(columns, recurs=len(others) < len(spread))


def _surely_names(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether words stand above two typed columns: a shortcut to what `_by_types` finds."""
    if any(is_typed(kind_of_cell(cell)) for cell in first):
        return False
    typed = (
        column
        for i, cell in enumerate(first)
        if cell and not says_nothing(cell)
        for column in [_column(cell, [row[i] for row in others])]
        if column.kind
    )
    return len(list(islice(typed, _FEW))) == _FEW


def _spread(rows: Sequence[Sequence[str]], width: int) -> Sequence[Sequence[str]]:
    """Return rows from all over the table, as many as can be examined in little time."""
    step = -(-len(rows) * width // _JUDGED_CELLS)
    return rows[::step] if step > 1 else rows


def _column(cell: str, values: Sequence[str]) -> _Column:
    values = [value.strip() for value in values]
    kind, share = main_kind(value for value in values if not says_nothing(value))
    return _Column(cell, values, kind if is_typed(kind) and share >= _MOSTLY else "")


def _alone(first: Sequence[str], *, recurs: bool) -> Verdict:
    """Decide about a first record that has no different record below it."""
    kinds = [kind_of_cell(cell) for cell in first if cell]
    typed = [cell for cell in first if is_typed(kind_of_cell(cell))]
    if not kinds:
        return Verdict.ROW
    if not typed:
        return Verdict.UNSURE if recurs or any(map(_is_code, first)) else Verdict.HEADER
    named = all(_YEAR.fullmatch(cell) or unit_sign(cell) for cell in typed)
    return Verdict.UNSURE if named and len(typed) < len(kinds) else Verdict.ROW


def _is_code(cell: str) -> bool:
    """Whether a cell is more likely a value than a name."""
    told = sum(map(str.isalpha, cell))
    return kind_of_cell(cell) == ODD or 2 * told <= len(cell.replace(" ", "")) > 1


def _by_types(columns: Sequence[_Column], judged: Sequence[_Column]) -> Verdict:
    matching = [column for column in judged if column.matches]
    named = [c for c in judged if not c.matches and not says_nothing(c.cell)]
    if matching and all(column.is_of_other_unit for column in matching):
        return Verdict.UNSURE
    if matching:
        return _by_numbers(columns, matching, named)
    words = [column for column in columns if not column.kind and column.cell]
    if not named or (len(named) == 1 and any(column.recurs for column in words)):
        return Verdict.ROW
    return Verdict.HEADER


def is_named_twice(rows: Sequence[Sequence[str]], *, at_least: int) -> bool:
    """Whether the first of the rows looks like names, or units, itself.

    It does if it holds no value of any typed column, and there are `at_least` so many of these.
    """
    first, *others = rows
    if len(others) < _FEW or _share_a_type(first, others[0]):
        return False
    columns = [_column(cell.strip(), [row[i] for row in others]) for i, cell in enumerate(first)]
    typed = [column for column in columns if column.kind]
    telling = all(map(_may_name_again, typed))
    return len(typed) >= at_least and telling


def _may_name_again(column: _Column) -> bool:
    """Whether the first cell may be a second name of a typed column, or a unit.

    A date or a time of day is neither.
    """
    kind = kind_of_cell(column.cell)
    is_value = column.matches or says_nothing(column.cell) or (is_typed(kind) and kind != NUMBER)
    return bool(column.cell) and not is_value


def _share_a_type(row: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two rows have a number, a date, … in the same column: a shortcut to tell rows."""
    pairs = ((kind_of_cell(a), kind_of_cell(b)) for a, b in zip(row, other, strict=True))
    return any(a == b and is_typed(a) for a, b in pairs)


def _by_numbers(
    columns: Sequence[_Column], matching: Sequence[_Column], named: Sequence[_Column]
) -> Verdict:
    """Decide if some cells are like the values below: a row, unless they are names like `2021`."""
    labels = [c for c in columns if not c.kind and not is_typed(kind_of_cell(c.cell))]
    if any(column.recurs for column in labels if column.cell):
        return Verdict.ROW
    if (labels or named) and all(_YEAR.fullmatch(column.cell) for column in matching):
        return _by_years(matching)
    numbers = [int(c.cell) for c in matching if c.cell.isdecimal() and c.kind == NUMBER]
    counted = len(numbers) == len(matching) > 2 and all(b - a == 1 for a, b in pairwise(numbers))
    if (labels and counted) or len(named) > 2 * len(matching):
        return Verdict.UNSURE
    return Verdict.ROW


def _by_years(matching: Sequence[_Column]) -> Verdict:
    """Decide about years as first cells: they are names if the values below are not years."""
    years = [int(column.cell) for column in matching]
    steps = {b - a for a, b in pairwise(years)}
    like_years = [value for c in matching for value in c.values if _YEAR.fullmatch(value)]
    total = sum(len(column.values) for column in matching)
    if len(like_years) > 0.3 * total:
        return Verdict.ROW
    if len(years) > 1 and len(steps) == 1 and steps != {0}:
        return Verdict.HEADER
    near = [v for c in matching for v in c.values if re.fullmatch("[0-9]{4}", v)]
    return Verdict.UNSURE if near or len(years) > 1 else Verdict.HEADER


def _by_words(columns: Sequence[_Column], *, recurs: bool) -> Verdict:
    """Decide if no typed column has a first cell: names are filled, and do not recur below."""
    filled = [column for column in columns if column.cell]
    if not filled or all(is_typed(kind_of_cell(column.cell)) for column in filled):
        return Verdict.ROW
    if any(column.recurs for column in filled):
        return Verdict.ROW
    if any(says_nothing(column.cell) for column in filled):
        return Verdict.UNSURE
    some_typed = any(column.kind for column in columns)
    if some_typed or not recurs:
        plain = all(kind_of_cell(c.cell) != EMPTY for c in columns) or some_typed
        distinct = len({c.cell for c in filled}) == len(filled)
        all_words = not any(is_typed(kind_of_cell(c.cell)) for c in filled)
        return Verdict.HEADER if all_words or (distinct and plain) else Verdict.ROW
    return Verdict.UNSURE

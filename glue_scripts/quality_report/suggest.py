"""A first set of rules for a table, from what its profile shows.

Each rule holds on the data that was profiled, with room for what the next load brings. A person
then takes away what is chance and tightens what is known: docs/quality-reports.md says how.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from math import ceil, floor

from quality_report.figures import ColumnProfile, Kind, Profile
from quality_report.ranges import date_rules, number_rules

SLACK = 0.1
_ENOUGH_ROWS = 20
"""Of fewer rows, values that differ do so by chance."""
_MOST_VALUES = 20
_REPEATS = 10
"""A column has a fixed set of values where each stands this often, on average."""
_LONGEST = 60
_NOT_IN_QUOTES = re.compile(r'["\\`\x00-\x1f\x7f]')
_KEY = re.compile(r"(^|[_\W])(id|key|number|no|nr|code|uuid)$", re.IGNORECASE)


def suggest_rules(profile: Profile, *, slack: float = SLACK, at: datetime | None = None) -> str:
    """Rules in DQDL, with comments.

    `slack` is the part of a range that is added at both of its ends. With `at`, the time of the
    profile, dates are also kept out of the future.
    """
    if not 0 < slack < 1:
        raise ValueError(f"expected a slack between 0 and 1, got {slack}")
    names = Counter(column.name.casefold() for column in profile.columns)
    columns = [column for column in profile.columns if _can_be_named(column, names)]
    blocks = [_block("The table", _of_table(profile))]
    key = _key_of(columns, profile.rows)
    for column in columns:
        rules = list(_of_column(column, profile.rows, slack, at, is_key=column is key))
        if rules:
            blocks.append(_block(_about(column), rules))
    return _written(profile, blocks, len(profile.columns) - len(columns))


def _written(profile: Profile, blocks: Sequence[str], unnamed: int) -> str:
    lines = [
        f"# Suggested from a profile of {profile.rows:,} rows. Each rule holds on these rows.",
        "# Take away what is chance, and tighten what you know.",
    ]
    left_out = unnamed + len(profile.left_out)
    if left_out:
        lines.append(f"# Without rules: {left_out:,} columns, not profiled or with unusual names.")
    return "\n".join([*lines, "Rules = [", ",\n".join(blocks), "]", ""])


def _block(title: str, rules: Iterable[str]) -> str:
    return f"    # {title}\n" + ",\n".join(f"    {rule}" for rule in rules)


def _about(column: ColumnProfile) -> str:
    known = column.distinct
    values = "" if known is None else f", {'' if known.exact else 'about '}{known.count:,} values"
    said = f"{column.name}: {column.type}{values}, {column.nulls:,} nulls"
    return " ".join(said.split())  # A comment ends with its line.


def _can_be_named(column: ColumnProfile, names: Counter[str]) -> bool:
    return not _NOT_IN_QUOTES.search(column.name) and names[column.name.casefold()] == 1


def _of_table(profile: Profile) -> Iterator[str]:
    yield f"ColumnCount >= {profile.column_count}"
    if profile.rows:
        yield f"RowCount between {(profile.rows - 1) // 2} and {profile.rows * 2 + 1}"


def _of_column(
    column: ColumnProfile, rows: int, slack: float, at: datetime | None, *, is_key: bool
) -> Iterator[str]:
    filled = rows - column.nulls
    if not filled:
        return
    name = f'"{column.name}"'
    if is_key:
        yield f"IsPrimaryKey {name}"
    elif column.nulls:
        yield from _completeness(name, filled, rows)
    else:
        yield f"IsComplete {name}"
        if _is_candidate(column, rows):
            yield f"IsUnique {name}"
    if column.nan or column.infinite:
        return
    where = f' where "`{column.name}` is not null"' if column.nulls else ""
    for rule in _of_values(column, slack, at):
        yield f"{rule}{where}"


def _completeness(name: str, filled: int, rows: int) -> Iterator[str]:
    """Twice as many nulls are let pass."""
    least = floor((1 - 2 * (rows - filled) / rows) * 1000) / 1000
    if least > 0:
        yield f"Completeness {name} >= {least:g}"


def _of_values(column: ColumnProfile, slack: float, at: datetime | None) -> Iterator[str]:
    name = f'"{column.name}"'
    if column.kind is Kind.TEXT:
        yield from _of_texts(column, name)
    elif column.kind.is_number:
        for condition in number_rules(column, slack):
            yield f"ColumnValues {name} {condition}"
    elif column.kind.is_temporal:
        if not column.nulls:
            yield f'ColumnDataType {name} = "{column.kind.name}"'
        for condition in date_rules(column, slack, at):
            yield f"ColumnValues {name} {condition}"


def _of_texts(column: ColumnProfile, name: str) -> Iterator[str]:
    if _is_a_set(column):
        values = ", ".join(json.dumps(value, ensure_ascii=False) for value in _values(column))
        yield f"ColumnValues {name} in [{values}]"
    elif column.lengths:
        shortest, longest = column.lengths.shortest, column.lengths.longest
        if shortest == longest and shortest:
            yield f"ColumnLength {name} = {shortest}"
            return
        if shortest > 1:
            yield f"ColumnLength {name} >= {shortest // 2}"
        yield f"ColumnLength {name} <= {max(ceil(longest * 1.5), 1)}"


def _is_a_set(column: ColumnProfile) -> bool:
    values = _values(column)
    return (
        column.lists_all_values
        and len(values) <= _MOST_VALUES
        and column.looked_at >= _REPEATS * len(values)
        and not any(len(one) > _LONGEST or _NOT_IN_QUOTES.search(one) for one in values)
    )


def _values(column: ColumnProfile) -> Sequence[str]:
    return sorted(value.value for value in column.top)


def _is_candidate(column: ColumnProfile, rows: int) -> bool:
    """Amounts and times often differ by chance; numbers and texts that do are mostly names."""
    named = column.kind in {Kind.TEXT, Kind.INTEGER}
    return named and column.unique and not column.nulls and rows >= _ENOUGH_ROWS


def _key_of(columns: Sequence[ColumnProfile], rows: int) -> ColumnProfile | None:
    """The first that is called like one, or else the first."""
    candidates = [column for column in columns if _is_candidate(column, rows)]
    called = [column for column in candidates if _KEY.search(column.name)]
    return next(iter([*called, *candidates]), None)

"""Matches the columns of a table with the columns of a file by their values alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fuzz.meaning import is_right, likeness
from fuzz.seen import Rows
from fuzz.truth import Cell, Nature, Record

_LOOKED_AT = 200
_NOT_IN_A_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, kw_only=True)
class Matched:
    """Columns by their name in the file. Names without a value are in none of the three."""

    columns: Mapping[str, str] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    """Names whose values would fit another column as well."""
    lost: frozenset[str] = frozenset()
    """Names whose values are in no column."""


def match_columns(
    sources: Sequence[str],
    records: Sequence[Record],
    rows: Rows,
    comments: Mapping[str, str],
) -> Matched:
    scores: dict[tuple[str, str], float] = {}
    for place, name in enumerate(sources):
        cells = [record.cells[place] for record in records]
        for column in rows.columns:
            scores[name, column] = _score(cells, column, rows)
    valued = {n for i, n in enumerate(sources) if any(_has_value(r.cells[i]) for r in records)}
    found: dict[str, str] = {}
    for name, column in sorted(
        scores, key=lambda pair: (-scores[pair], -_affinity(pair, comments))
    ):
        is_free = name not in found and column not in found.values()
        if name in valued and is_free and scores[name, column] > 0:
            found[name] = column
    doubtful = {
        name
        for name, column in found.items()
        if any(scores[name, c] >= scores[name, column] for c in rows.columns if c != column)
    }
    return Matched(
        columns=found,
        doubtful=frozenset(doubtful),
        lost=frozenset(valued - set(found)) if rows.count else frozenset(),
    )


def _has_value(cell: Cell) -> bool:
    return cell.nature is not Nature.NONE and cell.text != ""


def _score(cells: Sequence[Cell], column: str, rows: Rows) -> float:
    """Return the share of sampled values that stand in the column: in order, or anywhere."""
    valued = [i for i, cell in enumerate(cells) if _has_value(cell)]
    if not valued:
        return 0
    values = rows.columns[column]
    places = valued[:: max(1, len(valued) // _LOOKED_AT)]
    in_text = column in rows.texts
    if len(values) == len(cells):
        right = sum(is_right(cells[i], values[i], in_text=in_text) for i in places)
        if right == len(places):
            return 1
    there = {likeness(value) for value in values}
    return sum(likeness(cells[i]) in there for i in places) / len(places) - 0.001


def _affinity(pair: tuple[str, str], comments: Mapping[str, str]) -> int:
    name, column = pair
    if comments.get(column) == name:
        return 2
    return int(_plain(name) == _plain(column))


def _plain(name: str) -> str:
    return _NOT_IN_A_WORD.sub("", name.casefold())

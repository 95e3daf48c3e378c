"""Random tables of the platform's types, and an independent computation of their profile."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_LONG = st.builds(lambda text, times: text * times, _TEXTS, st.integers(1, 60))


def _moments(day: date) -> st.SearchStrategy[datetime]:
    return st.times().map(lambda time: datetime.combine(day, time))


VALUES: Mapping[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "text": (pa.string(), _TEXTS | _LONG | st.sampled_from(["", " ", "a", "b"])),
    "whole": (pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)),
    "small": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "exact": (
        pa.decimal128(20, 3),
        st.decimals(-(10**16), 10**16, places=3, allow_nan=False) | st.just(Decimal("0.000")),
    ),
    "double": (
        pa.float64(),
        # Adding 0 turns -0.0, which Spark takes for 0.0, into that.
        st.floats(-1e12, 1e12).map(lambda value: value + 0.0)
        | st.sampled_from([math.nan, math.inf, -math.inf, 0.5]),
    ),
    "flag": (pa.bool_(), st.booleans()),
    "day": (pa.date32(), st.dates(date(1700, 1, 1))),
    "moment": (pa.timestamp("us"), st.dates(date(1700, 1, 1)).flatmap(_moments)),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """A few rows, with nulls, repeats, and columns that have one value or none."""
    rows = draw(st.sampled_from([0, 1, 2, 12, 40]))
    columns = {}
    for name, (kind, values) in VALUES.items():
        few = draw(st.lists(values, min_size=1, max_size=5))
        cell = draw(st.sampled_from([values, values | st.none(), st.sampled_from(few), st.none()]))
        cells = draw(st.lists(cell, min_size=rows, max_size=rows))
        columns[name] = pa.array(cells, kind)
    return pa.table(columns)


@dataclass(frozen=True)
class Expected:
    nulls: int
    distinct: int
    minimum: str | None
    maximum: str | None
    mean: float | None
    top: Mapping[str, int]


def write(table: pa.Table, folder: Path) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.parquet"
    pq.write_table(table, path)
    return path


def expected(path: Path, name: str, kind: pa.DataType) -> Expected:
    """As DuckDB sees a column of a file."""
    value = f"CASE WHEN isfinite({name}) THEN {name} END" if kind == pa.float64() else name
    mean = f"avg({value})" if pa.types.is_integer(kind) or kind == pa.float64() else "NULL"
    with duckdb.connect() as connection:
        source = f"FROM (SELECT {name}, {value} AS value FROM '{path}')"  # noqa: S608  # own names
        row = connection.execute(
            f"SELECT count(*) - count({name}), count(DISTINCT value), min(value), max(value), "
            f"{mean} {source}"
        ).fetchone()
        counts = connection.execute(
            f"SELECT value, count(*) {source} WHERE value IS NOT NULL GROUP BY value"
        ).fetchall()
    assert row
    nulls, distinct, low, high, average = row
    top = Counter({text_of(value) or "": count for value, count in counts})
    return Expected(nulls, distinct, text_of(low), text_of(high), average, top)


def text_of(value: Any) -> str | None:
    """The value as a person would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        text = str(value)
        return text.rstrip("0").rstrip(".") if "." in text else text
    return None if value is None else str(value)


def ordered(values: Sequence[Any]) -> list[Any]:
    """Those that have a place in an order."""
    kept = [one for one in values if one is not None]
    return sorted(one for one in kept if not isinstance(one, float) or math.isfinite(one))

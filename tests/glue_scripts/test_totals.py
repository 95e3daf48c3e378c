"""What the values of a column add up to, before and after conversions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.columns.recasting import recast
from lake.columns.schema import Schema
from lake.columns.totals import total_of
from lake.columns.types import ColumnType, Kind
from lake.errors import AccountingError
from lake.reading.formats import PieceReading, examine
from lake.reading.originals import Span
from lake.reading.pieces import Chunk
from lake.reading.row_rules import RowRules
from lake.writing.shaping import typed
from lake.writing.value_account import ValueAccount
from tests.glue_scripts.texts import Text
from tests.glue_scripts.typed_files import at, parquet

TABLE = pa.table(
    {
        "whole": pa.array([1, None, -(2**31)], pa.int32()),
        "large": pa.array([2**63 - 1, 2**63 - 1, None]),
        "unsigned": pa.array([2**64 - 1, 0, None], pa.uint64()),
        "amount": pa.array([Decimal("1.50"), None, Decimal("-2.25")], pa.decimal128(38, 2)),
        "at": pa.array([at(2026, 1, 15), None, at(1, 1, 1)], pa.timestamp("ms")),
        "then": pa.array([1000, None, -1000], pa.int64()).cast(pa.timestamp("ns", "UTC")),
        "born": pa.array([1, None, 5], pa.int32()).cast(pa.date32()),
        "paid": pa.array([True, None, False]),
        "text": pa.array(["a", None, "größer"]),
        "view": pa.array(["", None, "x" * 100], pa.string_view()),
    }
)
CHANGES: dict[str, Callable[[Any], Any]] = {
    "whole": lambda value: value + 1,
    "large": lambda value: -value,
    "unsigned": lambda value: value + 1,
    "amount": lambda value: value + Decimal("0.01"),
    "at": lambda value: value.replace(microsecond=1000),
    "born": lambda value: value.replace(day=9),
    "paid": lambda value: not value,
    "text": lambda value: value + " ",
    "view": lambda value: value + " ",
}


def chunk_of(table: pa.Table, rules: RowRules | None = None) -> tuple[Chunk, Schema]:
    content = parquet(table)
    layout, types = examine(Text(content), max_ratio=1000)
    reading = PieceReading(Text(content), layout, Span(0, len(content)), 1000)
    [chunk] = list(replace(reading, rules=rules) if rules else reading)
    return chunk, Schema.of(layout.fields, types)


@pytest.mark.parametrize("name", CHANGES)
def test_a_value_that_changes_on_its_way_fails_the_object(name: str) -> None:
    chunk, schema = chunk_of(TABLE)
    rows = pa.table(typed(chunk, schema))
    ValueAccount(schema).add(chunk, rows)
    for row in (0, 2):
        values = rows.column(name).to_pylist()
        if values[row] is None:
            continue
        values[row] = CHANGES[name](values[row])
        place = rows.column_names.index(name)
        wrong = rows.set_column(place, name, pa.array(values, rows.schema.field(name).type))
        with pytest.raises(AccountingError, match=f"'{name}': its values add up to something"):
            ValueAccount(schema).add(chunk, wrong)


def test_rows_that_are_put_aside_are_taken_off() -> None:
    chunk, schema = chunk_of(TABLE, RowRules(required=("whole",)))
    assert chunk.rows.num_rows == 2
    ValueAccount(schema).add(chunk, pa.table(typed(chunk, schema)))
    kept = TABLE.drop_columns("view").take([0, 2])
    for name in kept.column_names:
        assert chunk.totals[name].is_of(total_of(kept.column(name)))


def test_the_order_of_values_and_how_they_are_cut_makes_no_difference() -> None:
    table = TABLE.drop_columns("view")
    shuffled = table.take([2, 0, 1])
    for name in table.column_names:
        column = table.column(name)
        assert total_of(column) == total_of(shuffled.column(name))
        cut = pa.chunked_array([column.chunk(0).slice(0, 1), column.chunk(0).slice(1)])
        assert total_of(column) == total_of(cut)


@given(st.lists(st.none() | st.integers(-(10**18), 10**18)), st.integers(0, 18))
def test_numbers_add_up_alike_in_every_type_that_holds_them(
    numbers: list[int | None], scale: int
) -> None:
    column = pa.chunked_array([pa.array(numbers, pa.int64())])
    whole, wide = ColumnType(Kind.INTEGER, 19), ColumnType(Kind.DECIMAL, 19, scale)
    total = total_of(column)
    assert total is not None
    assert total.is_of(total_of(recast(column, whole, wide)))
    more = pa.chunked_array([pa.array([*numbers, 1], pa.int64())])
    assert not total.is_of(total_of(more))


@given(st.lists(st.none() | st.datetimes(at(1900, 1, 1), at(2100, 1, 1))))
def test_moments_add_up_alike_in_every_unit(moments: list[datetime | None]) -> None:
    micros = pa.chunked_array([pa.array(moments, pa.timestamp("us"))])
    total = total_of(micros)
    assert total is not None
    assert total.is_of(total_of(micros.cast(pa.timestamp("ns"))))
    with_zone = [None if moment is None else moment.replace(tzinfo=UTC) for moment in moments]
    zoned = pa.chunked_array([pa.array(with_zone, pa.timestamp("us", "UTC"))])
    assert total.is_of(total_of(zoned))

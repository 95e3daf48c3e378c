from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import orc

from lake.column_types import TEXT, ColumnType, Kind
from lake.errors import InputRefused
from lake.originals import Span
from lake.reading import PieceReading, examine
from tests.glue_scripts.texts import Text

INSTANT = datetime(2026, 1, 15, 10, 30, 0, 123456, UTC)
MOMENT = INSTANT.replace(tzinfo=None)
TABLE = pa.table(
    {
        "Id": pa.array([1, None, 3], pa.int32()),
        "big": pa.array([2**62, 0, -1], pa.int64()),
        "name": pa.array(["007", "", None]),
        "amount": pa.array([Decimal("1.50"), None, Decimal("-2.25")], pa.decimal128(9, 2)),
        "ratio": pa.array([0.1, float("nan"), None]),
        "paid": pa.array([True, False, None]),
        "day": pa.array([date(2026, 1, 15), None, date(1, 1, 1)]),
        "at": pa.array([MOMENT, None, MOMENT], pa.timestamp("us")),
        "nothing": pa.array([None] * 3, pa.int64()),
    }
)
AVRO_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "row",
    "fields": [
        {"name": "Id", "type": ["null", "int"]},
        {"name": "name", "type": "string"},
        {"name": "kind", "type": {"type": "enum", "name": "k", "symbols": ["A", "B"]}},
        {
            "name": "amount",
            "type": [
                "null",
                {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
            ],
        },
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "local", "type": {"type": "long", "logicalType": "local-timestamp-millis"}},
        {"name": "share", "type": "float"},
    ],
}


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def orc_file(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    orc.write_table(table, sink)
    return sink.getvalue()


def avro(rows: list[dict[str, Any]], schema: dict[str, Any] = AVRO_SCHEMA, **options: Any) -> bytes:
    sink = io.BytesIO()
    fastavro.writer(sink, fastavro.parse_schema(schema), rows, **options)
    return sink.getvalue()


def read(content: bytes) -> tuple[pa.Table, dict[str, ColumnType]]:
    layout, _ = examine(Text(content), max_ratio=1000)
    reading = PieceReading(Text(content), layout, Span(0, len(content)), max_ratio=1000)
    tables = [chunk.rows for chunk in reading]
    found = reading.findings
    assert found.records == sum(table.num_rows for table in tables)
    return pa.concat_tables(tables), dict(zip(found.names, found.types, strict=True))


@pytest.mark.parametrize("content", [parquet(TABLE, row_group_size=2), orc_file(TABLE)])
def test_values_and_types_come_as_they_were_written(content: bytes) -> None:
    rows, types = read(content)
    assert str(rows.to_pylist()) == str(TABLE.to_pylist())
    assert types == {
        "Id": ColumnType(Kind.INTEGER, 10),
        "big": ColumnType(Kind.INTEGER, 19),
        "name": TEXT,
        "amount": ColumnType(Kind.DECIMAL, 7, 2),
        "ratio": ColumnType(Kind.DOUBLE),
        "paid": ColumnType(Kind.BOOLEAN),
        "day": ColumnType(Kind.DATE),
        "at": ColumnType(Kind.TIMESTAMP),
        "nothing": ColumnType(Kind.INTEGER, 19),
    }


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_avro_records_become_rows(codec: str) -> None:
    row = {
        "Id": None,
        "name": "007",
        "kind": "B",
        "amount": Decimal("1.50"),
        "day": date(2026, 1, 15),
        "at": INSTANT,
        "local": MOMENT.replace(microsecond=0),
        "share": 0.5,
    }
    rows, types = read(avro([row, {**row, "Id": 7}], codec=codec))
    assert rows.to_pylist() == [row, {**row, "Id": 7}]
    assert [kind.kind for kind in types.values()] == [
        Kind.INTEGER,
        Kind.TEXT,
        Kind.TEXT,
        Kind.DECIMAL,
        Kind.DATE,
        Kind.INSTANT,
        Kind.TIMESTAMP,
        Kind.DOUBLE,
    ]


def test_nanoseconds_are_text_only_where_there_are_some() -> None:
    whole = pa.table({"at": pa.array([1_000], pa.timestamp("ns"))})
    broken = pa.table({"at": pa.array([1_001], pa.timestamp("ns"))})
    assert read(parquet(whole))[1]["at"] == ColumnType(Kind.TIMESTAMP)
    rows, types = read(parquet(broken))
    assert types["at"] == TEXT
    assert rows.to_pylist() == [{"at": "1970-01-01T00:00:00.000001001"}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            parquet(pa.table({"a": [1], "tags": [["x"]]})),
            "the column 'tags' is list<.*expected plain values.*flatten it",
        ),
        (parquet(pa.table({"b": [b"x"]})), "the column 'b' is binary, expected plain values"),
        (orc_file(pa.table({"who": [{"name": "x"}]})), "the column 'who' is struct<"),
        (parquet(TABLE)[:-20], "the parquet file is damaged"),
        (b"Obj\x01" + bytes(50), "the avro file is damaged"),
        (
            avro(
                [{"u": 1}],
                {
                    "type": "record",
                    "name": "r",
                    "fields": [{"name": "u", "type": ["int", "string"]}],
                },
            ),
            "the field 'u' is a union of int and string, expected one type",
        ),
        (
            avro(
                [{"m": {}}],
                {
                    "type": "record",
                    "name": "r",
                    "fields": [{"name": "m", "type": {"type": "map", "values": "int"}}],
                },
            ),
            "the field 'm' is of type map, expected plain values",
        ),
        (
            avro(
                [
                    {
                        "Id": 1,
                        "name": "x",
                        "kind": "A",
                        "amount": None,
                        "day": date(2026, 1, 1),
                        "at": INSTANT,
                        "local": MOMENT,
                        "share": 0.0,
                    }
                ]
                * 99
            )[:-40],
            "the avro file is damaged",
        ),
    ],
)
def test_what_has_no_place_in_a_table_is_refused_with_its_name(
    content: bytes, message: str
) -> None:
    with pytest.raises(InputRefused, match=message):
        read(content)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=20))
def test_whole_numbers_keep_every_digit(values: list[int | None]) -> None:
    rows, _ = read(parquet(pa.table({"n": pa.array(values, pa.int64())})))
    assert rows.column("n").to_pylist() == values

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.columns.schema import Schema
from lake.columns.types import TEXT, ColumnType, Kind
from lake.planning.contract_terms import rules_of, untold_bytes
from lake.reading.pieces import BadRecord, Tally
from lake.reading.row_rules import RowRules
from tests.glue_scripts.typed_files import avro, orc_file, parquet, read, record, refusal
from wires.contracts import DatasetContract, DeclaredColumn, Evolution

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
UUID = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


@pytest.mark.parametrize("content", [parquet(TABLE, row_group_size=2), orc_file(TABLE)])
def test_values_and_types_come_as_they_were_written(content: bytes) -> None:
    found = read(content)
    assert str(found.rows) == str(TABLE.to_pylist())
    assert found.types == {
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


@pytest.mark.parametrize("content", [parquet(TABLE, row_group_size=1), orc_file(TABLE)])
def test_fields_that_are_not_empty_are_counted_where_they_are_read(content: bytes) -> None:
    tallies = read(content).tallies
    assert tallies["name"] == Tally(values=1, blanks=1)
    assert tallies["ratio"] == Tally(values=2), "what is no number is a value of a double"
    assert tallies["nothing"] == Tally()


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        (pa.array([UUID.bytes, None], pa.uuid()), TEXT, [str(UUID), None]),
        (pa.array(['{"a": 1}', None], pa.json_()), TEXT, ['{"a": 1}', None]),
        (pa.array(["x" * 20, None], pa.string_view()), TEXT, ["x" * 20, None]),
        (pa.array(["x", None], pa.large_string()), TEXT, ["x", None]),
        (pa.array(["x", "x", None]).dictionary_encode(), TEXT, ["x", "x", None]),
        (pa.array([2**64 - 1], pa.uint64()), ColumnType(Kind.DECIMAL, 20), [2**64 - 1]),
        (pa.array([255], pa.uint8()), ColumnType(Kind.INTEGER, 3), [255]),
        (pa.array([np.float16(0.5)], pa.float16()), ColumnType(Kind.DOUBLE), [0.5]),
        (pa.array([Decimal("1E60")], pa.decimal256(70, 2)), TEXT, ["1" + "0" * 60 + ".00"]),
        (pa.array([Decimal("0E-10")], pa.decimal256(70, 10)), TEXT, ["0.0000000000"]),
        (
            pa.array([Decimal("1.50")], pa.decimal256(9, 2)),
            ColumnType(Kind.DECIMAL, 7, 2),
            [Decimal("1.50")],
        ),
        (pa.array([time(10, 30)], pa.time32("ms")), TEXT, ["10:30:00"]),
        (pa.array([1_500_000_001], pa.time64("ns")), TEXT, ["00:00:01.500000001"]),
        (
            pa.array([MOMENT], pa.timestamp("ms", "Europe/Berlin")),
            ColumnType(Kind.INSTANT),
            [INSTANT.replace(microsecond=123000)],
        ),
        (pa.array([1], pa.timestamp("ns", "+01:00")), TEXT, ["1970-01-01T00:00:00.000000001Z"]),
        (pa.array([None, None]), ColumnType(Kind.NOTHING), [None, None]),
    ],
    ids=str,
)
def test_a_parquet_type_has_its_place(
    column: pa.Array, kind: ColumnType, values: list[Any]
) -> None:
    found = read(parquet(pa.table({"a": column})))
    assert [row["a"] for row in found.rows] == values
    assert found.types == {"a": kind}


def test_a_negative_zero_keeps_its_sign() -> None:
    table = pa.table({"a": [-0.0], "b": pa.array([-0.0], pa.float32())})
    for content in (parquet(table), orc_file(table)):
        assert str(read(content).rows) == "[{'a': -0.0, 'b': -0.0}]"


def test_nanoseconds_are_text_only_where_there_are_some() -> None:
    whole = pa.table({"at": pa.array([1_000], pa.timestamp("ns"))})
    broken = pa.table({"at": pa.array([1_001, 1_000_000_000], pa.timestamp("ns"))})
    for write in (parquet, orc_file):
        assert read(write(whole)).types["at"] == ColumnType(Kind.TIMESTAMP)
        found = read(write(broken))
        assert found.types["at"] == TEXT
        assert [row["at"] for row in found.rows] == [
            "1970-01-01T00:00:00.000001001",
            "1970-01-01T00:00:01",
        ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            parquet(pa.table({"a": [1], "tags": [["x"]]})),
            "the column 'tags' is a list, expected plain values (text, numbers, truth values, dat",
        ),
        (parquet(pa.table({"b": [b"x"]})), "the column 'b' is bytes, which the file does not call"),
        (parquet(pa.table({"b": pa.array([1], pa.duration("s"))})), "'b' is a duration"),
        (orc_file(pa.table({"b": [b"x"]})), "the column 'b' is bytes"),
        (orc_file(pa.table({"who": [{"name": "x"}]})), "the column 'who' is a struct"),
        (orc_file(pa.table({"m": pa.array([[("a", 1)]], pa.map_("string", "int32"))})), "a map"),
        (parquet(pa.table({})), "the Parquet file has no column"),
        (parquet(pa.table([[1], [2]], names=["a", "a"])), "two columns have one name, 'a'"),
        (parquet(TABLE)[:-20], "the Parquet file is damaged, or was not written to its end"),
        (orc_file(TABLE)[:-20], "the ORC file is damaged, or was not written to its end"),
        (b"Obj\x01" + bytes(50), "the Avro file is damaged"),
        (b"PARE" + bytes(50) + b"PARE", "an encrypted Parquet file"),
    ],
)
def test_what_has_no_place_in_a_table_is_refused_with_its_name(
    content: bytes, message: str
) -> None:
    assert message in refusal(content)


@pytest.mark.parametrize("text", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_a_row_whose_text_is_none_is_put_aside_and_not_counted(text: pa.DataType) -> None:
    octets = pa.array([b"a", b"\xff\xfe", b"", "é".encode()], pa.binary())
    table = pa.table({"n": [1, 2, 3, 4], "s": octets.view(pa.string()).cast(text)})
    found = read(parquet(table))
    assert found.rows == [{"n": 1, "s": "a"}, {"n": 3, "s": ""}, {"n": 4, "s": "é"}]
    assert found.bad == [
        BadRecord(1, rb'{"n": 2, "s": "\\xff\\xfe"}', "s holds bytes that are no characters")
    ]
    assert found.records == 4
    assert found.tallies == {"n": Tally(values=3), "s": Tally(values=2, blanks=1)}


OCTETS = [b"text", None, b"abc\xc3", b"\0\xff\1\2"]
BYTES = {
    "binary": parquet(pa.table({"n": range(4), "b": pa.array(OCTETS, pa.binary())})),
    "large": parquet(pa.table({"n": range(4), "b": pa.array(OCTETS, pa.large_binary())})),
    "view": parquet(pa.table({"n": range(4), "b": pa.array(OCTETS, pa.binary_view())})),
    "fixed": parquet(pa.table({"n": range(4), "b": pa.array(OCTETS, pa.binary(4))})),
    "dictionary": parquet(
        pa.table({"n": range(4), "b": pa.array(OCTETS, pa.binary()).dictionary_encode()})
    ),
    "orc": orc_file(pa.table({"n": range(4), "b": pa.array(OCTETS, pa.binary())})),
    "avro": avro(
        [{"n": n, "b": octets} for n, octets in enumerate(OCTETS)],
        {
            "type": "record",
            "name": "row",
            "fields": [{"name": "n", "type": "long"}, {"name": "b", "type": ["null", "bytes"]}],
        },
    ),
    "avro_fixed": avro(
        [{"n": n, "b": octets} for n, octets in enumerate(OCTETS)],
        {
            "type": "record",
            "name": "row",
            "fields": [
                {"name": "n", "type": "long"},
                {"name": "b", "type": ["null", {"type": "fixed", "name": "f", "size": 4}]},
            ],
        },
    ),
}


@pytest.mark.parametrize("content", BYTES.values(), ids=BYTES)
def test_bytes_are_text_where_a_contract_says_so_and_else_refused(content: bytes) -> None:
    reason = refusal(content)
    assert reason.startswith("the column 'b' is bytes, which the file does not call text")
    assert "declare it as 'string' in the contract" in reason

    found = read(content, RowRules(texts=("b",)))
    assert found.rows == [{"n": 0, "b": "text"}, {"n": 1, "b": None}]
    assert [(bad.line, bad.reason) for bad in found.bad] == [
        (2, "b holds bytes that are no characters"),
        (3, "b holds bytes that are no characters"),
    ]
    assert found.tallies["b"] == Tally(values=1)

    # What a contract leaves out is looked at by nobody.
    assert [row["n"] for row in read(content, RowRules(only=("n",))).rows] == [0, 1, 2, 3]


@pytest.mark.parametrize("evolution", Evolution)
@pytest.mark.parametrize("declared", ["", "string", "bigint"])
def test_a_contract_tells_which_bytes_are_text(evolution: Evolution, declared: str) -> None:
    columns = [DeclaredColumn(name="n", type="bigint")]
    columns += [DeclaredColumn(name="b", type=declared)] if declared else []
    contract = DatasetContract(name="d", columns=tuple(columns), evolution=evolution)
    found = Schema.of(["n", "b"], [ColumnType(Kind.INTEGER, 19), TEXT])
    left_out = evolution is Evolution.DISCARD and not declared
    expected = [] if declared == "string" or left_out else ["b"]
    assert untold_bytes(found, ("b",), contract) == expected
    assert rules_of(contract, found).texts == (("b",) if declared == "string" else ())


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (
            pa.array([0, 86_400_000], pa.int32()).view(pa.time32("ms")),
            "a is 86,400,000 milliseconds from midnight, expected a time of day",
        ),
        (
            pa.array([0, -1], pa.int64()).view(pa.time64("us")),
            "a is -1 microseconds from midnight, expected a time of day",
        ),
        (
            pa.array([0, 2_932_897], pa.int32()).view(pa.date32()),
            "a is 2,932,897 days from 1970, which is outside of the years 1 to 9999",
        ),
        (
            pa.array([0, -62_135_596_800_001], pa.timestamp("ms")),
            "a is -62,135,596,800,001 milliseconds from 1970, which is outside of the years 1",
        ),
        (
            pa.array([0, 2**62], pa.timestamp("us", "UTC")),
            "a is 4,611,686,018,427,387,904 microseconds from 1970, which is outside of the years",
        ),
    ],
    ids=str,
)
def test_a_time_that_is_out_of_range_costs_its_row(column: pa.Array, reason: str) -> None:
    found = read(parquet(pa.table({"a": column})))
    assert len(found.rows) == 1
    [bad] = found.bad
    assert bad.reason.startswith(reason)
    assert (bad.line, found.records) == (1, 2)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=20))
def test_whole_numbers_keep_every_digit(values: list[int | None]) -> None:
    found = read(parquet(pa.table({"n": pa.array(values, pa.int64())})))
    assert [row["n"] for row in found.rows] == values


def test_a_row_of_a_file_that_is_no_text_is_shown_as_json() -> None:
    rows = [{"c0": 1, "c1": "x"}]
    found = read(avro(rows, record("long", "string")))
    assert found.rows == rows

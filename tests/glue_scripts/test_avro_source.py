"""Avro by its specification: https://avro.apache.org/docs/1.12.0/specification/"""

from __future__ import annotations

import bz2
import lzma
import time
import uuid
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.columns.types import TEXT, ColumnType, Kind
from tests.glue_scripts.typed_files import (
    at,
    avro,
    avro_bytes,
    read,
    record,
    refusal,
    text,
    whole,
)

INSTANT = datetime(2026, 1, 15, 10, 30, 0, 123456, UTC)
MOMENT = INSTANT.replace(tzinfo=None)
UUID = uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
FIXED_UUID = {"type": "fixed", "name": "id", "size": 16, "logicalType": "uuid"}
LONGS = {
    "null": lambda data: data,
    "deflate": lambda data: zlib.compress(data)[2:-4],
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "snappy": lambda data: (
        pa.compress(data, "snappy", asbytes=True) + zlib.crc32(data).to_bytes(4, "big")
    ),
    "zstandard": lambda data: pa.compress(data, "zstd", asbytes=True),
}
codecs = pytest.mark.parametrize(("codec", "pack"), LONGS.items(), ids=LONGS)


def logical(base: str, told: str, /, **more: Any) -> dict[str, Any]:
    return {"type": base, "logicalType": told, **more}


def test_records_become_rows() -> None:
    schema = record(
        ["null", "int"],
        "string",
        {"type": "enum", "name": "k", "symbols": ["A", "B"]},
        ["null", logical("bytes", "decimal", precision=9, scale=2)],
        logical("int", "date"),
        logical("long", "timestamp-micros"),
        logical("long", "local-timestamp-millis"),
        "float",
        ["boolean", "null"],
    )
    row = {
        "c0": None,
        "c1": "007",
        "c2": "B",
        "c3": Decimal("1.50"),
        "c4": date(2026, 1, 15),
        "c5": INSTANT,
        "c6": MOMENT.replace(microsecond=0),
        "c7": 0.5,
        "c8": True,
    }
    rows = [row, {**row, "c0": 7, "c3": None, "c8": None}]
    found = read(avro(rows, schema))
    assert found.rows == rows
    assert [kind.kind for kind in found.types.values()] == [
        Kind.INTEGER,
        Kind.TEXT,
        Kind.TEXT,
        Kind.DECIMAL,
        Kind.DATE,
        Kind.INSTANT,
        Kind.TIMESTAMP,
        Kind.DOUBLE,
        Kind.BOOLEAN,
    ]
    assert [tally.values for tally in found.tallies.values()] == [1, 2, 2, 1, 2, 2, 2, 2, 1]


@codecs
def test_every_codec_of_the_specification_is_read(
    codec: str, pack: Callable[[bytes], bytes]
) -> None:
    blocks = [b"".join(whole(n) for n in range(start, start + 500)) for start in (0, 500)]
    packed = [(500, pack(block)) for block in blocks]
    found = read(avro_bytes(record("long"), *packed, codec=codec))
    assert [row["c0"] for row in found.rows] == list(range(1000))


@codecs
def test_a_packed_block_that_is_damaged_is_refused(
    codec: str, pack: Callable[[bytes], bytes]
) -> None:
    packed = bytearray(pack(b"".join(map(whole, range(500)))))
    if codec == "zstandard":  # nothing in a frame without a checksum tells of one other bit
        packed = packed[:-9]
    packed[-1] ^= 1
    assert refusal(avro_bytes(record("boolean"), (500, bytes(packed)), codec=codec))


@pytest.mark.parametrize("codec", ["lz4", "LZO", "snappy-framed"])
def test_a_codec_that_is_not_known_is_named(codec: str) -> None:
    reason = refusal(avro_bytes(record("long"), codec=codec))
    assert f"compressed with {codec}, expected one of deflate, snappy" in reason


@pytest.mark.parametrize(
    ("kind", "octets", "value"),
    [
        (FIXED_UUID, UUID.bytes, str(UUID)),
        (logical("string", "uuid"), text(str(UUID)), str(UUID)),
        (logical("long", "made-up"), whole(5), 5),
        (logical("string", "date"), text("x"), "x"),
        (logical("int", "timestamp-millis"), whole(7), 7),
        (logical("long", "date"), whole(7), 7),
        (logical("int", "time-millis"), whole(61_500), "00:01:01.5"),
        (logical("long", "time-micros"), whole(1), "00:00:00.000001"),
        (logical("long", "timestamp-nanos"), whole(1), "1970-01-01T00:00:00.000000001Z"),
        (logical("long", "local-timestamp-nanos"), whole(1_000), at(1970, 1, 1, 0, 0, 0, 1)),
        (logical("long", "local-timestamp-micros"), whole(1), at(1970, 1, 1, 0, 0, 0, 1)),
        (
            logical("bytes", "decimal", precision=4, scale=2),
            whole(2) + b"\x04\xd2",
            Decimal("12.34"),
        ),
        (logical("bytes", "decimal", precision=4), whole(1) + b"\xff", Decimal(-1)),
        (
            logical("fixed", "decimal", name="d", size=20, precision=45, scale=10),
            (-(10**40)).to_bytes(20, "big", signed=True),
            "-" + "1" + "0" * 30 + "." + "0" * 10,
        ),
        (["long"], whole(0) + whole(4), 4),
        (["null"], whole(0), None),
        ({"type": {"type": "long"}}, whole(4), 4),
        ("double", b"\0" * 7 + b"\x80", -0.0),
    ],
    ids=str,
)
def test_a_type_is_what_the_specification_says(kind: Any, octets: bytes, value: Any) -> None:
    [row] = read(avro_bytes(record(kind), (1, octets))).rows
    assert str(row["c0"]) == str(value)


def test_a_schema_may_be_the_type_of_an_object() -> None:
    [row] = read(avro_bytes({"type": {"type": record("long")}}, (1, whole(7)))).rows
    assert row == {"c0": 7}


def test_a_named_type_may_be_used_again() -> None:
    kind = {"type": "enum", "name": "kind", "symbols": ["A", "B"]}
    schema = record(
        kind, "kind", ["null", "its.space.kind"], FIXED_UUID, "id", namespace="its.space"
    )
    octets = whole(0) + whole(1) + whole(1) + whole(0) + 2 * UUID.bytes
    [row] = read(avro_bytes(schema, (1, octets))).rows
    assert list(row.values()) == ["A", "B", "A", str(UUID), str(UUID)]


def test_fields_may_have_any_name() -> None:
    names = ["имя", "a b", "a.b", "ключ"]
    fields = [{"name": name, "type": "long"} for name in names]
    [row] = read(avro_bytes({"type": "record", "name": "r", "fields": fields}, (1, bytes(4)))).rows
    assert list(row) == names


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (record(["int", "string"]), "the field 'c0' is a union of int and string, expected one"),
        (record({"type": "map", "values": "int"}), "the field 'c0' is of type map, expected plain"),
        (record({"type": "array", "items": "int"}), "of type array"),
        (record("bytes"), "the column 'c0' is bytes, which the file does not call text"),
        (record("row"), "of type record"),
        (record(logical("fixed", "duration", name="d", size=12)), "which counts months, days and"),
        (record(logical("bytes", "decimal", precision=2, scale=4)), "without a valid precision"),
        (record(logical("fixed", "uuid", name="u", size=15)), "uuid in other than 16 bytes"),
        (record(), "the Avro file has no column"),
        ("string", "holds values of type string, expected records"),
        (["null", record("int")], "holds values of type union, expected records"),
        (record("no-such-type"), "of type no-such-type"),
        ({"type": "record"}, "the Avro file is damaged"),
    ],
)
def test_what_has_no_place_in_a_table_is_refused_with_its_name(schema: Any, message: str) -> None:
    assert message in refusal(avro_bytes(schema))


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        ("string", whole(-5) + b"abc"),
        ("string", whole(10**12) + b"abc"),
        ("int", whole(2**40)),
        ({"type": "enum", "name": "k", "symbols": ["A", "B"]}, whole(2)),
        ({"type": "enum", "name": "k", "symbols": ["A", "B"]}, whole(-1)),
        (["null", "long"], whole(2) + whole(0)),
        (["null", "long"], whole(-1) + whole(0)),
        ("boolean", b"\x02"),
    ],
    ids=str,
)
def test_bytes_that_are_no_value_of_the_type_are_refused(kind: Any, octets: bytes) -> None:
    reason = refusal(avro_bytes(record(kind), (1, octets)))
    assert reason.startswith("the Avro file is damaged")


def test_each_block_must_end_with_the_marker() -> None:
    good = avro_bytes(record("long"), (1, whole(1)))
    for content in (good[:-1] + b"?", good + b"more"):
        assert refusal(content).startswith("the Avro file is damaged: ")
    assert "several Avro files, put one behind the other" in refusal(good + good)


@pytest.mark.parametrize("count", [10**8, 10**12, 2**62])
def test_records_without_bytes_are_bounded(count: int) -> None:
    before = time.monotonic()
    assert "records" in refusal(avro_bytes(record("null"), (count, b""))) or count > 10**8
    assert refusal(avro_bytes(record("null", "null"), (count, b"")))
    assert time.monotonic() - before < 2
    assert len(read(avro_bytes(record("null"), (1000, b""))).rows) == 1000


def test_a_block_that_unpacks_without_end_is_refused() -> None:
    packed = zlib.compress(bytes(300_000_000), 1)[2:-4]
    assert "the limit for one" in refusal(avro_bytes(record("long"), (9, packed), codec="deflate"))


def test_a_row_whose_text_is_none_is_put_aside() -> None:
    octets = text("a") + whole(2) + b"\xff\xfe" + text("c")
    found = read(avro_bytes(record("string"), (3, octets)))
    assert [row["c0"] for row in found.rows] == ["a", "c"]
    assert [(bad.line, bad.reason) for bad in found.bad] == [
        (1, "c0 holds bytes that are no characters")
    ]


def test_a_decimal_with_more_digits_than_declared_costs_its_row() -> None:
    kind = logical("bytes", "decimal", precision=4, scale=2)
    octets = whole(2) + b"\x04\xd2" + whole(20) + b"\x7f" + bytes(19)
    found = read(avro_bytes(record(kind), (2, octets)))
    assert [row["c0"] for row in found.rows] == [Decimal("12.34")]
    assert "more digits than the 4" in found.bad[0].reason


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.text()), max_size=30))
def test_numbers_and_texts_come_as_they_were_written(rows: list[tuple[int, str]]) -> None:
    data = b"".join(whole(number) + text(word) for number, word in rows)
    found = read(avro_bytes(record("long", "string"), (len(rows), data)))
    assert [(row["c0"], row["c1"]) for row in found.rows] == rows
    if rows:
        assert found.types == {"c0": ColumnType(Kind.INTEGER, 19), "c1": TEXT}

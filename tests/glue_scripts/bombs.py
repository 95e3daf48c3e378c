"""Small files that hold very much: values that repeat, packed in every way that formats know."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from tests.glue_scripts.typed_files import avro_bytes, orc_file, parquet, varint, whole

_PIECE_BYTES = 32_000_000


@dataclass(frozen=True)
class Bomb:
    """A file by its format, codec and shape."""

    kind: str
    codec: str
    shape: str
    rows: int
    width: int
    """Bytes of a value."""

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.codec}-{self.shape}"

    def content(self) -> bytes:
        return _MAKERS[self.kind](self)


def _texts(bomb: Bomb, rows: int) -> pa.Array:
    """Return some of the rows: all alike, or one value that no codec makes smaller."""
    if bomb.shape == "numbers":
        return pa.repeat(pa.scalar(7, pa.int64()), rows)
    if bomb.shape == "rare long":  # one row in a thousand has it all
        long = bytes(bomb.width * 1000)
        return pa.array([long if n % 1000 == 0 else b"" for n in range(rows)], pa.binary())
    value = bytes(bomb.width) if bomb.shape != "noise" else _noise(bomb.width)
    indices = pa.repeat(pa.scalar(0, pa.int32()), rows)
    array = pa.DictionaryArray.from_arrays(indices, pa.array([value], pa.binary()))
    is_packed = bomb.kind == "parquet" and bomb.shape in ("dictionary", "noise")
    return array if is_packed else array.dictionary_decode()


def _noise(size: int) -> bytes:
    """Return letters that no codec makes much smaller."""
    state, found = 1, bytearray()
    while len(found) < size:
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        found += f"{state:016x}".encode()
    return bytes(found[:size])


def _pieces(bomb: Bomb) -> Iterator[pa.Table]:
    is_packed = bomb.kind == "parquet" and bomb.shape in ("dictionary", "noise")
    step = bomb.rows if is_packed else _PIECE_BYTES // bomb.width
    whole = _table(_texts(bomb, min(step, bomb.rows)))
    for start in range(0, bomb.rows, step):
        yield whole.slice(0, min(step, bomb.rows - start))


def _table(array: pa.Array) -> pa.Table:
    if pa.types.is_binary(array.type):
        array = array.view(pa.string())
    elif pa.types.is_dictionary(array.type):
        array = pa.DictionaryArray.from_arrays(array.indices, array.dictionary.view(pa.string()))
    return pa.table({"a": array})


def _wide(bomb: Bomb) -> pa.Table:
    """Return one number in each of a thousand columns."""
    column = pa.repeat(pa.scalar(7, pa.int64()), bomb.rows)
    return pa.table({f"c{number}": column for number in range(bomb.width // 8)})


def _one_page(bomb: Bomb) -> bytes:
    """A column of whole numbers that are zero in a single page, put together byte by byte."""
    size, rows = 8 * bomb.rows, whole(bomb.rows)
    packed = bytes(pa.compress(bytes(size), "zstd", asbytes=True))
    data = _struct(i32(1, bomb.rows), i32(2, 0), i32(3, 3), i32(4, 3))
    header = _struct(i32(1, 0), i32(2, size), i32(3, len(packed)), (5, _STRUCT, data))
    column = _struct(
        i32(1, 2),
        (2, _LIST, b"\x15" + whole(0)),
        (3, _LIST, b"\x18" + _text("a")),
        i32(4, 6),
        (5, _I64, rows),
        (6, _I64, whole(size)),
        (7, _I64, whole(len(header) + len(packed))),
        (9, _I64, whole(4)),
    )
    chunk = _struct((2, _I64, whole(4)), (3, _STRUCT, column))
    group = _struct((1, _LIST, b"\x1c" + chunk), (2, _I64, whole(size)), (3, _I64, rows))
    schema = _struct((4, _TEXT, _text("schema")), i32(5, 1))
    schema += _struct(i32(1, 2), i32(3, 0), (4, _TEXT, _text("a")))
    footer = _struct(
        i32(1, 1), (2, _LIST, b"\x2c" + schema), (3, _I64, rows), (4, _LIST, b"\x1c" + group)
    )
    return b"PAR1" + header + packed + footer + struct.pack("<I", len(footer)) + b"PAR1"


_I32, _I64, _TEXT, _LIST, _STRUCT = 5, 6, 8, 9, 12
"""Kinds of fields in Thrift's compact protocol."""
Field = tuple[int, int, bytes]


def i32(number: int, value: int) -> Field:
    return number, _I32, whole(value)


def _struct(*fields: Field) -> bytes:
    found, before = b"", 0
    for number, kind, value in fields:
        found += bytes([(number - before) << 4 | kind]) + value
        before = number
    return found + b"\0"


def _text(value: str) -> bytes:
    return varint(len(value)) + value.encode()


def _parquet(bomb: Bomb) -> bytes:
    if bomb.shape == "one page":
        return _one_page(bomb)
    options: dict[str, Any] = {"compression": bomb.codec, "store_schema": False}
    if bomb.shape == "wide":
        return parquet(_wide(bomb), **options)
    if bomb.shape == "prefixes":
        options |= {"use_dictionary": False, "column_encoding": {"a": "DELTA_BYTE_ARRAY"}}
    elif bomb.shape not in ("dictionary", "noise", "numbers"):
        options |= {"use_dictionary": False}
    sink = io.BytesIO()
    writer = None
    for piece in _pieces(bomb):
        if bomb.shape in ("dictionary", "noise"):
            options |= {"dictionary_pagesize_limit": 2 * bomb.width + 100}
        writer = writer or pq.ParquetWriter(sink, piece.schema, **options)
        writer.write_table(piece, row_group_size=piece.num_rows)
    if writer:
        writer.close()
    return sink.getvalue()


def _orc(bomb: Bomb) -> bytes:
    if bomb.shape == "wide":
        return orc_file(_wide(bomb), compression=bomb.codec)
    sink = io.BytesIO()
    threshold = 1.0 if bomb.shape in ("dictionary", "noise") else 0.0
    options = {"compression": bomb.codec, "dictionary_key_size_threshold": threshold}
    with orc.ORCWriter(sink, **options) as writer:
        for piece in _pieces(bomb):
            writer.write(piece)
    return sink.getvalue()


def _avro(bomb: Bomb) -> bytes:
    if bomb.shape == "wide":
        fields = [{"name": f"c{n}", "type": "long"} for n in range(bomb.width // 8)]
        return avro_of(fields, bomb.codec, bytes(len(fields)), bomb.rows)
    if bomb.shape == "symbols":
        kind = {"type": "enum", "name": "e", "symbols": ["x" * bomb.width]}
        return avro_of([{"name": "a", "type": kind}], bomb.codec, b"\0", bomb.rows)
    if bomb.shape == "decimals":
        # One digit, and as many zeros behind the point as the schema says.
        digits: dict[str, Any] = {"precision": bomb.width, "scale": bomb.width}
        number = {"type": "bytes", "logicalType": "decimal", **digits}
        return avro_of([{"name": "a", "type": number}], bomb.codec, b"\2\1", bomb.rows)
    if bomb.shape == "one block":
        record = whole(bomb.width) + bytes(bomb.width)
        packed = _PACKERS[bomb.codec](record * bomb.rows)
        schema = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "string"}]}
        return avro_bytes(schema, (bomb.rows, packed), codec=bomb.codec)
    record = whole(bomb.width) + bytes(bomb.width)
    return avro_of([{"name": "a", "type": "string"}], bomb.codec, record, bomb.rows)


def avro_of(fields: list[Any], codec: str, record: bytes, rows: int) -> bytes:
    """A file of equal records, whose blocks are packed once."""
    schema = {"type": "record", "name": "r", "fields": fields}
    each = max(1, _PIECE_BYTES // max(1, len(record)))
    counts = [min(each, rows - start) for start in range(0, rows, each)]
    packed = {count: _PACKERS[codec](record * count) for count in set(counts)}
    return avro_bytes(schema, *((count, packed[count]) for count in counts), codec=codec)


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def _snappy(data: bytes) -> bytes:
    return bytes(pa.compress(data, "snappy", asbytes=True)) + zlib.crc32(data).to_bytes(4, "big")


_PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "null": bytes,
    "deflate": _deflated,
    "snappy": _snappy,
    "zstandard": lambda data: bytes(pa.compress(data, "zstd", asbytes=True)),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}


_MAKERS: Mapping[str, Callable[[Bomb], bytes]] = {"parquet": _parquet, "orc": _orc, "avro": _avro}

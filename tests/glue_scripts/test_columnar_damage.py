"""Files that are damaged, or say of themselves what is not so: each costs itself and no other."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.parquet import encryption

from lake.errors import InputRefused
from lake.reading.columnar.orc_tail import fields_of, tail_of
from lake.reading.contents import held
from lake.reading.formats import PieceReading, examine
from lake.reading.originals import Span
from lake.reading.pieces import Chunk
from tests.glue_scripts.texts import Text
from tests.glue_scripts.typed_files import (
    avro,
    avro_bytes,
    orc_file,
    parquet,
    read,
    record,
    refusal,
    varint,
    whole,
    with_footer_rows,
)

ROWS = 300
TABLE = pa.table({"n": range(ROWS), "s": ["x"] * ROWS})
PLAIN = parquet(TABLE, store_schema=False)
LIBRARIES = ("Arrow", "Thrift", "fastavro", "OSError", "codec can't", "Error -", "std::", "0x")


@pytest.mark.parametrize("told", [ROWS - 299, ROWS - 1, ROWS + 1, ROWS + 200, 10**6])
def test_a_parquet_footer_that_miscounts_is_refused_with_both_counts(told: int) -> None:
    reason = refusal(with_footer_rows(PLAIN, ROWS, told))
    assert "miscounts" in reason
    assert f"{told:,}" in reason


@pytest.mark.parametrize("rows", [10**9, 10**12, 2**62])
@pytest.mark.parametrize("make", [parquet, orc_file], ids=["Parquet", "ORC"])
def test_more_rows_than_the_bytes_can_hold_are_refused_at_once(
    make: Callable[[pa.Table], bytes], rows: int
) -> None:
    content = with_footer_rows(PLAIN, ROWS, rows) if make is parquet else orc_that_says(rows, rows)
    before = time.monotonic()
    assert "expected" in refusal(content)
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(
    ("footer", "stripe"), [(500, ROWS), (ROWS, 500), (500, 500), (100, ROWS), (ROWS, 100), (9, 9)]
)
def test_an_orc_footer_that_miscounts_is_refused(footer: int, stripe: int) -> None:
    assert "ORC file is damaged" in refusal(orc_that_says(footer, stripe))


def test_an_orc_file_is_told_by_its_own_counts() -> None:
    assert len(read(orc_that_says(ROWS, ROWS)).rows) == ROWS


def test_fifty_million_rows_of_one_value_are_no_damage() -> None:
    group = pa.table({"n": pa.repeat(pa.scalar(7, pa.int8()), 10_000_000)})
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, group.schema) as writer:
        for _ in range(5):
            writer.write_table(group, row_group_size=len(group))
    assert refusal_without_reading_on(sink.getvalue()) == ""


def test_long_texts_of_a_dictionary_do_not_fill_memory() -> None:
    indices = pa.array([0] * 100_000, pa.int32())
    texts = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * 900_000]))
    content = parquet(pa.table({"s": texts}), compression="zstd", store_schema=False)
    before = pa.total_allocated_bytes()
    for chunk in some_chunks(content, 3):
        assert chunk.rows.nbytes < 100_000_000
    assert pa.total_allocated_bytes() - before < 500_000_000


@pytest.mark.parametrize("codec", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_page_that_does_not_match_its_checksum_is_refused(codec: str, version: str) -> None:
    table = pa.table({"n": [1050] * 100 + [1114] * 100})
    content = parquet(
        table,
        compression=codec,
        write_page_checksum=True,
        data_page_version=version,
        use_dictionary=False,
    )
    assert len(read(content).rows) == 200
    column = pq.read_metadata(pa.BufferReader(content)).row_group(0).column(0)
    flipped = bytearray(content)
    flipped[column.data_page_offset + column.total_compressed_size - 5] ^= 8
    assert "a page does not match its checksum" in refusal(bytes(flipped))


@pytest.mark.parametrize("plaintext", [True, False], ids=["columns", "all"])
def test_what_is_encrypted_is_said_to_be_that(plaintext: bool) -> None:
    reason = refusal(encrypted(pa.table({"a": [1], "b": [2]}), plaintext_footer=plaintext))
    assert "encrypted" in reason
    assert "upload it unencrypted" in reason
    assert "damaged" not in reason


@pytest.mark.parametrize("kind", ["parquet", "orc", "avro"])
@pytest.mark.parametrize("seed", range(25))
def test_damage_ends_in_rows_or_in_a_reason_and_in_nothing_else(kind: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    content = damaged(WHOLE[kind], chance)
    before = time.monotonic()
    reason = refusal(content)
    assert not any(name in reason for name in LIBRARIES), reason
    assert time.monotonic() - before < 20


class OneKey(encryption.KmsClient):  # type: ignore[misc]  # pyarrow has no types
    """Wraps keys in nothing."""

    def __init__(self, _: encryption.KmsConnectionConfig) -> None:
        super().__init__()

    def wrap_key(self, key_bytes: bytes, _: str) -> bytes:
        return key_bytes.hex().encode()

    def unwrap_key(self, wrapped_key: str, _: str) -> bytes:
        return bytes.fromhex(wrapped_key)


def encrypted(table: pa.Table, *, plaintext_footer: bool) -> bytes:
    how = encryption.EncryptionConfiguration(
        footer_key="footer", column_keys={"column": ["b"]}, plaintext_footer=plaintext_footer
    )
    properties = encryption.CryptoFactory(OneKey).file_encryption_properties(
        encryption.KmsConnectionConfig(), how
    )
    return parquet(table, encryption_properties=properties)


def damaged(content: bytes, chance: random.Random) -> bytes:
    octets = bytearray(content)
    at = chance.randrange(4, len(octets))
    match chance.randrange(5):
        case 0:
            return bytes(octets[:at])
        case 1:
            octets[at:at] = chance.randbytes(chance.randrange(1, 9))
        case 2:
            octets[at : at + 50] = bytes(50)
        case 3:
            for _ in range(3):
                octets[-chance.randrange(1, min(800, len(octets) - 4))] = chance.randrange(256)
        case _:
            for _ in range(chance.choice([1, 5, 50])):
                octets[chance.randrange(4, len(octets))] = chance.randrange(256)
    return bytes(octets)


def some_chunks(content: bytes, count: int) -> Iterator[Chunk]:
    layout, _ = examine(Text(content), max_ratio=1000)
    return islice(PieceReading(Text(content), layout, Span(0, len(content)), 1000), count)


def refusal_without_reading_on(content: bytes) -> str:
    try:
        list(some_chunks(content, 2))
    except InputRefused as reason:
        return str(reason)
    return ""


def orc_that_says(footer_rows: int, stripe_rows: int) -> bytes:
    """An ORC file of ROWS rows with other counts at its end."""
    content = orc_file(TABLE, compression="uncompressed")
    tail = tail_of(held(pa.py_buffer(content)))
    size = dict(tail.postscript)[1]
    body = content[: len(content) - 1 - content[-1] - int(size)]
    footer: list[tuple[int, int | bytes]] = []
    for key, value in tail.footer:
        if key == 3 and isinstance(value, bytes):
            stripe = fields_of(value)
            footer.append((key, message([(k, stripe_rows if k == 5 else v) for k, v in stripe])))
        else:
            footer.append((key, footer_rows if key == 6 else value))
    end = message(footer)
    postscript = message([(k, len(end) if k == 1 else v) for k, v in tail.postscript])
    return body + end + postscript + bytes([len(postscript)])


def message(fields: list[tuple[int, int | bytes]]) -> bytes:
    """In protocol buffers."""
    return b"".join(
        varint(key << 3) + varint(value)
        if isinstance(value, int)
        else varint(key << 3 | 2) + varint(len(value)) + value
        for key, value in fields
    )


def many_kinds() -> pa.Table:
    rows = 500
    return pa.table(
        {
            "n": pa.array([None if i % 7 == 0 else i * i for i in range(rows)]),
            "s": [f"text {i % 30}" for i in range(rows)],
            "d": pa.array([Decimal(i) / 100 for i in range(rows)], pa.decimal128(9, 2)),
            "t": pa.array([i * 10**9 for i in range(rows)], pa.timestamp("us")),
            "b": [i % 3 == 0 for i in range(rows)],
            "f": [i / 7 for i in range(rows)],
        }
    )


WHOLE = {
    "parquet": parquet(many_kinds(), row_group_size=200, data_page_size=500),
    "orc": orc_file(many_kinds(), compression="zlib"),
    "avro": avro(
        [{"c0": i, "c1": f"x{i}", "c2": None if i % 2 else i / 3} for i in range(500)],
        record("long", "string", ["null", "double"]),
        sync_interval=2000,
    ),
}
BLOCK = whole(7) * 600


@pytest.mark.parametrize("told", [0, 1, 300, 599, 601, 2**40])
def test_an_avro_block_with_other_than_its_count_of_records_is_refused(told: int) -> None:
    assert refusal(avro_bytes(record("long"), (told, BLOCK)))


def test_an_avro_file_that_is_cut_anywhere_inside_a_block_is_refused() -> None:
    content = avro_bytes(record("long"), (600, BLOCK), (600, BLOCK))
    header = len(avro_bytes(record("long")))
    border = (len(content) - header) // 2
    for cut in range(1, len(content) - header):
        reason = refusal(content[:-cut]) if cut != border else "a border"
        assert reason, cut


JOINED = {
    "few": pa.table({"a": [1, 2, 3]}),
    "other": pa.table({"a": [4, 5, 6]}),
    "many": pa.table({"a": range(20_000), "s": [f"text {n}" for n in range(20_000)]}),
    "none": pa.table({"a": pa.array([], pa.int64())}),
}


@pytest.mark.parametrize("first", JOINED)
@pytest.mark.parametrize("second", JOINED)
@pytest.mark.parametrize(
    "write",
    [
        parquet,
        partial(parquet, compression="none", use_dictionary=False, write_page_index=True),
        orc_file,
        partial(orc_file, compression="zlib", stripe_size=65_536, batch_size=1000),
    ],
)
def test_files_that_were_joined_are_refused_as_that(first: str, second: str, write: Any) -> None:
    """A reader would find the last one's footer, and by it columns among the first one's bytes."""
    one, other = write(JOINED[first]), write(JOINED[second])
    assert not refusal(other)
    reason = refusal(one + other)
    assert "put one behind the other" in reason
    assert f"the first ends at byte {len(one):,}" in reason

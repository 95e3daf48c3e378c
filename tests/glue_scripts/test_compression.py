"""Compressed bytes that are whole, cut off, damaged, or followed by something."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from lake.errors import InputRefused
from lake.reading.compression import decompress, find_compression
from tests.glue_scripts.typed_files import refusal
from wires.formats import detect

TEXT = b"id,n\n" + b"".join(b"%d,%d\n" % (n, n * n % 9973) for n in range(40_000))


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, "zstd", asbytes=True)
    return packed


CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": zstd,
}
named = pytest.mark.parametrize("name", CODECS)


def unpacked(content: bytes, *, block: int = 1 << 24) -> bytes:
    blocks = (content[start : start + block] for start in range(0, len(content), block))
    return b"".join(decompress(blocks, find_compression(content), max_ratio=1000))


def reason(content: bytes) -> str:
    try:
        unpacked(content)
    except InputRefused as refused:
        return str(refused)
    return ""


@named
@pytest.mark.parametrize("block", [1, 7, 10_000, 1 << 24])
def test_members_come_one_after_the_other(name: str, block: int) -> None:
    small = TEXT[:3000]
    packed = CODECS[name](small) + CODECS[name](small)
    assert unpacked(packed, block=block) == small + small


@named
def test_what_is_cut_off_is_said_to_be_that(name: str) -> None:
    packed = CODECS[name](TEXT)
    for size in (20, len(packed) // 2, len(packed) - 1):
        assert reason(packed[:size]) == (
            f"the {name} data ends early, after {size:,} bytes: the upload was cut off, upload it "
            "again"
        )


@named
@pytest.mark.parametrize("more", [b"x", b"hello world, hello", b"PK\x03\x04"])
def test_what_follows_is_said_to_be_something_else(name: str, more: bytes) -> None:
    assert f"stands something that is not {name}" in reason(CODECS[name](TEXT) + more)


@pytest.mark.parametrize("name", CODECS)
def test_nothing_at_all_is_compressed_too(name: str) -> None:
    packed = CODECS[name](b"")
    assert find_compression(packed) == name
    assert b"".join(decompress(iter([packed]), name, max_ratio=10)) == b""
    assert detect(packed, "data.jsonl").compression == name


@pytest.mark.parametrize("name", ["gzip", "bzip2"])
def test_zeros_behind_the_data_are_padding(name: str) -> None:
    assert unpacked(CODECS[name](TEXT) + bytes(512)) == TEXT


@pytest.mark.parametrize("name", ["gzip", "bzip2"])
@pytest.mark.parametrize("seed", range(20))
def test_a_flipped_bit_is_told_in_plain_words(name: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    packed = bytearray(CODECS[name](TEXT))
    packed[chance.randrange(20, len(packed) - 8)] ^= 1 << chance.randrange(8)
    told = reason(bytes(packed))
    assert told.startswith(f"the {name} data ")
    assert "Error -" not in told
    assert "decompress" not in told


def test_the_place_of_damage_is_told() -> None:
    packed = bytearray(gzip.compress(TEXT))
    # A block of bytes as they are says how many they are, and once more in other bits.
    packed[10:15] = b"\x01\x10\x00\x00\x00"
    assert reason(bytes(packed)) == "the gzip data is damaged at about byte 0: upload it again"


def containers() -> Iterator[tuple[bytes, str]]:
    yield b"PK\x03\x04" + bytes(60), "a ZIP archive"
    yield b"7z\xbc\xaf\x27\x1c" + bytes(60), "a 7z archive"
    yield lzma.compress(TEXT), "an XZ file"
    yield gzip.compress(b"PK\x03\x04" + bytes(60)), "a ZIP archive or Office document inside gzip"
    yield gzip.compress(gzip.compress(TEXT)), "compressed twice: inside gzip is gzip"
    yield zstd(lzma.compress(TEXT)), "an XZ file inside zstd"


@pytest.mark.parametrize(("content", "told"), list(containers()))
def test_what_is_packed_otherwise_is_named(content: bytes, told: str) -> None:
    assert told in refusal(content)

"""Detection ends, and soon, whatever the bytes are."""

from __future__ import annotations

import bz2
import gzip
import random
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wires.formats import HEAD_BYTES, Format, Kind, detect

SECONDS = 2.0
"""More than a head may take by far, and less than what goes through it again and again."""


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, "zstd", asbytes=True)
    return packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": zstd,
    "zlib": zlib.compress,
    "stored": lambda data: gzip.compress(data, compresslevel=0),
}


def timed(head: bytes, name: str = "") -> Format:
    start = time.perf_counter()
    found = detect(head, name)
    assert time.perf_counter() - start < SECONDS
    return found


def nested(content: bytes, *packers: str) -> bytes:
    for packer in packers:
        content = PACKERS[packer](content)
    return content


@pytest.mark.parametrize(
    ("packer", "depth"), [("gzip", 4), ("gzip", 50), ("gzip", 1000), ("bzip2", 4), ("bzip2", 50)]
)
def test_any_depth_of_compression_is_told_as_that(packer: str, depth: int) -> None:
    head = nested(b"a,b\n1,2\n", *[packer] * depth)
    found = timed(head)
    assert found == Format("data compressed more than 3 times", Kind.NOT_DATA, packer)


@pytest.mark.parametrize(
    ("packers", "name"),
    [
        (["gzip"], "text"),
        (["gzip", "gzip"], "text compressed twice"),
        (["zstd", "gzip"], "text compressed twice"),
        (["bzip2", "gzip", "bzip2"], "text compressed 3 times"),
    ],
)
def test_the_layers_of_a_table_are_told(packers: list[str], name: str) -> None:
    assert timed(nested(b"a,b\n1,2\n", *packers)).name == name


@pytest.mark.parametrize("packer", ["gzip", "bzip2"])
def test_what_expands_is_unpacked_as_far_as_it_is_looked_at(packer: str) -> None:
    bomb = nested(b"a,b\n" + b"0" * 100_000_000, packer)
    tracemalloc.start()
    assert timed(bomb) == Format("text", Kind.TABULAR_TEXT, packer)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 32 * HEAD_BYTES


@given(
    st.lists(st.binary(min_size=1, max_size=400) | st.sampled_from([b"PAR1", b'{"a"', b"a,b\n"])),
    st.lists(st.sampled_from(sorted(PACKERS)), max_size=6),
    st.randoms(use_true_random=False),
    st.integers(0, 12),
    st.floats(0, 1),
)
@settings(max_examples=400, deadline=None)
def test_any_mix_of_compressions_cut_off_and_damaged_is_told_as_something(
    parts: list[bytes], packers: list[str], chance: random.Random, flips: int, kept: float
) -> None:
    data = b"".join(parts)
    for packer in packers:
        data = PACKERS[packer](data)
        mutated = bytearray(data)
        for _ in range(chance.choice([0, 0, flips])):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        data = bytes(mutated) if chance.random() < 0.5 else data
    assert isinstance(timed(data[: int(len(data) * kept) + 1], "data.json.gz"), Format)


@given(
    st.text(alphabet="{}[]\"':,;|\t a1_-./*#<\n\x85", max_size=8),
    st.text(alphabet="{}[]\"':,;|\t a1_-./*#<\n\x85", min_size=1, max_size=6),
    st.text(alphabet="{}[]\"':,;|\t a1_-./*#<\n\x85", max_size=4),
)
@settings(max_examples=600, deadline=None)
def test_text_that_repeats_itself_is_gone_through_once(start: str, unit: str, end: str) -> None:
    """A pattern whose parts may share characters in many ways tries them all on such a text."""
    text = start.encode() + unit.encode() * (HEAD_BYTES // len(unit.encode()))
    timed(text[: HEAD_BYTES - len(end)] + end.encode())


@pytest.mark.parametrize("unit", [b"a,", b"a ", b"1,;", b"_\t"])
@pytest.mark.parametrize("end", [b"'", b'"', b":", b"", b"\n"])
def test_a_long_line_behind_a_brace_is_gone_through_once(unit: bytes, end: bytes) -> None:
    head = b"{" + unit * 30_000 + end
    assert timed(head).kind in (Kind.TABULAR_TEXT, Kind.OTHER_DATA)

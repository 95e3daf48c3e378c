"""Whole numbers without a sign, as ORC packs the lengths of texts: in runs, of two versions.

https://orc.apache.org/specification/ORCv1/#run-length-encoding
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.int64]]
Read = Callable[[bytes, int], tuple[Numbers, int]]
"""Returns the numbers of a run, and where it ends."""
_WIDTHS = (*range(1, 25), 26, 28, 30, 32, 40, 48, 56, 64)
"""Bits by the code of a width."""
_SHORTEST = 3
_LITERALS = 128


def numbers_in(data: bytes, most: int, *, version: int) -> Numbers:
    """Return the numbers, up to so many. Raises ValueError for damaged bytes."""
    try:
        parts = list(_runs(data, most, _run if version == 1 else _run_2))
    except (IndexError, OverflowError) as error:
        raise ValueError("the lengths are no numbers") from error
    found: Numbers = np.concatenate(parts)[:most] if parts else np.empty(0, np.int64)
    if len(found) and int(found.min()) < 0:
        raise ValueError("a length below zero")
    return found


def _runs(data: bytes, most: int, read: Read) -> Iterator[Numbers]:
    place = count = 0
    while place < len(data) and count < most:
        run, place = read(data, place)
        yield run
        count += len(run)


def _run(data: bytes, place: int) -> tuple[Numbers, int]:
    control = data[place]
    place += 1
    if control >= _LITERALS:
        found = []
        for _ in range(256 - control):
            value, place = _varint(data, place)
            found.append(value)
        return np.array(found, np.int64), place
    step = int.from_bytes(data[place : place + 1], "big", signed=True)
    base, place = _varint(data, place + 1)
    return base + step * np.arange(control + _SHORTEST, dtype=np.int64), place


def _run_2(data: bytes, place: int) -> tuple[Numbers, int]:
    kind = data[place] >> 6
    if kind == 0:
        size = (data[place] >> 3 & 7) + 1
        value = int.from_bytes(_taken(data, place + 1, size), "big")
        return np.full((data[place] & 7) + _SHORTEST, value, np.int64), place + 1 + size
    code = data[place] >> 1 & 31
    count = ((data[place] & 1) << 8 | data[place + 1]) + 1
    if kind == 1:
        return _packed(data, place + 2, count, _WIDTHS[code])
    if kind == 2:
        return _patched(data, place + 2, count, _WIDTHS[code])
    return _deltas(data, place + 2, count, _WIDTHS[code] if code else 0)


def _patched(data: bytes, place: int, count: int, width: int) -> tuple[Numbers, int]:
    """Read numbers above a base, of which the greatest have bits of their own in a list."""
    base_size, patch_width = (data[place] >> 5) + 1, _WIDTHS[data[place] & 31]
    gap_width, patches = (data[place + 1] >> 5) + 1, data[place + 1] & 31
    base = int.from_bytes(_taken(data, place + 2, base_size), "big")
    sign = 1 << (8 * base_size - 1)
    base = sign - base if base & sign else base
    found, place = _packed(data, place + 2 + base_size, count, width)
    whole = min(size for size in _WIDTHS if size >= patch_width + gap_width)
    entries, place = _packed(data, place, patches, whole)
    at = 0
    for entry in entries.tolist():
        at += entry >> patch_width
        found[at] |= (entry & (1 << patch_width) - 1) << width
    return found + base, place


def _deltas(data: bytes, place: int, count: int, width: int) -> tuple[Numbers, int]:
    base, place = _varint(data, place)
    step, place = _varint(data, place)
    step = (step >> 1) ^ -(step & 1)
    if not width:
        return base + step * np.arange(count, dtype=np.int64), place
    more, place = _packed(data, place, count - 2, width)
    steps = np.concatenate([[base, step], -more if step < 0 else more])
    return np.cumsum(steps, dtype=np.int64), place


def _packed(data: bytes, place: int, count: int, width: int) -> tuple[Numbers, int]:
    size = -(-count * width // 8)
    bits = np.unpackbits(np.frombuffer(_taken(data, place, size), np.uint8))[: count * width]
    powers = np.uint64(1) << np.arange(width - 1, -1, -1, dtype=np.uint64)
    found = bits.reshape(count, width).astype(np.uint64) @ powers
    return found.astype(np.int64), place + size


def _taken(data: bytes, place: int, size: int) -> bytes:
    part = data[place : place + size]
    if len(part) != size:
        raise ValueError("unexpected end of the lengths")
    return part


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[place]
        value |= (octet & 127) << shift
        place, shift = place + 1, shift + 7
        if octet < 128:
            return value & (1 << 63) - 1 if shift > 63 else value, place
        if shift > 63:
            raise ValueError("no number")

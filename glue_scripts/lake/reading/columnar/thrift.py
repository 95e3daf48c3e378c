"""Structs in Thrift's compact protocol, by the numbers of their fields.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = (
    *(0, 1, 2, 3, 7),
    *(8, 9, 10, 11, 12),
)
_INTEGERS = (4, 5, 6)
_DEEPEST = 8
_SIZE_FOLLOWS = 15
Struct = dict[int, Any]


def struct_at(data: Any, place: int, depth: int = 0) -> tuple[Struct, int]:
    """Read a struct; return its fields and where it ends. Texts and fractions are None."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    found: Struct = {}
    key = 0
    while data[place] != _STOP:
        key, kind, place = _field(data, place, key)
        found[key], place = _held(data, place, kind, depth)
    return found, place + 1


def structs_in(data: Any, number: int) -> Iterator[Struct]:
    """Yield the structs in a field of the struct at the start, one at a time: there may be many."""
    key = place = 0
    while data[place] != _STOP:
        key, kind, place = _field(data, place, key)
        if key != number or kind != _LIST:
            _, place = _held(data, place, kind, 0)
            continue
        count, kind, place = _size(data, place)
        for _ in range(count):
            found, place = _value(data, place, kind, 0)
            yield found


def _field(data: Any, place: int, before: int) -> tuple[int, int, int]:
    """Return a field's number and kind, and where its value stands."""
    kind, step = data[place] & 15, data[place] >> 4
    if step:
        return before + step, kind, place + 1
    key, place = _signed(data, place + 1)
    return key, kind, place


def _held(data: Any, place: int, kind: int, depth: int) -> tuple[Any, int]:
    """Return the value of a field, and where it ends. Truth stands in the kind itself."""
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, place
    return _value(data, place, kind, depth)


def _value(data: Any, place: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind == _STRUCT:
        return struct_at(data, place, depth + 1)
    if kind in (_TRUE, _FALSE, _BYTE):
        return data[place], place + 1
    if kind in _INTEGERS:
        return _signed(data, place)
    if kind == _DOUBLE:
        return None, place + 8
    if kind == _BINARY:
        size, place = _varint(data, place)
        return None, place + size
    if kind in (_LIST, _SET):
        return _list(data, place, depth)
    raise ValueError(f"a struct has no {'map' if kind == _MAP else 'such type'} here")


def _list(data: Any, place: int, depth: int) -> tuple[list[Any], int]:
    count, kind, place = _size(data, place)
    found = []
    for _ in range(count):
        value, place = _value(data, place, kind, depth)
        found.append(value)
    return found, place


def _size(data: Any, place: int) -> tuple[int, int, int]:
    """Return how many items a list has and of which kind, and where the first stands."""
    count, kind = data[place] >> 4, data[place] & 15
    if count < _SIZE_FOLLOWS:
        return count, kind, place + 1
    count, place = _varint(data, place + 1)
    return count, kind, place


def _signed(data: Any, place: int) -> tuple[int, int]:
    value, place = _varint(data, place)
    return (value >> 1) ^ -(value & 1), place


def _varint(data: Any, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = data[place]
        value |= (octet & 127) << shift
        place, shift = place + 1, shift + 7
        if octet < 128:
            return value, place
        if shift > 63:
            raise ValueError("no number")

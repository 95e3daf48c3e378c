"""JSON texts to rows: with a fast parser where that loses nothing, else exactly, one by one.

The fast parser makes doubles of numbers, keeps the last of two equal keys, and forgets how objects
and lists were spelled. A few searches over the text of many rows show which rows that may affect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from lake.reading.json.exact import MOST_DEPTH, Row, parse_exactly, slice_nested
from lake.reading.json.faults import NO_JSON, Broken, misshapen

_LONG_RUN = re.compile(rb"00000000000000000*e?")
_TINY_NUMBER = re.compile(rb"0e-0000*,")
"""A number that may be so small that it becomes zero."""
_ONE_DIGIT = re.compile(rb"-0,")
_DIGITS = bytes.maketrans(b"123456789.E}] \t\r\n", b"0000000000e,,,,,,")
"""Makes all digits one, and all that can follow a number one, so that searches are for plain
text."""
_ZERO = ord("0")
_UNSAFE_DIGITS = 20
_EXACT_DIGITS = 15
_JUDGED = frozenset({dict, Broken})
_SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')
_SPACED = (b'" ', b'"\t', b'"\r', b'"\n')


def parse_rows(elements: Sequence[bytes]) -> list[Row | Broken]:
    """Return one row per element, or why it is not a row."""
    text = b"\n".join(elements)
    rows = _loaded(elements)
    brackets: list[int] = []
    if _brackets(text) > sum(type(row) is dict for row in rows):
        brackets = [_brackets(element) for element in elements]
        # Values that may be nested deeply must not be walked through before that is checked.
        rows = [row if n <= MOST_DEPTH else None for n, row in zip(brackets, rows, strict=True)]
    lost = _lost(elements, text, rows, is_flat=not brackets)
    risky = _elements_at(_risky_numbers(text), elements)
    for number in (n for n, count in enumerate(brackets) if count > 1):
        if number not in lost and type(rows[number]) is dict:
            rest = slice_nested(elements[number], rows[number])
            if number in risky and next(_risky_numbers(rest.encode()), None) is None:
                # Numbers in objects and lists do not matter: those are kept as text.
                risky.discard(number)
    for number in sorted(lost | risky):
        rows[number] = parse_exactly(elements[number])
    if set(map(type, rows)) == {dict}:
        return rows
    return [row if type(row) in _JUDGED else misshapen(row) for row in rows]


def is_json(element: bytes) -> bool:
    try:
        orjson.loads(element)
    except ValueError:
        return not is_no_json(parse_exactly(element))
    return True


def is_no_json(row: Row | Broken) -> bool:
    return isinstance(row, Broken) and str(row).startswith(NO_JSON)


def _loaded(elements: Sequence[bytes]) -> list[Any]:
    """Return the values of the fast parser; None for texts that it does not accept."""
    try:
        return list(map(orjson.loads, elements))
    except ValueError:
        return [_loaded_alone(element) for element in elements]


def _loaded_alone(element: bytes) -> Any:
    try:
        return orjson.loads(element)
    except ValueError:
        return None


def _lost(
    elements: Sequence[bytes], text: bytes, rows: Sequence[Any], *, is_flat: bool
) -> set[int]:
    """Return elements that the fast parser rejects, and objects that may have a key twice.

    It would keep the last of two equal keys.
    """
    found: set[int] = set()
    kinds = set(map(type, rows))
    if type(None) in kinds:
        found.update(number for number, row in enumerate(rows) if row is None)
    spaced = any(start in text for start in _SPACED) and bool(_SPACED_COLON.search(text))
    keys = sum(map(len if is_flat and kinds == {dict} else _keys, rows))
    if _colons(text, spaced) != keys:
        found.update(
            number
            for number, row in enumerate(rows)
            if type(row) is dict and _colons(elements[number], spaced) != _keys(row)
        )
    return found


def _colons(text: bytes, spaced: bool) -> int:
    """Count colons after quotes, which are at least as many as there are keys."""
    return text.count(b'":') + (len(_SPACED_COLON.findall(text)) if spaced else 0)


def _keys(value: Any) -> int:
    """Count the keys of an object, and of those inside it."""
    if type(value) is dict:
        count = len(value)
        for inner in value.values():
            if type(inner) is dict or type(inner) is list:
                count += _keys(inner)
        return count
    return sum(map(_keys, value)) if type(value) is list else 0


def _brackets(text: bytes) -> int:
    return text.count(b"{") + text.count(b"[")


def _risky_numbers(text: bytes) -> Iterator[int]:
    """Yield the positions of numbers that may be changed by becoming doubles."""
    digits = text.translate(_DIGITS)
    for run in _LONG_RUN.finditer(digits):
        if _is_risky(text, *run.span()):
            yield run.start()
    yield from (found.start() for found in _TINY_NUMBER.finditer(digits))
    for found in _ONE_DIGIT.finditer(digits):
        if text[found.start() + 1] == _ZERO:
            yield found.start()


def _is_risky(text: bytes, start: int, end: int) -> bool:
    """Whether a run of digits may be more than a 64-bit integer or a double keeps.

    The run may have a point in it, and the letter of an exponent at its end.
    """
    size = end - start
    if size >= _UNSAFE_DIGITS or text[end - 1] in b"eE":
        return True
    if text.find(b".", start, end) >= 0:
        return size > _EXACT_DIGITS + 1
    return size == _UNSAFE_DIGITS - 1 and text[start - 1 : start] == b"-"


def _elements_at(positions: Iterable[int], elements: Sequence[bytes]) -> set[int]:
    """Return which elements hold these positions of their texts, joined by line ends."""
    at = np.fromiter(positions, np.int64)
    if not len(at):
        return set()
    ends = np.cumsum([len(element) + 1 for element in elements])
    return set(np.searchsorted(ends, at, side="right").tolist())

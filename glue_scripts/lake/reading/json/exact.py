"""Parsing of one JSON object to a row, strictly by RFC 8259 and without losing a spelling.

The fast parser of the standard library finds the borders of each value; numbers keep their text
from the source, and objects and lists stay slices of it. This is several times slower than a parser
that converts numbers, so it reads only the rows in which that would lose something, and has the
last word on what is not JSON.

https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from lake.reading.json.faults import NO_JSON, Broken, fail, in_words, misshapen, shown

Row = dict[str, Any]
MOST_DEPTH = 500
"""Deepest nesting of objects and lists. A recursive reader, as most are, fails at some depth."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_STEPS = np.zeros(256, np.int8)
_STEPS[[*b"{["]] = 1
_STEPS[[*b"}]"]] = -1
_BLANK = r"[ \t\r\n]*"
_skip_blank = re.compile(_BLANK).match
_open_object = re.compile(rf'\{{{_BLANK}(?:"|\}})').match
_find_colon = re.compile(rf"{_BLANK}:{_BLANK}").match
_go_on = re.compile(rf'{_BLANK}(?:,{_BLANK}"|\}})').match
_skip_plain = re.compile(r'(?>[^"{\[]+|"(?>[^"\\]+|\\.)*")*(?=[{\[])', re.DOTALL).match
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPES = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class Number(str):
    """A number as the source spells it."""

    __slots__ = ()


class Nested(str):
    """An object or a list as the source spells it."""

    __slots__ = ()


def parse_exactly(element: bytes) -> Row | Broken:
    """Return the row that a text is, or why it is not a row."""
    try:
        return _row(_decoded(element))
    except Broken as broken:
        return broken
    except RecursionError:
        return _too_deep(_depth(element))


def slice_nested(element: bytes, row: Row) -> str:
    """Replace a row's objects and lists by their source text; return the rest of the text.

    The row comes from a fast parser, and has no key twice.
    """
    text = element.decode()
    at = text.index("{") + 1
    is_escaped = "\\" in text
    rest = []
    for key, value in row.items():
        if type(value) is dict or type(value) is list:
            start = _next_bracket(text, at, is_escaped=is_escaped)
            _, end = _skip(text, start)
            row[key] = Nested(text[start:end])
            rest.append(text[at:start])
            at = end
    rest.append(text[at:])
    return "".join(rest)


def _next_bracket(text: str, at: int, *, is_escaped: bool) -> int:
    """Return where the first bracket opens outside strings; there must be one."""
    if not is_escaped:
        brace, bracket = text.find("{", at), text.find("[", at)
        start = brace if bracket < 0 or 0 <= brace < bracket else bracket
        if text.count('"', at, start) % 2 == 0:
            return start
    return _skip_plain(text, at).end()  # type: ignore[union-attr]  # it is there


def _decoded(element: bytes) -> str:
    if element.count(b"[") + element.count(b"{") > MOST_DEPTH:
        depth = _depth(element)
        if depth > MOST_DEPTH:
            raise _too_deep(depth)
    try:
        return element.decode("utf-8")
    except UnicodeDecodeError as error:
        octets = element[error.start : error.end].hex(" ")
        below = element.count(b"\n", 0, error.start)
        raise Broken(f"{NO_JSON}: bytes that are not UTF-8 ({octets})", below=below) from None


def _too_deep(depth: int) -> Broken:
    return Broken(f"objects and lists are nested {depth} deep, at most {MOST_DEPTH} are read")


def _depth(element: bytes) -> int:
    steps = _STEPS[np.frombuffer(_STRING.sub(b"", element), np.uint8)]
    return int(np.cumsum(steps, dtype=np.int32).max(initial=0))


def _row(text: str) -> Row:
    start = _blank_from(text, 0)
    if text[start : start + 1] != "{":
        value, end = _value(text, start)
        _check_end(text, end)
        raise misshapen(value, is_list=isinstance(value, Nested))
    row, end = _members(text, start) if _brackets(text) > 1 else _flat(text, start)
    _check_end(text, end)
    _check_surrogates(text)
    return row


def _brackets(text: str) -> int:
    return text.count("{") + text.count("[")


def _flat(text: str, start: int) -> tuple[Row, int]:
    """Parse an object without objects and lists in it, without a look at each member."""
    try:
        return _scan(text, start)
    except (StopIteration, json.JSONDecodeError):
        return _members(text, start)


def _members(text: str, start: int) -> tuple[Row, int]:
    row: Row = {}
    opened = _open_object(text, start)
    if opened is None:
        fail(text, _blank_from(text, start + 1), "expected a key in double quotes or '}'")
    at = opened.end()
    while text[at - 1] != "}":
        key, at = _string(text, at)
        colon = _find_colon(text, at)
        if colon is None:
            fail(text, _blank_from(text, at), "expected ':' behind a key")
        if key in row:
            raise _stands_twice(key)
        row[key], at = _value(text, colon.end())
        step = _go_on(text, at)
        if step is None:
            _fail_between(text, at)
        at = step.end()
    return row, at


def _string(text: str, at: int) -> tuple[str, int]:
    try:
        return _scan_string(text, at, True)
    except json.JSONDecodeError as error:
        raise in_words(text, error) from None


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        value, end = _scan(text, at)
    except StopIteration as stop:
        fail(text, stop.value, "expected a value")
    except json.JSONDecodeError as error:
        raise in_words(text, error) from None
    nested = type(value) is list or type(value) is dict
    return (Nested(text[at:end]) if nested else value), end


def _each_key_once(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise _stands_twice(twice)
    return row


def _stands_twice(key: str) -> Broken:
    return Broken(f"the key '{shown(key)}' stands twice in one object")


def _no_constant(name: str) -> NoReturn:
    raise Broken(f"{NO_JSON}: expected a value, came {name}, which is no number", is_syntax=True)


_Scan = Callable[[str, int], tuple[Any, int]]
"""Takes a text and where a value begins in it; returns the value, and where it ends."""
_EXACT: Any = json.JSONDecoder(
    parse_float=Number,
    parse_int=Number,
    parse_constant=_no_constant,
    object_pairs_hook=_each_key_once,
)
_SKIPPING: Any = json.JSONDecoder(parse_float=str, parse_int=str)
_scan: _Scan = _EXACT.scan_once
_skip: _Scan = _SKIPPING.scan_once
_scan_string: Callable[[str, int, bool], tuple[str, int]] = vars(json.decoder)["scanstring"]


def _check_end(text: str, end: int) -> None:
    end = _blank_from(text, end)
    if end < len(text):
        fail(text, end, "expected the end")


def _check_surrogates(text: str) -> None:
    if "\\u" in text and _SURROGATE.search(text):
        for escape in _ESCAPES.finditer(text):
            if escape[1]:
                below = text.count("\n", 0, escape.start())
                raise Broken(f"'{escape[0]}' is half a character", below=below)


def _blank_from(text: str, at: int) -> int:
    blank = _skip_blank(text, at)
    return blank.end() if blank else at


def _fail_between(text: str, at: int) -> NoReturn:
    """Raise Broken for a value that neither the object's end nor another key follows."""
    at = _blank_from(text, at)
    if text[at : at + 1] == ",":
        fail(text, _blank_from(text, at + 1), "expected a key in double quotes")
    fail(text, at, "expected ',' or '}'")

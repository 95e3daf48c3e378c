"""Splitting of a JSON list, or of consecutive documents, into values.

Only brackets, quotes and commas are examined: whether a value is JSON is left to its parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple, NoReturn

import numpy as np

from lake.errors import InputRefused
from lake.reading.csv.record_boundaries import MAX_RECORD_BYTES
from lake.reading.json.faults import NO_JSON, SHOWN_LETTERS, shown

BLANK = b" \t\r\n"
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_STEPS = np.zeros(256, np.int8)
_STEPS[[*b"{["]] = 1
_STEPS[[*b"}]"]] = -1


class Element(NamedTuple):
    """A value's source text, and the line on which it begins, from 0."""

    text: bytes
    line: int


def scanned(blocks: Iterable[bytes], *, is_list: bool, cut_off: bool = False) -> Iterator[Element]:
    """Yield the values of a list, or of a sequence of documents, as source text.

    Raises InputRefused if the text ends too early, unless it is `cut_off`, or goes on after its
    end.
    """
    scanner = _Scanner(is_list)
    for block in blocks:
        yield from scanner.feed(block)
    if not cut_off:
        scanner.finish()


class _Part(Enum):
    BEFORE = "before the list"
    INSIDE = "inside the list, or in the sequence of documents"
    BEHIND = "behind the list"


class _Scanner:
    def __init__(self, is_list: bool) -> None:
        self._is_list = is_list
        self._part = _Part.BEFORE if is_list else _Part.INSIDE
        self._is_first = True
        """Whether no comma has been passed yet."""
        self._rest = b""
        self._line = 0
        """Line on which the rest begins."""

    def feed(self, block: bytes) -> Iterator[Element]:
        self._rest += block
        if self._part is _Part.BEFORE and (head := self._rest.lstrip(BLANK)):
            self._pass(len(self._rest) - len(head) + 1)
            self._part = _Part.INSIDE
        if self._part is _Part.INSIDE:
            yield from self._values()
        if self._part is _Part.BEHIND:
            self._pass(len(self._rest) - len(self._rest.lstrip(BLANK)))
            if self._rest:
                self._goes_on("the list")
        if len(self._rest) > MAX_RECORD_BYTES:
            raise _too_long(self._line)

    def finish(self) -> None:
        if self._part is _Part.BEHIND:
            return
        if self._is_list or _is_open(self._rest):
            raise InputRefused(f"line {self._line + 1}: the text ends inside what begins there")
        if self._rest.strip(BLANK):
            self._goes_on("the last document")

    def _goes_on(self, what: str) -> NoReturn:
        rest = self._rest.lstrip(BLANK)
        line = self._line + self._rest[: len(self._rest) - len(rest)].count(b"\n")
        came = shown(rest[: 2 * SHOWN_LETTERS].decode("utf-8", "backslashreplace")[:SHOWN_LETTERS])
        raise InputRefused(
            f"line {line + 1}: the text goes on after the end of {what}, with '{came}'"
        )

    def _values(self) -> Iterator[Element]:
        text, start = self._rest, 0
        ends, closed = _borders(text, is_list=self._is_list)
        for end in ends:
            element = _element(text[start:end], self._line)
            if not element.text:
                raise InputRefused(
                    f"line {element.line + 1}: {NO_JSON}: expected a value, came ','"
                )
            yield element
            behind = end + self._is_list
            self._line += text.count(b"\n", start, behind)
            start = behind
            self._is_first = False
        self._rest = text[start:]
        if closed is not None:
            yield from self._last(text[start:closed])
            self._pass(closed - start + 1)
            self._part = _Part.BEHIND

    def _last(self, text: bytes) -> Iterator[Element]:
        """Yield the value before the bracket that closes the list, if there is one."""
        if not self._is_list:
            line = self._line + text.count(b"\n")
            raise InputRefused(f"line {line + 1}: a closing bracket that closes nothing")
        if text.strip(BLANK):
            yield _element(text, self._line)
        elif not self._is_first:
            line = self._line + text.count(b"\n")
            raise InputRefused(
                f"line {line + 1}: {NO_JSON}: expected another value behind the list's last comma, "
                "came the bracket that closes it"
            )

    def _pass(self, size: int) -> None:
        self._line += self._rest.count(b"\n", 0, size)
        self._rest = self._rest[size:]


def _element(text: bytes, line: int) -> Element:
    inner = text.lstrip(BLANK)
    line += text[: len(text) - len(inner)].count(b"\n")
    if len(inner) > MAX_RECORD_BYTES:
        raise _too_long(line)
    return Element(inner.rstrip(BLANK), line)


def _too_long(line: int) -> InputRefused:
    return InputRefused(
        f"line {line + 1}: a value of more than {MAX_RECORD_BYTES:,} bytes, the limit for one row, "
        "or brackets and quotes that do not match"
    )


def _is_open(text: bytes) -> bool:
    """Whether a bracket or a quote is not closed."""
    steps, inside = _steps(text)
    return bool(len(text)) and bool(int(steps.sum(dtype=np.int64)) > 0 or inside[-1])


def _steps(text: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return where brackets open and close outside strings, and which bytes are inside one."""
    plain = _ESCAPED.sub(b"__", text) if b"\\" in text else text
    data = np.frombuffer(plain, np.uint8)
    inside = (np.cumsum(data == ord('"'), dtype=np.uint8) & 1).astype(bool)
    steps = _STEPS[data]
    steps[inside] = 0
    return steps, inside


def _borders(text: bytes, *, is_list: bool) -> tuple[list[int], int | None]:
    """Return where values end, and where a bracket closes more than was opened.

    Values end at the commas of a list, or after each document.
    """
    steps, inside = _steps(text)
    depth = np.cumsum(steps, dtype=np.int32)
    closing = np.flatnonzero(depth < 0)
    end = int(closing[0]) if len(closing) else None
    if is_list:
        data = np.frombuffer(text, np.uint8)
        ends = np.flatnonzero((data == ord(",")) & ~inside & (depth == 0))
        behind = 0
    else:
        ends = np.flatnonzero((steps < 0) & (depth == 0))
        behind = 1
    return [int(at) + behind for at in ends if end is None or at < end], end

"""Takes rows out of an answer in the very spelling that they have there.

A number is more than what a double can hold, a key may stand twice, and tomorrow there may be a
member that nobody knows today: so a row is a piece of the answer's text, not something that was
read and written again. What is around the rows is read as usual.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from wires.api_sources import AnswerFormat

_DECODER = json.JSONDecoder()
_EACH = "[]"
_WHITE_SPACE = re.compile("[ \t\r\n]*")
_CALLED: Mapping[type, str] = {dict: "an object", list: "a list", str: "text"}


class NoRows(ValueError):
    """The text is JSON, and has no rows where they should be."""


class JsonRow(NamedTuple):
    """One row: its text in one line, and what it says."""

    text: str
    value: Any


class JsonAnswer(NamedTuple):
    """What an answer says beside its rows, which are left out of it."""

    around: Any
    rows: list[JsonRow]


def read_answer(body: bytes, *, records: str, kind: AnswerFormat) -> JsonAnswer:
    """Return rows and what is around them.

    `records` has names with dots between them, and `[]` after a list whose items have the row
    further inside: `data.orders.edges[].node`.

    Raises ValueError if the body is not JSON in UTF-8, NoRows if it has no list at that place.
    """
    text = body.decode("utf-8-sig")
    if kind is AnswerFormat.JSON_LINES:
        return JsonAnswer(None, [_whole_row(line) for line in text.split("\n") if line.strip()])
    outer, _, inner = records.partition(_EACH)
    scan = _Scan(text, inner=_names(inner))
    try:
        around, end = scan.around(_blank(text, 0), _names(outer), ())
        if _blank(text, end) != len(text):
            raise ValueError(f"text after the end, at character {end}")
    except (IndexError, RecursionError) as error:
        raise ValueError(f"JSON that ends too early or is nested too deeply ({error})") from error
    return JsonAnswer(around, scan.rows)


def found_at(value: Any, path: str) -> Any:
    """Return what stands at a place, such as `meta.next`; None if nothing does."""
    for name in _names(path):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


class _Scan:
    """Goes through one text from the left to the right."""

    def __init__(self, text: str, *, inner: tuple[str, ...]) -> None:
        self._text = text
        self._inner = inner
        self.rows: list[JsonRow] = []

    def around(self, at: int, path: tuple[str, ...], before: tuple[str, ...]) -> tuple[Any, int]:
        """Return the value at a character, whose rows are taken out, and where it ends."""
        if not path:
            return self._list(at, ".".join(before))
        if self._text[at] != "{":
            raise self._no_rows(at, ".".join(before), "an object")
        found: dict[str, Any] = {}
        for name, begin in self._members(at):
            if name == path[0]:
                found[name], self._end = self.around(begin, path[1:], (*before, name))
            else:
                found[name], self._end = _DECODER.raw_decode(self._text, begin)
        if path[0] not in found:
            place = ".".join((*before, path[0]))
            raise NoRows(f"nothing at {place}, beside {', '.join(found) or 'nothing'}")
        return found, self._end

    def _list(self, at: int, place: str) -> tuple[Any, int]:
        if self._text.startswith("null", at):
            return None, at + 4
        if self._text[at] != "[":
            raise self._no_rows(at, place, "a list")
        at = _blank(self._text, at + 1)
        if self._text[at] == "]":
            return [], at + 1
        while True:
            at = _blank(self._text, self._item(at))
            if self._text[at] == "]":
                return [], at + 1
            at = self._after(at, ",")

    def _item(self, at: int) -> int:
        """Take the row in an item of the list; returns where the item ends."""
        if not self._inner:
            row, end = _row(self._text, at)
        else:
            row, end = self._inside(at, self._inner), _DECODER.raw_decode(self._text, at)[1]
        self.rows.append(row)
        return end

    def _inside(self, at: int, path: tuple[str, ...]) -> JsonRow:
        if not path:
            return _row(self._text, at)[0]
        if self._text[at] != "{":
            raise self._no_rows(at, "an item", "an object")
        found: JsonRow | None = None
        for name, begin in self._members(at):
            if name == path[0]:
                found = self._inside(begin, path[1:])
            _, self._end = _DECODER.raw_decode(self._text, begin)
        if found is None:
            raise NoRows(f"nothing at {path[0]} in an item of the list")
        return found

    def _members(self, at: int) -> Iterator[tuple[str, int]]:
        """Yield each member's name and where its value begins.

        Whoever takes one sets `_end` to where the value ends; at last it is where the object ends.
        """
        text = self._text
        at = _blank(text, at + 1)
        if text[at] == "}":
            self._end = at + 1
            return
        while True:
            name, at = _DECODER.raw_decode(text, at)
            if not isinstance(name, str):
                raise ValueError(f"expected a name before character {at}")
            yield name, self._after(_blank(text, at), ":")
            at = _blank(text, self._end)
            if text[at] == "}":
                self._end = at + 1
                return
            at = self._after(at, ",")

    def _after(self, at: int, sign: str) -> int:
        """Return what follows a sign. Raises ValueError if another one stands there."""
        if self._text[at] != sign:
            raise ValueError(f"expected {sign} at character {at}")
        return _blank(self._text, at + 1)

    def _no_rows(self, at: int, place: str, expected: str) -> NoRows:
        value: Any = _DECODER.raw_decode(self._text, at)[0]
        names = f" with {', '.join(value)}" if isinstance(value, dict) else ""
        called = _CALLED.get(type(value), "a value")
        return NoRows(f"{called}{names} at {place or 'the top'}, where {expected} should be")


def _whole_row(line: str) -> JsonRow:
    """Return the one row of a line. Raises ValueError if there is more in it."""
    row, end = _row(line, _blank(line, 0))
    if _blank(line, end) != len(line):
        raise ValueError(f"more than one value in a line, at character {end}")
    return row


def _row(text: str, at: int) -> tuple[JsonRow, int]:
    """Return the row at a character, and where it ends."""
    value, end = _DECODER.raw_decode(text, at)
    # Outside of strings, which have none as they are, line ends mean nothing.
    spelled = text[at:end].replace("\r", " ").replace("\n", " ")
    line = spelled if isinstance(value, dict) else f'{{"value": {spelled}}}'
    return JsonRow(line, value), end


def _blank(text: str, at: int) -> int:
    """Return the next character that is not white space."""
    found = _WHITE_SPACE.match(text, at)
    return found.end() if found else at


def _names(path: str) -> tuple[str, ...]:
    return tuple(name for name in path.split(".") if name)

"""Layout of a JSON file: lines, a list or documents; and the columns of its first rows.

A file that is meant to be JSON is read as JSON or refused, never read as anything else. Callers
have seen brackets at its start, or a name that says so (wires/json_signs.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from lake.columns.types import ColumnType
from lake.errors import InputRefused
from lake.reading.csv.record_boundaries import MAX_RECORD_BYTES
from lake.reading.json.exact import Row
from lake.reading.json.faults import Broken
from lake.reading.json.rows import is_json, is_no_json, parse_rows
from lake.reading.json.scanning import BLANK, Element, scanned
from lake.reading.json.values import Shapes, by_key, columns_of, misfits
from lake.reading.layout import DOCUMENTS, LINES, LIST

SAMPLE_BYTES = 1024 * 1024
_JUDGED_LINES = 20
_SAMPLED_ROWS = 1_000
_OPENS_LINE = re.compile(rb"[{\[,:]\s*\Z")
_CONTINUES_LINE = re.compile(rb'\s*[,"}\]:]')


@dataclass(frozen=True)
class Sample:
    """The likely properties of a JSON file, by its start."""

    layout: str
    fields: dict[str, ColumnType]
    shapes: Shapes
    """Whether a column that has a value in the sample holds objects and lists."""


def look(blocks: Iterable[bytes]) -> Sample:
    """Examine the start of a text. Raises InputRefused if nothing in the text is JSON."""
    source = iter(blocks)
    text, ended = _start(source)
    has_line = text.find(b"\n", 0, SAMPLE_BYTES) >= 0
    start = text[:SAMPLE_BYTES] if has_line or text.lstrip(BLANK)[:1] == b"[" else text
    whole = ended and len(start) == len(text)
    layout = find_json_format(start, whole=whole)
    elements = _elements_of(start, layout, whole=whole)[:_SAMPLED_ROWS]
    parsed = parse_rows([element.text for element in elements])
    none_yet = layout == LINES and text.strip(BLANK) and all(map(is_no_json, parsed))
    if none_yet and not _has_json(chain([text], source)):
        raise _nothing_is_json(elements, parsed)
    return _sample_of(layout, [row for row in parsed if isinstance(row, dict)])


def find_json_format(sample: bytes, *, whole: bool) -> str:
    """Return which of the three formats a text has, by its start."""
    start = sample.lstrip(BLANK)
    lines = [line for line in start.split(b"\n") if line.strip(BLANK)][: _JUDGED_LINES + 1]
    judged = lines if whole else lines[:-1] or lines
    rights = [line for line in judged if is_json(line)]
    if start.startswith(b"["):
        # One of many lines may be a list.
        objects = sum(line.lstrip(BLANK).startswith(b"{") for line in rights)
        return LINES if is_json(judged[0]) and 2 * objects >= len(judged) else LIST
    if 2 * len(rights) >= len(judged) or not start.startswith(b"{"):
        return LINES
    return DOCUMENTS if _begins_with_document(start, judged) else LINES


def _begins_with_document(start: bytes, lines: Sequence[bytes]) -> bool:
    """Whether the first object does not end with its line, or another follows it there."""
    with suppress(InputRefused):
        for element in scanned([start], is_list=False, cut_off=True):
            if is_json(element.text):
                return True
            break
    if _OPENS_LINE.search(lines[0]):
        return True
    return len(lines) > 1 and bool(_CONTINUES_LINE.match(lines[1]))


def _start(source: Iterator[bytes]) -> tuple[bytes, bool]:
    """Return enough of the text to recognize a first line, and whether that is all of it."""
    text = b""
    for block in source:
        text += block
        has_line = b"\n" in text or text.lstrip(BLANK)[:1] == b"["
        if len(text) > (SAMPLE_BYTES if has_line else MAX_RECORD_BYTES):
            return text, False
    return text, True


def _elements_of(sample: bytes, layout: str, *, whole: bool) -> list[Element]:
    if layout == LINES:
        lines = sample.split(b"\n")
        kept = lines if whole else lines[:-1]
        return [Element(line, n) for n, line in enumerate(kept) if line.strip(BLANK)]
    found = []
    for element in scanned([sample], is_list=layout == LIST, cut_off=not whole):
        found.append(element)
        if len(found) == _SAMPLED_ROWS:
            break
    return found


def _has_json(blocks: Iterable[bytes]) -> bool:
    """Whether any line is JSON."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        rest = rest[: MAX_RECORD_BYTES + 1]
        if any(map(is_json, lines)):
            return True
    return is_json(rest)


def _nothing_is_json(elements: Sequence[Element], parsed: Sequence[Row | Broken]) -> InputRefused:
    if not elements:
        return InputRefused(
            f"the first line has more than {MAX_RECORD_BYTES:,} bytes, the limit for one row, and "
            "no line behind it is JSON"
        )
    return InputRefused(
        "not one line is JSON, though the file's start or its name says that it is meant to be: "
        f"line {elements[0].line + 1}: {parsed[0]}"
    )


def _sample_of(layout: str, rows: list[Row]) -> Sample:
    shapes: Shapes = {}
    broken = misfits(by_key(rows), shapes)
    kept = [row for number, row in enumerate(rows) if number not in broken]
    found = columns_of(kept, by_key(kept), texts=(), respelled=lambda number: kept[number])
    names = found.table.column_names
    return Sample(layout, dict(zip(names, found.types, strict=True)), shapes)

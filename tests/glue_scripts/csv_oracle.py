"""The rules of CSV records, written down a second time: character by character, no cleverness."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OracleRecord:
    """A record of the whole text; `fields` is None where it is malformed."""

    line: int
    raw: bytes
    fields: list[bytes | None] | None


def oracle_records(
    text: bytes, delimiter: bytes = b",", *, cr_ends: bool = True, strict: bool = False
) -> list[OracleRecord]:
    """All records but blank lines. None is an empty field without quotes. `cr_ends` says whether a
    CR without LF ends a line, `strict` whether a quote may stand inside an unquoted field."""
    records, position, line = [], 0, 1
    while position < len(text):
        fields, end = _grammatical(text, position, delimiter, cr_ends, strict)
        if fields is None:
            end = _line_end(text, position, cr_ends)
        raw = text[position:end]
        if raw.strip(b"\r\n") or fields is None:
            records.append(OracleRecord(line, raw.rstrip(b"\r\n"), fields))
        line += _line_ends(raw) if cr_ends else raw.count(b"\n")
        position = end
    return records


def _grammatical(
    text: bytes, position: int, delimiter: bytes, cr_ends: bool, strict: bool
) -> tuple[list[bytes | None] | None, int]:
    fields: list[bytes | None] = []
    while True:
        if text[position : position + 1] == b'"':
            value, position = _quoted(text, position + 1)
        else:
            value, position = _unquoted(text, position, delimiter, strict)
        if value is None:
            return None, position
        fields.append(value or (None if text[position - 1 : position] != b'"' else b""))
        following = text[position : position + 1]
        if following == delimiter:
            position += 1
        elif following == b"":
            return fields, position
        elif _ends_line(text, position, cr_ends):
            return fields, _line_end(text, position, cr_ends)
        else:
            return None, position


def _ends_line(text: bytes, position: int, cr_ends: bool) -> bool:
    if cr_ends:
        return text[position : position + 1] in (b"\r", b"\n")
    return text[position:].lstrip(b"\r")[:1] in (b"\n", b"")


def _unquoted(
    text: bytes, position: int, delimiter: bytes, strict: bool
) -> tuple[bytes | None, int]:
    """None where there is a quote in it."""
    start = position
    while position < len(text) and text[position : position + 1] not in (delimiter, b"\r", b"\n"):
        position += 1
    value = text[start:position]
    return None if strict and b'"' in value else value, position


def _quoted(text: bytes, position: int) -> tuple[bytes | None, int]:
    value = b""
    while position < len(text):
        char = text[position : position + 1]
        if char != b'"':
            value += char
            position += 1
        elif text[position + 1 : position + 2] == b'"':
            value += b'"'
            position += 2
        else:
            return value, position + 1
    return None, position


def _line_end(text: bytes, position: int, cr_ends: bool) -> int:
    if not cr_ends:
        return text.find(b"\n", position) + 1 or len(text)
    while position < len(text):
        if text[position : position + 2] == b"\r\n":
            return position + 2
        if text[position : position + 1] in (b"\r", b"\n"):
            return position + 1
        position += 1
    return position


def _line_ends(raw: bytes) -> int:
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")

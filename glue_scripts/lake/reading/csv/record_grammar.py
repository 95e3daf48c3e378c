"""Patterns of records, for text that cannot be cut by its quotes and line ends alone.

Groups that must not backtrack are atomic, not possessive: in possessive ones, Python before 3.11.5
(Debian 12 has 3.11.2) keeps part of a repetition that failed
(https://github.com/python/cpython/issues/106052).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

MALFORMED = -1
MARK = b"\xef\xbb\xbf"
"""The byte order mark in UTF-8. Concatenated files have it in the middle, where it is not part of a
value."""
NOT_CLOSED = "a quoted field is not closed, or text follows its closing quote"
QUOTE_INSIDE = "a quote inside an unquoted field"
LONE_CR = "a carriage return that ends no line"


@dataclass(frozen=True)
class Dialect:
    """How fields are separated. Delimiter, quote, escape and padding are one byte each."""

    delimiter: bytes = b","
    quote: bytes = b'"'
    escape: bytes = b""
    """May be empty."""
    padding: bytes = b""
    """Follows a delimiter and is not part of the field; may be empty."""
    cr_ends: bool = True
    """Whether a CR without LF ends a line."""
    strict_quotes: bool = False
    """Whether a quote inside an unquoted field makes the record malformed. Otherwise it is a
    character like any other."""


def split_fields(record: bytes, dialect: Dialect) -> list[bytes]:
    """Return the fields of one well-formed record, unquoted."""
    fields = []
    for found in _field(dialect).finditer(record.removeprefix(MARK).rstrip(b"\r\n")):
        text = found[1]
        fields.append(_unquoted(text, dialect) if text[:1] == dialect.quote else text)
    return fields


def header_cells(record: bytes, dialect: Dialect, width: int) -> list[bytes]:
    """Return a record's first `width` fields; a malformed one is split at every delimiter."""
    record = record.removeprefix(MARK)
    if _record(dialect).fullmatch(record):
        return split_fields(record, dialect)[:width]
    return [cell.strip(dialect.quote + b" \r") for cell in record.split(dialect.delimiter)]


def count_fields(record: bytes, dialect: Dialect) -> int:
    """Count the fields of one well-formed record; 0 for a blank line."""
    if not record.rstrip(b"\r\n"):
        return 0
    if dialect.quote not in record:
        return record.count(dialect.delimiter) + 1
    return len(_field(dialect).findall(record.removeprefix(MARK)))


def line_ends_in(text: bytes, dialect: Dialect) -> int:
    feeds = text.count(b"\n")
    return feeds + text.count(b"\r") - text.count(b"\r\n") if dialect.cr_ends else feeds


def why_malformed(record: bytes, dialect: Dialect) -> str:
    """Return why a record is malformed, for people; `record` is without its line end."""
    _, _, quoted, plain = _patterns(dialect)
    start = re.compile(b"(?>(?:%b)*)(?>(?:(?:%b|%b)%b)*)" % (MARK, quoted, plain, _border(dialect)))
    found = start.match(record)
    rest = record[found.end() if found else 0 :]
    if rest.startswith(dialect.quote):
        return NOT_CLOSED
    cr, quote = rest.find(b"\r"), rest.find(dialect.quote)
    return LONE_CR if cr >= 0 and (quote < 0 or cr < quote) else QUOTE_INSIDE


def plain_records(records: bytes, dialect: Dialect) -> bytes:
    """Return well-formed records as any parser takes them.

    They have no padding, and doubled quotes in place of escaped ones.
    """
    return _without_escapes(_without_padding(records, dialect), dialect)


def _without_padding(records: bytes, dialect: Dialect) -> bytes:
    padded = dialect.delimiter + dialect.padding
    if not dialect.padding or padded not in records:
        return records
    if dialect.quote not in records:
        return records.replace(padded, dialect.delimiter)
    pattern = b"(%b)|%b" % (_quoted_at_border(dialect), re.escape(padded))
    return re.sub(pattern, lambda found: found[1] or dialect.delimiter, records)


def _without_escapes(records: bytes, dialect: Dialect) -> bytes:
    if not dialect.escape or dialect.escape not in records:
        return records

    def doubled(found: re.Match[bytes]) -> bytes:
        inner = _unquoted(found.group(), dialect)
        return dialect.quote + inner.replace(dialect.quote, dialect.quote * 2) + dialect.quote

    return re.sub(_quoted_at_border(dialect), doubled, records)


def _unquoted(field: bytes, dialect: Dialect) -> bytes:
    inner = field[1:-1]
    if dialect.escape:
        pair = re.compile(
            b"(?:%b|%b)([%b%b])"
            % (*map(re.escape, (dialect.escape, dialect.quote)), *_in_set(dialect))
        )
        return pair.sub(lambda m: m[1] if m[0] != dialect.quote + dialect.escape else m[0], inner)
    return inner.replace(dialect.quote * 2, dialect.quote)


def _in_set(dialect: Dialect) -> tuple[bytes, bytes]:
    return re.escape(dialect.quote), re.escape(dialect.escape)


def _border(dialect: Dialect) -> bytes:
    """Return the pattern of a delimiter and its padding."""
    padding = b"(?>(?:%b)?)" % re.escape(dialect.padding) if dialect.padding else b""
    return re.escape(dialect.delimiter) + padding


def _patterns(dialect: Dialect) -> tuple[bytes, bytes, bytes, bytes]:
    """Return patterns of a line end, the inside of quotes, a quoted field and an unquoted one."""
    d, q = re.escape(dialect.delimiter), re.escape(dialect.quote)
    e = re.escape(dialect.escape)
    end = rb"(?:\r\n|\n|\r)" if dialect.cr_ends else rb"\r*+\n"
    inside = b"(?>(?:[^%b%b]++|%b%b%b)*)" % (q, e, q, q, b"|%b(?s:.)" % e if e else b"")
    plain = b"(?!%b)[^%b%b\r\n]*+" % (q, d, q if dialect.strict_quotes else b"")
    return end, inside, b"%b%b%b" % (q, inside, q), plain


@cache
def _field(dialect: Dialect) -> re.Pattern[bytes]:
    _, _, quoted, plain = _patterns(dialect)
    return re.compile(rb"(?:\A|%b)(%b|%b)" % (_border(dialect), quoted, plain))


@cache
def _record(dialect: Dialect) -> re.Pattern[bytes]:
    _, _, quoted, plain = _patterns(dialect)
    field = b"(?:%b|%b)" % (quoted, plain)
    return re.compile(b"%b(?>(?:%b%b)*)" % (field, _border(dialect), field))


@cache
def _quoted_at_border(dialect: Dialect) -> bytes:
    _, _, quoted, _ = _patterns(dialect)
    d, p = re.escape(dialect.delimiter), re.escape(dialect.padding)
    before = rb"\A|(?<=[%b\r\n])" % d + (rb"|(?<=%b%b)" % (d, p) if p else b"")
    return rb"(?:%b)%b(?=[%b\r\n]|\Z)" % (before, quoted, d)


@cache
def record(dialect: Dialect) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return patterns of a whole record with its line end, and of one that may be cut off."""
    end, inside, quoted, plain = _patterns(dialect)
    q, e, d = re.escape(dialect.quote), re.escape(dialect.escape), _border(dialect)
    field = b"(?:%b|%b)" % (quoted, plain)
    mark = b"(?>(?:%b)*)" % MARK
    whole = b"%b%b(?>(?:%b%b)*)%b" % (mark, field, d, field, end)
    broken = b"|" + e if e else b""
    tail = rb"(?:%b%b(?:%b%b)?|(?:%b|%b)\r*+)\Z" % (q, inside, q, broken, quoted, plain)
    return re.compile(whole), re.compile(b"%b(?>(?:%b%b)*)%b" % (mark, field, d, tail))


@cache
def line(dialect: Dialect) -> re.Pattern[bytes]:
    """Return the pattern of text up to the end of its line, whatever is in it."""
    return re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r)" if dialect.cr_ends else rb"[^\n]*+\n")

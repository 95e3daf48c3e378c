"""Tells whether a published value is right, given how the source spells it.

A value is right if it denotes the same, and only what the spelling can denote: `1.50` may be a
decimal, `02134` stays text, and `1e-400` is not 0.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from fuzz.truth import Cell, Nature

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LOOSE_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,4})?")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?"
)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NANOSECONDS = 10**9


class Moment(NamedTuple):
    """A date and time, or a date alone."""

    nanoseconds: int
    """Nanoseconds since 1970, in UTC where there is a zone."""
    zoned: bool
    is_date: bool = False


Value = None | str | int | float | bool | Decimal | date | Moment
"""A value as read back from a table."""


def is_right(cell: Cell, value: Value, *, in_text: bool) -> bool:
    """Whether a value is right; `in_text` says that its column is of text and has a text in it."""
    if not cell.text and cell.nature in (Nature.FIELD, Nature.STRING):
        return value == "" if in_text else value in ("", None)
    if value is None or cell.nature is Nature.NONE:
        return value is None and cell.nature is Nature.NONE
    if isinstance(value, str):
        return value == cell.text or _spells_the_same(cell, value)
    return _is_typed(cell, value)


def _spells_the_same(cell: Cell, text: str) -> bool:
    """Whether a text denotes the same; only what had a type may be spelled in another way."""
    match cell.nature:
        case Nature.NUMBER | Nature.DOUBLE:
            return _is_number(cell.text, text)
        case Nature.MOMENT:
            return _is_moment(cell.text, read_moment(text))
        case Nature.NESTED:
            return bool(_nested(text) == _nested(cell.text))
        case _:
            return False


def _is_typed(cell: Cell, value: Value) -> bool:
    match cell.nature:
        case Nature.FIELD:
            return _denotes(cell.text, value)
        case Nature.STRING | Nature.MOMENT:
            return _is_moment(cell.text, value)
        case Nature.NUMBER | Nature.DOUBLE:
            return _is_number(cell.text, value)
        case Nature.TRUTH:
            return value is (cell.text == "true")
        case _:
            return False


def _denotes(text: str, value: Value) -> bool:
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int | float | Decimal):
        return bool(_NUMBER.fullmatch(text)) and _is_number(text, value)
    return _is_moment(text, value)


def _is_number(text: str, value: Value) -> bool:
    """Whether a value is the number; in a column of text it must be spelled as some number is."""
    try:
        meant = Decimal(text)
        if isinstance(value, str):
            plain = _JSON_NUMBER if "e" in text.lower() else _NUMBER
            return bool(plain.fullmatch(value)) and _same(Decimal(value), meant)
        if isinstance(value, float):
            return math.isfinite(value) and _same(Decimal(repr(value)), meant)
    except InvalidOperation:
        return value == text
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    return _same(Decimal(value), meant)


def _same(one: Decimal, other: Decimal) -> bool:
    return one == other and (one.is_signed() == other.is_signed() or not one.is_zero())


def _is_moment(text: str, value: Value) -> bool:
    found = read_moment(text)
    if isinstance(value, date):
        value = Moment((value.toordinal() - _EPOCH_DAY) * 86_400 * _NANOSECONDS, False, True)
    return found is not None and found == value


def read_moment(text: str) -> Moment | None:
    """Return the moment that a text denotes; None if it is neither a date nor a time."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, hour, minute, second, fraction, zone = found.groups()
    try:
        seconds = (date.fromisoformat(day).toordinal() - _EPOCH_DAY) * 86_400
    except ValueError:
        return None
    if hour is None:
        return Moment(seconds * _NANOSECONDS, False, True)
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 59:
        return None
    seconds += int(hour) * 3600 + int(minute) * 60 + int(second or 0) - _offset(zone)
    return Moment(seconds * _NANOSECONDS + int((fraction or "").ljust(9, "0")), zone is not None)


def _offset(zone: str | None) -> int:
    if zone in (None, "Z"):
        return 0
    assert zone is not None  # noqa: S101 - as the line above says
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def _nested(text: str) -> Any:
    """Parse JSON with numbers kept apart from strings, digit for digit."""
    try:
        return json.loads(text, parse_float=_digits, parse_int=_digits)
    except (ValueError, RecursionError):
        return text


def _digits(text: str) -> tuple[str, str]:
    try:
        return "number", str(Decimal(text).normalize())
    except InvalidOperation:
        return "number", text


def likeness(value: Value | Cell) -> Hashable:
    """Return a key that all right ways to hold a value share, to find a row again by."""
    if isinstance(value, Cell):
        value = None if value.nature is Nature.NONE else value.text
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _likeness_of_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _likeness_of_text(repr(value) if isinstance(value, float) else f"{value}")
    if isinstance(value, Moment):
        return value.nanoseconds
    return (value.toordinal() - _EPOCH_DAY) * 86_400 * _NANOSECONDS


def _likeness_of_text(text: str) -> Hashable:
    if _LOOSE_NUMBER.fullmatch(text):
        return Decimal(text).normalize() + 0
    if moment := read_moment(text):
        return moment.nanoseconds
    return repr(_nested(text)) if text[:1] in "{[" else text

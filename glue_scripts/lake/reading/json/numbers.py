"""Exact types and values of the numbers in a JSON column.

A number is a whole number, a decimal or a double, whichever represents it exactly, or text if none
does. That depends on the number alone, never on others beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from lake.columns.types import (
    MAX_DECIMAL_DIGITS,
    NOTHING,
    TEXT,
    ColumnType,
    Kind,
    decimal_type,
)
from lake.reading.json.exact import Number

Plain = int | float | Decimal
EXACT_DIGITS = 15
"""Decimals of up to so many digits come back from a double unchanged."""
_WHOLE_DIGITS = 18
_MOST_SCALE = 12
_MOST_EXPONENT_LETTERS = 6
_INT64 = 2**63
_POWERS = 10.0 ** np.arange(EXACT_DIGITS + 1)
_LEAST, _INFINITY = 1e-290, float("inf")
"""Between these, a double has digits to spare."""


def numbers_in(values: Sequence[Any]) -> Sequence[Plain | None] | None:
    """Return the values of numbers; None if one of them has too many digits for any type."""
    if Number not in set(map(type, values)):
        return values
    found = [value_of(value) if type(value) is Number else value for value in values]
    return None if found.count(None) > values.count(None) else found


def value_of(number: Number) -> Plain | None:
    """Return a number's exact value; None if only its text is exact."""
    mantissa, _, exponent = number.lower().partition("e")
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).strip("0")
    if not digits:
        return _zero(number, is_whole=not (fraction or exponent))
    if len(digits) > MAX_DECIMAL_DIGITS or len(exponent) > _MOST_EXPONENT_LETTERS:
        return None
    if not fraction and not exponent:
        return int(number) if len(whole) <= MAX_DECIMAL_DIGITS else None
    if len(digits) <= EXACT_DIGITS or exponent:
        double = float(number)
        is_short = len(digits) <= EXACT_DIGITS and _LEAST < abs(double) < _INFINITY
        if is_short or Decimal(repr(double)) == Decimal(number):
            return double
    if exponent:
        return _stripped(Decimal(number))
    fraction = fraction.rstrip("0")
    sign = "-" if number[0] == "-" else ""
    if fraction:
        return Decimal(f"{sign}{whole}.{fraction}")
    return int(sign + whole) if len(whole) <= MAX_DECIMAL_DIGITS else None


def types_of_numbers(values: Sequence[Plain | None]) -> ColumnType:
    """Return the join of each number's own type, so that grouping does not matter."""
    kinds = set(map(type, values))
    kind = NOTHING
    if int in kinds:
        kind = kind.join(_type_of_whole([value for value in values if type(value) is int]))
    if float in kinds:
        kind = kind.join(_type_of_doubles([value for value in values if type(value) is float]))
    if Decimal in kinds:
        kind = kind.join(_type_of_long([value for value in values if type(value) is Decimal]))
    return kind


def array_of(values: Sequence[Plain | None], kind: ColumnType) -> pa.Array:
    """Return numbers as an array in their type."""
    if kind.kind is Kind.DOUBLE:
        return pa.array(values, pa.float64())
    kinds = set(map(type, values))
    if kind.kind is Kind.INTEGER:
        whole = values if float not in kinds else [None if v is None else int(v) for v in values]
        return pa.array(whole, pa.int64())
    if Decimal not in kinds and kind.digits + kind.scale <= EXACT_DIGITS:
        return pa.array(values, pa.float64()).cast(kind.arrow)
    if kinds - {type(None), Decimal}:
        values = [None if value is None else _decimal(value) for value in values]
    return pa.array(values, kind.arrow)


def _zero(number: Number, *, is_whole: bool) -> int | float:
    if number.startswith("-"):
        return -0.0
    return 0 if is_whole else 0.0


def _stripped(number: Decimal) -> Plain:
    """Return a number without zeros at its end, as an integer if it is short and whole."""
    sign, digits, exponent = number.as_tuple()
    zeros = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    exact = Decimal((sign, digits[: len(digits) - zeros], int(exponent) + zeros))
    is_whole = int(exponent) + zeros >= 0 and exact.adjusted() < _WHOLE_DIGITS
    return int(exact) if is_whole and len(digits) - zeros > EXACT_DIGITS else exact


def _decimal(value: Plain) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _type_of_whole(values: Sequence[Any]) -> ColumnType:
    highest = max(map(abs, values))
    digits = len(str(highest))
    return ColumnType(Kind.INTEGER, digits) if highest < _INT64 else decimal_type(digits, 0)


def _type_of_doubles(values: Sequence[Any]) -> ColumnType:
    """Return the joined type of doubles; one that is a decimal of few digits counts as that.

    Negative zero stays a double, since no decimal has its sign.
    """
    every = np.array(values, np.float64)
    short = (np.abs(every) < 10.0**EXACT_DIGITS) & ~((every == 0) & np.signbit(every))
    numbers = every[short]
    digits = np.maximum(1, np.searchsorted(_POWERS, np.trunc(np.abs(numbers)), side="right"))
    kind = NOTHING if short.all() else ColumnType(Kind.DOUBLE)
    for scale in range(_MOST_SCALE + 1):
        exact = (np.round(numbers, scale) == numbers) & (digits + scale <= EXACT_DIGITS)
        if exact.any():
            highest = int(digits[exact].max())
            few = decimal_type(highest, scale) if scale else ColumnType(Kind.INTEGER, highest)
            kind = kind.join(few)
        numbers, digits = numbers[~exact], digits[~exact]
    return kind.join(ColumnType(Kind.DOUBLE)) if len(numbers) else kind


def _type_of_long(values: Sequence[Any]) -> ColumnType:
    digits = np.maximum(1, np.array([value.adjusted() for value in values]) + 1)
    scales = np.maximum(0, -np.array([value.as_tuple().exponent for value in values]))
    if int((digits + scales).max()) > MAX_DECIMAL_DIGITS:
        return TEXT
    return decimal_type(int(digits.max()), int(scales.max()))

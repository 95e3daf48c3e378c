"""Conversion of values between the lake's types: exact, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from lake.columns.observing import convert, kind_of_value, observe
from lake.columns.spelling import spelled
from lake.columns.types import NOTHING, ColumnType, Kind
from lake.errors import Misfit

_TEXTS = (Kind.TEXT, Kind.JSON)
_EXACT_DOUBLE_DIGITS = 15
_WIDEST = 76
_NUMBERS = {Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE}


def recast(
    values: pa.ChunkedArray, kind: ColumnType, target: ColumnType, *, trim: bool = False
) -> pa.ChunkedArray:
    """Convert values of one type to another.

    Raises Misfit, showing the value, if the target does not hold one exactly; that cannot happen if
    the target is a join with the values' type. `trim` is for decimals that become text, as in
    `spelled`.
    """
    if values.type == target.arrow:
        return values
    if kind == NOTHING or values.null_count == len(values):
        return pa.chunked_array([pa.nulls(len(values), target.arrow)])
    if target.kind in _TEXTS:
        return spelled(values, trim=trim)
    try:
        return _exactly(values, kind, target)
    except pa.ArrowInvalid as error:
        raise _misfit(values, kind, target) from error


def _exactly(values: pa.ChunkedArray, kind: ColumnType, target: ColumnType) -> pa.ChunkedArray:
    match kind.kind, target.kind:
        case ((Kind.TEXT | Kind.JSON), _):
            return _from_text(values, kind, target)
        case Kind.DOUBLE, (Kind.INTEGER | Kind.DECIMAL):
            return _from_doubles(values, kind, target)
        case ((Kind.INTEGER | Kind.DECIMAL), Kind.DOUBLE):
            return _to_doubles(values, kind, target)
        case ((Kind.INTEGER | Kind.DECIMAL), (Kind.INTEGER | Kind.DECIMAL)):
            return _between_numbers(values, target)
        case _ if kind.kind is target.kind:
            return pc.cast(values, target.arrow)
        case _:
            raise _misfit(values, kind, target)


def _between_numbers(values: pa.ChunkedArray, target: ColumnType) -> pa.ChunkedArray:
    """Cast numbers by way of the widest decimal.

    Directly, Arrow demands room for any value of the source type, not only for those present.
    """
    wide = values.cast(pa.decimal128(19, 0)) if pa.types.is_integer(values.type) else values
    if not pa.types.is_decimal(target.arrow):
        return wide.cast(target.arrow)
    return wide.cast(pa.decimal256(_WIDEST, target.scale)).cast(target.arrow)


def _from_text(values: pa.ChunkedArray, kind: ColumnType, target: ColumnType) -> pa.ChunkedArray:
    if not _takes(target, observe(values)):
        raise _misfit(values, kind, target)
    return convert(values, target)


def _to_doubles(values: pa.ChunkedArray, kind: ColumnType, target: ColumnType) -> pa.ChunkedArray:
    """Convert to doubles through their spelled digits, because Arrow's division rounds twice."""
    texts = spelled(values)
    doubles = texts.cast(target.arrow)
    if not 0 < kind.digits + kind.scale <= _EXACT_DOUBLE_DIGITS:
        pairs = zip(values.to_pylist(), doubles.to_pylist(), strict=True)
        if any(value is not None and value != Decimal(repr(double)) for value, double in pairs):
            raise _misfit(values, kind, target)
    return doubles


def _from_doubles(values: pa.ChunkedArray, kind: ColumnType, target: ColumnType) -> pa.ChunkedArray:
    """Convert doubles to the numbers that their shortest identifying digits spell."""
    numbers = [None if value is None else Decimal(repr(value)) for value in values.to_pylist()]
    if any(n is not None and (not n.is_finite() or (n == 0 and n.is_signed())) for n in numbers):
        raise _misfit(values, kind, target)
    wide = pa.chunked_array([pa.array(numbers, pa.decimal256(_WIDEST, target.scale))])
    return wide.cast(target.arrow)


def _misfit(values: pa.ChunkedArray, kind: ColumnType, target: ColumnType) -> Misfit:
    """Return a Misfit that shows the first value which does not fit."""
    filled = values.drop_null()
    ones = (filled.slice(number, 1) for number in range(len(filled)))
    worst = next((one for one in ones if not _fits(one, kind, target)), filled.slice(0, 1))
    return Misfit(_shown(worst), kind.kind.value, target.glue)


def _shown(one: pa.ChunkedArray) -> str:
    text = one if pa.types.is_string(one.type) else spelled(one)
    return f"'{text[0].as_py()}'"


def _fits(one: pa.ChunkedArray, kind: ColumnType, target: ColumnType) -> bool:
    if kind.kind in _TEXTS:
        return _takes(target, kind_of_value(one[0].as_py()))
    if not {kind.kind, target.kind} <= _NUMBERS:
        return False
    value = Decimal(repr(one[0].as_py())) if kind.kind is Kind.DOUBLE else one[0].as_py()
    return _holds(target, Decimal(value))


def _holds(target: ColumnType, number: Decimal) -> bool:
    if target.kind is Kind.DOUBLE:
        return Decimal(repr(float(number))) == number
    if not number.is_finite() or (number == 0 and number.is_signed()):
        return False
    try:
        pa.array([number], target.arrow)
    except (pa.ArrowInvalid, OverflowError):
        return False
    return True


def _takes(target: ColumnType, found: ColumnType) -> bool:
    return target.join(found).stored_as(target)

"""JSON values to columns, without losing a digit, a duplicate key or a spelling.

A number is a whole number or a decimal where that says exactly what it is, else a double. A
string is text, or a date or time where all strings of the column are; it is never a number.
Objects and lists are kept as JSON text.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import chain
from math import isfinite
from operator import itemgetter
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from lake.column_types import NOTHING, TEXT, ColumnType, Kind, decimal_type
from lake.observing import observe

NO_JSON = "no JSON"
"""How the reason begins where the syntax is broken."""
_LONG_NUMBER = re.compile(rb"[0-9]{19}|(?=[0-9.]{17})[0-9]+\.[0-9]")
"""More digits than a fast parser keeps."""
_LONG_RUN = b"0" * 17
_DIGITS = bytes(ord("0") if chr(byte) in "0123456789." else ord(" ") for byte in range(256))
_BLANKS = bytes(ord(" ") if chr(byte) in "\t\r" else byte for byte in range(256))
_SPACED_COLON = re.compile(rb'"[ \t\r\n]+:')
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_EXACT_DIGITS = 15
"""Decimals of as many digits come back from a double as they were."""
_MOST_SCALE = 12
_INT64 = 2**63
_NESTED = frozenset({dict, list})
_SHAPES = {True: "an object or a list", False: "a plain value"}

Row = dict[str, Any]


class Broken(ValueError):
    """Text that is no JSON, or none that can be a row. The message says why."""


def is_json(element: bytes) -> bool:
    return not isinstance(_attempt(orjson.loads, element), Broken)


def parse_rows(elements: Sequence[bytes]) -> list[Row | Broken]:
    """One row per element, or why it is none."""
    values = _parsed(elements)
    return [value if isinstance(value, dict | Broken) else _misshapen(value) for value in values]


def columns_of(rows: Sequence[Row]) -> tuple[pa.Table, tuple[ColumnType, ...]]:
    """Columns by key, in the order in which the keys appear, and the type of each.

    Strings stay text in the table, whatever their type.
    """
    found = {name: _column(values) for name, values in _by_key(rows).items()}
    if not found:
        return pa.table({"": pa.nulls(len(rows))}).select([]), ()
    return (
        pa.table({name: values for name, (_, values) in found.items()}),
        tuple(kind for kind, _ in found.values()),
    )


def _by_key(rows: Sequence[Row]) -> dict[str, Sequence[Any]]:
    names = list(dict.fromkeys(chain.from_iterable(rows)))
    if len(names) > 1:
        with suppress(KeyError):
            # All keys in all rows: several times as fast.
            return dict(zip(names, zip(*map(itemgetter(*names), rows), strict=True), strict=True))
    return {name: [row.get(name) for row in rows] for name in names}


def shapes_of(rows: Sequence[Row]) -> dict[str, bool]:
    """Whether a column holds objects and lists, by its first value."""
    shapes: dict[str, bool] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                shapes.setdefault(name, type(value) in _NESTED)
    return shapes


def misfits(rows: Sequence[Row], nested: Mapping[str, bool]) -> dict[int, Broken]:
    """Rows that have an object or a list where the others have plain values, or the other way
    round. `nested` says which columns have which."""
    found: dict[int, Broken] = {}
    for name, values in _by_key(rows).items():
        is_nested = nested.get(name)
        kinds = set(map(type, values)) - {type(None)}
        if is_nested is None or (kinds <= _NESTED if is_nested else not kinds & _NESTED):
            continue
        reason = f"'{name}' is {_SHAPES[not is_nested]}, expected {_SHAPES[is_nested]}"
        for number, value in enumerate(values):
            if value is not None and (type(value) in _NESTED) != is_nested:
                found.setdefault(number, Broken(f"{reason} as in the rows before"))
    return found


def _parsed(elements: Sequence[bytes]) -> list[Any]:
    text = b"\n".join(elements)
    if _has_long_number(text) or _has_spaced_colon(text):
        return [_attempt(_exactly, element) for element in elements]
    values = [_attempt(orjson.loads, element) for element in elements]
    if _may_repeat_keys(text, elements, values):
        # The fast parser would keep the last of them in silence.
        return [_attempt(_exactly, element) for element in elements]
    return values


def _has_long_number(text: bytes) -> bool:
    return _LONG_RUN in text.translate(_DIGITS) and bool(_LONG_NUMBER.search(text))


def _has_spaced_colon(text: bytes) -> bool:
    spaced = text.translate(_BLANKS) if any(blank in text for blank in b"\t\r") else text
    return (b'" ' in spaced or b'"\n' in spaced) and bool(_SPACED_COLON.search(text))


def _may_repeat_keys(text: bytes, elements: Sequence[bytes], values: Sequence[Any]) -> bool:
    colons = text.count(b'":')
    kinds = set(map(type, values))
    if kinds == {dict} and colons == sum(map(len, values)):
        return False
    if Broken in kinds:
        pairs = zip(elements, values, strict=True)
        colons -= sum(e.count(b'":') for e, value in pairs if type(value) is Broken)
    return colons != sum(map(_keys, values))


def _attempt(parse: Callable[[bytes], Any], element: bytes) -> Any:
    try:
        return parse(element)
    except (ValueError, RecursionError) as error:
        return error if isinstance(error, Broken) else Broken(f"{NO_JSON}: {error}")


def _exactly(element: bytes) -> Any:
    value = json.loads(
        element.decode("utf-8"),
        parse_float=_fraction,
        parse_constant=_no_constant,
        object_pairs_hook=_each_key_once,
    )
    if _SURROGATE.search(element):
        # Half a character, unless another half follows.
        json.dumps(value, ensure_ascii=False, default=_plain).encode("utf-8")
    return value


def _fraction(text: str) -> float | Decimal:
    """As a double where that is the same number, and is meant or short enough to be a decimal."""
    number, double = Decimal(text), float(text)
    is_short = "e" in text.lower() or len(number.as_tuple().digits) <= _EXACT_DIGITS
    return double if is_short and isfinite(double) and _exact(double) == number else number


def _no_constant(name: str) -> Any:
    raise Broken(f"{NO_JSON}: {name} is no number")


def _each_key_once(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise Broken(f"the key '{twice}' stands twice in one object")
    return row


def _keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_keys(v) for v in value.values() if type(v) in _NESTED)
    return sum(_keys(v) for v in value if type(v) in _NESTED) if isinstance(value, list) else 0


def _misshapen(value: object) -> Broken:
    shape = {list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    return Broken(f"{shape.get(type(value), 'a number')} where an object is expected")


def _column(values: Sequence[Any]) -> tuple[ColumnType, pa.Array]:
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return NOTHING, pa.nulls(len(values), pa.string())
    if kinds <= _NESTED:
        return ColumnType(Kind.JSON), _texts(values)
    if kinds == {str}:
        column = pa.array(values, pa.string())
        return _type_of_strings(column), column
    if kinds == {bool}:
        return ColumnType(Kind.BOOLEAN), pa.array(values, pa.bool_())
    if kinds <= {int, float, Decimal}:
        return _numbers(values)
    return TEXT, _texts(values)


def _texts(values: Iterable[Any]) -> pa.Array:
    return pa.array([None if value is None else _spelled(value) for value in values], pa.string())


def _spelled(value: Any) -> str:
    """As it would be spelled in any other column of text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) in _NESTED:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    text = f"{_exact(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(value: Any) -> Any:
    """For a number in an object that no double is."""
    return str(value)


def _type_of_strings(column: pa.Array) -> ColumnType:
    found = observe(pa.chunked_array([column]))
    stays = found.kind in (Kind.NOTHING, Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT)
    return found if stays else TEXT


def _numbers(values: Sequence[Any]) -> tuple[ColumnType, pa.Array]:
    """The join of what each number is alone, so that it does not matter which stand together."""
    kinds = set(map(type, values))
    kind = NOTHING
    if int in kinds:
        kind = kind.join(_type_of_whole([value for value in values if type(value) is int]))
    if float in kinds:
        kind = kind.join(_type_of_fractions(values))
    if Decimal in kinds:
        kind = kind.join(_type_of_long([v for v in values if type(v) is Decimal]))
    if kind == TEXT:
        return TEXT, _texts(values)
    if kind.kind is Kind.DOUBLE:
        return kind, pa.array(values, pa.float64())
    if kind.kind is Kind.INTEGER:
        whole = values if float not in kinds else [None if v is None else int(v) for v in values]
        return kind, pa.array(whole, pa.int64())
    if Decimal not in kinds and kind.digits + kind.scale <= _EXACT_DIGITS:
        return kind, pa.array(values, pa.float64()).cast(kind.arrow)
    return kind, pa.array([None if v is None else _exact(v) for v in values], kind.arrow)


def _exact(value: float | Decimal) -> Decimal:
    """A whole number may come, too."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _type_of_whole(values: list[int]) -> ColumnType:
    highest = max(map(abs, values))
    digits = len(str(highest))
    return ColumnType(Kind.INTEGER, digits) if highest < _INT64 else decimal_type(digits, 0)


def _type_of_fractions(values: Sequence[Any]) -> ColumnType:
    """A double that is a decimal of few digits is that."""
    every = np.array([value for value in values if type(value) is float])
    numbers = every[np.abs(every) < 10.0**_EXACT_DIGITS]
    digits = np.char.str_len(np.char.mod("%d", np.trunc(np.abs(numbers))))
    kind = NOTHING if len(numbers) == len(every) else ColumnType(Kind.DOUBLE)
    for scale in range(_MOST_SCALE + 1):
        exact = (np.round(numbers, scale) == numbers) & (digits + scale <= _EXACT_DIGITS)
        if exact.any():
            highest = int(digits[exact].max())
            few = decimal_type(highest, scale) if scale else ColumnType(Kind.INTEGER, highest)
            kind = kind.join(few)
        numbers, digits = numbers[~exact], digits[~exact]
    return kind.join(ColumnType(Kind.DOUBLE)) if len(numbers) else kind


def _type_of_long(values: list[Decimal]) -> ColumnType:
    kind = NOTHING
    for value in values:
        number = value.as_tuple()
        exponent = int(number.exponent)
        digits = max(1, len(number.digits) + exponent)
        kind = kind.join(decimal_type(digits, max(0, -exponent)))
    return kind

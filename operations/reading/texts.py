"""Values as text, a column at a time: what stands in CSV, in JSON and on a terminal. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_SHORT_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_CONTROL = r"[\x00-\x1f]"


def plain(column: pa.Array) -> pa.Array:
    """Return values as text that is read back as what they are; null stays null.

    Times in ISO 8601, decimals without exponents, bytes as Base64, lists and the like as JSON.
    """
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if pa.types.is_decimal(kind):
        return _decimals(column)
    if _is_bytes(kind):
        return _each(column, lambda value: base64.b64encode(value).decode())
    if pa.types.is_nested(kind):
        return _each(column, lambda value: json.dumps(value, default=str, ensure_ascii=False))
    if pa.types.is_null(kind) or pa.types.is_dictionary(kind) or _casts(kind):
        return pc.cast(column, pa.string())
    return _each(column, str)


def as_json(column: pa.Array) -> pa.Array:
    """Return values as JSON; null is `null`, what is no finite number is text."""
    kind, texts = column.type, plain(column)
    if pa.types.is_floating(kind):
        quoted = pc.binary_join_element_wise('"', texts, '"', "")
        texts = pc.if_else(pc.is_finite(column), texts, quoted)
    elif not (_is_number(kind) or pa.types.is_boolean(kind) or pa.types.is_nested(kind)):
        escaped = _escaped(texts)
        texts = pc.binary_join_element_wise('"', escaped, '"', "")
    return pc.fill_null(texts, "null")


def _escaped(texts: pa.Array) -> pa.Array:
    for sign, escape in _SHORT_ESCAPES:
        texts = pc.replace_substring(texts, sign, escape)
    if not pc.any(pc.match_substring_regex(texts, _CONTROL)).as_py():
        return texts
    return _each(texts, _without_controls)


def _without_controls(text: str) -> str:
    return "".join(letter if letter >= " " else f"\\u{ord(letter):04x}" for letter in text)


def _decimals(column: pa.Array) -> pa.Array:
    texts = pc.cast(column, pa.string())
    # Arrow writes 0.00000001 as 1E-8.
    if column.type.scale <= 6 or not pc.any(pc.match_substring(texts, "E")).as_py():
        return texts
    return _each(column, lambda value: f"{value:f}")


def _each(column: pa.Array, text_of: Callable[[Any], str]) -> pa.Array:
    values = column.to_pylist()
    return pa.array([None if one is None else text_of(one) for one in values], pa.string())


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _casts(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_date(kind)
        or pa.types.is_time(kind)
        or pa.types.is_timestamp(kind)
    )

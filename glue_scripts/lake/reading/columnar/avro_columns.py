"""The columns of an Avro schema: what is read for each, and how it is converted.

A logical type counts where the specification allows it; elsewhere, and if it is not known, the
underlying type is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from lake.columns.typed import uuids
from lake.columns.types import MAX_DECIMAL_DIGITS
from lake.errors import InputRefused

Schema = Any
Build = Callable[[Sequence[Any]], pa.Array]
_UUID_BYTES = 16
_DECIMAL_BYTES = 16
_NAMED = ("record", "error", "enum", "fixed")
_PRIMITIVE = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
_LOGICAL: Mapping[tuple[str, str], pa.DataType] = {
    ("int", "date"): pa.date32(),
    ("int", "time-millis"): pa.time32("ms"),
    ("long", "time-micros"): pa.time64("us"),
    ("long", "timestamp-millis"): pa.timestamp("ms", "UTC"),
    ("long", "timestamp-micros"): pa.timestamp("us", "UTC"),
    ("long", "timestamp-nanos"): pa.timestamp("ns", "UTC"),
    ("long", "local-timestamp-millis"): pa.timestamp("ms"),
    ("long", "local-timestamp-micros"): pa.timestamp("us"),
    ("long", "local-timestamp-nanos"): pa.timestamp("ns"),
}
_NUMBERS: Mapping[str, pa.DataType] = {
    "null": pa.null(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
}
_EXPLAINED = {
    "duration": "duration, which counts months, days and milliseconds",
    "decimal": "decimal without a valid precision and scale, so that it is bytes",
    "uuid": "uuid in other than 16 bytes",
}
_SHORTEST: Mapping[str, int] = {"null": 0, "float": 4, "double": 8}


@dataclass(frozen=True)
class Column:
    """The column of one field."""

    name: str
    arrow: pa.DataType
    read_as: Schema
    """Schema for the decoder: without logical types, and with bytes for values it would not
    check."""
    build: Build
    """Makes an array of the values read."""
    shortest: int
    """Least number of bytes of a value."""
    widest: int = 0
    """Most bytes that are made of a value, where the schema says that it is more than was read."""


@dataclass(frozen=True)
class _Plain:
    """A type that a table can have."""

    arrow: pa.DataType
    read_as: Schema
    build: Build
    shortest: int = 1
    widest: int = 0


class Names:
    """The named types of a schema, which may be used again by their names."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._known: dict[str, Mapping[str, Any]] = {}
        self.fresh = 0

    def learn(self, kind: Mapping[str, Any]) -> None:
        name, own = str(kind.get("name", "")), kind.get("namespace", self._namespace)
        self._known[name if "." in name or not own else f"{own}.{name}"] = kind

    def find(self, name: str) -> Mapping[str, Any] | None:
        full = name if "." in name or not self._namespace else f"{self._namespace}.{name}"
        return self._known.get(full, self._known.get(name))

    def fixed(self, size: int) -> Schema:
        """Return a new type of so many bytes."""
        self.fresh += 1
        return {"type": "fixed", "name": f"bytes_{self.fresh}", "size": size}


def column_of(field: Mapping[str, Any], names: Names) -> Column:
    """Return a field's column. Raises InputRefused, naming the field, for an unsupported type."""
    name, kind = str(field["name"]), field["type"]
    if not isinstance(kind, list):
        plain = _place_of(name, kind, names)
        return Column(name, plain.arrow, plain.read_as, plain.build, plain.shortest, plain.widest)
    others = [branch for branch in kind if branch != "null"]
    if len(others) > 1:
        named = " and ".join(map(type_name, others))
        raise InputRefused(
            f"the field '{name}' is a union of {named}, expected one type: write it as one of "
            "them, or as text"
        )
    plain = _place_of(name, others[0] if others else "null", names)
    branches = [branch if branch == "null" else plain.read_as for branch in kind]
    return Column(name, plain.arrow, branches, plain.build, 1, plain.widest)


def type_name(kind: Schema) -> str:
    """Return the name of a type for people."""
    if isinstance(kind, dict):
        return str(kind.get("logicalType") or type_name(kind.get("type")))
    return "union" if isinstance(kind, list) else str(kind)


def _place_of(name: str, kind: Schema, names: Names) -> _Plain:
    plain = _plain(kind, names)
    if plain is None:
        raise InputRefused(
            f"the field '{name}' is of type {_refused_name(kind, names)}, expected plain values "
            "(text, numbers, truth values, dates, times): flatten it, or write it as text"
        )
    return plain


def _refused_name(kind: Schema, names: Names) -> str:
    found = names.find(kind) if isinstance(kind, str) else None
    shown = type_name(found or kind)
    return _EXPLAINED.get(shown, shown)


def _plain(kind: Schema, names: Names) -> _Plain | None:
    if isinstance(kind, str):
        if kind in _PRIMITIVE:
            return _primitive(kind, names)
        found = names.find(kind)
        return None if found is None else _plain(found, names)
    if not isinstance(kind, dict):
        return None
    base = kind.get("type")
    if base in _NAMED:
        names.learn(kind)
    if not isinstance(base, str):
        return _plain(base, names)
    return _logical(base, kind, names) or _underlying(base, kind, names)


def _underlying(base: str, kind: Mapping[str, Any], names: Names) -> _Plain | None:
    if base == "enum":
        symbols = list(kind["symbols"])
        widest = max((len(str(symbol).encode()) for symbol in symbols), default=0)
        return _Plain(pa.string(), "int", partial(_symbols, symbols), widest=widest)
    if base in ("bytes", "fixed") and "logicalType" in kind:
        # The bytes of a number or a span of time, and never text.
        return None
    if base == "fixed":
        return _Plain(pa.binary(), names.fixed(kind["size"]), _octets, kind["size"])
    return None if base in _NAMED else _plain(base, names)


def _primitive(kind: str, names: Names) -> _Plain | None:
    if kind == "boolean":
        return _Plain(pa.bool_(), names.fixed(1), _truth_values)
    if kind == "string":
        return _Plain(pa.string(), "bytes", _texts)
    if kind == "bytes":
        return _Plain(pa.binary(), "bytes", _octets)
    arrow = _NUMBERS[kind]
    return _Plain(arrow, kind, partial(pa.array, type=arrow), _SHORTEST.get(kind, 1))


def _logical(base: str, kind: Mapping[str, Any], names: Names) -> _Plain | None:
    """Return the type for a logical type; None if there is none that counts."""
    logical = str(kind.get("logicalType", ""))
    if arrow := _LOGICAL.get((base, logical)):
        stored = _NUMBERS[base]
        return _Plain(arrow, base, lambda values: pa.array(values, stored).view(arrow))
    size = kind.get("size", 0) if base == "fixed" else 0
    if logical == "uuid" and size == _UUID_BYTES:
        binary = pa.binary(_UUID_BYTES)
        read_as = names.fixed(size)
        return _Plain(pa.string(), read_as, lambda v: uuids(pa.array(v, binary)), size)
    if logical == "decimal" and base in ("bytes", "fixed"):
        shortest = 1 if base == "bytes" else size
        return _decimal(kind, "bytes" if base == "bytes" else names.fixed(size), shortest)
    return None


def _decimal(kind: Mapping[str, Any], read_as: Schema, shortest: int) -> _Plain | None:
    precision, scale = kind.get("precision"), kind.get("scale", 0)
    valid = all(isinstance(n, int) and not isinstance(n, bool) for n in (precision, scale))
    if not valid or not 0 <= scale <= precision or precision < 1:  # type: ignore[operator]  # ints
        return None
    if precision > MAX_DECIMAL_DIGITS:  # type: ignore[operator]
        return _Plain(pa.string(), read_as, partial(_spelled_decimals, scale), shortest, scale)
    arrow = pa.decimal128(precision, scale)
    return _Plain(arrow, read_as, partial(_decimals, arrow), shortest)


def _truth_values(values: Sequence[bytes | None]) -> pa.Array:
    if any(value not in (b"\0", b"\1", None) for value in values):
        raise ValueError("a value is neither true nor false")
    return pa.array([None if value is None else value == b"\1" for value in values], pa.bool_())


def _texts(values: Sequence[bytes | None]) -> pa.Array:
    return pa.array(values, pa.binary()).view(pa.string())


def _octets(values: Sequence[bytes | None]) -> pa.Array:
    return pa.array(values, pa.binary())


def _symbols(symbols: Sequence[str], values: Sequence[int | None]) -> pa.Array:
    indices = pa.array(values, pa.int32())
    return pa.DictionaryArray.from_arrays(indices, pa.array(symbols, pa.string()))


def _decimals(arrow: pa.Decimal128Type, values: Sequence[bytes | None]) -> pa.Array:
    """Return an array of decimals.

    A value with more digits than Arrow has room for becomes one with exactly one too many.
    """
    most = 10**MAX_DECIMAL_DIGITS
    numbers = (int.from_bytes(value or b"", "big", signed=True) for value in values)
    units = b"".join(
        max(-most, min(most, number)).to_bytes(_DECIMAL_BYTES, "little", signed=True)
        for number in numbers
    )
    valid = pa.array([value is not None for value in values], pa.bool_())
    buffers = [valid.buffers()[1], pa.py_buffer(units)]
    return pa.Array.from_buffers(arrow, len(values), buffers)


def _spelled_decimals(scale: int, values: Sequence[bytes | None]) -> pa.Array:
    return pa.array([None if v is None else _spelled(v, scale) for v in values], pa.string())


def _spelled(value: bytes, scale: int) -> str:
    number = int.from_bytes(value, "big", signed=True)
    digits = str(abs(number)).zfill(scale + 1)
    whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :]
    return f"{'-' if number < 0 else ''}{whole}{'.' if scale else ''}{fraction}"

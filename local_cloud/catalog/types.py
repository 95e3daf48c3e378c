"""The catalog's types, and which of them may be read as which."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa

from local_cloud.errors import CatalogError

_PLAIN = {
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def arrow_type(name: str) -> pa.DataType:
    """Return the Arrow type of a Hive type. Raises CatalogError for one that Hive does not know."""
    text = name.strip().lower()
    if text in _PLAIN:
        return _PLAIN[text]
    if match := re.fullmatch(r"decimal\((\d+),\s*(\d+)\)", text):
        return pa.decimal128(int(match[1]), int(match[2]))
    if re.fullmatch(r"(varchar|char)\(\d+\)", text):
        return pa.string()
    if match := re.fullmatch(r"array<(.+)>", text):
        return pa.list_(arrow_type(match[1]))
    if match := re.fullmatch(r"map<(.+)>", text):
        key, value = _split(match[1])
        return pa.map_(arrow_type(key), arrow_type(value))
    if match := re.fullmatch(r"struct<(.+)>", text):
        fields = [field.partition(":") for field in _split(match[1])]
        return pa.struct([(field, arrow_type(kind)) for field, _, kind in fields])
    raise CatalogError(f"the catalog has a column of type {name!r}, which is none of Hive's")


def catalog_type(kind: pa.DataType) -> str:
    """Return the Hive spelling of an Arrow type. Raises CatalogError for one that Hive lacks."""
    if pa.types.is_nested(kind):
        return _nested_type(kind)
    if pa.types.is_dictionary(kind):
        return catalog_type(kind.value_type)
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if _is_null(kind):
        return "string"
    for name, known in _PLAIN.items():
        if readable_as(kind, known):
            return name
    raise CatalogError(f"Hive has no type for Arrow's {kind}")


def readable_as(stored: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether Athena reads a Parquet column of type `stored` as `wanted` without losing anything.

    https://docs.aws.amazon.com/athena/latest/ug/handling-schema-updates-chapter.html
    """
    if stored == wanted or _is_null(stored):
        return True
    if pa.types.is_dictionary(stored):
        return readable_as(stored.value_type, wanted)
    if pa.types.is_signed_integer(stored) and pa.types.is_signed_integer(wanted):
        return bool(stored.bit_width <= wanted.bit_width)
    if pa.types.is_decimal(stored) and pa.types.is_decimal(wanted):
        before = (stored.precision - stored.scale, stored.scale)
        after = (wanted.precision - wanted.scale, wanted.scale)
        return bool(before[0] <= after[0] and before[1] <= after[1])
    if pa.types.is_nested(stored) and pa.types.is_nested(wanted):
        return _nested_readable(stored, wanted)
    same_kind = (
        (pa.types.is_timestamp, pa.types.is_timestamp),
        (pa.types.is_large_string, pa.types.is_string),
        (pa.types.is_large_binary, pa.types.is_binary),
        (pa.types.is_float32, pa.types.is_float64),
    )
    return any(is_one(stored) and is_other(wanted) for is_one, is_other in same_kind)


def coerced_by_partition(declared: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether Athena converts a column from the type of a partition to the type of the table."""
    if readable_as(declared, wanted):
        return True
    return bool(pa.types.is_signed_integer(declared) and pa.types.is_string(wanted))


def _nested_type(kind: pa.DataType) -> str:
    parts = [(child.name, catalog_type(child.type)) for child in _children(kind)]
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{name}:{part}' for name, part in parts)}>"
    return f"{'map' if pa.types.is_map(kind) else 'array'}<{','.join(part for _, part in parts)}>"


def _nested_readable(stored: pa.DataType, wanted: pa.DataType) -> bool:
    if stored.id != wanted.id or stored.num_fields != wanted.num_fields:
        return False
    pairs = zip(_children(stored), _children(wanted), strict=True)
    return all(readable_as(one.type, other.type) for one, other in pairs)


def _children(kind: pa.DataType) -> list[pa.Field]:
    if pa.types.is_map(kind):
        return [kind.key_field, kind.item_field]
    return [kind.field(position) for position in range(kind.num_fields)]


def _split(text: str) -> Iterator[str]:
    """Split a text at the commas that are not inside brackets."""
    depth = start = 0
    for position, letter in enumerate(text):
        depth += (letter in "<(") - (letter in ">)")
        if letter == "," and depth == 0:
            yield text[start:position].strip()
            start = position + 1
    yield text[start:].strip()


def _is_null(kind: pa.DataType) -> bool:
    return bool(pa.types.is_null(kind))

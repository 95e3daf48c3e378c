"""Field ids in the schemas of Parquet files: Iceberg finds columns by them, not by name.

Nothing here needs PyIceberg, so that tasks which write files need not load it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

FieldIds = Mapping[str, int]
"""The field id of each column, by name."""
NO_IDS: FieldIds = MappingProxyType({})
WALL_CLOCK = "timestamp_ntz"
"""Date and time of day without a zone. Glue has no name for it: its `timestamp` means these and
instants alike."""
_HELD_AS = MappingProxyType({"smallint": "int", "tinyint": "int"})
"""Iceberg has no narrower integers; files store these as 32 bits anyway."""
DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_KEY = b"PARQUET:field_id"


def goes_on(before: str, after: str) -> bool:
    """Whether Iceberg lets a column change from one type to the other and keep its id.

    https://iceberg.apache.org/spec/#schema-evolution
    """
    after = _HELD_AS.get(after, after)
    if before == after or (before, after) in (("int", "bigint"), ("float", "double")):
        return True
    narrow, wide = DECIMAL.fullmatch(before), DECIMAL.fullmatch(after)
    return bool(narrow and wide and narrow[2] == wide[2] and int(narrow[1]) <= int(wide[1]))


def with_field_ids(schema: pa.Schema, ids: FieldIds) -> pa.Schema:
    """Return the schema with field ids, which files that are written with it carry."""
    return pa.schema(
        [field.with_metadata({_KEY: str(ids[field.name]).encode()}) for field in schema]
    )


def field_ids_of(footer: pq.FileMetaData) -> dict[str, int]:
    """Return the field id of each column in a file; -1 for a column without one."""
    fields = footer.schema.to_arrow_schema()
    return {field.name: int((field.metadata or {}).get(_KEY, -1)) for field in fields}

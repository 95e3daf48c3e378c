"""Field ids in the schemas of Parquet files: by these, not by names, Iceberg knows columns.

Nothing here needs PyIceberg, so that tasks which write files need not load it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

FieldIds = Mapping[str, int]
"""By name of each column."""
NO_IDS: FieldIds = MappingProxyType({})
WALL_CLOCK = "timestamp_ntz"
"""Date and time of day without a zone, for which Glue has no name of its own: it says `timestamp`
for these and for moments."""
_HELD_AS = MappingProxyType({"smallint": "int", "tinyint": "int"})
"""Iceberg has no narrower whole numbers; files hold them as 32 bits all the same."""
DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_KEY = b"PARQUET:field_id"


def goes_on(before: str, after: str) -> bool:
    """Whether Iceberg lets a column of the one type become the other and keep its id.

    https://iceberg.apache.org/spec/#schema-evolution
    """
    after = _HELD_AS.get(after, after)
    if before == after or (before, after) in (("int", "bigint"), ("float", "double")):
        return True
    narrow, wide = DECIMAL.fullmatch(before), DECIMAL.fullmatch(after)
    return bool(narrow and wide and narrow[2] == wide[2] and int(narrow[1]) <= int(wide[1]))


def with_field_ids(schema: pa.Schema, ids: FieldIds) -> pa.Schema:
    """The same columns, whose ids go into the files that are written with it."""
    return pa.schema(
        [field.with_metadata({_KEY: str(ids[field.name]).encode()}) for field in schema]
    )


def field_ids_of(footer: pq.FileMetaData) -> dict[str, int]:
    """Those that a file carries; -1 for a column that has none."""
    fields = footer.schema.to_arrow_schema()
    return {field.name: int((field.metadata or {}).get(_KEY, -1)) for field in fields}

"""What is known of a table's columns when files are written for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iceberg.field_ids import FieldIds, goes_on
from lake.schema import Schema
from wires.column_names import METADATA_COLUMNS
from wires.layout import BY_DAY

_ALWAYS = (*METADATA_COLUMNS, *BY_DAY.columns)


@dataclass(frozen=True, kw_only=True)
class TableColumns:
    """Of a table as it stands; with nothing given, of one that does not."""

    schema: Schema = field(default_factory=Schema)
    ids: FieldIds = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    """By name."""
    last_id: int = 0
    """The highest that any column has ever had."""

    def field_ids(self, schema: Schema) -> FieldIds:
        """For files of a table that is to have the columns of `schema`: its own where columns go
        on, and new ones for others. Columns that every table has come first, so that those of the
        data are numbered alike whichever come after them."""
        wanted = dict(schema.catalogued)
        found: dict[str, int] = {}
        last = self.last_id
        for name in (*_ALWAYS, *(column.name for column in schema.columns)):
            if name in self.ids and goes_on(self.types[name], wanted[name]):
                found[name] = self.ids[name]
            else:
                found[name] = last = last + 1
        return found


NO_TABLE = TableColumns()

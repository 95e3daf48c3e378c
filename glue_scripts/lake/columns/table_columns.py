"""The columns of a table, as needed for writing files for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from iceberg.field_ids import FieldIds, goes_on
from lake.columns.schema import Schema
from wires.column_names import METADATA_COLUMNS
from wires.layout import BY_DAY

_ALWAYS = (*METADATA_COLUMNS, *BY_DAY.columns)


@dataclass(frozen=True, kw_only=True)
class TableColumns:
    """The columns of an existing table; by default, of one that does not exist yet."""

    schema: Schema = field(default_factory=Schema)
    ids: FieldIds = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    """Glue type of each column, by name."""
    last_id: int = 0
    """The highest field id that any column has ever had."""

    def field_ids(self, schema: Schema) -> FieldIds:
        """Return field ids for files of a table that is to have the columns of `schema`.

        Columns that stay keep the table's ids, others get new ones. Columns that every table has
        come first, so that data columns get the same ids whichever others follow.
        """
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

"""Tables of the processed zone: their columns, and which loads have rows in which files."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.manifest import DataFile
from pyiceberg.table import StagedTable, Table

from iceberg.manifests import live_files, partition_of
from iceberg.storage import place_of
from iceberg.tables import COLUMNS, OF_OTHER_KIND, IcebergDatabase
from iceberg.types import columns_of, field_ids
from lake.columns.schema import CONSTANT_COLUMNS, Column, Schema
from lake.columns.table_columns import TableColumns
from lake.errors import LakeError
from lake.publishing.loads_in_files import LoadCounts, loads_told
from lake.running.waiting import each
from lake.store import stored_footer
from wires.layout import Values, load_of

_LONGEST_COMMENT = 255
_LONGEST_PLAIN = 100_000
"""Longer properties are compressed: Glue takes half a megabyte."""
_COMPRESSED = "zlib:"


class OtherTable(LakeError):
    """A table has the name of a dataset and was not made by loads."""


@dataclass(frozen=True)
class LoadedFile:
    """A data file, and what each load has brought to it."""

    file: DataFile
    loads: Mapping[str, LoadCounts]

    @property
    def location(self) -> str:
        return self.file.file_path

    @property
    def partition(self) -> Values:
        """Year, month and day."""
        return partition_of(self.file)

    @property
    def parts(self) -> frozenset[str]:
        """`2026/01/15/<load>` of each load."""
        return frozenset("/".join((*self.partition, load)) for load in self.loads)


@dataclass(frozen=True)
class ProcessedTable:
    """A table as it was when it was opened."""

    iceberg: Table

    @property
    def schema(self) -> Schema:
        """Its data columns."""
        return self.columns.schema

    @cached_property
    def columns(self) -> TableColumns:
        """The table's columns. Raises OtherTable."""
        schema = self.iceberg.schema()
        return TableColumns(
            schema=read_columns(self.spelled),
            ids=field_ids(schema),
            types=dict(columns_of(schema)),
            last_id=self.iceberg.metadata.last_column_id,
        )

    @property
    def spelled(self) -> str:
        """The columns as spelled in the table's properties; "" for a table that does not exist yet.

        Raises OtherTable.
        """
        found = self.iceberg.properties.get(COLUMNS, "")
        if not found and not isinstance(self.iceberg, StagedTable):
            raise OtherTable(
                f"table {'.'.join(self.iceberg.name())} was not made by loads: rename it, or have "
                "the dataset called otherwise"
            )
        return found

    def files(self, partitions: Set[Values] | None = None) -> list[LoadedFile]:
        """Return the files of some days, or of all. Raises ForeignDeletes."""
        files = live_files(self.iceberg, partitions)
        return [LoadedFile(file, self._loads(file, told)) for file, told in _with_told(files)]

    def _loads(
        self, file: DataFile, told: Mapping[str, LoadCounts] | None
    ) -> Mapping[str, LoadCounts]:
        if told is not None:
            return told
        return {load_of(file.file_path): LoadCounts(file.record_count, self._values(file))}

    def _values(self, file: DataFile) -> int:
        """Count the values in columns that came with the data."""
        nulls = file.null_value_counts or {}
        counts = (file.value_counts or {}).items()
        return sum(n - nulls.get(i, 0) for i, n in counts if i not in self._not_of_data)

    @cached_property
    def _not_of_data(self) -> frozenset[int]:
        ids = field_ids(self.iceberg.schema())
        return frozenset(ids[name] for name in CONSTANT_COLUMNS)


@dataclass(frozen=True)
class ProcessedTables:
    """The tables of the processed zone's database."""

    database: IcebergDatabase
    _held: dict[str, ProcessedTable | None] | None = None

    @classmethod
    def of(cls, glue: Any, database: str) -> ProcessedTables:
        """Return the tables of a database that is accessed through a boto3 Glue client."""
        return cls(IcebergDatabase.of(glue, database))

    def held(self) -> ProcessedTables:
        """Return these tables, each looked up only once; for holders of the datasets' leases."""
        return replace(self, _held={})

    def open(self, dataset: str, *, anew: bool = False) -> ProcessedTable | None:
        """Return the dataset's table; None if there is none. Raises OtherTable."""
        if self._held is None:
            return self._open(dataset)
        if anew or dataset not in self._held:
            self._held[dataset] = self._open(dataset)
        return self._held[dataset]

    def _open(self, dataset: str) -> ProcessedTable | None:
        try:
            table = self.database.must_have(dataset)
        except OF_OTHER_KIND:
            raise OtherTable(
                f"table {self.database.name}.{dataset} is no Iceberg table: an earlier release, or "
                "somebody else, has made it. Drop it from the catalog and upload the dataset's "
                "files again, or have the dataset called otherwise"
            ) from None
        except NoSuchTableError:
            return None
        found = ProcessedTable(table)
        found.spelled  # noqa: B018 - raises if others have made it
        return found

    def names(self) -> Iterator[str]:
        """Yield the names of tables that loads have made."""
        return self.database.names(having=COLUMNS)


def spell_columns(schema: Schema) -> str:
    """Return the columns as text for a table's properties."""
    text = json.dumps(schema.spell(), ensure_ascii=False, separators=(",", ":"))
    if len(text) <= _LONGEST_PLAIN:
        return text
    return _COMPRESSED + base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def read_columns(spelled: str) -> Schema:
    """Undo `spell_columns`; "" means no columns."""
    if spelled.startswith(_COMPRESSED):
        packed = base64.b64decode(spelled.removeprefix(_COMPRESSED))
        spelled = zlib.decompress(packed).decode()
    return Schema.read(json.loads(spelled or "[]"))


def comments(schema: Schema) -> Mapping[str, str]:
    """Return a comment on each column: its name in files, or else in its contract."""
    return {column.name: _comment(column) for column in schema.columns}


def _comment(column: Column) -> str:
    """Return a column's comment as Glue accepts it: on one line, at most 255 bytes."""
    text = column.declared if column.source is None else column.source
    line = "".join(char if char.isprintable() else " " for char in text)
    return line.encode()[:_LONGEST_COMMENT].decode("utf-8", "ignore")


def _with_told(
    files: Sequence[DataFile],
) -> Iterator[tuple[DataFile, Mapping[str, LoadCounts] | None]]:
    """Pair merged files with the counts inside them, other files with None.

    The folder of any other file says to which load it belongs.
    """
    merged = [file for file in files if not load_of(file.file_path)]
    told = dict(zip((file.file_path for file in merged), each(_told, merged), strict=True))
    return ((file, told.get(file.file_path)) for file in files)


def _told(file: DataFile) -> Mapping[str, LoadCounts]:
    place = place_of(file.file_path)
    return loads_told(stored_footer(place["Bucket"], place["Key"]).footer, file.file_path)

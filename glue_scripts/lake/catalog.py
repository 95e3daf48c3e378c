"""Tables and partitions in the Glue Data Catalog.

The observed column types are kept as column parameters, in the table and in each partition:
there they describe the files that the partition points at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from lake.column_types import ColumnType
from lake.schema import METADATA_TYPES, Column, Schema
from wires.column_names import METADATA_COLUMNS, PARTITION_KEYS
from wires.quarantine import QuarantinedRow

_OBSERVED = "observed"
SOURCE = "source"
"""Parameter of a column: what its files call it, to the letter. The comment shows it to people."""
_DECLARED = "declared"
_LONGEST_COMMENT = 255
PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {
        "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    },
}
_JSON_LINES = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
}
_QUARANTINE_KEYS = ("dataset", *PARTITION_KEYS)


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A registered partition: what readers of the table see."""

    values: tuple[str, ...]
    location: str
    schema: Schema
    parameters: Mapping[str, str]


class Catalog:
    """One database, through a boto3 Glue client."""

    def __init__(self, glue: Any, database: str) -> None:
        self._glue = glue
        self._database = database

    def schema(self, table: str) -> Schema | None:
        """The data columns of a table; None if there is no such table."""
        try:
            answer = self._glue.get_table(DatabaseName=self._database, Name=table)
        except self._glue.exceptions.EntityNotFoundException:
            return None
        return _schema_of(answer["Table"]["StorageDescriptor"]["Columns"])

    def dataset_tables(self) -> Iterator[str]:
        """Tables that loads have made; others may stand beside them."""
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=self._database)
        for table in (table for page in pages for table in page["TableList"]):
            if tuple(key["Name"] for key in table.get("PartitionKeys", ())) == PARTITION_KEYS:
                yield table["Name"]

    def put_table(self, table: str, schema: Schema, *, location: str, exists: bool) -> None:
        """Make the table have these data columns."""
        table_input = {
            "Name": table,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in PARTITION_KEYS],
            "StorageDescriptor": _parquet_at(location, schema),
        }
        if exists:
            # Old table versions are of no use here, and Glue keeps 100,000 at most.
            self._glue.update_table(
                DatabaseName=self._database, TableInput=table_input, SkipArchive=True
            )
        else:
            self._glue.create_table(DatabaseName=self._database, TableInput=table_input)

    def partitions(self, table: str) -> Iterator[Partition]:
        """All registered partitions."""
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=self._database, TableName=table
        )
        for page in pages:
            yield from map(_partition_of, page["Partitions"])

    def partition(self, table: str, values: Sequence[str]) -> Partition | None:
        """One registered partition; None if it is not registered."""
        try:
            answer = self._glue.get_partition(
                DatabaseName=self._database, TableName=table, PartitionValues=list(values)
            )
        except self._glue.exceptions.EntityNotFoundException:
            return None
        return _partition_of(answer["Partition"])

    def add_partition(self, table: str, partition: Partition) -> None:
        """Make a partition visible, in one call. One that stands already is left as it is."""
        try:
            self._glue.create_partition(
                DatabaseName=self._database,
                TableName=table,
                PartitionInput=_partition_input(partition),
            )
        except self._glue.exceptions.AlreadyExistsException:
            return

    def move_partition(self, table: str, partition: Partition) -> None:
        """Let a registered partition point at other files, in one call."""
        self._glue.update_partition(
            DatabaseName=self._database,
            TableName=table,
            PartitionValueList=list(partition.values),
            PartitionInput=_partition_input(partition),
        )


class QuarantineCatalog:
    """The table of malformed rows, in the quality database."""

    def __init__(self, glue: Any, database: str, *, table: str, location: str) -> None:
        self._glue = glue
        self._database = database
        self._table = table
        self._location = location

    def add_partition(self, values: Sequence[str], location: str) -> None:
        """Make quarantined rows visible; the table is created with the first of them."""
        partition = {
            "Values": list(values),
            "StorageDescriptor": self._storage(location),
            "Parameters": {"classification": "json"},
        }
        self._create_table()
        try:
            self._glue.create_partition(
                DatabaseName=self._database, TableName=self._table, PartitionInput=partition
            )
        except self._glue.exceptions.AlreadyExistsException:
            return

    def _create_table(self) -> None:
        table = {
            "Name": self._table,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "json"},
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in _QUARANTINE_KEYS],
            "StorageDescriptor": self._storage(self._location),
        }
        try:
            self._glue.create_table(DatabaseName=self._database, TableInput=table)
        except self._glue.exceptions.AlreadyExistsException:
            return

    def _storage(self, location: str) -> dict[str, Any]:
        columns = [{"Name": name, "Type": kind} for name, kind in quarantine_columns()]
        return {"Columns": columns, "Location": location, **_JSON_LINES}


def quarantine_columns() -> list[tuple[str, str]]:
    """Name and Glue type of each column of the table of malformed rows."""
    types = {"int | None": "bigint", "str": "string"}
    return [(field.name, types[str(field.type)]) for field in fields(QuarantinedRow)]


def _partition_of(item: Mapping[str, Any]) -> Partition:
    storage = item["StorageDescriptor"]
    return Partition(
        values=tuple(item["Values"]),
        location=storage["Location"],
        schema=_schema_of(storage["Columns"]),
        parameters=item.get("Parameters", {}),
    )


def _partition_input(partition: Partition) -> dict[str, Any]:
    return {
        "Values": list(partition.values),
        "StorageDescriptor": _parquet_at(partition.location, partition.schema),
        "Parameters": {"classification": "parquet", **partition.parameters},
    }


def _parquet_at(location: str, schema: Schema) -> dict[str, Any]:
    data = list(map(_column_input, schema.columns))
    metadata = [{"Name": name, "Type": METADATA_TYPES[name][1]} for name in METADATA_COLUMNS]
    return {"Columns": data + metadata, "Location": location, **PARQUET}


def _column_input(column: Column) -> dict[str, Any]:
    parameters = {_OBSERVED: column.type.spell()}
    comment = column.declared
    if column.source is None:
        parameters[_DECLARED] = column.declared
    else:
        parameters[SOURCE] = comment = column.source
    return {
        "Name": column.name,
        "Type": column.type.glue,
        "Comment": _comment(comment),
        "Parameters": parameters,
    }


def _comment(text: str) -> str:
    """As Glue takes it: on one line, at most 255 bytes."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line.encode()[:_LONGEST_COMMENT].decode("utf-8", "ignore")


def _column_of(item: Mapping[str, Any]) -> Column:
    parameters = item["Parameters"]
    declared = parameters.get(_DECLARED, "")
    source = None if declared else parameters[SOURCE]
    return Column(item["Name"], ColumnType.read(parameters[_OBSERVED]), source, declared)


def _schema_of(columns: Sequence[Mapping[str, Any]]) -> Schema:
    data = [column for column in columns if column["Name"] not in METADATA_COLUMNS]
    return Schema(tuple(map(_column_of, data)))

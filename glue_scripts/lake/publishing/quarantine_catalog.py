"""The table of malformed rows in the Glue Data Catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from wires.layout import QUARANTINE_KEYS
from wires.quarantine import QuarantinedRow

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
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in QUARANTINE_KEYS],
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
    """Return name and Glue type of each column of the table of malformed rows."""
    types = {"int | None": "bigint", "str": "string"}
    return [(field.name, types[str(field.type)]) for field in fields(QuarantinedRow)]

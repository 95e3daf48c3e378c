"""What a reader of the catalog sees, read from the stores without any code of the jobs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import fastavro
import orjson
import pyarrow.parquet as pq

from simulation.cloud import Cloud

_DELETED = 2
"""Status of an entry in a manifest: https://iceberg.apache.org/spec/#manifests"""


@dataclass(frozen=True)
class SeenRow:
    """A row of a table, as it is stored."""

    uid: int
    value: str
    load_id: str
    source: str


@dataclass
class Reader:
    """Reads tables; files are immutable, so each is read once."""

    cloud: Cloud
    _rows: dict[str, tuple[SeenRow, ...]] = field(default_factory=dict)
    _avro: dict[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)

    def names(self, database: str) -> list[str]:
        return sorted(
            name
            for name, table in self.cloud.glue.databases[database].items()
            if table.get("Parameters", {}).get("table_type") == "ICEBERG"
        )

    def metadata_location(self, database: str, table: str) -> str:
        found = self.cloud.glue.databases[database].get(table, {})
        return str(found.get("Parameters", {}).get("metadata_location", ""))

    def metadata(self, location: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = orjson.loads(self.body(location))
        return found

    def files(self, location: str) -> tuple[list[str], list[str]]:
        """Return the manifests and the data files of the current snapshot in some metadata."""
        metadata = self.metadata(location)
        current = metadata.get("current-snapshot-id")
        found = [s for s in metadata.get("snapshots", ()) if s["snapshot-id"] == current]
        return self._files_of(found[0]) if found else ([], [])

    def reachable(self, location: str) -> set[str]:
        """Return all files of all snapshots that some metadata keep."""
        found = {location}
        for snapshot in self.metadata(location).get("snapshots", ()):
            for part in self._files_of(snapshot):
                found.update(part)
        return found

    def snapshots(self, location: str) -> dict[int, float]:
        """Return when each kept snapshot was made, in seconds, by its id."""
        found = self.metadata(location).get("snapshots", ())
        return {one["snapshot-id"]: one["timestamp-ms"] / 1000 for one in found}

    def _files_of(self, snapshot: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        listed = snapshot["manifest-list"]
        manifests = [str(entry["manifest_path"]) for entry in self.avro(listed)]
        data = [
            str(entry["data_file"]["file_path"])
            for manifest in manifests
            for entry in self.avro(manifest)
            if entry["status"] != _DELETED
        ]
        return [listed, *manifests], data

    def rows(self, location: str) -> list[SeenRow]:
        """Return all rows of the current snapshot in some metadata."""
        _, data = self.files(location)
        return [row for file in data for row in self._rows_of(file)]

    def avro(self, location: str) -> tuple[Mapping[str, Any], ...]:
        if location not in self._avro:
            records: Any = fastavro.reader(io.BytesIO(self.body(location)))
            self._avro[location] = tuple(records)
        return self._avro[location]

    def body(self, location: str) -> bytes:
        """Return the content of an `s3://` location. Raises KeyError if it is gone."""
        bucket, _, key = location.removeprefix("s3://").partition("/")
        return self.cloud.s3.buckets[bucket].objects[key][-1].body

    def tags(self, location: str) -> Mapping[str, str]:
        """Return the tags of an object; none if it is gone."""
        bucket, _, key = location.removeprefix("s3://").partition("/")
        versions = self.cloud.s3.buckets[bucket].objects.get(key)
        return versions[-1].tags if versions else {}

    def _rows_of(self, location: str) -> tuple[SeenRow, ...]:
        if location not in self._rows:
            table = pq.ParquetFile(io.BytesIO(self.body(location))).read(
                columns=["uid", "v", "load_id", "source_file"]
            )
            self._rows[location] = tuple(
                SeenRow(int(row["uid"]), str(row["v"]), row["load_id"], row["source_file"])
                for row in table.to_pylist()
            )
        return self._rows[location]

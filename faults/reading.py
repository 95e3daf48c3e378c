"""Reads what is published and what was put aside, with nothing of the product's code.

The catalog says where a table's metadata is; fastavro reads the manifests, DuckDB the files.
"""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

from wires.quarantine import ROWS_TABLE

_DATA, _DELETED = 0, 2
"""Content of a data file, and status of an entry that is gone: https://iceberg.apache.org/spec/"""
Published = Counter[tuple[str, str]]
"""Rows of one snapshot: how often each id stands there, by load (or refresh) and id."""


@dataclass(frozen=True)
class TableReader:
    """Reads the current snapshots of tables of one database."""

    glue: Any
    s3: Any
    database: str
    _known: dict[str, Published] = field(default_factory=dict)
    """By the place of the metadata, which never change."""

    def location(self, table: str) -> str:
        """Return where the table's metadata are now; "" without a table."""
        try:
            answer = self.glue.get_table(DatabaseName=self.database, Name=table)
        except self.glue.exceptions.EntityNotFoundException:
            return ""
        return str(answer["Table"]["Parameters"].get("metadata_location", ""))

    def published(self, table: str) -> Published:
        """Return how often each id stands in the current snapshot, by load."""
        return self.at(self.location(table))

    def at(self, location: str) -> Published:
        """Return the same for the snapshot that metadata at a place say is current."""
        if not location:
            return Counter()
        if location not in self._known:
            self._known[location] = self._counted(location)
        return self._known[location]

    def _counted(self, location: str) -> Published:
        found: Published = Counter()
        for path in self._files(json.loads(self._body(location))):
            rows = pq.read_table(io.BytesIO(self._body(path)))
            found.update(_ids(rows))
        return found

    def _files(self, metadata: Mapping[str, Any]) -> Iterator[str]:
        current = metadata.get("current-snapshot-id")
        snapshots = {one["snapshot-id"]: one for one in metadata.get("snapshots", ())}
        if current not in snapshots:
            return
        for manifest in _avro(self._body(snapshots[current]["manifest-list"])):
            for entry in _avro(self._body(manifest["manifest_path"])):
                file = entry["data_file"]
                if entry["status"] == _DELETED:
                    continue
                if file.get("content", _DATA) != _DATA:
                    raise ValueError(f"expected data files only, {file['file_path']} is none")
                yield file["file_path"]

    def _body(self, location: str) -> bytes:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body


def _avro(content: bytes) -> list[Any]:
    return list(fastavro.reader(io.BytesIO(content)))


def _ids(rows: pa.Table) -> dict[tuple[str, str], int]:
    """Count ids by load with DuckDB; tables without a load have ""."""
    load = "load_id" if "load_id" in rows.column_names else "''"
    with duckdb.connect() as connection:
        connection.register("file_rows", rows)
        sql = f"SELECT {load}, id, count(*) FROM file_rows GROUP BY ALL"  # noqa: S608 - no text from outside
        return {(str(a), str(b)): int(c) for a, b, c in connection.execute(sql).fetchall()}


def quarantined(glue: Any, s3: Any, database: str) -> Iterator[Mapping[str, Any]]:
    """Yield every quarantined row that a reader of the catalog sees."""
    try:
        pages = list(
            glue.get_paginator("get_partitions").paginate(
                DatabaseName=database, TableName=ROWS_TABLE
            )
        )
    except glue.exceptions.EntityNotFoundException:
        return
    for partition in (one for page in pages for one in page["Partitions"]):
        location = partition["StorageDescriptor"]["Location"]
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                text = gzip.decompress(body) if item["Key"].endswith(".gz") else body
                yield from map(json.loads, text.decode().splitlines())

"""The files of one Iceberg table, taken down for comparison a manifest at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq
from botocore.exceptions import ClientError
from pyiceberg.manifest import DataFile, ManifestFile
from pyiceberg.table import StaticTable
from pyiceberg.table.snapshots import Snapshot

from operations.reconciling.scratch import Scratch
from operations.table_reader import IcebergReader, place_of
from wires.layout import load_of

COMMIT_ID = "commit-id"
"""Key in a snapshot's summary: the load that it brings."""
LOADS = b"lake.loads"
"""Key in the metadata of a merged file: the loads whose rows it has."""

_FOOTER_BYTES = 64 * 1024
"""Most footers are shorter."""


@dataclass(frozen=True)
class TableFiles:
    """A table as one of its metadata files has it."""

    reader: IcebergReader
    metadata_location: str

    @property
    def place(self) -> tuple[str, str]:
        """Bucket and folder of the table."""
        return place_of(f"{self._table.location().rstrip('/')}/")

    def take_down(self, kept: Scratch) -> None:
        """Take down the files of all kept snapshots, with those of the current one apart."""
        current = self._table.current_snapshot()
        if current:
            kept.add(
                "current", ((f.file_path, f.file_size_in_bytes, None) for f in self._of(current))
            )
        self.take_down_reached(kept)
        kept.add("known", ((load,) for load in self._loads_of_snapshots()))

    def take_down_reached(self, kept: Scratch) -> None:
        """Take down the files of all kept snapshots, and the loads whose folders they are in."""
        manifests = {
            manifest.manifest_path: manifest
            for snapshot in self._table.metadata.snapshots
            for manifest in snapshot.manifests(self._table.io)
        }
        for manifest in manifests.values():
            paths = [file.file_path for file in self._files(manifest)]
            kept.add("reached", ((path,) for path in paths))
            kept.add("known", ((load,) for load in map(load_of, paths) if load))

    def take_down_merged(self, kept: Scratch, s3: Any) -> None:
        """Take down the loads of merged files, which tell them in their footers."""
        query = "SELECT path FROM reached"
        for (path,) in kept.rows(query):
            if not load_of(path):
                kept.add("known", ((load,) for load in loads_in(s3, path)))

    def _loads_of_snapshots(self) -> Iterator[str]:
        for snapshot in self._table.metadata.snapshots:
            summary = snapshot.summary.additional_properties if snapshot.summary else {}
            if COMMIT_ID in summary:
                yield summary[COMMIT_ID]

    def _of(self, snapshot: Snapshot) -> Iterator[DataFile]:
        for manifest in snapshot.manifests(self._table.io):
            yield from self._files(manifest)

    def _files(self, manifest: ManifestFile) -> Iterator[DataFile]:
        # Entries marked as deleted do not count: another manifest may list the file as live.
        for entry in manifest.fetch_manifest_entry(self._table.io, discard_deleted=True):
            yield entry.data_file

    @property
    def _table(self) -> StaticTable:
        return self.reader.table(self.metadata_location)


def loads_in(s3: Any, path: str) -> Mapping[str, Any]:
    """Return what a merged file tells of its loads; nothing if it is no file of that kind."""
    try:
        told = (_footer(s3, path).metadata or {}).get(LOADS)
    except (ClientError, OSError, ValueError):
        return {}
    found: Mapping[str, Any] = json.loads(told) if told else {}
    return found


def _footer(s3: Any, path: str) -> pq.FileMetaData:
    """Read the end of a Parquet file, where its metadata are."""
    bucket, key = place_of(path)
    length = _FOOTER_BYTES
    while True:
        answer = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=-{length}")
        tail: bytes = answer["Body"].read()
        needed = int.from_bytes(tail[-8:-4], "little") + 8
        if needed <= len(tail) or len(tail) < length:
            return pq.read_metadata(io.BytesIO(tail[-needed:]))
        length = needed

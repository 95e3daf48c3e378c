"""Published tables compared with the ledger and with the files in their buckets, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from operations.progress import Progress
from operations.reconciling.report import Finding, Kind
from operations.reconciling.scratch import Scratch
from operations.reconciling.table_files import TableFiles
from operations.recovery.estate import Estate
from operations.table_reader import IcebergReader, place_of
from wires.layout import SUPERSEDED, metadata_folder
from wires.object_ledger import ObjectStatus
from wires.refresh_ledger import RefreshLedger
from wires.routes import CHECKS_PREFIX

_GONE = frozenset({"404", "NoSuchKey"})


def check_tables(
    estate: Estate, kept: Scratch, before: datetime, progress: Progress
) -> Iterator[Finding]:
    """Yield what is wrong with each table, and files older than `before` that none has.

    One table after the other is taken down. Tables of health checks are left out: they may go at
    any moment, and a check removes what one before it has left.
    """
    names = estate.names
    found: set[str] = set()
    for database in (names.processed_database, names.curated_database):
        for name, location in _iceberg_tables(estate, database):
            if name.startswith(CHECKS_PREFIX):
                continue
            with progress.step(f"table {database}.{name}"):
                kept.empty("current", "reached", "known", "stray")
                check = _TableCheck(estate, kept, database, name, location)
                yield from check.findings(before)
            if database == names.processed_database:
                found.add(name)
    yield from _without_table(estate, kept, found)
    yield from _refreshes_gone(estate)


def _refreshes_gone(estate: Estate) -> Iterator[Finding]:
    """Yield the refreshes that wait at the quality gate, of which nobody knows any more what they
    would publish."""
    ledger = RefreshLedger(estate.table(estate.names.state_table))
    for state in list(ledger.all_states()):
        is_gone = bool(state.staged) and _record_of(estate, state.staged) is None
        # It may have ended meanwhile.
        if is_gone and ledger.get(state.model).staged == state.staged:
            yield Finding(
                kind=Kind.GONE,
                what=f"refresh of {state.model}",
                detail=f"it waits at the quality gate, and its record is not in bucket "
                f"{estate.names.assets_bucket}: {state.staged}",
            )


def _record_of(estate: Estate, refresh: str) -> Any:
    """Return what a refresh would publish; None if that is gone."""
    try:
        answer = estate.s3.get_object(Bucket=estate.names.assets_bucket, Key=refresh)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise
    return json.loads(answer["Body"].read())


def _iceberg_tables(estate: Estate, database: str) -> Iterator[tuple[str, str]]:
    """Yield name and metadata location of each table."""
    pages = estate.glue.get_paginator("get_tables").paginate(DatabaseName=database)
    for table in (table for page in pages for table in page["TableList"]):
        told = table.get("Parameters", {})
        if told.get("table_type", "").upper() == "ICEBERG" and "metadata_location" in told:
            yield table["Name"], told["metadata_location"]


def _without_table(estate: Estate, kept: Scratch, found: set[str]) -> Iterator[Finding]:
    for dataset, load, objects in kept.rows(_PUBLISHED_BY_DATASET, ObjectStatus.PUBLISHED.value):
        if dataset not in found and not dataset.startswith(CHECKS_PREFIX):
            where = f"{estate.names.processed_database}.{dataset}"
            yield _load_gone(dataset, load, objects, f"there is no Iceberg table {where}")


_PUBLISHED_BY_DATASET = (
    "SELECT dataset, load, count(*) FROM entries WHERE status = ? AND rows > 0 "
    "GROUP BY dataset, load"
)
_NOT_IN_TABLE = (
    "SELECT load, count(*) FROM entries WHERE dataset = ? AND status = ? AND rows > 0 "
    "AND load NOT IN (SELECT load FROM known) GROUP BY load"
)


@dataclass(frozen=True)
class _TableCheck:
    """The checks of one table."""

    estate: Estate
    kept: Scratch
    database: str
    name: str
    metadata_location: str

    def findings(self, before: datetime) -> Iterator[Finding]:
        reader = IcebergReader(self.estate.s3)
        files = TableFiles(reader, self.metadata_location)
        try:
            files.take_down(self.kept)
        except ClientError as error:
            yield from self._unreadable(error)
            return
        if self.database == self.estate.names.processed_database:
            yield from self._loads_gone(files)
        bucket, folder = files.place
        self._take_down_listing(bucket, folder, before)
        now = self._now(reader)
        if now is None:
            return
        if now is not files:
            now.take_down_reached(self.kept)
        yield from self._files_gone(is_same=now is files)
        yield from self._stray(bucket)

    def _unreadable(self, error: ClientError) -> Iterator[Finding]:
        """Yield that a metadata file is gone; nothing more can be said of the table then."""
        if error.response["Error"]["Code"] not in _GONE:
            raise error
        key = error.response["Error"].get("Key", "")
        missing = f" of its metadata: {key}" if key else " of its metadata"
        yield Finding(
            kind=Kind.GONE,
            what=f"table {self.database}.{self.name}",
            detail=f"it cannot be read, since a file is gone{missing}, below "
            f"{self.metadata_location.rsplit('/', 1)[0]}",
        )

    def _loads_gone(self, files: TableFiles) -> Iterator[Finding]:
        if next(self._unknown_loads(), None) is None:
            return
        # Only now: the footer of every merged file is a request.
        files.take_down_merged(self.kept, self.estate.s3)
        for load, objects in self._unknown_loads():
            why = f"no snapshot and no file of table {self.database}.{self.name} has this load"
            yield _load_gone(self.name, load, objects, why)

    def _unknown_loads(self) -> Iterator[tuple[Any, ...]]:
        return self.kept.rows(_NOT_IN_TABLE, self.name, ObjectStatus.PUBLISHED.value)

    def _take_down_listing(self, bucket: str, folder: str, before: datetime) -> None:
        metadata = metadata_folder(f"s3://{bucket}/{folder.rstrip('/')}")
        pages = self.estate.s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=bucket, Prefix=folder):
            for item in page.get("Contents", ()):
                path = f"s3://{bucket}/{item['Key']}"
                stored = "UPDATE current SET stored = ? WHERE path = ?"
                self.kept.change(stored, item["Size"], path)
                is_old = item["LastModified"] < before
                if is_old and not path.startswith(metadata) and not self._is_reached(path):
                    self.kept.add("stray", [(path,)])

    def _is_reached(self, path: str) -> bool:
        return self.kept.has("reached", "path", path)

    def _now(self, reader: IcebergReader) -> TableFiles | None:
        """Return the table after the listing, which it may have changed during; None if it is
        gone."""
        for name, location in _iceberg_tables(self.estate, self.database):
            if name == self.name:
                return TableFiles(reader, location)
        return None

    def _files_gone(self, *, is_same: bool) -> Iterator[Finding]:
        query = "SELECT path, size, stored FROM current WHERE stored IS NULL OR stored != size"
        for path, size, _ in self.kept.rows(query):
            stored = self._stored(path)
            if stored == size or not (is_same or self._is_reached(path)):
                continue
            has = "is not in the bucket" if stored is None else f"has {stored:,} bytes"
            yield Finding(
                kind=Kind.GONE,
                what=path,
                detail=f"table {self.database}.{self.name} has it with {size:,} bytes, it {has}",
            )

    def _stored(self, path: str) -> int | None:
        """Return the size of an object, now; None if it is gone."""
        bucket, key = place_of(path)
        try:
            return int(self.estate.s3.head_object(Bucket=bucket, Key=key)["ContentLength"])
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise

    def _stray(self, bucket: str) -> Iterator[Finding]:
        awaited = self._awaited()
        if awaited is None:
            return
        for (path,) in self.kept.rows("SELECT path FROM stray"):
            _, key = place_of(path)
            if key in awaited or self._is_reached(path) or self._is_superseded(bucket, key):
                continue
            yield Finding(
                kind=Kind.UNUSED,
                what=path,
                detail=f"no kept snapshot of table {self.database}.{self.name} has it",
                mend=partial(_supersede, self.estate, bucket, key),
            )

    def _awaited(self) -> set[str] | None:
        """Return keys of files that wait at the quality gate, for however long; None if a refresh
        waits there whose files nobody knows."""
        if self.database != self.estate.names.curated_database:
            return set()
        ledger = RefreshLedger(self.estate.table(self.estate.names.state_table))
        staged = [state.staged for state in ledger.all_states() if state.staged]
        records = [_record_of(self.estate, refresh) for refresh in staged]
        if None in records:
            return None
        days = (day for record in records for day in record.get("days", ()))
        return {file["key"] for day in days for file in day["files"]}

    def _is_superseded(self, bucket: str, key: str) -> bool:
        try:
            answer = self.estate.s3.get_object_tagging(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return True
            raise
        return all(tag in answer["TagSet"] for tag in SUPERSEDED["TagSet"])


def _supersede(estate: Estate, bucket: str, key: str) -> bool:
    estate.s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=SUPERSEDED)
    return True


def _load_gone(dataset: str, load: str, objects: int, why: str) -> Finding:
    return Finding(
        kind=Kind.GONE,
        what=f"load {load} in {dataset}",
        detail=f"the ledger says that {objects:,} uploads of it are published, {why}",
    )

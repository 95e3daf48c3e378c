"""What must be true after each step. A violation ends the simulation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from simulation.cloud import Cloud
from simulation.reading import Reader, SeenRow
from simulation.scheduler import Violation
from simulation.services.s3 import Stored
from simulation.truth import Kind, Truth, Upload
from wires.object_ledger import ObjectStatus

FINAL = frozenset(
    {
        ObjectStatus.PUBLISHED.value,
        ObjectStatus.EMPTY.value,
        ObjectStatus.IGNORED.value,
        ObjectStatus.REJECTED.value,
        ObjectStatus.FAILED.value,
    }
)
LONGEST_READ_SECONDS = 2.9 * 3600
"""So long a reader may take; all snapshots are kept for three hours, by clocks that may differ."""


@dataclass
class Judge:
    """Looks at every change of catalog and ledgers as it happens."""

    cloud: Cloud
    truth: Truth
    reader: Reader
    checks: Counter[str] = field(default_factory=Counter)
    _visible: dict[str, dict[int, SeenRow]] = field(default_factory=dict)
    """Rows by uid, of each table of the processed zone."""
    _snapshots: dict[str, dict[int, float]] = field(default_factory=dict)
    """Kept snapshots of each table, with the time of each."""

    def __post_init__(self) -> None:
        self.cloud.glue.watch = self._table_changed
        self.cloud.dynamodb.watch = self._item_changed
        self.cloud.s3.watch = self._object_put
        self.cloud.s3.tagged = self._object_tagged

    def fail(self, what: str) -> NoReturn:
        scheduler = self.cloud.scheduler
        violation = Violation(what)
        if scheduler.broken is None:
            scheduler.broken = violation
        if scheduler.current is not None:
            scheduler.current.is_doomed = True
        self.cloud.trace.note(scheduler.now, "judge", f"VIOLATION: {what}")
        raise violation

    def visible(self, dataset: str) -> Mapping[int, SeenRow]:
        return self._visible.get(dataset, {})

    def _table_changed(self, database: str, table: str) -> None:
        self.checks["snapshots"] += 1
        location = self.reader.metadata_location(database, table)
        if location:
            self._check_kept(f"{database}.{table}", location)
        if database != self.cloud.names.processed_database:
            return
        if given_up := self._given_up(location):
            self.fail(f"table {table} has {given_up[0]}, which is given up")
        try:
            rows = self.reader.rows(location)
        except KeyError as gone:
            self.fail(f"table {table}: its snapshot names {gone}, which is not there")
        self._check_rows(table, rows)
        self._visible[table] = {row.uid: row for row in rows}

    def _given_up(self, location: str) -> list[str]:
        """Return files of the current snapshot that the bucket's lifecycle is going to remove."""
        return [
            file
            for part in self.reader.files(location)
            for file in part
            if self.reader.tags(file).get("lake-state") == "superseded"
        ]

    def _check_kept(self, table: str, location: str) -> None:
        """A snapshot stays for as long as somebody who has just opened it may read it."""
        kept = self.reader.snapshots(location)
        since = self.cloud.scheduler.now - LONGEST_READ_SECONDS
        before = self._snapshots.get(table, {})
        for snapshot, made_at in before.items():
            # Whoever opened the table before now has its last snapshot, however old that is.
            is_last = made_at == max(before.values())
            if snapshot not in kept and (made_at > since or is_last):
                self.fail(f"table {table}: snapshot {snapshot} is gone, readers may have it")
        self._snapshots[table] = kept

    def _check_rows(self, table: str, rows: Sequence[SeenRow]) -> None:
        counts = Counter(row.uid for row in rows)
        if twice := sorted(uid for uid, times in counts.items() if times > 1):
            loads = sorted({row.load_id for row in rows if row.uid in twice})
            self.fail(f"table {table}: rows {twice} are visible twice, by loads {loads}")
        if lost := sorted(self.visible(table).keys() - counts.keys()):
            self.fail(f"table {table}: rows {lost} were visible and are no more")
        for upload in self.truth.contents(table):
            seen = len(upload.uids & counts.keys())
            if seen not in (0, len(upload.uids)):
                self.fail(f"table {table}: {seen} of {len(upload.uids)} rows of {upload.key}")
        known = self.truth.rows
        for row in rows:
            dataset, was = known.get(row.uid, ("", None))
            if was is None or dataset != table or not _same(was.value, row.value):
                self.fail(f"table {table}: row {row} was {was} of {dataset or 'nobody'}")

    def _item_changed(
        self, table: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
    ) -> None:
        if table == self.cloud.names.objects_table:
            self._entry_changed(before or {}, after or {})

    def _entry_changed(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        status, was = _text(after, "status"), _text(before, "status")
        if not status:
            if was:
                self.fail(f"the entry of {_text(before, 'key')} is gone")
            return
        upload = self.truth.uploads.get((_text(after, "key"), _text(after, "version_id")))
        if upload is None:
            self.fail(f"an entry of {_text(after, 'key')}, which nobody has uploaded")
        if was == ObjectStatus.PUBLISHED.value and status != was:
            self.fail(f"{upload.key}: published, then {status}")
        if status == was:
            return
        self.checks["entries"] += 1
        if status == ObjectStatus.PUBLISHED.value:
            self._check_published(upload, after)
        elif status in FINAL:
            self._check_unpublished(upload, status, _text(after, "reason"))

    def _check_published(self, upload: Upload, entry: Mapping[str, Any]) -> None:
        missing = sorted(upload.uids - self.visible(upload.dataset).keys())
        if missing:
            self.fail(f"{upload.key} is published, and nobody can see its rows {missing}")
        told = [_number(entry, f"rows_{name}") for name in ("in", "published", "quarantined")]
        true = [len(upload.rows) + upload.malformed, len(upload.rows), upload.malformed]
        if told != true or not upload.rows:
            self.fail(f"{upload.key} is published with {told} rows in, out and aside, not {true}")
        if upload.malformed and not self._is_quarantined(upload):
            self.fail(f"{upload.key} is published, and its malformed rows cannot be seen")

    def _is_quarantined(self, upload: Upload) -> bool:
        """Whether a partition of quarantined rows has all malformed rows of an upload, once."""
        found = 0
        for place, location in self.cloud.glue.partitions.items():
            if place[2][0] != upload.dataset:
                continue
            bucket, _, prefix = location.removeprefix("s3://").partition("/")
            for key, versions in self.cloud.s3.buckets[bucket].objects.items():
                if key.startswith(prefix):
                    lines = versions[-1].body.decode().splitlines()
                    found += sum(upload.version_id in line for line in lines)
        return found >= upload.malformed

    def _check_unpublished(self, upload: Upload, status: str, reason: str) -> None:
        if not reason:
            self.fail(f"{upload.key} ended as {status} without a reason")
        seen = upload.uids & self.visible(upload.dataset).keys()
        if seen and not self.truth.twins(upload) and not reason.startswith(_GIVEN_UP):
            self.fail(f"{upload.key} ended as {status} ({reason}), and its rows can be seen")
        allowed = _ALLOWED[upload.kind]
        if status == ObjectStatus.IGNORED.value and self.truth.twins(upload):
            return
        if status not in allowed:
            self.fail(f"{upload.key} ({upload.kind}) ended as {status}: {reason}")

    def _object_put(self, bucket: str, key: str, before: Stored | None, after: Stored) -> None:
        """Files of tables never change: readers may be at them."""
        names = self.cloud.names
        if bucket not in (names.processed_bucket, names.curated_bucket) or before is None:
            return
        if before.body == after.body:
            return
        if self._is_reachable(bucket, key):
            self.fail(f"s3://{bucket}/{key} is in a table, and is written again")

    def _object_tagged(self, bucket: str, key: str, tags: Mapping[str, str]) -> None:
        """What a kept snapshot has is not given up."""
        if tags.get("lake-state") != "superseded":
            return
        self.checks["files given up"] += 1
        if self._is_reachable(bucket, key):
            self.fail(f"s3://{bucket}/{key} is given up, and a kept snapshot has it")

    def _is_reachable(self, bucket: str, key: str) -> bool:
        names = self.cloud.names
        databases = {
            names.processed_bucket: names.processed_database,
            names.curated_bucket: names.curated_database,
        }
        if bucket not in databases:
            return False
        database = databases[bucket]
        return any(
            f"s3://{bucket}/{key}" in self.reader.reachable(location)
            for table in self.reader.names(database)
            if (location := self.reader.metadata_location(database, table))
        )


_GIVEN_UP = "gave up after"
"""Start of the reason if a load was given up, some of which may be published."""
_MAY_FAIL = frozenset({ObjectStatus.FAILED.value})
_ALLOWED: Mapping[Kind, frozenset[str]] = {
    Kind.GOOD: _MAY_FAIL,
    Kind.MIXED: _MAY_FAIL,
    Kind.BAD: _MAY_FAIL | {ObjectStatus.REJECTED.value},
    Kind.BINARY: _MAY_FAIL | {ObjectStatus.REJECTED.value},
    Kind.EMPTY: _MAY_FAIL | {ObjectStatus.EMPTY.value},
    Kind.AGAIN: _MAY_FAIL,
}


def _same(written: str, read: str) -> bool:
    if written == read:
        return True
    try:
        return Decimal(written) == Decimal(read)
    except InvalidOperation:
        return False


def _text(item: Mapping[str, Any], name: str) -> str:
    return str(item.get(name, {}).get("S", ""))


def _number(item: Mapping[str, Any], name: str) -> int:
    return int(item.get(name, {}).get("N", -1))

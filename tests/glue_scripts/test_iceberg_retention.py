"""Which snapshots of a table are kept: what queries need, and what people ask for later."""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg.partitioning import PartitionSpec
from pyiceberg.table.metadata import TableMetadata, new_table_metadata
from pyiceberg.table.refs import SnapshotRef, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.sorting import SortOrder

from iceberg.retention import expired
from iceberg.types import schema_of

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 20_000 * DAY + 12 * HOUR


def table_with(moments: Sequence[int], *, named: int | None = None) -> TableMetadata:
    """A snapshot for each moment, whose number is its id; `main` is the last, a tag another."""
    made = new_table_metadata(
        schema_of([("a", "bigint")]), PartitionSpec(), SortOrder(), "s3://curated/t"
    )
    snapshots = [
        Snapshot(snapshot_id=number, timestamp_ms=at, manifest_list="", sequence_number=number)
        for number, at in enumerate(moments, 1)
    ]
    refs = {"main": reference(len(moments), SnapshotRefType.BRANCH)}
    if named:
        refs["kept"] = reference(named, SnapshotRefType.TAG)
    return made.model_copy(update={"snapshots": snapshots, "refs": refs})


def reference(number: int, kind: SnapshotRefType) -> SnapshotRef:
    return SnapshotRef.model_validate({"snapshot-id": number, "type": kind})


def kept(metadata: TableMetadata) -> list[int]:
    """Their moments, the latest first."""
    gone = set(expired(metadata, now_ms=NOW))
    return sorted(s.timestamp_ms for s in metadata.snapshots if s.snapshot_id not in gone)[::-1]


def test_few_snapshots_of_the_last_weeks_are_all_kept() -> None:
    moments = [NOW - number * 6 * HOUR for number in range(100)][::-1]
    assert expired(table_with(moments), now_ms=NOW) == []


def test_of_a_load_a_minute_the_last_hours_are_kept_and_then_the_last_of_each_day() -> None:
    moments = [NOW - number * MINUTE for number in range(5 * 24 * 60)][::-1]
    found = kept(table_with(moments))
    recent = [at for at in found if at >= NOW - 3 * HOUR]
    assert len(recent) == 3 * 60 + 1
    before = found[len(recent) :]
    midnight = NOW - 12 * HOUR
    assert before == [midnight - MINUTE - number * DAY for number in range(5)][: len(before)]
    assert len(before) == 5


def test_what_is_older_than_a_month_goes_but_for_what_is_named() -> None:
    moments = [NOW - number * DAY for number in range(60)][::-1]
    found = kept(table_with(moments, named=5))
    assert found == [*(NOW - number * DAY for number in range(31)), moments[4]]


def test_the_current_snapshot_is_kept_however_old() -> None:
    assert expired(table_with([NOW - 90 * DAY, NOW - 80 * DAY]), now_ms=NOW) == [1]

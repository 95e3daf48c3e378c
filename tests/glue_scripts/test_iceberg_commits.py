"""Commits to Iceberg tables: all at once or not at all, once however often they are tried."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial

import duckdb
import polars as pl
import pytest
from botocore.exceptions import ClientError
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation
from pyiceberg.types import StringType

from iceberg.commits import Change, Committer, snapshot_of
from iceberg.errors import CommitLost, FileReplaced, ForeignDeletes
from iceberg.manifests import live_files, live_manifests
from iceberg.storage import S3FileIO, place_of
from iceberg.types import UnknownType, columns_of, schema_for, schema_of
from lake.store import client
from tests.aws import CURATED, SmallAws
from tests.glue_scripts.iceberg_lake import COLUMNS, SmallLake, mark_deletions, row, rows_of
from tests.kills import Killed, killed_at_call

WIDER = [(name, "decimal(38,2)" if name == "amount" else kind) for name, kind in (*COLUMNS,)]


@pytest.fixture
def lake(aws: SmallAws) -> SmallLake:
    made = SmallLake.of(aws.glue)
    made.made()
    return made


def unchanged(change: Change, _: Table) -> Change:
    """Whatever has become of the table."""
    return change


NEVER = 10**6


def test_what_is_committed_is_read_by_engines_that_nobody_here_wrote(lake: SmallLake) -> None:
    first = lake.file("a", [row(1, "Ана"), row(2)], day="14")
    second = lake.file("b", [{"id": 3, "name": None, "amount": Decimal("1.50")}])
    lake.append("load-1", [first])
    lake.append("load-2", [second])
    expected = [(1, "Ана", None), (2, "x", None), (3, None, Decimal("1.50"))]
    assert lake.rows() == expected
    table = lake.table
    scanned = table.scan().to_arrow()
    with duckdb.connect() as connection:
        connection.register("scanned", scanned)
        found = connection.sql("select id, name, amount from scanned order by id").fetchall()
    assert found == expected
    options = {"endpoint_url": client("s3").meta.endpoint_url}
    files = [file.file_path for file in live_files(table)]
    assert sorted(files) == sorted([first.file_path, second.file_path])
    polars = pl.scan_iceberg(table, storage_options=options, reader_override="pyiceberg")
    assert polars.select("id", "name", "amount").sort("id").collect().rows() == expected
    summary = table.current_snapshot().summary.additional_properties  # type: ignore[union-attr]
    assert summary["commit-id"] == "load-2"
    assert (summary["added-records"], summary["total-records"]) == ("1", "3")


def test_a_metadata_file_that_nobody_has_closed_or_s3_has_refused_is_never_stored(
    aws: SmallAws,
) -> None:
    """Objects are collected at any time, in the middle of something else."""
    place = f"s3://{CURATED}/t/metadata/x.avro"
    left = S3FileIO().new_output(place).create(overwrite=True)
    left.write(b"half of it")
    del left
    aws.s3.put_object(**place_of(place), Body=b"somebody's")
    refused = S3FileIO().new_output(place).create(overwrite=False)
    refused.write(b"all of it")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        refused.close()
    aws.s3.delete_object(**place_of(place))
    del refused
    gc.collect()
    assert not S3FileIO().new_input(place).exists()


def test_a_reader_keeps_the_snapshot_that_it_began_with(lake: SmallLake) -> None:
    old = lake.file("old", [row(1), row(2)])
    lake.append("load-1", [old])
    began = lake.table
    new = lake.file("new", [row(1, "y")])
    swap = Change(added=[new], removed=[old])
    snapshot = Committer(lake.database.catalog).commit(lake.identifier, "fix", lambda _: swap)
    assert snapshot.summary is not None
    assert snapshot.summary.operation is Operation.OVERWRITE
    assert rows_of(began.scan().to_arrow()) == [(1, "x", None), (2, "x", None)]
    assert lake.rows() == [(1, "y", None)]
    earlier = began.current_snapshot()
    assert earlier is not None
    again = lake.table.scan(snapshot_id=earlier.snapshot_id).to_arrow()
    assert rows_of(again) == [(1, "x", None), (2, "x", None)]


def test_what_is_in_is_not_committed_again(lake: SmallLake) -> None:
    file = lake.file("a", [row(1)])
    lake.append("load-1", [file])
    lake.append("load-2", [lake.file("b", [row(2)])])
    lake.append("load-1", [file])
    assert len(lake.rows()) == 2
    assert snapshot_of(lake.table, "load-1") is not None
    assert snapshot_of(lake.table, "load-3") is None


def test_a_file_that_is_gone_is_not_replaced(lake: SmallLake) -> None:
    old = lake.file("old", [row(1)])
    lake.append("load-1", [old])
    committer = Committer(lake.database.catalog)
    change = Change(added=[lake.file("new", [row(2)])], removed=[old])
    committer.commit(lake.identifier, "one", lambda _: change)
    other = replace(change, added=[lake.file("other", [row(3)])])
    with pytest.raises(FileReplaced, match=r"old\.parquet"):
        committer.commit(lake.identifier, "two", lambda _: other)
    assert lake.rows() == [(2, "x", None)]


def test_columns_change_together_with_the_files_that_have_them(lake: SmallLake) -> None:
    old = lake.file("old", [{"id": 1, "amount": Decimal("1.50")}])
    lake.append("load-1", [old])

    def widened(table: Table) -> Change:
        columns = [*WIDER, ("note", "string")]
        schema = schema_for(table, columns, {"note": "Note"})
        rows = [{"id": 1, "amount": Decimal("1.50")}, {"id": 2, "note": "n"}]
        return Change(added=[lake.file("new", rows, schema=schema)], removed=[old], schema=schema)

    before = lake.table.schema()
    Committer(lake.database.catalog).commit(lake.identifier, "load-2", widened)
    after = lake.table.schema()
    assert columns_of(after) == [*WIDER, ("note", "string")]
    assert after.find_field("amount").field_id == before.find_field("amount").field_id
    scanned = lake.table.scan().to_arrow().select(["id", "amount", "note"]).to_pylist()
    assert sorted(scanned, key=lambda r: r["id"]) == [
        {"id": 1, "amount": Decimal("1.50"), "note": None},
        {"id": 2, "amount": None, "note": "n"},
    ]
    columns = client("glue").get_table(DatabaseName=CURATED, Name="orders")["Table"]
    told = {c["Name"]: c for c in columns["StorageDescriptor"]["Columns"]}
    assert told["amount"]["Type"] == "decimal(38,2)"
    assert told["note"]["Comment"] == "Note"


@pytest.mark.parametrize("with_rows", [True, False])
def test_a_change_made_for_other_columns_is_made_anew(lake: SmallLake, *, with_rows: bool) -> None:
    """A file in the old types would make the table unreadable. Columns may change without a
    snapshot, too, by somebody else's hand."""
    seen: list[int] = []

    def faster(table: Table) -> None:
        if with_rows:
            more = schema_for(table, [*COLUMNS, ("note", "string")])
            change = Change(added=[lake.file("fast", [row(1)], schema=more)], schema=more)
            Committer(lake.database.catalog).commit(lake.identifier, "fast", lambda _: change)
        else:
            lake.table.update_schema().add_column("note", StringType()).commit()

    def slow(table: Table) -> Change:
        seen.append(len(table.schema().fields))
        if len(seen) == 1:
            faster(table)
        return Change(added=[lake.file("slow", [row(2)], schema=table.schema())])

    Committer(lake.database.catalog).commit(lake.identifier, "slow", slow)
    assert seen == [len(COLUMNS), len(COLUMNS) + 1]
    assert [found[0] for found in lake.rows()] == ([1, 2] if with_rows else [2])


def test_three_writers_at_once_lose_nothing(lake: SmallLake) -> None:
    files = {
        f"{w}-{n}": lake.file(f"{w}-{n}", [row(10 * w + n)]) for w in range(3) for n in range(8)
    }
    every = [(writer, number) for writer in range(3) for number in range(8)]
    errors: list[BaseException] = []

    def write(writer: int) -> None:
        own = SmallLake.of(client("glue"))
        try:
            for number in range(8):
                own.append(f"{writer}-{number}", [files[f"{writer}-{number}"]])
        except BaseException as error:  # noqa: BLE001 - a thread's errors are lost otherwise
            errors.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(found[0] for found in lake.rows()) == [10 * w + n for w, n in every]


def test_a_writer_that_is_always_late_says_so_and_leaves_nothing(lake: SmallLake) -> None:
    def late(table: Table) -> Change:
        number = len(table.metadata.snapshots)
        lake.append(f"fast-{number}", [lake.file(f"f{number}", [row(number)])])
        return Change(added=[lake.file("late", [row(99)])])

    committer = Committer(lake.database.catalog, pause=lambda _: None)
    with pytest.raises(CommitLost, match="next attempt"):
        committer.commit(lake.identifier, "late", late)
    assert 99 not in {found[0] for found in lake.rows()}


def test_the_catalog_refuses_a_stale_version(lake: SmallLake) -> None:
    glue = lake.database.catalog.glue
    table = glue.get_table(DatabaseName=CURATED, Name="orders")["Table"]
    given = {key: table[key] for key in ("Name", "TableType", "Parameters", "StorageDescriptor")}
    request = {"DatabaseName": CURATED, "TableInput": given, "VersionId": table["VersionId"]}
    glue.update_table(**request)
    with pytest.raises(ClientError, match="ConcurrentModificationException"):
        glue.update_table(**request)


def test_a_kill_at_any_call_leaves_all_or_nothing_and_the_next_attempt_ends_it(
    lake: SmallLake,
) -> None:
    stays = lake.file("stays", [row(1)])
    goes = lake.file("goes", [row(2)], day="16")
    lake.append("before", [stays, goes])
    expected = [(1, "x", None), (2, "x", None)]
    number, ended = 0, False
    while not ended:
        number += 1
        came = lake.file(f"came-{number}", [row(100 + number)], day="16")
        swap = partial(unchanged, Change(added=[came], removed=[goes]))
        after = [expected[0], (100 + number, "x", None)]
        with killed_at_call(number - 1), suppress(Killed):
            writer = Committer(SmallLake.of(client("glue")).database.catalog)
            writer.commit(lake.identifier, f"swap-{number}", swap)
            ended = True
        assert lake.rows() in (expected, after)
        Committer(lake.database.catalog).commit(lake.identifier, f"swap-{number}", swap)
        expected = after
        assert lake.rows() == expected
        goes = came
    assert number > 8


def test_the_files_of_many_lists_are_replaced_at_once_and_told_as_removed(lake: SmallLake) -> None:
    """As maintenance does it to a day of many loads: lists without a file are none to be merged."""
    for number in range(23):
        lake.append(f"load-{number}", [lake.file(f"f{number}", [row(number)])])
    before = lake.rows()
    gone = live_files(lake.table)
    merged = lake.file("merged", [row(number) for number in range(23)])
    Committer(lake.database.catalog).commit(
        lake.identifier, "merge", lambda _: Change(added=[merged], removed=gone, same_rows=True)
    )
    assert lake.rows() == before
    assert len(live_files(lake.table)) == 1
    snapshot = lake.table.current_snapshot()
    assert snapshot is not None
    entries = [
        entry
        for manifest in snapshot.manifests(lake.table.io)
        for entry in manifest.fetch_manifest_entry(lake.table.io, discard_deleted=False)
    ]
    assert sum(entry.status.name == "DELETED" for entry in entries) == 23
    lake.append("load-23", [lake.file("f23", [row(23)])])
    assert len(live_files(lake.table)) == 2


@pytest.mark.slow
def test_a_commit_takes_ten_calls_at_most(lake: SmallLake) -> None:
    counts = []
    for number in range(12):
        file = lake.file(f"f{number}", [row(number)])
        with killed_at_call(NEVER) as made:
            SmallLake.of(client("glue")).append(f"load-{number}", [file])
        counts.append(len(made))
    more = [number for number, count in enumerate(counts) if count > 10]
    assert more == [8], "manifests are merged when there are eight of a size"


@pytest.mark.slow
def test_files_of_a_day_are_listed_together_however_many_commits_there_are(
    lake: SmallLake,
) -> None:
    """In a list of all days, finding those of one would take as long as finding all."""
    for number in range(36):
        day = f"{10 + number // 12}"
        lake.append(f"load-{number}", [lake.file(f"f{number}", [row(number)], day=day)])
    manifests = live_manifests(lake.table)
    assert len(manifests) <= 3 * 7
    of_one_day = [
        m for m in manifests if all(p.lower_bound == p.upper_bound for p in m.partitions or ())
    ]
    assert len(of_one_day) == len(manifests)
    with killed_at_call(NEVER) as made:
        scan = SmallLake.of(client("glue")).table.scan(row_filter="day = '11' and month = '01'")
        planned = list(scan.plan_files())
    assert len(planned) == 12
    assert made.count("before-call.s3.GetObject") <= 7 + 2
    assert sorted(found[0] for found in lake.rows()) == list(range(36))


def test_a_table_that_somebody_else_has_marked_deletions_in_is_refused(lake: SmallLake) -> None:
    lake.append("load-1", [lake.file("a", [row(1)])])
    mark_deletions(lake.table)
    with pytest.raises(ForeignDeletes, match="Roll it back"):
        live_files(lake.table)


def test_a_type_that_iceberg_lacks_is_named() -> None:
    with pytest.raises(UnknownType, match="interval"):
        schema_of([("a", "interval")])


@pytest.mark.parametrize(
    "kind",
    ["array<bigint>", "map<string,double>", "struct<a:int,b:array<struct<c:decimal(9,2)>>>"],
)
def test_nested_types_are_spelled_as_they_came(kind: str) -> None:
    assert columns_of(schema_of([("a", kind), ("b", "date")])) == [("a", kind), ("b", "date")]

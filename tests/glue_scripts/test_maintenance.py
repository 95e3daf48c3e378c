"""Upkeep of tables: the same rows in fewer files, and nothing left that no reader can reach."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from pyiceberg.table import StaticTable
from pyspark.sql import SparkSession

from curation.refresh import DayWrite, Refresh, StagedFile
from iceberg.commits import Change, Committer
from iceberg.manifests import live_files
from iceberg.publishing import publish
from iceberg.reachable import reachable
from iceberg.retention import KEPT_DAYS
from iceberg.tables import IcebergDatabase
from iceberg.types import schema_for
from lake.errors import LakeError
from lake.store import client
from maintenance import upkeep as module
from maintenance.compaction import crowded
from tests.aws import ASSETS, CURATED, PROCESSED, RUNS, STATE, SmallAws
from tests.glue_scripts.iceberg_lake import COLUMNS, SmallLake, row
from tests.keeping import Keeper
from tests.kills import Killed, killed_at_call
from wires.layout import SUPERSEDED, publisher
from wires.lease import Leases
from wires.refresh_ledger import RefreshLedger


@pytest.fixture
def lake(aws: SmallAws) -> SmallLake:
    made = SmallLake.of(aws.glue)
    made.made()
    return made


@pytest.fixture
def keep(aws: SmallAws, spark: SparkSession) -> Keeper:
    return Keeper(aws, spark)


def filled(lake: SmallLake, *, days: tuple[str, ...] = ("14", "15"), loads: int = 6) -> None:
    """Each load brings one small file to each day."""
    for number in range(loads):
        files = [lake.file(f"load-{number}", [row(number)], day=day) for day in days]
        lake.append(f"load-{number} of {days}", files)


def keys(aws: SmallAws) -> set[str]:
    """Of objects that the lifecycle leaves alone."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=CURATED)
    found = {item["Key"] for page in pages for item in page.get("Contents", ())}
    return {key for key in found if not _is_superseded(aws, key)}


def _is_superseded(aws: SmallAws, key: str) -> bool:
    tags = aws.s3.get_object_tagging(Bucket=CURATED, Key=key)["TagSet"]
    return bool(tags == SUPERSEDED["TagSet"])


def test_small_files_of_a_day_become_one_with_the_same_rows(lake: SmallLake, keep: Keeper) -> None:
    filled(lake)
    before = lake.rows()
    [kept] = keep()
    assert (kept.files_before, kept.files_after) == (12, 2)
    assert len(live_files(lake.table)) == 2
    assert lake.rows() == before
    snapshot = lake.table.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert snapshot.summary.operation.value == "replace"
    assert snapshot.summary.additional_properties["total-records"] == "12"
    assert [one.files_before for one in keep()] == [0], "nothing is left to be done"


def test_a_table_that_glue_keeps_is_left_to_it(lake: SmallLake, keep: Keeper) -> None:
    filled(lake)
    [kept] = keep(by_glue="others,orders")
    assert (kept.files_before, len(live_files(lake.table))) == (0, 12)


def test_few_files_and_large_ones_stay_as_they_are(lake: SmallLake, keep: Keeper) -> None:
    filled(lake, days=("14",), loads=4)
    before = lake.table.current_snapshot()
    keep()
    filled(lake, days=("15",), loads=6)
    keep(target_bytes=1)
    assert not list(crowded(lake.table, target_bytes=1, run="r"))
    assert before is not None
    assert len(live_files(lake.table)) == 10


def test_a_group_is_no_larger_than_what_is_aimed_at(lake: SmallLake) -> None:
    filled(lake, days=("14",), loads=9)
    size = live_files(lake.table)[0].file_size_in_bytes
    groups = list(crowded(lake.table, target_bytes=3 * size, run="r"))
    assert [len(group.locations) for group in groups] == [3, 3, 3]
    assert len({group.key for group in groups}) == 3


def test_files_whose_keys_lie_together_are_merged_whoever_wrote_them_first(
    lake: SmallLake,
) -> None:
    for number in (7, 1, 8, 2, 9, 3):
        lake.append(f"load-{number}", [lake.file(f"a{99 - number}", [row(number)], day="15")])
    size = max(file.file_size_in_bytes for file in live_files(lake.table))
    groups = list(crowded(lake.table, target_bytes=3 * size, run="r"))
    names = [[location.rsplit("/", 1)[1] for location in group.locations] for group in groups]
    assert names == [
        ["a98.parquet", "a97.parquet", "a96.parquet"],
        ["a92.parquet", "a91.parquet", "a90.parquet"],
    ]


def test_a_table_whose_turn_does_not_come_is_left_for_the_next_run(
    aws: SmallAws, keep: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = IcebergDatabase.of(aws.glue, PROCESSED)
    lakes = [SmallLake(database, name) for name in ("orders", "others")]
    for lake in lakes:
        lake.made()
        filled(lake)
    monkeypatch.setattr(module, "_TURN_WAIT", 0.0)
    leases = Leases(aws.tables.Table(STATE))
    assert leases.take(publisher("orders"), owner="a run that was killed", seconds=900)
    merged = {kept.table: (kept.files_before, kept.files_after) for kept in keep()}
    assert merged == {f"{PROCESSED}.orders": (0, 0), f"{PROCESSED}.others": (12, 2)}
    leases.give_back(publisher("orders"), owner="a run that was killed")
    assert {kept.table: kept.files_after for kept in keep()}[f"{PROCESSED}.orders"] == 2
    assert lakes[0].rows() == lakes[1].rows()


def test_a_table_that_is_dropped_meanwhile_is_passed_over(
    aws: SmallAws, lake: SmallLake, keep: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(lake, loads=1)

    def dropped(*_: object) -> set[str]:
        aws.glue.delete_table(DatabaseName=CURATED, Name=lake.name)
        return set()

    monkeypatch.setattr(module.Upkeep, "_awaited", dropped)
    assert keep() == []


def test_files_of_before_a_column_came_get_it_as_null(lake: SmallLake, keep: Keeper) -> None:
    filled(lake, days=("15",), loads=5)
    schema = schema_for(lake.table, [*COLUMNS, ("note", "string")])
    newer = lake.file("newer", [{"id": 9, "note": "n"}], schema=schema)
    Committer(lake.database.catalog).commit(
        lake.identifier, "newer", lambda _: Change(added=[newer], schema=schema)
    )
    keep()
    assert len(live_files(lake.table)) == 1
    notes = lake.table.scan().to_arrow().select(["id", "note"]).to_pylist()
    assert sorted((r["id"], r["note"]) for r in notes) == [(n, None) for n in range(5)] + [(9, "n")]


def test_what_a_kept_snapshot_reaches_stays_and_all_else_goes(
    aws: SmallAws, lake: SmallLake, keep: Keeper
) -> None:
    filled(lake)
    old = lake.table
    keep()
    lake.file("never-committed", [row(99)])
    dead = f"{lake.name}/year=2026/month=01/day=15/never-committed.parquet"
    [kept] = keep()
    assert kept.leftovers.objects == 0, "what is young may be about to be committed"
    assert dead in keys(aws)

    [kept] = keep(after=timedelta(hours=25))
    assert kept.leftovers.objects >= 1
    assert dead not in keys(aws)
    assert len(rows_at(old)) == 12, "a reader that has begun goes on"

    [kept] = keep(after=timedelta(days=KEPT_DAYS + 2))
    assert kept.snapshots
    [kept] = keep(after=timedelta(days=KEPT_DAYS + 4))
    used = {location.removeprefix(f"s3://{CURATED}/") for location in reachable(lake.table)}
    assert keys(aws) == used
    assert len(lake.rows()) == 12


def rows_at(table: Any) -> list[Any]:
    """Of a table as it was."""
    return list(
        StaticTable.from_metadata(
            table.metadata_location,
            dict(table.io.properties) | {"py-io-impl": "iceberg.storage.S3FileIO"},
        )
        .scan()
        .to_arrow()
        .to_pylist()
    )


def test_what_waits_at_the_gate_is_not_removed_however_old(
    aws: SmallAws, lake: SmallLake, keep: Keeper
) -> None:
    filled(lake, loads=1)
    lake.file("waiting", [row(7)])
    key = f"{lake.name}/year=2026/month=01/day=15/waiting.parquet"
    refresh = Refresh(
        model=f"table/{lake.name}",
        refresh_id="r",
        definition="d",
        seen={},
        code_version="c",
        made_at="2026-01-15T10:00:00+00:00",
        table=lake.name,
        days=(DayWrite(day="2026-01-15", files=(StagedFile(key=key, rows=1, values=5),)),),
    )
    ledger = RefreshLedger(aws.tables.Table(STATE))
    assert ledger.stage(refresh.model, refresh.save(ASSETS))
    keep(after=timedelta(days=20))
    assert key in keys(aws)
    ledger.unstage(refresh.model, refresh.key)
    keep(after=timedelta(days=20))
    assert key not in keys(aws)


@pytest.mark.slow
def test_a_file_that_is_replaced_meanwhile_is_left_to_the_next_run(
    lake: SmallLake, keep: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(lake, days=("14", "15"))
    gone = next(f for f in live_files(lake.table) if "/day=15/" in f.file_path)
    published = publish

    def first_somebody_else(*given: Any) -> Any:
        with suppress(Exception):
            Committer(lake.database.catalog).commit(
                lake.identifier, "faster", lambda _: Change(removed=[gone])
            )
        return published(*given)

    monkeypatch.setattr(module, "publish", first_somebody_else)
    [kept] = keep()
    assert (kept.files_before, kept.files_after) == (6, 1), "the other day was merged"
    assert len(lake.rows()) == 11
    monkeypatch.setattr(module, "publish", published)
    [kept] = keep()
    assert (kept.files_before, kept.files_after) == (5, 1)
    assert len(lake.rows()) == 11


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_call_loses_nothing_and_leaves_nothing(
    aws: SmallAws, lake: SmallLake, keep: Keeper
) -> None:
    filled(lake)
    before = lake.rows()
    for limit in range(200):
        with killed_at_call(limit) as calls, suppress(Killed):
            keep(after=timedelta(hours=25))
        assert lake.rows() == before, limit
        if len(calls) < limit:
            break
    keep(after=timedelta(days=KEPT_DAYS + 2))
    keep(after=timedelta(days=KEPT_DAYS + 4))
    used = {location.removeprefix(f"s3://{CURATED}/") for location in reachable(lake.table)}
    assert keys(aws) == used
    assert lake.rows() == before


@pytest.mark.slow
def test_loads_go_on_beside_it(lake: SmallLake, keep: Keeper) -> None:
    filled(lake)
    stop = threading.Event()
    loaded: list[int] = []

    def load() -> None:
        while not stop.is_set() and len(loaded) < 30:
            number = 100 + len(loaded)
            lake.append(f"load-{number}", [lake.file(f"load-{number}", [row(number)])])
            loaded.append(number)

    writer = threading.Thread(target=load)
    writer.start()
    try:
        for _ in range(2):
            keep(after=timedelta(hours=23))
    finally:
        stop.set()
        writer.join()
    assert loaded
    assert [found[0] for found in lake.rows()] == sorted([*range(6), *range(6), *loaded], key=repr)


def test_a_table_that_cannot_be_kept_keeps_no_other_back(
    aws: SmallAws, lake: SmallLake, keep: Keeper
) -> None:
    filled(lake)
    aws.glue.create_table(
        DatabaseName=CURATED,
        TableInput={
            "Name": "broken",
            "Parameters": {"table_type": "ICEBERG", "metadata_location": f"s3://{CURATED}/none"},
        },
    )
    with pytest.raises(LakeError, match=r"table curated\.broken: .*none"):
        keep()
    assert len(live_files(lake.table)) == 2
    recorded = client("dynamodb").scan(TableName=RUNS)["Items"][0]
    assert recorded["files_merged"] == {"N": "12"}

"""Damages of each class, in both directions: exactly those are found, and repaired once."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterable
from copy import deepcopy
from datetime import timedelta
from itertools import combinations, count, permutations, product
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyiceberg.manifest import DataFile

from iceberg.commits import COMMIT_ID
from lake.publishing.loads_in_files import LOADS
from operations.progress import Progress
from operations.reconciling import table_files
from operations.reconciling.reconcile import Limits, reconcile
from operations.reconciling.report import Finding, Kind, Report
from tests.operations.conftest import NewEstate
from tests.operations.damages import Damaged, Told, place_of
from tests.operations.estates import Killed, SmallEstate
from wires.layout import SUPERSEDED, compacted_folder, refresh_records, table_model
from wires.load_ledger import LoadState
from wires.object_ledger import ObjectStatus
from wires.refresh_ledger import RefreshLedger
from wires.routes import CHECKS_PREFIX


def report_of(small: SmallEstate, *, repair: bool = False, later: bool = True) -> Report:
    now: dict[str, Any] = {"now": lambda: small.now} if later else {}
    return reconcile(small.environment, small.session(), repair=repair, progress=Progress(), **now)


def found(report: Report) -> set[Told]:
    assert all(n == len(report.examples[kind]) for kind, n in report.counts.items())
    return {(kind, one.what) for kind in Kind for one in report.examples[kind]}


@pytest.fixture
def whole(small: SmallEstate) -> Damaged:
    """An estate where nothing is wrong."""
    made = Damaged(small)
    made.make_whole()
    return made


def test_an_estate_that_is_whole_is_clean(whole: Damaged) -> None:
    report = report_of(whole.small)
    assert found(report) == set()
    assert report.is_clean
    assert list(report.lines()) == ["dev: uploads, ledgers, tables and files agree"]


@pytest.mark.parametrize("damage", sorted(Damaged.DAMAGES))
@pytest.mark.few(3)
def test_a_damage_is_found_and_repaired_once_or_told_again(whole: Damaged, damage: str) -> None:
    expected = whole.damage(damage)
    can_be_repaired = Damaged.DAMAGES[damage].can_be_repaired
    report = report_of(whole.small)
    assert found(report) == {expected}
    told = report.to_json()["classes"][expected[0].value]
    assert (told["count"], told["repaired"]) == (1, 0)
    assert told["examples"][0]["can_be_repaired"] is can_be_repaired
    check_repair(
        whole, {expected} if can_be_repaired else set(), set() if can_be_repaired else {expected}
    )


def check_repair(made: Damaged, repairable: set[Told], others: set[Told]) -> None:
    """What can be repaired is; what cannot is told again; a second repair changes nothing."""
    small = made.small
    report = report_of(small, repair=True)
    assert found(report) == repairable | others
    assert sum(report.repaired.values()) == len(repairable)
    small.work()
    assert found(report_of(small)) == others
    before = small.items(), made.tags()
    report_of(small, repair=True)
    assert small.taken(small.estate.uploads_queue) == []
    assert (small.items(), made.tags()) == before


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.in_turn(8)
@pytest.mark.slow
def test_of_any_damages_exactly_those_are_found_and_repaired(small: SmallEstate, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    made = Damaged(small)
    made.make_whole(loads=chance.randint(1, 4))
    done = chance.choices(sorted(Damaged.DAMAGES), k=chance.randint(2, 12))
    told = [(made.damage(name), Damaged.DAMAGES[name].can_be_repaired) for name in done]
    expected = {one for one, _ in told}
    assert found(report_of(small)) == expected, done
    repairable = {one for one, can_be_repaired in told if can_be_repaired}
    check_repair(made, repairable, expected - repairable)


@pytest.mark.parametrize("step", [37, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_a_repair_that_is_killed_after_any_call_is_made_up_for_by_another(
    estates: NewEstate, step: int
) -> None:
    for place in count(1, step):
        with estates() as small:
            made = Damaged(small)
            made.make_whole(loads=1)
            told = {made.damage(name) for name in REPAIRED_BY_CALLS}
            session, calls = small.killed_session(place)
            estate = small.environment
            try:
                reconcile(estate, session, repair=True, progress=Progress(), now=lambda: small.now)
            except Killed:
                small.work()
                report_of(small, repair=True)
                small.work()
                assert found(report_of(small)) == set(), calls[-1]
                under_way = [key for keys in small.open_manifests() for key in keys]
                assert len(under_way) == len(set(under_way))
            else:
                assert len(told) == len(REPAIRED_BY_CALLS)
                return


REPAIRED_BY_CALLS = (
    "an upload that nobody knows",
    "an upload whose load was withdrawn",
    "an upload that runs in a load that was given up after its commit",
    "a load without a run",
    "a file that nobody has committed",
)


def test_what_is_young_is_left_alone(whole: Damaged) -> None:
    """An event, a dispatcher and a commit may be on their way."""
    for damage in ("an upload that nobody knows", "a file that nobody has committed"):
        whole.damage(damage)
    assert report_of(whole.small, later=False).is_clean


def test_a_run_that_works_on_a_load_keeps_it_and_its_uploads(whole: Damaged) -> None:
    small = whole.small
    version = small.registered("at-work.csv", ObjectStatus.PENDING)
    load_id = small.load([version], LoadState.RUNNING)
    small.end(version, ObjectStatus.RUNNING, load_id=load_id)
    assert report_of(small).is_clean
    small.end_run(load_id, "SUCCEEDED")
    assert found(report_of(small)) == {(Kind.STUCK, f"load {load_id}")}


def test_files_that_wait_at_the_gate_are_nobodys_leftovers(whole: Damaged) -> None:
    small = whole.small
    path = whole.curated.file("daily", "any").file_path
    _, key = place_of(path)
    assert found(report_of(small)) == {(Kind.UNUSED, path)}
    record = f"{refresh_records('table/daily', 'r1')}x.json"
    small.s3.put_object(
        Bucket=small.names.assets_bucket,
        Key=record,
        Body=json.dumps({"days": [{"day": "", "files": [{"key": key}]}]}).encode(),
    )
    state = small.estate.table(small.names.state_table)
    RefreshLedger(state).stage(table_model("daily"), record)
    assert report_of(small).is_clean


def test_files_of_a_refresh_that_nobody_knows_any_more_are_left(whole: Damaged) -> None:
    whole.curated.file("daily", "any")
    expected = whole.damage("a refresh whose record is deleted")
    assert found(report_of(whole.small, repair=True)) == {expected}


def test_loads_in_a_merged_file_are_known_after_their_snapshots_have_expired(
    whole: Damaged,
) -> None:
    small, lake = whole.small, whole.processed
    before = whole.live("orders")
    loads = {load: [1, 1] for load in whole.loads["orders"]}
    table = lake.made("orders")
    _, folder = place_of(f"{table.location()}/")
    key = f"{compacted_folder(folder, ('2026', '01', '15'), 'jr_9')}part-0.snappy.parquet"
    body = io.BytesIO()
    content = pq.read_table(io.BytesIO(whole.body(before[0].file_path)))
    told = {**(content.schema.metadata or {}), table_files.LOADS: json.dumps(loads).encode()}
    # The loads are told in the footer, and the ids of the columns stay.
    pq.write_table(content.replace_schema_metadata(told), body)
    small.s3.put_object(Bucket=lake.bucket, Key=key, Body=body.getvalue())
    merged = moved(before[0], f"s3://{lake.bucket}/{key}", len(body.getvalue()))
    lake.replace("orders", "compaction-1", before, merged)
    whole.forget_snapshots("orders")
    # What expired is for maintenance, which runs daily.
    report = report_of(small)
    assert report.counts[Kind.GONE] == 0
    assert report.counts[Kind.UNUSED] == len(before)


def moved(file: DataFile, path: str, size: int) -> DataFile:
    """The entry for a file elsewhere."""
    made = deepcopy(file)
    # PyIceberg lets nobody set these by name.
    made[1], made[5] = path, size
    assert (made.file_path, made.file_size_in_bytes) == (path, size)
    return made


def test_the_key_of_merged_files_is_the_one_that_maintenance_writes() -> None:
    assert (table_files.LOADS, table_files.COMMIT_ID) == (LOADS, COMMIT_ID)


def test_tables_of_health_checks_are_left_out(whole: Damaged) -> None:
    """They come and go while others are compared."""
    small, dataset = whole.small, f"{CHECKS_PREFIX}files_1"
    for name in (dataset, f"{CHECKS_PREFIX}files_2"):
        whole.published(name)
    path = whole.processed.file(dataset, "any").file_path
    for file in (path, whole.live(dataset)[0].file_path):
        bucket, key = place_of(file)
        small.s3.delete_object(Bucket=bucket, Key=key)
    small.glue.delete_table(
        DatabaseName=small.names.processed_database, Name=f"{CHECKS_PREFIX}files_2"
    )
    assert report_of(small).is_clean


def test_the_same_findings_have_the_same_fingerprint_in_any_order() -> None:
    findings = [
        Finding(kind=kind, what=what, detail=f"seen at {n}")
        for n, (kind, what) in enumerate(product((Kind.UNKNOWN, Kind.STUCK), ("a", "b", "\ud800")))
    ]
    prints = {fingerprint_of(one) for one in permutations(findings, len(findings))}
    assert len(prints) == 1
    assert "" not in prints
    others = {fingerprint_of(one) for one in combinations(findings, len(findings) - 1)}
    assert len(others) == len(findings)
    assert not others & prints
    assert fingerprint_of([]) == ""


def fingerprint_of(findings: Iterable[Finding]) -> str:
    report = Report(environment="dev", at="now")
    for finding in findings:
        report.add(finding)
    return report.fingerprint


def test_superseded_files_are_left_to_the_lifecycle(whole: Damaged) -> None:
    _, path = whole.damage("a file that nobody has committed")
    bucket, key = place_of(path)
    whole.small.s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=SUPERSEDED)
    assert report_of(whole.small).is_clean


def test_a_count_is_of_all_and_examples_are_few(whole: Damaged) -> None:
    for _ in range(3):
        whole.damage("an upload that nobody knows")
    small = whole.small
    report = reconcile(
        small.environment,
        small.session(),
        limits=Limits(examples=2, older_than=timedelta(minutes=1)),
        now=lambda: small.now,
    )
    assert report.counts[Kind.UNKNOWN] == 3
    assert len(report.examples[Kind.UNKNOWN]) == 2
    assert any("and more" in line for line in report.lines())

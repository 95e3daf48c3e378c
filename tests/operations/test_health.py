"""Health checks beside ledgers in every state: what they say, and what they leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from operations.errors import CheckFailed
from operations.health import stub
from operations.health.check import KEPT_FOR, ROUTES, Timeout, check_health
from operations.health.report import HealthReport, RouteHealth
from operations.health.route_check import RouteCheck
from operations.health.standing import Course, Standing, Step
from operations.health.traces import Traces
from operations.recovery.estate import Estate
from tests.operations.conftest import NewEstate
from tests.operations.estates import UPLOADED, Killed, SmallEstate
from wires.check_ledger import CheckLedger, CheckNote
from wires.layout import (
    QUARANTINED_OBJECTS,
    content_claim,
    dataset_owner,
    load_folder,
    quarantined_object,
    quarantined_rows_of_dataset,
)
from wires.load_ledger import LoadState
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus
from wires.quarantine import REASON
from wires.routes import CHECKS_PREFIX, Route

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
AT_ONCE = Timeout(seconds=0, pause=0)
DATASET = f"{CHECKS_PREFIX}files_0123456789ab"


def say(_: str) -> None:
    """Nobody listens."""


def checked(small: SmallEstate, *, at: datetime = NOW, session: Any = None) -> HealthReport:
    """What a check says that does not wait."""
    return check_health(
        small.environment,
        session or small.session(),
        say=say,
        timeout=AT_ONCE,
        now=lambda: at,
    )


def notes(small: SmallEstate) -> list[CheckNote]:
    return list(CheckLedger(small.estate.table(small.names.state_table)).all_notes())


def traces_of(small: SmallEstate, *datasets: str) -> list[str]:
    """Whatever of these datasets is anywhere, but for what is known of loads and runs."""
    s3, names = small.s3, small.names
    versions = s3.list_object_versions(Bucket=names.raw_bucket)
    found = [one["Key"] for kind in ("Versions", "DeleteMarkers") for one in versions.get(kind, ())]
    for bucket in (names.processed_bucket, names.quality_bucket):
        listed = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
        found += [one["Key"] for one in listed]
    tables = small.glue.get_tables(DatabaseName=names.processed_database)["TableList"]
    found += [table["Name"] for table in tables]
    found += [entry["key"] for entry in small.objects.all_objects()]
    found += [str(item) for item in small.estate.table(names.state_table).scan()["Items"]]
    return [one for one in found if any(dataset in one for dataset in datasets)]


@pytest.fixture
def check(small: SmallEstate) -> RouteCheck:
    """A check of the files route whose upload has just been made."""
    return begun(small)


def begun(small: SmallEstate) -> RouteCheck:
    note = CheckNote(dataset=DATASET, key=f"{DATASET}/stub.csv", begun_at=NOW)
    traces = Traces(small.estate, note)
    version = traces.upload(stub.CSV)
    return RouteCheck(estate=small.estate, route=Route.FILES, traces=traces, version_id=version)


def version_of(check: RouteCheck) -> ObjectVersion:
    return ObjectVersion(
        key=check.key, version_id=check.version_id, size=len(stub.CSV), uploaded_at=UPLOADED
    )


def register(small: SmallEstate, check: RouteCheck, **facts: Any) -> ObjectVersion:
    version = version_of(check)
    small.objects.register(small.names.raw_bucket, version, registered_at=UPLOADED, **facts)
    return version


def publish(small: SmallEstate, check: RouteCheck, **changes: Any) -> str:
    version = register(small, check)
    load_id = small.load([version], LoadState.PUBLISHED)
    facts = {
        "status": ObjectStatus.PUBLISHED,
        "dataset": check.dataset,
        "rows_in": 3,
        "rows_published": 3,
        **changes,
    }
    outcome = ObjectOutcome(key=version.key, version_id=version.version_id, **facts)
    small.objects.finish(outcome, load_id=load_id, finished_at=UPLOADED)
    return load_id


def test_an_upload_that_nobody_registers_leads_to_the_queue_and_the_function(
    small: SmallEstate, check: RouteCheck
) -> None:
    stands = check.look()
    assert (stands.step, stands.course) == (Step.REGISTERING, Course.GOES_ON)
    assert stands.said == "is not registered"
    assert small.names.uploads_queue in stands.look_at
    assert small.names.trigger_function in stands.look_at


def test_an_upload_that_waits_leads_to_what_would_be_started(
    small: SmallEstate, check: RouteCheck
) -> None:
    register(small, check)
    stands = check.look()
    assert (stands.step, stands.course) == (Step.WAITING, Course.GOES_ON)
    assert "pending" in stands.said
    assert "file-processor" in stands.look_at


def test_an_upload_in_a_load_is_told_with_the_load_and_what_its_run_does(
    small: SmallEstate, check: RouteCheck
) -> None:
    version = register(small, check)
    load_id = small.load([version], LoadState.RUNNING)
    small.end(version, ObjectStatus.RUNNING, load_id=load_id)
    stands = check.look()
    assert (stands.step, stands.course) == (Step.LOADING, Course.GOES_ON)
    assert f"running in load {load_id}" in stands.said
    assert "attempt 1" in stands.said
    small.end_run(load_id)
    assert "has ended as FAILED" in check.look().said


def test_a_load_that_is_tried_again_says_why(small: SmallEstate, check: RouteCheck) -> None:
    version = register(small, check)
    load_id = small.load([version], LoadState.RUNNING)
    small.end(version, ObjectStatus.RUNNING, load_id=load_id)
    small.loads.retry(small.loads.get(load_id), reason="no memory")
    assert "attempt 2" in check.look().said
    assert "the attempt before failed: no memory" in check.look().said


def test_a_refused_upload_is_told_with_its_reason(small: SmallEstate, check: RouteCheck) -> None:
    register(small, check, status=ObjectStatus.REJECTED, reason="not a CSV")
    stands = check.look()
    assert (stands.step, stands.course) == (Step.DECIDING, Course.WRONG)
    assert stands.said == "ended rejected: not a CSV"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"dataset": "orders"}, "a contract in config/datasets claims keys"),
        ({"rows_published": 2, "rows_quarantined": 1}, "2 published and 1 quarantined"),
        ({"status": ObjectStatus.FAILED, "reason": "gave up"}, "ended failed: gave up"),
    ],
)
def test_a_ledger_that_says_otherwise_is_wrong(
    small: SmallEstate, check: RouteCheck, changes: dict[str, Any], said: str
) -> None:
    publish(small, check, **changes)
    stands = check.look()
    assert stands.course is Course.WRONG
    assert said in stands.said


def test_a_published_upload_without_a_table_is_wrong(small: SmallEstate, check: RouteCheck) -> None:
    publish(small, check)
    stands = check.look()
    assert (stands.step, stands.course) == (Step.TABLE, Course.WRONG)
    assert "cannot be read" in stands.said
    assert "EntityNotFoundException" in stands.said


def test_both_routes_are_told_side_by_side(small: SmallEstate) -> None:
    report = checked(small)
    assert [one.route for one in report.routes] == list(ROUTES)
    assert not report.is_healthy
    files, layered = report.routes
    assert files.key.startswith(f"{CHECKS_PREFIX}files_")
    assert layered.key.startswith(f"data/incoming/2026/11/30/{CHECKS_PREFIX}layered_")
    with pytest.raises(CheckFailed) as failed:
        report.demand_health()
    for one in report.routes:
        assert f"{one.route}: {one.key} still is not registered" in str(failed.value)
    told = report.facts()["health"]
    assert {route: one["failed"] for route, one in told.items()} == {"files": 1, "layered": 1}


def test_a_route_that_is_healthy_and_one_that_is_not_are_both_told() -> None:
    well = Standing(step=Step.TABLE, said="table t is as it should be", course=Course.WELL)
    wrong = Standing(step=Step.DECIDING, said="ended failed: x", look_at="y", course=Course.WRONG)
    report = HealthReport(
        environment="dev",
        at="2026",
        routes=[
            RouteHealth(route=Route.FILES, key="a", seconds=70, standing=well),
            RouteHealth(route=Route.LAYERED, key="b", seconds=90, standing=wrong),
        ],
    )
    assert list(report.lines()) == [
        "files: healthy after 70 s, table t is as it should be",
        "layered: b ended failed: x (step deciding, after 90 s). Look at y.",
    ]
    with pytest.raises(CheckFailed, match=r"^dev is not healthy. layered: b ended"):
        report.demand_health()


def test_a_check_that_has_ended_badly_leaves_nothing_but_the_history(small: SmallEstate) -> None:
    check = begun(small)
    load_id = publish(small, check, rows_published=2)
    everything_about(small, check)
    check.traces.remove()
    check.traces.forget()
    assert traces_of(small, DATASET) == [f"{check.key}.more"]
    assert small.loads.get(load_id).state is LoadState.PUBLISHED


def everything_about(small: SmallEstate, check: RouteCheck, *, of_others: bool = True) -> None:
    """Traces of every kind, and beside each one of somebody else."""
    names, s3 = small.names, small.s3
    for dataset in (check.dataset, "orders") if of_others else (check.dataset,):
        key = f"{load_folder(dataset, ('2026', '11', '30'), 'l1')}part-0.parquet"
        s3.put_object(Bucket=names.processed_bucket, Key=key, Body=b"1")
        rows = f"{quarantined_rows_of_dataset(dataset)}part-0.json"
        s3.put_object(Bucket=names.quality_bucket, Key=rows, Body=b"{}")
        small.glue.create_table(DatabaseName=names.processed_database, TableInput={"Name": dataset})
        owner = {**dataset_owner(dataset), "owner": f"{dataset}/"}
        small.estate.table(names.state_table).put_item(Item=owner)
    claim = content_claim(check.key, "0123")
    small.estate.table(names.objects_table).put_item(Item={**claim, "first": "v"})
    s3.delete_object(Bucket=names.raw_bucket, Key=check.key)
    if of_others:
        s3.put_object(Bucket=names.raw_bucket, Key=f"{check.key}.more", Body=b"1")


def test_what_others_have_stays(small: SmallEstate) -> None:
    check = begun(small)
    publish(small, check)
    everything_about(small, check)
    before = traces_of(small, "orders", f"{check.key}.more")
    assert len(before) == 5
    check.traces.remove()
    assert traces_of(small, "orders", f"{check.key}.more") == before


def test_the_copy_of_a_refused_upload_goes_with_its_reason(small: SmallEstate) -> None:
    check = begun(small)
    register(small, check, status=ObjectStatus.REJECTED, reason="not a CSV")
    version = version_of(check)
    copy = quarantined_object(version.key, version.version_id, version.uploaded_on)
    for key in (copy, f"{copy}{REASON}", f"{QUARANTINED_OBJECTS}2026/11/30/0-of_others"):
        small.s3.put_object(Bucket=small.names.quality_bucket, Key=key, Body=b"1")
    check.traces.remove()
    left = small.s3.list_objects_v2(Bucket=small.names.quality_bucket)["Contents"]
    assert [one["Key"] for one in left] == [f"{QUARANTINED_OBJECTS}2026/11/30/0-of_others"]


def test_an_upload_that_has_not_ended_is_kept_to_be_looked_into(small: SmallEstate) -> None:
    report = checked(small)
    kept = [note.key for note in notes(small)]
    assert sorted(kept) == sorted(one.key for one in report.routes)
    again = checked(small, at=NOW + KEPT_FOR - timedelta(minutes=1))
    assert again.leftovers == []
    assert len(notes(small)) == 4


def test_a_later_check_removes_what_has_been_left_and_forgets_it_when_nothing_was_there(
    small: SmallEstate,
) -> None:
    first = checked(small)
    datasets = sorted(note.dataset for note in notes(small))
    for one in first.routes:
        register_by_event(small, one.key)
    assert len(traces_of(small, *datasets)) > 4
    second = checked(small, at=NOW + KEPT_FOR)
    assert sorted(second.leftovers) == datasets
    # Their notes stay for what an event may yet make that comes late.
    assert len(traces_of(small, *datasets)) == len(datasets)
    third = checked(small, at=NOW + KEPT_FOR + timedelta(minutes=1))
    assert third.leftovers == []
    assert traces_of(small, *datasets) == []


def register_by_event(small: SmallEstate, key: str) -> None:
    (listed,) = small.s3.list_object_versions(Bucket=small.names.raw_bucket, Prefix=key)["Versions"]
    version = ObjectVersion(
        key=key, version_id=listed["VersionId"], size=listed["Size"], uploaded_at=UPLOADED
    )
    small.receive(small.event(version))


@pytest.mark.parametrize("act", ["check", "removal"])
@pytest.mark.slow
def test_a_check_that_is_killed_after_any_call_is_cleaned_up_by_a_later_one(
    estates: NewEstate, act: str
) -> None:
    for place in count(1):
        with estates() as small:
            session, calls = small.killed_session(place)
            try:
                if act == "check":
                    checked(small, session=session)
                else:
                    removed_by(small, session)
            except Killed:
                datasets = {note.dataset for note in notes(small)}
                checked(small, at=NOW + KEPT_FOR)
                checked(small, at=NOW + KEPT_FOR)
                mine = traces_of(small, CHECKS_PREFIX)
                later = {note.dataset for note in notes(small)}
                assert not datasets & later, calls[-1]
                # Each trace is of one of the later checks.
                assert all(any(dataset in one for dataset in later) for one in mine), calls[-1]
            else:
                assert place > 5
                return


def removed_by(small: SmallEstate, session: Any) -> None:
    check = begun(small)
    publish(small, check)
    everything_about(small, check, of_others=False)
    Traces(Estate(small.environment, session), check.traces.note).remove()


def test_each_step_of_a_removal_is_tried_and_those_that_fail_are_named(
    small: SmallEstate,
) -> None:
    check = begun(small)
    publish(small, check)
    everything_about(small, check)
    session = small.session()

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "DeleteTable")

    session.events.register("before-call.glue.DeleteTable", refuse)
    traces = Traces(Estate(small.environment, session), check.traces.note)
    with pytest.raises(CheckFailed, match=r"there is still the table \(AccessDenied\)$"):
        traces.remove()
    left = [one for one in traces_of(small, DATASET) if one != f"{check.key}.more"]
    # Its table, and the note of it.
    assert len(left) == 2

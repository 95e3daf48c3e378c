"""A start that is refused costs its load a pause, and nobody else anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from infra_app.lambdas.trigger.starting import JobStarter
from tests.aws import ASSETS, JOB, RAW, STATE, SmallAws
from tests.trigger.platforms import TICK, Platform, failing
from wires.layout import manifest_key
from wires.load_ledger import Load, LoadState
from wires.object_ledger import ObjectLedger
from wires.refusals import RefusalKind

START = "StartJobRun"
NO_ANSWER = ReadTimeoutError(endpoint_url="https://glue")
ANSWERS: list[tuple[Exception | str, int, RefusalKind]] = [
    ("EntityNotFoundException", 400, RefusalKind.MISSING),
    ("AccessDeniedException", 400, RefusalKind.DENIED),
    ("OperationTimeoutException", 400, RefusalKind.UNAVAILABLE),
    ("InternalServiceException", 500, RefusalKind.UNAVAILABLE),
    ("Strange", 503, RefusalKind.UNAVAILABLE),
    ("InvalidInputException", 400, RefusalKind.INVALID),
    ("NeverHeardOf", 400, RefusalKind.INVALID),
    (EndpointConnectionError(endpoint_url="https://glue"), 0, RefusalKind.UNAVAILABLE),
    (NO_ANSWER, 0, RefusalKind.UNAVAILABLE),
    (ZeroDivisionError("a bug"), 0, RefusalKind.UNEXPECTED),
]
OF_THE_JOB = [answer for answer in ANSWERS if answer[2].is_of_the_job]
OF_A_LOAD = [answer for answer in ANSWERS if not answer[2].is_of_the_job]


def named(answers: list[tuple[Exception | str, int, RefusalKind]]) -> pytest.MarkDecorator:
    names = [a if isinstance(a, str) else type(a).__name__ for a, _, _ in answers]
    return pytest.mark.parametrize(("answer", "status", "kind"), answers, ids=names)


def holds(platform: Platform, key: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a start is for the load that has an object."""

    def of_the_load(request: Mapping[str, Any]) -> bool:
        load_id = json.loads(request["body"])["Arguments"]["--load_id"]
        body = platform.aws.body(ASSETS, manifest_key(load_id))
        return key in [item["key"] for item in json.loads(body)["objects"]]

    return of_the_load


def kind_of(load: Load) -> RefusalKind | None:
    return load.refusal.kind if load.refusal else None


def subjects(aws: SmallAws) -> list[str]:
    return [message["Subject"] for message in aws.announcements()]


@pytest.fixture
def platform(aws: SmallAws) -> Platform:
    return Platform(aws, runs_at_once=50, max_concurrent_runs=50)


@named(ANSWERS)
@pytest.mark.few(4)
def test_a_refusal_is_kept_with_its_load_and_uses_up_no_attempt(
    platform: Platform, answer: Exception | str, status: int, kind: RefusalKind
) -> None:
    with failing(platform.trigger.runs.glue, START, answer, status=status):
        assert platform.receive(platform.upload("a.csv")) == []
    load = platform.open_load()
    assert (load.state, load.attempt) == (LoadState.READY, 1)
    assert load.refusal is not None
    assert (load.refusal.kind, load.refusal.times) == (kind, 1)
    told = answer if isinstance(answer, str) else type(answer).__name__
    assert told in load.reason
    platform.minutes = 2
    platform.receive(TICK)
    load = platform.open_load()
    assert (load.state, load.attempt, load.refusal) == (LoadState.RUNNING, 1, None)
    [run] = platform.glue_runs()
    assert run.arguments["--attempt"] == "1"


def test_a_refused_load_is_tried_again_when_its_pause_is_over(platform: Platform) -> None:
    with failing(platform.trigger.runs.glue, START, "InvalidInputException") as calls:
        platform.receive(platform.upload("a.csv"))
        tried = []
        for minute in range(1, 9):
            before = len(calls)
            platform.minutes = minute + 0.1
            platform.receive(TICK)
            tried += [minute] * (len(calls) - before)
    assert tried == [1, 3, 7]


@named(OF_A_LOAD)
def test_other_loads_pass_one_that_is_refused(
    platform: Platform, answer: Exception | str, status: int, kind: RefusalKind
) -> None:
    glue = platform.trigger.runs.glue
    with failing(glue, START, answer, status=status, when=holds(platform, "bad.csv")) as calls:
        platform.receive(platform.upload("bad.csv"))
        for number in range(3):
            platform.receive(platform.upload(f"good/{number}.csv"))
    assert len(calls) == 1
    assert len(platform.glue_runs()) == 3
    assert kind_of(platform.open_load_of("bad.csv")) is kind


def test_one_that_is_new_passes_many_that_are_refused_again_and_again(platform: Platform) -> None:
    glue = platform.trigger.runs.glue
    bad = [f"bad/{number}.csv" for number in range(5)]

    def is_bad(request: Mapping[str, Any]) -> bool:
        return any(holds(platform, key)(request) for key in bad)

    with failing(glue, START, "InvalidInputException", when=is_bad) as calls:
        for key in bad:
            platform.receive(platform.upload(key))
        platform.minutes = 30
        before = len(calls)
        platform.receive(platform.upload("good.csv"))
        assert len(calls) == before + 1
    assert len(platform.glue_runs()) == 1


@named(OF_THE_JOB)
@pytest.mark.few(3)
def test_what_concerns_the_job_is_asked_once_and_what_waits_becomes_few_runs(
    platform: Platform, answer: Exception | str, status: int, kind: RefusalKind
) -> None:
    with failing(platform.trigger.runs.glue, START, answer, status=status) as calls:
        for number in range(8):
            platform.receive(platform.upload(f"{number}.csv"), TICK)
    assert len(calls) == 1
    assert kind_of(platform.open_load()) is kind
    assert sorted(platform.statuses().values()) == ["pending"] * 7 + ["running"]
    platform.minutes = 5
    platform.receive(TICK)
    assert set(platform.statuses().values()) == {"running"}
    assert sorted(len(platform.manifest_of(run).objects) for run in platform.glue_runs()) == [1, 7]


@named(OF_THE_JOB)
@pytest.mark.few(3)
def test_of_many_loads_at_once_one_alone_asks(
    aws: SmallAws, answer: Exception | str, status: int, kind: RefusalKind
) -> None:
    platform = Platform(aws, objects_per_run=1, runs_at_once=50, max_concurrent_runs=50)
    with failing(platform.trigger.runs.glue, START, answer, status=status) as calls:
        platform.receive(*[platform.upload(f"{number}.csv") for number in range(10)])
    assert len(calls) == 1
    assert kind_of(platform.open_load()) is kind


def test_uploads_before_the_application_is_deployed_wait_for_it(aws: SmallAws) -> None:
    platform = Platform(aws, makes_job=False, runs_at_once=5)
    for minute in range(0, 40, 4):
        platform.minutes = minute
        assert platform.receive(platform.upload(f"{minute}.csv"), TICK) == []
    [alert] = aws.announcements()
    assert alert["Subject"] == f"Cannot go on: {JOB}"
    assert "Deploy the application" in alert["Message"]
    aws.glue.create_job(
        Name=JOB,
        Role="role",
        Command={"Name": "glueetl"},
        ExecutionProperty={"MaxConcurrentRuns": 5},
    )
    platform.minutes += 5
    platform.receive(TICK)
    assert set(platform.statuses().values()) == {"running"}
    assert subjects(aws) == [f"Goes on: {JOB}"]
    platform.receive(TICK)
    assert aws.announcements() == []


def test_many_loads_in_trouble_ring_once(aws: SmallAws) -> None:
    platform = Platform(aws, objects_per_run=1, runs_at_once=50, max_concurrent_runs=50)
    with failing(platform.trigger.runs.glue, START, "InvalidInputException") as calls:
        for minute in (0, 5, 6, 7, 12):
            platform.minutes = minute
            before = len(calls)
            platform.receive(*[platform.upload(f"{minute}/{n}.csv") for n in range(5)])
            assert len(calls) - before <= 3
    assert len(list(platform.loads.open_loads(RAW))) > 10
    assert subjects(aws) == [f"Cannot go on: {JOB}"]


def test_what_passes_soon_rings_nobody(aws: SmallAws, platform: Platform) -> None:
    with failing(platform.trigger.runs.glue, START, "InternalServiceException", status=500):
        platform.receive(platform.upload("a.csv"))
        platform.minutes = 9
        platform.receive(TICK)
    platform.minutes = 15
    platform.receive(TICK)
    assert platform.statuses() == {"a.csv": "running"}
    assert aws.announcements() == []


def test_a_run_that_started_without_an_answer_is_found_by_its_claim(platform: Platform) -> None:
    with failing(platform.trigger.runs.glue, START, NO_ANSWER, after=True):
        platform.receive(platform.upload("a.csv"))
    [run] = platform.glue_runs()
    assert platform.loads.claim(platform.open_load().load_id, attempt=1, run_id=run.job_run_id)
    platform.minutes = 2
    platform.receive(TICK)
    assert len(platform.glue_runs()) == 1
    load = platform.open_load()
    assert (load.state, load.run_id, load.refusal) == (LoadState.RUNNING, run.job_run_id, None)


def test_a_full_glue_is_no_refusal(aws: SmallAws) -> None:
    platform = Platform(aws, max_concurrent_runs=1)
    glue = platform.trigger.runs.glue
    with failing(glue, START, "InvalidInputException"):
        platform.receive(platform.upload("late.csv"))
    platform.receive(platform.upload("first.csv"))
    for minute in range(2, 20):
        platform.minutes = minute
        platform.receive(TICK)
    assert platform.open_load_of("late.csv").refusal is None
    assert platform.statuses() == {"first.csv": "running", "late.csv": "running"}
    assert len(platform.glue_runs()) == 1
    assert aws.announcements() == []


def upload_cut_off(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, of: type, step: str
) -> None:
    """Upload `a.csv`, whose dispatcher ends as it comes to a step."""

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(of, step, dies)
        with pytest.raises(KeyboardInterrupt):
            platform.receive(platform.upload("a.csv"))


def without_manifest(platform: Platform, load_id: str) -> bytes:
    key = manifest_key(load_id)
    body = platform.aws.body(ASSETS, key)
    platform.aws.s3.put_object(Bucket=ASSETS, Key=key, Body=b"damaged")
    return body


def test_a_load_whose_manifest_cannot_be_read_waits_alone(
    aws: SmallAws, platform: Platform
) -> None:
    with failing(platform.trigger.runs.glue, START, "InvalidInputException"):
        platform.receive(platform.upload("a.csv"))
    load_id = platform.open_load().load_id
    manifest = without_manifest(platform, load_id)
    for minute in (2, 4, 13):
        platform.minutes = minute
        platform.receive(TICK)
        at = datetime(2026, 1, 15, 11, minute).isoformat()  # noqa: DTZ001 - the text has the zone
        platform.receive(platform.upload(f"{minute}.csv", at=f"{at}Z"))
    assert len(platform.glue_runs()) == 3
    assert kind_of(platform.loads.get(load_id)) is RefusalKind.MANIFEST
    [alert] = aws.announcements()
    assert "manifest" in alert["Message"]
    aws.s3.put_object(Bucket=ASSETS, Key=manifest_key(load_id), Body=manifest)
    platform.minutes = 80
    platform.receive(TICK)
    assert len(platform.glue_runs()) == 4


def test_objects_of_a_load_that_nobody_can_read_come_into_no_second_one(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dispatcher was cut off before it marked them."""
    upload_cut_off(platform, monkeypatch, JobStarter, "start")
    load_id = platform.open_load().load_id
    manifest = without_manifest(platform, load_id)
    for minute in (1, 2, 9):
        platform.minutes = minute
        platform.receive(platform.upload(f"{minute}.csv", at=f"2026-01-15T11:0{minute}:00Z"))
    assert platform.statuses()["a.csv"] == "pending"
    assert len(platform.glue_runs()) == 3
    platform.aws.s3.put_object(Bucket=ASSETS, Key=manifest_key(load_id), Body=manifest)
    platform.minutes = 80
    platform.receive(TICK)
    loads = [run.arguments["--load_id"] for run in platform.glue_runs()]
    assert loads.count(load_id) == 1
    assert len(loads) == len(set(loads)) == 4


@pytest.fixture
def unmarked(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run whose dispatcher was cut off before it marked the load's object; it has claimed it,
    and failed."""
    upload_cut_off(platform, monkeypatch, ObjectLedger, "mark_running")
    [run] = platform.glue_runs()
    load = platform.open_load()
    assert platform.loads.claim(load.load_id, attempt=1, run_id=run.job_run_id)
    assert platform.statuses()["a.csv"] == "pending"
    run.status = "FAILED"
    return run


def loads_with(platform: Platform, key: str) -> list[str]:
    """Ids of the loads, each once, that were started with an object."""
    ids = dict.fromkeys(run.arguments["--load_id"] for run in platform.glue_runs())
    bodies = {one: json.loads(platform.aws.body(ASSETS, manifest_key(one))) for one in ids}
    return [one for one in ids if key in [item["key"] for item in bodies[one]["objects"]]]


def test_objects_of_a_load_whose_end_cannot_be_noted_come_into_no_second_one(
    platform: Platform, unmarked: Any
) -> None:
    with failing(platform.trigger.runs.glue, "GetJobRun", "AccessDeniedException"):
        platform.receive(platform.upload("b.csv", at="2026-01-15T11:00:00Z"))
    assert kind_of(platform.loads.get(unmarked.arguments["--load_id"])) is RefusalKind.SETTLING
    for minute in (10, 30):
        platform.minutes = minute
        platform.receive(TICK)
    assert loads_with(platform, "a.csv") == [unmarked.arguments["--load_id"]]
    assert len(loads_with(platform, "b.csv")) == 1
    assert platform.statuses()["a.csv"] == "running"


def test_a_load_that_was_tried_keeps_its_objects_while_glue_is_full(
    platform: Platform, unmarked: Any
) -> None:
    with failing(platform.trigger.runs.glue, START, "ConcurrentRunsExceededException"):
        platform.receive(TICK)
    assert platform.loads.get(unmarked.arguments["--load_id"]).attempt == 2
    assert platform.statuses()["a.csv"] == "running"


def test_objects_of_a_second_attempt_that_nobody_can_read_come_into_no_second_load(
    platform: Platform, unmarked: Any
) -> None:
    load_id = unmarked.arguments["--load_id"]
    manifest = without_manifest(platform, load_id)
    platform.receive(platform.upload("b.csv", at="2026-01-15T11:00:00Z"))
    assert platform.loads.get(load_id).attempt == 2
    assert platform.statuses() == {"a.csv": "pending", "b.csv": "running"}
    platform.aws.s3.put_object(Bucket=ASSETS, Key=manifest_key(load_id), Body=manifest)
    platform.minutes = 80
    platform.receive(TICK)
    assert loads_with(platform, "a.csv") == [load_id]


def test_an_end_that_cannot_be_noted_hinders_no_other(aws: SmallAws) -> None:
    platform = Platform(aws, objects_per_run=1, runs_at_once=5)
    platform.receive(platform.upload("a.csv"), platform.upload("b.csv"))
    first, second = platform.glue_runs()
    first.status = second.status = "FAILED"

    def of_the_first(request: Mapping[str, Any]) -> bool:
        return bool(json.loads(request["body"])["RunId"] == first.job_run_id)

    with failing(
        platform.trigger.runs.glue, "GetJobRun", "AccessDeniedException", when=of_the_first
    ):
        for minute in range(0, 16, 5):
            platform.minutes = minute
            platform.receive(TICK)
    attempts = {
        run.arguments["--load_id"]: run.arguments["--attempt"] for run in platform.glue_runs()
    }
    assert attempts[first.arguments["--load_id"]] == "1"
    assert attempts[second.arguments["--load_id"]] == "2"
    assert subjects(aws) == [f"Cannot go on: {JOB}"]
    platform.receive(TICK)
    attempts = {
        run.arguments["--load_id"]: run.arguments["--attempt"] for run in platform.glue_runs()
    }
    assert attempts[first.arguments["--load_id"]] == "2"
    assert subjects(aws) == [f"Goes on: {JOB}"]


def test_a_lineage_that_cannot_be_written_keeps_no_load_from_its_next_attempt(
    platform: Platform,
) -> None:
    platform.receive(platform.upload("a.csv"))
    [run] = platform.glue_runs()
    with failing(platform.trigger.registrar._s3, "PutObject", "AccessDenied", status=403):
        platform.receive(platform.end_run(run, "FAILED"))
    assert [run.arguments["--attempt"] for run in platform.glue_runs()] == ["1", "2"]


def test_a_load_of_a_job_that_no_route_has_hinders_no_other(
    aws: SmallAws, platform: Platform
) -> None:
    platform.receive(platform.upload("a.csv"))
    platform.loads._table.update_item(
        Key={"load_id": platform.open_load().load_id},
        UpdateExpression="SET job = :job",
        ExpressionAttributeValues={":job": "of-another-release"},
    )
    for minute in (0, 11):
        platform.minutes = minute
        platform.receive(platform.upload(f"{minute}.csv"))
    assert set(platform.statuses().values()) == {"running"}
    assert subjects(aws) == ["Cannot go on: of-another-release"]


def test_a_load_that_cannot_be_understood_hinders_no_other(platform: Platform) -> None:
    platform.receive(platform.upload("a.csv"))
    platform.loads._table.update_item(
        Key={"load_id": platform.open_load().load_id},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": "of another release"},
    )
    platform.receive(platform.upload("b.csv"))
    assert platform.statuses() == {"a.csv": "running", "b.csv": "running"}


def test_a_manifest_that_cannot_be_written_is_told_and_made_up_for(
    aws: SmallAws, platform: Platform
) -> None:
    s3 = platform.trigger.registrar._s3
    with failing(s3, "PutObject", "AccessDenied", status=403) as calls:
        for minute in range(14):
            platform.minutes = minute
            platform.receive(platform.upload(f"{minute}.csv"))
    assert len(calls) < 8
    assert subjects(aws) == [f"Cannot go on: {JOB}"]
    platform.minutes = 30
    platform.receive(TICK)
    assert set(platform.statuses().values()) == {"running"}
    assert subjects(aws) == [f"Goes on: {JOB}"]


def test_a_dispatcher_that_fails_as_a_whole_gives_no_message_back_and_tells_once(
    aws: SmallAws, platform: Platform
) -> None:
    table = platform.trigger.dispatcher.leases._table.meta.client

    def is_lease(request: Mapping[str, Any]) -> bool:
        return bool(json.loads(request["body"])["TableName"] == STATE)

    with failing(table, "PutItem", "AccessDeniedException", when=is_lease) as calls:
        for number in range(3):
            assert platform.receive(platform.upload(f"{number}.csv")) == []
    assert len(calls) == 3
    assert subjects(aws) == ["Dispatcher failed"]
    platform.receive(TICK)
    assert set(platform.statuses().values()) == {"running"}

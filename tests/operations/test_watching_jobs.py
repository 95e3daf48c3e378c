"""The jobs that look after an environment, under their roles in the local cloud."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.sns.models import sns_backends

from config.jobs import FILE_PROCESSOR, HEALTH_CHECK, RECONCILIATION, JobSpec
from local_cloud.health_command import health
from local_cloud.platform import Platform, configured, deployed
from operations.health import stub
from operations.health.check import KEPT_FOR
from operations.health.route_check import RouteCheck
from operations.health.standing import Course, Step
from operations.health.traces import Traces
from operations.progress import Progress
from operations.recovery.estate import Estate
from tests.local_cloud.backdating import backdate
from wires.check_ledger import CheckLedger, CheckNote
from wires.metrics import Metric
from wires.routes import CHECKS_PREFIX, Route

pytestmark = pytest.mark.slow
Item = dict[str, Any]


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with deployed("dev", progress=Progress()) as platform:
        yield platform


def run(platform: Platform, spec: JobSpec, **arguments: str) -> Item:
    """What the run ledger has of a run that has ended; the cloud works on meanwhile."""
    run_id = started(platform, spec, **arguments)
    platform.cloud.settle()
    return platform.runs.get(platform.names.job(spec), run_id)


def started(platform: Platform, spec: JobSpec, **arguments: str) -> str:
    spelled = {f"--{name}": value for name, value in arguments.items()}
    answer = platform.cloud.client("glue").start_job_run(
        JobName=platform.names.job(spec), Arguments=spelled
    )
    return str(answer["JobRunId"])


def estate_of(platform: Platform) -> Estate:
    """The estate as an administrator sees it."""
    told = platform.cloud.child_environment()
    session = boto3.Session(
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=told.get("AWS_SESSION_TOKEN"),
        region_name=platform.cloud.region,
    )
    return Estate(configured("dev"), _Reaching(session, platform.cloud.endpoint))


class _Reaching:
    """A session whose clients go to an endpoint."""

    def __init__(self, session: Any, endpoint: str) -> None:
        self._session, self._endpoint = session, endpoint

    def client(self, name: str) -> Any:
        return self._session.client(name, endpoint_url=self._endpoint)

    def resource(self, name: str) -> Any:
        return self._session.resource(name, endpoint_url=self._endpoint)


def measured(platform: Platform, name: Metric) -> list[Item]:
    """Lines with a metric in the logs of the functions, the last one at the end."""
    texts = [path.read_text(errors="replace") for path in platform.cloud.logs.glob("*.log")]
    lines = [line for text in texts for line in text.splitlines() if f'"{name.value}"' in line]
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return sorted(found, key=lambda line: int(line["_aws"]["Timestamp"]))


def alerts(platform: Platform) -> list[tuple[str, str]]:
    """Subjects and texts of everything that people were told so far."""
    names = platform.names
    topics = sns_backends[names.account][names.region].topics.values()
    return [(sent[2] or "", sent[1]) for topic in topics for sent in topic.sent_notifications]


def told_since(platform: Platform, before: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What people were told since then, on whatever topic."""
    return list((Counter(alerts(platform)) - Counter(before)).elements())


def left(platform: Platform, word: str = CHECKS_PREFIX) -> list[str]:
    """Whatever still has a word in its name, but for what is known of loads and runs."""
    names, cloud = platform.names, platform.cloud
    s3 = cloud.client("s3")
    uploads = s3.list_object_versions(Bucket=names.raw_bucket).get("Versions", [])
    found = [item["Key"] for item in uploads]
    for bucket in (names.processed_bucket, names.curated_bucket, names.quality_bucket):
        found += [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    refreshes = s3.list_objects_v2(Bucket=names.assets_bucket, Prefix="refreshes/")
    found += [item["Key"] for item in refreshes.get("Contents", [])]
    for database in names.databases:
        tables = cloud.client("glue").get_tables(DatabaseName=database)["TableList"]
        found += [table["Name"] for table in tables]
    for table in (names.objects_table, names.state_table):
        found += [str(item) for item in cloud.table(table).scan()["Items"]]
    return [one for one in found if word in one]


def test_both_routes_are_found_healthy_and_nothing_is_left(platform: Platform) -> None:
    said, stood = alerts(platform), set(left(platform))
    item = run(platform, HEALTH_CHECK)
    assert item["state"] == "SUCCEEDED", item
    assert {route: int(found["failed"]) for route, found in item["health"].items()} == {
        "files": 0,
        "layered": 0,
    }
    assert all(found["step"] == "table" for found in item["health"].values())
    assert set(left(platform)) <= stood
    runs = len(item["health"])
    failed = {
        line["Route"]: line for line in measured(platform, Metric.HEALTH_CHECK_FAILED)[-runs:]
    }
    for route, found in item["health"].items():
        assert failed[route][Metric.HEALTH_CHECK_FAILED] == [0]
        assert failed[route][Metric.HEALTH_CHECK_SECONDS] == [int(found["seconds"])]
    assert [subject for subject, _ in told_since(platform, said) if "Job failed" in subject] == []


def test_a_function_that_is_not_fed_is_seen(platform: Platform) -> None:
    said = alerts(platform)
    with nobody_feeds_the_function(platform):
        run_id = started(platform, HEALTH_CHECK, timeout_seconds="1")
        while platform.cloud.active_runs:
            time.sleep(0.1)
    platform.cloud.settle(platform.unfinished)
    item = platform.runs.get(platform.names.job(HEALTH_CHECK), run_id)
    assert item["state"] == "FAILED"
    for route in ("files", "layered"):
        assert item["health"][route]["step"] == "registering"
        assert int(item["health"][route]["failed"]) == 1
        assert f"{route}: " in item["error"]
    assert "still is not registered" in item["error"]
    assert platform.names.trigger_function in item["error"]
    (text,) = [text for subject, text in told_since(platform, said) if subject == "Job failed"]
    assert "is not registered" in text
    removed_by_the_next(platform)


@contextmanager
def nobody_feeds_the_function(platform: Platform) -> Iterator[None]:
    """What a mapping that is disabled comes to: its queue keeps what it has."""
    settling = platform.cloud._settling
    before, settling.pollers = settling.pollers, []
    yield
    settling.pollers = before


def removed_by_the_next(platform: Platform) -> None:
    """A check of a day later removes what was kept to be looked into."""
    age_notes(platform)
    kept = {note.dataset for note in notes(platform)}
    assert kept
    # Twice: a note stays as long as there was something.
    for _ in range(2):
        with nobody_feeds_the_function(platform):
            started(platform, HEALTH_CHECK, timeout_seconds="0")
            while platform.cloud.active_runs:
                time.sleep(0.1)
    assert [one for one in left(platform) if any(dataset in one for dataset in kept)] == []
    later = list(notes(platform))
    for note in later:
        Traces(estate_of(platform), note).remove()
        Traces(estate_of(platform), note).forget()
    drain(platform)
    platform.cloud.settle()


def drain(platform: Platform) -> None:
    """Take all messages off the queue; SQS lets a queue be purged once in 60 seconds only."""
    sqs = platform.cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=platform.names.uploads_queue)["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def notes(platform: Platform) -> list[CheckNote]:
    return list(CheckLedger(platform.cloud.table(platform.names.state_table)).all_notes())


def age_notes(platform: Platform) -> None:
    ledger = CheckLedger(platform.cloud.table(platform.names.state_table))
    for note in notes(platform):
        long_ago = note.begun_at - KEPT_FOR - timedelta(minutes=1)
        ledger.begin(CheckNote(dataset=note.dataset, key=note.key, begun_at=long_ago))


def test_a_check_that_is_killed_halfway_is_cleaned_up_by_the_next(platform: Platform) -> None:
    stood = set(left(platform))

    def own() -> set[str]:
        return set(left(platform)) - stood

    run_id = started(platform, HEALTH_CHECK)
    wait_until(platform, lambda: any("'status': 'published'" in one for one in own()))
    platform.cloud.client("glue").batch_stop_job_run(
        JobName=platform.names.job(HEALTH_CHECK), JobRunIds=[run_id]
    )
    platform.cloud.settle(platform.unfinished)
    assert platform.runs.get(platform.names.job(HEALTH_CHECK), run_id)["state"] == "STOPPED"
    assert own()
    removed_by_the_next(platform)
    assert not own()


def wait_until(platform: Platform, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 400
    while not is_so():
        assert time.monotonic() < deadline
        platform.cloud.work_once()
        time.sleep(0.05)


def test_a_job_that_is_broken_is_seen_with_its_error(platform: Platform) -> None:
    stood = set(left(platform))
    s3, glue = platform.cloud.client("s3"), platform.cloud.client("glue")
    job = glue.get_job(JobName=platform.names.job(FILE_PROCESSOR))["Job"]
    bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
    script = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=b"raise SystemError('of no use today')")
    try:
        item = run(platform, HEALTH_CHECK)
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=script)
    files, layered = item["health"]["files"], item["health"]["layered"]
    assert (item["state"], int(files["failed"]), int(layered["failed"])) == ("FAILED", 1, 0)
    assert files["step"] == "deciding"
    assert "ended failed: gave up after 3 attempts" in files["said"]
    assert "of no use today" in files["said"]
    assert "layered:" not in item["error"]
    assert set(left(platform)) <= stood


def test_a_trigger_of_the_workflow_that_is_not_activated_is_seen(platform: Platform) -> None:
    glue, name = platform.cloud.client("glue"), f"{platform.names.workflow}-ingested"
    glue.stop_trigger(Name=name)
    try:
        item = run(platform, HEALTH_CHECK, timeout_seconds="300")
    finally:
        glue.start_trigger(Name=name)
    found = item["health"]["layered"]
    assert (item["state"], int(found["failed"])) == ("FAILED", 1)
    assert int(item["health"]["files"]["failed"]) == 0
    assert found["step"] == "workflow"
    assert f"{platform.names.of('data-processing')} never started" in found["said"]
    assert "are its triggers activated" in found["look_at"]


def test_a_table_with_another_value_is_seen(platform: Platform) -> None:
    now = datetime.now(UTC)
    dataset = f"{CHECKS_PREFIX}files_0123456789ab"
    note = CheckNote(dataset=dataset, key=f"{dataset}/stub.csv", begun_at=now)
    traces = Traces(estate_of(platform), note)
    version = traces.upload(stub.CSV.replace(b"12.50", b"12.51"))
    check = RouteCheck(
        estate=estate_of(platform), route=Route.FILES, traces=traces, version_id=version
    )
    platform.cloud.settle(platform.unfinished)
    stands = check.look()
    assert (stands.step, stands.course) == (Step.TABLE, Course.WRONG)
    assert "amount of row 1 is Decimal('12.51'), expected Decimal('12.50')" in stands.said
    traces.remove()
    traces.forget()
    assert left(platform, dataset) == []


def test_findings_are_told_once_and_once_when_they_are_over(
    platform: Platform, tmp_path: Path
) -> None:
    before = alerts(platform)
    assert run(platform, RECONCILIATION)["state"] == "SUCCEEDED"
    assert told_since(platform, before) == []
    unknown, missing, stuck = planted(platform, tmp_path)
    before = alerts(platform)
    item = run(platform, RECONCILIATION)
    assert item["state"] == "SUCCEEDED"
    assert {kind: int(n) for kind, n in item["findings"].items() if n} == {
        "unknown": 1,
        "missing": 1,
        "stuck": 1,
    }
    ((subject, text),) = told_since(platform, before)
    assert subject == "Reconciliation: 3 findings in dev"
    for key in (unknown, missing, stuck):
        assert key in text
    counts = measured(platform, Metric.RECONCILE_FINDINGS)
    assert {line.get("Class"): line[Metric.RECONCILE_FINDINGS] for line in counts} == {
        None: [3],
        "unknown": [1],
        "missing": [1],
        "stuck": [1],
        "published_but_gone": [0],
        "files_nobody_points_at": [0],
    }
    run(platform, RECONCILIATION)
    assert len(told_since(platform, before)) == 1
    before = alerts(platform)
    mend(platform, unknown, missing, stuck)
    run(platform, RECONCILIATION)
    run(platform, RECONCILIATION)
    ((subject, _),) = told_since(platform, before)
    assert subject == "Reconciled: everything agrees again in dev"


def planted(platform: Platform, folder: Path) -> tuple[str, str, str]:
    """Keys of an upload that nobody knows, of one that is gone, and of one that nobody sees."""
    cloud, names = platform.cloud, platform.names
    s3, objects = cloud.client("s3"), cloud.table(names.objects_table)
    with nobody_feeds_the_function(platform):
        s3.put_object(Bucket=names.raw_bucket, Key="planted/unknown.csv", Body=b"a\n1\n")
        drain(platform)
    backdate(names.account, names.raw_bucket, "planted/unknown.csv", timedelta(hours=2))
    program = folder / "program.csv"
    program.write_bytes(b"\x7fELF\x02\x01\x01")
    for key in ("planted/missing.csv", "planted/stuck.csv"):
        platform.upload(key, program)
    cloud.settle()
    missing = next(one for one in platform.uploads() if one.key == "planted/missing.csv")
    s3.delete_object(Bucket=names.raw_bucket, Key=missing.key, VersionId=missing.version_id)
    stuck = next(one for one in platform.uploads() if one.key == "planted/stuck.csv")
    long_ago = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    objects.put_item(Item={**stuck.entry, "status": "pending", "registered_at": long_ago})
    return "planted/unknown.csv", missing.key, stuck.key


def mend(platform: Platform, *keys: str) -> None:
    cloud, names = platform.cloud, platform.names
    s3 = cloud.client("s3")
    for upload in [one for one in platform.uploads() if one.key in keys]:
        s3.delete_object(Bucket=names.raw_bucket, Key=upload.key, VersionId=upload.version_id)
    objects = cloud.table(names.objects_table)
    for entry in [one for one in platform.objects.all_objects() if one["key"] in keys]:
        objects.delete_item(Key={"key": entry["key"], "version_id": entry["version_id"]})


def test_a_cloud_that_is_not_up_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    code = health(environment="dev", local="http://127.0.0.1:9", timeout=1, as_json=False)
    assert code == 1
    assert "expected to reach dev" in capfd.readouterr().err

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.glue.models import glue_backends

from infra_app.lambdas.trigger.handler import Trigger
from infra_app.lambdas.trigger.settings import TriggerSettings
from tests.aws import ASSETS, JOB, LOADS, OBJECTS, PROCESSED, QUALITY, RAW, REGION, RUNS, SmallAws
from wires.lineage import RunEventType, lineage_key
from wires.load_ledger import LoadLedger, LoadState
from wires.manifest import Manifest, manifest_key
from wires.object_ledger import ObjectLedger, ObjectOutcome, ObjectStatus
from wires.run_ledger import RunLedger

TICK = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


class Platform:
    """The trigger on a small AWS, driven by events."""

    def __init__(self, aws: SmallAws, **changes: Any) -> None:
        self.aws = aws
        settings = TriggerSettings(
            environment="test",
            raw_bucket=RAW,
            processed_bucket=PROCESSED,
            quality_bucket=QUALITY,
            assets_bucket=ASSETS,
            objects_table=OBJECTS,
            loads_table=LOADS,
            runs_table=RUNS,
            alerts_topic_arn=aws.topic,
            file_processor_job=JOB,
            objects_per_run=10,
            bytes_per_run=1_000_000,
            runs_at_once=2,
            attempts_per_load=2,
            max_object_bytes=10_000,
            malware_scan_required=0,
        )
        aws.glue.create_job(
            Name=JOB,
            Role="role",
            Command={"Name": "glueetl"},
            ExecutionProperty={"MaxConcurrentRuns": changes.pop("max_concurrent_runs", 5)},
        )
        self.trigger = Trigger(replace(settings, **changes))
        self.objects = ObjectLedger(aws.tables.Table(OBJECTS))
        self.loads = LoadLedger(aws.tables.Table(LOADS))
        self.runs = RunLedger(aws.tables.Table(RUNS))

    def upload(self, key: str, body: bytes = b"a,b\n1,2\n") -> dict[str, Any]:
        """An object in the bucket, and the event that tells of it."""
        version = self.aws.upload(key, body)
        detail = {
            "bucket": {"name": RAW},
            "object": {"key": key, "size": len(body), "version-id": version},
        }
        time = "2026-01-15T10:00:00Z"
        return {"detail-type": "Object Created", "time": time, "detail": detail}

    def receive(self, *events: object) -> list[str]:
        """Hand events to the function as one batch; returns the ids of failed messages."""
        records = [
            {
                "messageId": str(i),
                "receiptHandle": "r",
                "body": event if isinstance(event, str) else json.dumps(event),
                "eventSource": "aws:sqs",
                "attributes": {},
                "messageAttributes": {},
            }
            for i, event in enumerate(events)
        ]
        context: Any = SimpleNamespace(aws_request_id="request")
        answer = self.trigger.handle({"Records": records}, context)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def glue_runs(self) -> list[Any]:
        backend = glue_backends[DEFAULT_ACCOUNT_ID][REGION]
        return list(backend.jobs[JOB].job_runs)

    def end_run(self, run: Any, state: str) -> dict[str, Any]:
        run.status = state
        detail = {"jobName": JOB, "jobRunId": run.job_run_id, "state": state}
        return {"detail-type": "Glue Job State Change", "detail": detail}

    def manifest_of(self, run: Any) -> Manifest:
        key = manifest_key(run.arguments["--load_id"])
        return Manifest.from_json(self.aws.s3.get_object(Bucket=ASSETS, Key=key)["Body"].read())

    def statuses(self) -> dict[str, str]:
        return {item["key"]: item["status"] for item in self.objects.all_objects()}


def test_many_small_objects_of_one_batch_become_one_run(aws: SmallAws) -> None:
    platform = Platform(aws)
    platform.receive(*[platform.upload(f"orders/{i}.csv") for i in range(8)])
    [run] = platform.glue_runs()
    assert {item.key for item in platform.manifest_of(run).objects} == {
        f"orders/{i}.csv" for i in range(8)
    }
    assert set(platform.statuses().values()) == {"running"}
    assert run.arguments["--attempt"] == "1"
    assert run.arguments["--last_attempt"] == "false"


def test_an_event_that_comes_twice_starts_one_run(aws: SmallAws) -> None:
    platform = Platform(aws)
    event = platform.upload("orders/a.csv")
    platform.receive(event, event)
    platform.receive(event)
    assert len(platform.glue_runs()) == 1


def test_two_versions_of_one_key_are_two_objects(aws: SmallAws) -> None:
    platform = Platform(aws)
    platform.receive(platform.upload("a.csv", b"a\n1\n"), platform.upload("a.csv", b"a\n2\n"))
    [run] = platform.glue_runs()
    assert len({item.version_id for item in platform.manifest_of(run).objects}) == 2


def test_a_full_glue_leaves_objects_pending_until_a_run_ends(aws: SmallAws) -> None:
    platform = Platform(aws, max_concurrent_runs=1)
    platform.receive(platform.upload("a.csv"))
    for i in range(3):
        platform.receive(platform.upload(f"b{i}.csv"))
    assert len(platform.glue_runs()) == 1
    assert sorted(platform.statuses().values()) == ["pending"] * 3 + ["running"]
    [first] = platform.glue_runs()
    publish(platform, first)
    platform.receive(platform.end_run(first, "SUCCEEDED"))
    [_, second] = platform.glue_runs()
    assert len(platform.manifest_of(second).objects) == 3


def test_a_tick_starts_what_waits(aws: SmallAws) -> None:
    platform = Platform(aws, runs_at_once=0)
    platform.receive(platform.upload("a.csv"))
    assert platform.glue_runs() == []
    Platform.receive(other_limits(platform, runs_at_once=1), TICK)
    assert len(platform.glue_runs()) == 1


def test_no_more_runs_are_started_than_config_allows(aws: SmallAws) -> None:
    platform = Platform(aws, objects_per_run=1, runs_at_once=2)
    platform.receive(*[platform.upload(f"{i}.csv") for i in range(5)])
    assert len(platform.glue_runs()) == 2
    assert sorted(platform.statuses().values()).count("pending") == 3


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"])
def test_a_load_whose_run_dies_gets_another_attempt_with_the_same_manifest(
    aws: SmallAws, state: str
) -> None:
    platform = Platform(aws)
    platform.receive(platform.upload("a.csv"))
    [first] = platform.glue_runs()
    platform.receive(platform.end_run(first, state))
    [_, second] = platform.glue_runs()
    assert second.arguments["--load_id"] == first.arguments["--load_id"]
    assert second.arguments["--attempt"] == "2"
    assert second.arguments["--last_attempt"] == "true"
    assert platform.runs.get(JOB, first.job_run_id)["state"] == state
    key = lineage_key(first.arguments["--load_id"], "attempt-1", RunEventType.FAIL)
    event = json.loads(aws.s3.get_object(Bucket=ASSETS, Key=key)["Body"].read())
    assert [item["name"] for item in event["inputs"]] == ["a.csv"]
    assert state in event["run"]["facets"]["errorMessage"]["message"]


def test_what_a_run_said_of_its_failure_stays(aws: SmallAws) -> None:
    platform = Platform(aws)
    platform.receive(platform.upload("a.csv"))
    [run] = platform.glue_runs()
    key = lineage_key(run.arguments["--load_id"], "attempt-1", RunEventType.FAIL)
    aws.s3.put_object(Bucket=ASSETS, Key=key, Body=b"from the run itself")
    platform.receive(platform.end_run(run, "FAILED"))
    assert aws.s3.get_object(Bucket=ASSETS, Key=key)["Body"].read() == b"from the run itself"


def test_after_the_last_attempt_the_objects_fail_and_somebody_is_told(aws: SmallAws) -> None:
    platform = Platform(aws, attempts_per_load=1)
    platform.receive(platform.upload("a.csv"))
    [run] = platform.glue_runs()
    platform.receive(platform.end_run(run, "FAILED"))
    assert platform.statuses() == {"a.csv": "failed"}
    assert "gave up after 1 attempts" in aws.announcements()[0]["Message"]
    load = platform.loads.get(run.arguments["--load_id"])
    assert load.state is LoadState.FAILED
    assert list(platform.loads.open_loads(RAW)) == []


def test_a_lost_event_of_a_run_s_end_is_made_up_for_by_a_tick(aws: SmallAws) -> None:
    platform = Platform(aws)
    platform.receive(platform.upload("a.csv"))
    [run] = platform.glue_runs()
    publish(platform, run)
    platform.end_run(run, "SUCCEEDED")
    platform.receive(TICK)
    assert list(platform.loads.open_loads(RAW)) == []
    assert platform.runs.get(JOB, run.job_run_id)["state"] == "SUCCEEDED"


def test_a_dispatcher_that_was_cut_off_before_the_start_is_taken_up(
    aws: SmallAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform(aws)
    event = platform.upload("a.csv")

    def dies(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(platform.trigger.dispatcher, "_start_job_run", dies)
        with pytest.raises(KeyboardInterrupt):
            platform.receive(event)
    assert platform.glue_runs() == []
    platform.receive(TICK)
    [run] = platform.glue_runs()
    assert [item.key for item in platform.manifest_of(run).objects] == ["a.csv"]


def test_a_dispatcher_that_was_cut_off_after_the_start_batches_nothing_twice(
    aws: SmallAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform(aws)
    first = platform.upload("a.csv")

    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for ledger in (platform.trigger.dispatcher._objects, platform.trigger.dispatcher._loads):
        with monkeypatch.context() as patch:
            patch.setattr(ledger, "mark_running", dies)
            with pytest.raises(KeyboardInterrupt):
                platform.receive(first, TICK)
    platform.receive(platform.upload("b.csv"))
    loads: dict[str, set[str]] = {}
    for run in platform.glue_runs():
        keys = {version.key for version in platform.manifest_of(run).objects}
        loads[run.arguments["--load_id"]] = keys
    assert sorted(map(sorted, loads.values())) == [["a.csv"], ["b.csv"]]
    assert set(platform.statuses().values()) == {"running"}


def test_objects_of_a_load_that_is_withdrawn_wait_again(aws: SmallAws) -> None:
    platform = Platform(aws, max_concurrent_runs=1)
    platform.receive(platform.upload("a.csv"))
    platform.receive(platform.upload("b.csv"))
    assert platform.statuses() == {"a.csv": "running", "b.csv": "pending"}
    assert len(list(platform.loads.open_loads(RAW))) == 1


def test_a_message_that_is_no_event_comes_back_and_the_others_go_on(aws: SmallAws) -> None:
    platform = Platform(aws)
    failed = platform.receive("not json", platform.upload("a.csv"), {"detail-type": "Other"}, "{}")
    assert failed == ["0", "2", "3"]
    assert len(platform.glue_runs()) == 1


def test_a_refused_object_is_recorded_copied_and_announced(aws: SmallAws) -> None:
    platform = Platform(aws)
    platform.receive(platform.upload("x/../up.csv"))
    assert platform.statuses() == {"x/../up.csv": "rejected"}
    assert platform.glue_runs() == []
    copy, note = aws.keys(QUALITY, "quarantine/objects/2026/01/15/")
    assert ".." not in copy
    assert aws.s3.get_object(Bucket=QUALITY, Key=copy)["Body"].read() == b"a,b\n1,2\n"
    reason = json.loads(aws.s3.get_object(Bucket=QUALITY, Key=note)["Body"].read())
    assert reason["key"] == "x/../up.csv"
    assert "'..' segment" in reason["reason"]
    assert "x/../up.csv" in aws.announcements()[0]["Message"]


def test_an_object_that_is_gone_already_is_recorded_as_such(aws: SmallAws) -> None:
    platform = Platform(aws)
    event = platform.upload("a.csv")
    version = event["detail"]["object"]["version-id"]
    aws.s3.delete_object(Bucket=RAW, Key="a.csv", VersionId=version)
    platform.receive(event)
    assert platform.statuses() == {"a.csv": "ignored"}


def test_a_second_dispatcher_leaves_the_work_to_the_first(aws: SmallAws) -> None:
    platform = Platform(aws)
    platform.trigger.dispatcher._leases.take("lease#dispatcher", owner="another", seconds=60)
    platform.receive(platform.upload("a.csv"))
    assert platform.glue_runs() == []
    assert platform.statuses() == {"a.csv": "pending"}


def publish(platform: Platform, run: Any) -> None:
    """What the job does at its end."""
    load_id = run.arguments["--load_id"]
    platform.loads.claim(load_id, attempt=1, run_id=run.job_run_id)
    platform.loads.commit(load_id, run_id=run.job_run_id, commit="key")
    for version in platform.manifest_of(run).objects:
        outcome = ObjectOutcome(
            key=version.key, version_id=version.version_id, status=ObjectStatus.PUBLISHED
        )
        platform.objects.finish(outcome, load_id=load_id, finished_at="now")
    platform.loads.finish(load_id)


def other_limits(platform: Platform, **changes: Any) -> Platform:
    platform.trigger.dispatcher._settings = replace(
        platform.trigger.dispatcher._settings, **changes
    )
    return platform

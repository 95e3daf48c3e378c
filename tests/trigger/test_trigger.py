from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from infra_app.lambdas.trigger.handler import Trigger
from infra_app.lambdas.trigger.starting import JobStarter
from tests.aws import ASSETS, JOB, QUALITY, RAW, SmallAws
from tests.trigger.platforms import TICK, Platform, failing
from wires.layout import DISPATCHER, load_lineage_key
from wires.lineage import RunEventType
from wires.load_ledger import LoadState
from wires.object_ledger import ObjectOutcome, ObjectStatus


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


def test_two_versions_of_one_key_are_two_objects_in_two_runs(aws: SmallAws) -> None:
    platform = Platform(aws)
    platform.receive(platform.upload("a.csv", b"a\n1\n"), platform.upload("a.csv", b"a\n2\n"))
    versions = [platform.manifest_of(run).objects for run in platform.glue_runs()]
    assert [len(objects) for objects in versions] == [1, 1]
    assert len({objects[0].version_id for objects in versions}) == 2


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
    key = load_lineage_key(first.arguments["--load_id"], "attempt-1", RunEventType.FAIL)
    event = json.loads(aws.s3.get_object(Bucket=ASSETS, Key=key)["Body"].read())
    assert [item["name"] for item in event["inputs"]] == ["a.csv"]
    assert state in event["run"]["facets"]["errorMessage"]["message"]


def test_what_a_run_said_of_its_failure_stays(aws: SmallAws) -> None:
    platform = Platform(aws)
    platform.receive(platform.upload("a.csv"))
    [run] = platform.glue_runs()
    key = load_lineage_key(run.arguments["--load_id"], "attempt-1", RunEventType.FAIL)
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


def test_a_load_that_an_outlived_run_has_published_is_closed_although_its_next_start_is_refused(
    aws: SmallAws,
) -> None:
    platform = Platform(aws)
    platform.receive(platform.upload("a.csv"))
    [run] = platform.glue_runs()
    load_id = run.arguments["--load_id"]
    platform.loads.claim(load_id, attempt=1, run_id=run.job_run_id)
    platform.loads.commit(load_id, run_id=run.job_run_id, commit="loads/commit.json")
    with failing(platform.trigger.runs.glue, "StartJobRun", "InternalServiceException", status=500):
        platform.receive(platform.end_run(run, "TIMEOUT"))
    assert not platform.open_load().working_run
    # What Glue calls ended goes on for a while.
    platform.loads.finish(load_id)
    platform.receive(TICK)
    assert list(platform.loads.open_loads(RAW)) == []
    assert len(platform.glue_runs()) == 1


def test_a_dispatcher_that_was_cut_off_before_the_start_is_taken_up(
    aws: SmallAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = Platform(aws)
    event = platform.upload("a.csv")

    def dies(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(JobStarter, "start", dies)
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

    for ledger in (platform.trigger.dispatcher.turns.objects, platform.trigger.dispatcher.loads):
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
    platform.trigger.dispatcher.leases.take(DISPATCHER, owner="another", seconds=60)
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
    platform.trigger = Trigger(replace(platform.trigger.dispatcher.settings, **changes))
    return platform

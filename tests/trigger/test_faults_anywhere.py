"""Whatever fails in between, each upload comes into one load, and into a run in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.aws import ASSETS, RAW, make_small_aws
from tests.trigger.platforms import TICK, Platform, failing
from wires.layout import manifest_key
from wires.load_ledger import Load
from wires.manifest import Manifest

CALLS = {
    "glue": ["StartJobRun", "StartJobRun", "StartJobRun", "GetJobRun"],
    "s3": ["GetObject", "PutObject", "CopyObject"],
    "dynamodb": ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem"],
    "sns": ["Publish"],
}
ERRORS: list[tuple[Exception | str, int]] = [
    ("EntityNotFoundException", 400),
    ("AccessDenied", 403),
    ("InvalidInputException", 400),
    ("ConcurrentRunsExceededException", 400),
    ("SlowDown", 503),
    (ReadTimeoutError(endpoint_url="https://aws"), 0),
    (RecursionError("a bug"), 0),
]


@dataclass(frozen=True)
class Fault:
    service: str
    operation: str
    error: Exception | str
    status: int
    after: bool


faults = st.sampled_from([(s, o) for s, names in CALLS.items() for o in names]).flatmap(
    lambda call: st.builds(
        lambda error, after: Fault(call[0], call[1], error[0], error[1], after),
        st.sampled_from(ERRORS),
        st.booleans(),
    )
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A batch of events that comes after some minutes, while something fails."""

    fault: Fault | None
    uploads: int
    minutes: int
    a_run_fails: bool


steps = st.builds(
    Step,
    fault=st.none() | faults,
    uploads=st.integers(0, 3),
    minutes=st.sampled_from([0, 0, 1, 6, 70]),
    a_run_fails=st.booleans(),
)


@dataclass
class Queue:
    """A trigger with events that come again when they fail."""

    platform: Platform
    waiting: list[dict[str, Any]] = field(default_factory=list)
    uploaded: int = 0

    def upload(self, count: int) -> None:
        for _ in range(count):
            self.uploaded += 1
            at = f"2026-01-15T10:{self.uploaded:02}:00Z"
            self.waiting.append(self.platform.upload(f"{self.uploaded}.csv", at=at))

    def receive(self) -> None:
        events = [*self.waiting, TICK]
        failed = self.platform.receive(*events, receives=2)
        self.waiting = [event for place, event in enumerate(events) if str(place) in failed]

    def fail_a_run(self) -> None:
        running = [run for run in self.platform.glue_runs() if run.status == "STARTING"]
        for run in running[:1]:
            run.status = "FAILED"


@contextmanager
def broken(platform: Platform, fault: Fault | None) -> Iterator[None]:
    trigger = platform.trigger
    if fault is None:
        yield
        return
    clients = {
        "glue": [trigger.runs.glue],
        "s3": [trigger.registrar._s3],
        "dynamodb": [trigger.dispatcher.leases._table.meta.client],
        "sns": [trigger.alerts.sns],
    }
    with failing(
        clients[fault.service][0],
        fault.operation,
        fault.error,
        status=fault.status,
        after=fault.after,
    ):
        yield


def manifest_of(platform: Platform, load: Load) -> Manifest:
    return Manifest.from_json(platform.aws.body(ASSETS, manifest_key(load.load_id)))


@given(st.lists(steps, min_size=1, max_size=6))
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.slow
def test_each_upload_comes_into_one_load_and_into_a_run(
    monkeypatch: pytest.MonkeyPatch, taken: list[Step]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        platform = Platform(
            make_small_aws(),
            objects_per_run=2,
            runs_at_once=100,
            max_concurrent_runs=100,
            attempts_per_load=100,
        )
        queue = Queue(platform)
        for step in taken:
            platform.minutes += step.minutes
            queue.upload(step.uploads)
            if step.a_run_fails:
                queue.fail_a_run()
            with broken(platform, step.fault):
                queue.receive()
        for _ in range(4):
            platform.minutes += 70
            queue.receive()
        assert queue.waiting == []
        assert Counter(platform.statuses().values()) == Counter({"running": queue.uploaded})
        loads = list(platform.loads.open_loads(RAW))
        manifests = [manifest_of(platform, load) for load in loads]
        keys = Counter(item.key for manifest in manifests for item in manifest.objects)
        assert keys == Counter(f"{number + 1}.csv" for number in range(queue.uploaded))
        started = {run.arguments["--load_id"] for run in platform.glue_runs()}
        assert {load.load_id for load in loads} <= started
        assert not [load for load in loads if load.refusal]

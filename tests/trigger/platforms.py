"""The trigger on a small AWS, driven by events."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.glue.models import glue_backends

from infra_app.lambdas.trigger.handler import Trigger
from infra_app.lambdas.trigger.settings import TriggerSettings
from tests.aws import (
    ASSETS,
    JOB,
    LOADS,
    OBJECTS,
    PROCESSED,
    QUALITY,
    RAW,
    REGION,
    RUNS,
    STATE,
    SmallAws,
)
from wires.layout import manifest_key
from wires.load_ledger import Load, LoadLedger
from wires.manifest import Manifest
from wires.object_ledger import ObjectLedger
from wires.run_ledger import RunLedger

TICK = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


@contextmanager
def failing(
    client: Any,
    operation: str,
    error: Exception | str,
    *,
    status: int = 400,
    when: Callable[[Mapping[str, Any]], bool] = lambda _: True,
    after: bool = False,
) -> Iterator[list[Any]]:
    """Have calls of a client fail, with an error or with a code of the service; yields the calls
    that did.

    `when` is told a call's request. With `after` the call is made, and its answer is lost.
    """
    service = client.meta.service_model.service_name
    place = f"{'after' if after else 'before'}-call.{service}.{operation}"
    failed: list[Any] = []

    def fail(params: Any = None, **_: Any) -> None:
        if not when(params or {}):
            return
        failed.append(params)
        if isinstance(error, Exception):
            raise error
        raise ClientError(
            {
                "Error": {"Code": error, "Message": f"told to fail with {error}"},
                "ResponseMetadata": {"HTTPStatusCode": status},
            },
            operation,
        )

    client.meta.events.register(place, fail, unique_id=place)
    try:
        yield failed
    finally:
        client.meta.events.unregister(place, unique_id=place)


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
            state_table=STATE,
            runs_table=RUNS,
            alerts_topic_arn=aws.topic,
            recoveries_topic_arn=aws.topic,
            file_processor_job=JOB,
            workflow="layered-etl",
            data_ingestion_job="data-ingestion",
            data_quality_job="data-quality",
            other_jobs="data-processing,data-quality",
            objects_per_run=10,
            bytes_per_run=1_000_000,
            runs_at_once=2,
            attempts_per_load=2,
            max_object_bytes=10_000,
            max_receive_count=10,
            metrics_namespace="project/test",
            usd_per_dpu_hour=0.44,
            usd_per_flex_dpu_hour=0.29,
            usd_per_memory_dpu_hour=0.52,
            malware_scan_required=0,
        )
        at_once = changes.pop("max_concurrent_runs", 5)
        if changes.pop("makes_job", True):
            aws.glue.create_job(
                Name=JOB,
                Role="role",
                Command={"Name": "glueetl"},
                ExecutionProperty={"MaxConcurrentRuns": at_once},
            )
        self.minutes = 0.0
        """Minutes by which the trigger's clock is ahead of the real one."""
        self.trigger = Trigger(
            replace(settings, **changes), now=lambda: time.time() + 60 * self.minutes
        )
        self.objects = ObjectLedger(aws.tables.Table(OBJECTS))
        self.loads = LoadLedger(aws.tables.Table(LOADS))
        self.runs = RunLedger(aws.tables.Table(RUNS))

    def upload(
        self, key: str, body: bytes = b"a,b\n1,2\n", *, at: str = "2026-01-15T10:00:00Z"
    ) -> dict[str, Any]:
        """An object in the bucket, and the event that tells of it."""
        version = self.aws.upload(key, body)
        detail = {
            "bucket": {"name": RAW},
            "object": {"key": key, "size": len(body), "version-id": version},
        }
        return {"detail-type": "Object Created", "time": at, "detail": detail}

    def receive(self, *events: object, receives: int = 1, seconds: float = 120) -> list[str]:
        """Hand events to the function as one batch; returns the ids of failed messages.

        They come for the given time, and the function has so many seconds left.
        """
        records = [
            {
                "messageId": str(i),
                "receiptHandle": "r",
                "body": event if isinstance(event, str) else json.dumps(event),
                "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": str(receives)},
                "messageAttributes": {},
            }
            for i, event in enumerate(events)
        ]
        context: Any = SimpleNamespace(
            aws_request_id="request", get_remaining_time_in_millis=lambda: int(seconds * 1000)
        )
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

    def open_load(self) -> Load:
        """The only load that has something left to do."""
        [load] = self.loads.open_loads(RAW)
        return load

    def open_load_of(self, key: str) -> Load:
        """The open load that has an object of this key."""
        [load_id] = {item["load_id"] for item in self.objects.all_objects() if item["key"] == key}
        return self.loads.get(load_id)

    def statuses(self) -> dict[str, str]:
        return {item["key"]: item["status"] for item in self.objects.all_objects()}

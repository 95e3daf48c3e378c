"""A small estate: an environment's stores in moto, and the trigger that works on them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.glue.models import glue_backends
from moto.moto_api import state_manager

from config.environments import Environment
from config.jobs import FILE_PROCESSOR
from infra_app.lambdas.trigger.handler import Trigger
from infra_app.lambdas.trigger.settings import TriggerSettings
from lake import store
from operations.recovery.estate import Estate
from tests.aws import make_table
from wires.layout import PARTITION_KEY, SORT_KEY, commit_key, manifest_key
from wires.load_ledger import OPEN_INDEX, Load, LoadLedger, LoadState
from wires.manifest import Manifest, ObjectVersion
from wires.object_ledger import PENDING_INDEX, ObjectLedger, ObjectOutcome, ObjectStatus

UPLOADED = "2026-01-15T10:00:00+00:00"
LATER = timedelta(days=3)
"""After that, nothing of now is young any more."""


class Killed(BaseException):
    """The command ends here."""


@contextmanager
def small_estate(dev: Environment, **limits: int) -> Iterator[SmallEstate]:
    state_manager.set_transition("glue::job_run", {"progression": "manual", "times": 10**9})
    store.client.cache_clear()
    try:
        with mock_aws():
            yield SmallEstate.made(dev, **limits)
    finally:
        state_manager.unset_transition("glue::job_run")
        store.client.cache_clear()


@dataclass
class SmallEstate:
    """Everything of an environment that operations and the trigger touch."""

    environment: Environment
    inbox: str
    limits: Mapping[str, int]
    trigger: Trigger = field(init=False)
    deliveries: int = 0

    def __post_init__(self) -> None:
        self.trigger = Trigger(self._settings(**self.limits))
        self.estate = Estate(self.environment, self.session())
        self.names = self.environment.names
        self.s3, self.sqs, self.glue = (boto3.client(n) for n in ("s3", "sqs", "glue"))

    @classmethod
    def made(cls, environment: Environment, **limits: int) -> SmallEstate:
        names, region = environment.names, environment.account.aws_region
        s3, sqs, sns = (boto3.client(name) for name in ("s3", "sqs", "sns"))
        glue, tables = boto3.client("glue"), boto3.resource("dynamodb")
        for bucket in names.buckets:
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region}
            )
        s3.put_bucket_versioning(
            Bucket=names.raw_bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        make_table(
            tables, names.objects_table, ("key", "version_id"), (PENDING_INDEX, "pending_in")
        )
        make_table(tables, names.loads_table, ("load_id",), (OPEN_INDEX, "open_in"))
        make_table(tables, names.state_table, (PARTITION_KEY, SORT_KEY))
        make_table(tables, names.runs_table, ("job", "run_id"))
        for queue in (names.uploads_queue, names.uploads_dead_letters):
            sqs.create_queue(QueueName=queue)
        topic = sns.create_topic(Name=names.alerts_topic)["TopicArn"]
        inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = topic.replace(":sns:", ":sqs:").replace(names.alerts_topic, "inbox")
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        for database in names.databases:
            glue.create_database(DatabaseInput={"Name": database})
        glue.create_job(
            Name=names.job(FILE_PROCESSOR),
            Role="role",
            Command={"Name": "glueetl"},
            ExecutionProperty={"MaxConcurrentRuns": 500},
        )
        return cls(environment, inbox, limits)

    def session(self) -> Any:
        return boto3.Session(region_name=self.environment.account.aws_region)

    def killed_session(self, limit: int) -> tuple[Any, list[str]]:
        """A session that ends its program after the `limit`-th call; the calls that were made."""
        made: list[str] = []

        def count(event_name: str, **_: object) -> None:
            made.append(event_name)
            if len(made) >= limit:
                raise Killed

        session = self.session()
        session.events.register("after-call.*", count)
        return session, made

    def interrupted_session(self, limit: int, interrupt: Any) -> Any:
        """A session after whose `limit`-th call something else happens, once."""
        made: list[str] = []

        def count(event_name: str, **_: object) -> None:
            made.append(event_name)
            if len(made) == limit:
                interrupt()

        session = self.session()
        session.events.register("after-call.*", count)
        return session

    @property
    def objects(self) -> ObjectLedger:
        return self.estate.objects

    @property
    def loads(self) -> LoadLedger:
        return self.estate.loads

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + LATER

    def upload(self, key: str, body: bytes = b"a,b\n1,2\n", at: str = UPLOADED) -> ObjectVersion:
        """Put an object into the raw bucket; nobody is told."""
        answer = self.s3.put_object(Bucket=self.names.raw_bucket, Key=key, Body=body)
        return ObjectVersion(
            key=key, version_id=answer["VersionId"], size=len(body), uploaded_at=at
        )

    def event(self, version: ObjectVersion) -> str:
        told = {"key": version.key, "size": version.size, "version-id": version.version_id}
        detail = {"bucket": {"name": self.names.raw_bucket}, "object": told}
        return json.dumps(
            {"detail-type": "Object Created", "time": version.uploaded_at, "detail": detail}
        )

    def registered(
        self,
        key: str,
        status: ObjectStatus,
        *,
        load_id: str = "",
        dataset: str = "",
        reason: str = "",
        rows: int = 0,
    ) -> ObjectVersion:
        """An upload whose entry has this status."""
        version = self.upload(key)
        bucket = self.names.raw_bucket
        if load_id:
            self.objects.register(bucket, version, registered_at=version.uploaded_at)
            self.end(version, status, load_id=load_id, dataset=dataset, reason=reason, rows=rows)
        else:
            self.objects.register(
                bucket, version, registered_at=UPLOADED, status=status, reason=reason
            )
        return version

    def end(
        self,
        version: ObjectVersion,
        status: ObjectStatus,
        *,
        load_id: str,
        dataset: str = "",
        reason: str = "",
        rows: int = 0,
    ) -> None:
        if status is ObjectStatus.RUNNING:
            self.objects.mark_running([version], load_id)
            return
        outcome = ObjectOutcome(
            key=version.key,
            version_id=version.version_id,
            status=status,
            reason=reason,
            dataset=dataset,
            rows_in=rows,
            rows_published=rows,
        )
        self.objects.finish(outcome, load_id=load_id, finished_at=UPLOADED)

    def load(
        self,
        versions: Sequence[ObjectVersion],
        state: LoadState,
        *,
        committed: bool = False,
        has_run: bool = True,
    ) -> str:
        """A load of these versions that has come to a state; its manifest is there."""
        manifest = Manifest.of(self.names.raw_bucket, versions)
        load_id = manifest.load_id
        self._put(manifest_key(load_id), manifest.to_json())
        job = self.names.job(FILE_PROCESSOR)
        load = Load(load_id=load_id, bucket=manifest.bucket, job=job, created_at=UPLOADED)
        self.loads.create(load)
        if has_run:
            run = self.glue.start_job_run(JobName=job, Arguments={"--load_id": load_id})
            self.loads.mark_running(load, run_id=run["JobRunId"])
            self.loads.claim(load_id, attempt=1, run_id=run["JobRunId"])
            if committed or state is LoadState.PUBLISHED:
                key = commit_key(load_id, "attempt-1")
                self._put(key, "{}")
                self.loads.commit(load_id, run_id=run["JobRunId"], commit=key)
        if state is LoadState.FAILED:
            self.loads.fail(load, reason="gave up")
        if state is LoadState.PUBLISHED:
            self.loads.finish(load_id)
            self.loads.close(load)
        return load_id

    def end_run(self, load_id: str, state: str = "FAILED") -> None:
        run_id = self.loads.get(load_id).working_run
        (run,) = (run for run in self.glue_runs() if run.job_run_id == run_id)
        run.status = state

    def glue_runs(self) -> list[Any]:
        account = self.environment.account
        backends = glue_backends[account.aws_account_id]
        if account.aws_region not in backends or not backends[account.aws_region].jobs:
            backends = glue_backends[DEFAULT_ACCOUNT_ID]
        return list(backends[account.aws_region].jobs[self.names.job(FILE_PROCESSOR)].job_runs)

    def dead_letter(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.estate.dead_letters, MessageBody=body)

    def work(self) -> None:
        """Hand all waiting messages to the trigger, and a tick."""
        self.receive(*self.taken(self.estate.uploads_queue))

    def receive(self, *bodies: str) -> None:
        tick = json.dumps({"detail-type": "Scheduled Event", "detail": {}})
        records = [
            {
                "messageId": str(i),
                "receiptHandle": "r",
                "body": body,
                "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
            }
            for i, body in enumerate([*bodies, tick])
        ]
        self.deliveries += 1
        context: Any = SimpleNamespace(
            aws_request_id=f"request-{self.deliveries}",
            get_remaining_time_in_millis=lambda: 100_000,
        )
        answer = self.trigger.handle({"Records": records}, context)
        assert not answer["batchItemFailures"]

    def taken(self, queue: str) -> list[str]:
        """Bodies of all messages of a queue, which is empty then."""
        found = []
        while messages := self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get(
            "Messages", ()
        ):
            for message in messages:
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                found.append(message["Body"])
        return found

    def announced(self) -> list[str]:
        return [json.loads(body)["Subject"] for body in self.taken(self.inbox)]

    def statuses(self) -> dict[str, str]:
        return {entry["key"]: str(entry["status"]) for entry in self.objects.all_objects()}

    def open_manifests(self) -> list[list[str]]:
        """Keys of each load that is under way."""
        found = []
        for load in self.loads.open_loads(self.names.raw_bucket):
            body = self.s3.get_object(
                Bucket=self.names.assets_bucket, Key=manifest_key(load.load_id)
            )["Body"].read()
            found.append(sorted(version.key for version in Manifest.from_json(body).objects))
        return sorted(found)

    def items(self) -> list[Mapping[str, Any]]:
        """All items of both ledgers."""
        found: list[Mapping[str, Any]] = [*self.objects.all_objects(), *self.loads.all_loads()]
        return sorted(found, key=str)

    def _put(self, key: str, body: str) -> None:
        self.s3.put_object(Bucket=self.names.assets_bucket, Key=key, Body=body.encode())

    def _settings(self, **limits: int) -> TriggerSettings:
        names, account = self.environment.names, self.environment.account
        known: dict[str, Any] = {
            "environment": self.environment.name,
            "alerts_topic_arn": f"arn:aws:sns:{account.aws_region}:{account.aws_account_id}:"
            f"{names.alerts_topic}",
            "file_processor_job": names.job(FILE_PROCESSOR),
            "workflow": names.workflow,
            "data_ingestion_job": names.of("data-ingestion"),
            "data_quality_job": names.of("data-quality"),
            "objects_per_run": 10,
            "bytes_per_run": 1_000_000,
            "runs_at_once": 100,
            "attempts_per_load": 3,
            "max_object_bytes": 10_000,
            "malware_scan_required": 0,
            **{f"{zone}_bucket": getattr(names, f"{zone}_bucket") for zone in _ZONES},
            **{f"{kind}_table": getattr(names, f"{kind}_table") for kind in _TABLES},
            **limits,
        }
        kinds = {"int": 10, "str": "", "float": 0.44}
        return TriggerSettings(
            **{f.name: known.get(f.name, kinds[str(f.type)]) for f in fields(TriggerSettings)}
        )


_ZONES = ("raw", "processed", "quality", "assets")
_TABLES = ("objects", "loads", "state", "runs")


def keys_of(told: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted(str(one["key"]) for one in told)

"""Start runs for what waits, and settle what became of the runs before.

Every occasion does the same: settle loads whose run has ended, start loads that are ready,
batch pending objects into new loads. Only one dispatcher is at work at a time; each step
can be cut off after any call and is taken up again at the next occasion.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools import Logger

from wires.job_arguments import FileProcessorRun, to_arguments
from wires.lease import DISPATCHER, Leases
from wires.lineage import InputObject, LineageRun, RunEventType, lineage_key, run_event
from wires.load_ledger import Load, LoadLedger, LoadState
from wires.manifest import Manifest, ObjectVersion, manifest_key
from wires.object_ledger import ObjectLedger, ObjectOutcome, ObjectStatus
from wires.run_ledger import ENDED, RunLedger

from .batching import batches
from .errors import GlueFull
from .session_policy import session_policy
from .settings import TriggerSettings

LEASE_SECONDS = 180
"""Longer than the function's timeout, so a holder that is cut off has ended by then."""
_FULL = frozenset(
    {
        "ConcurrentRunsExceededException",
        "ResourceNumberLimitExceededException",
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
    }
)

logger = Logger(service="trigger", child=True)


class Dispatcher:
    """Moves loads from ready to running to closed."""

    def __init__(
        self,
        *,
        settings: TriggerSettings,
        objects: ObjectLedger,
        loads: LoadLedger,
        runs: RunLedger,
        leases: Leases,
        s3: Any,
        glue: Any,
        sns: Any,
    ) -> None:
        self._settings = settings
        self._objects = objects
        self._loads = loads
        self._runs = runs
        self._leases = leases
        self._s3 = s3
        self._glue = glue
        self._sns = sns

    def dispatch(self, arrived: Iterable[ObjectVersion], *, owner: str) -> None:
        """Do all that can be done now. If another dispatcher is at work, leave it to that one."""
        if not self._leases.take(DISPATCHER, owner=owner, seconds=LEASE_SECONDS):
            logger.info("another dispatcher is at work")
            return
        try:
            self._settle()
            self._start_ready()
            self._start_new(arrived)
        except GlueFull as full:
            logger.info("Glue is full", extra={"reason": str(full)})
        finally:
            self._leases.give_back(DISPATCHER, owner=owner)

    def record_run(self, job: str, run_id: str) -> dict[str, Any]:
        """Bring the job-run table up to what Glue says about a run, and return that."""
        run: dict[str, Any] = self._glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        facts = {"state": run["JobRunState"], "started_at": run["StartedOn"].isoformat()}
        if run["JobRunState"] in ENDED:
            facts |= {
                "ended_at": run["CompletedOn"].isoformat(),
                "seconds": int(run.get("ExecutionTime", 0)),
                "dpu_seconds": str(run.get("DPUSeconds", "")),
                "error": run.get("ErrorMessage", ""),
                "load_id": run.get("Arguments", {}).get("--load_id", ""),
            }
        self._runs.record(job, run_id, facts)
        return run

    def _settle(self) -> None:
        for load in self._loads.open_loads(self._settings.raw_bucket):
            if load.working_run:
                run = self.record_run(load.job, load.working_run)
                if run["JobRunState"] in ENDED:
                    self._run_has_ended(load.load_id, run)

    def _run_has_ended(self, load_id: str, run: dict[str, Any]) -> None:
        # Read again: what the run did last is in the table only now that it has ended.
        load = self._loads.get(load_id)
        if load.state is LoadState.PUBLISHED:
            self._loads.close(load)
        elif load.working_run == run["Id"]:
            reason = run.get("ErrorMessage") or f"the run ended as {run['JobRunState']}"
            self._tell_failure(load, reason, at=run["CompletedOn"].isoformat())
            self._retry_or_give_up(load, reason, at=run["CompletedOn"].isoformat())

    def _tell_failure(self, load: Load, reason: str, *, at: str) -> None:
        """For a run that was killed, and could not say so itself."""
        event = run_event(
            RunEventType.FAIL,
            LineageRun(
                job=load.job,
                run_id=load.working_run,
                environment=self._settings.environment,
                code_version="trigger",
            ),
            at=at,
            inputs=[
                InputObject(bucket=load.bucket, version=version)
                for version in self._manifest(load.load_id).objects
            ],
            error=reason,
        )
        key = lineage_key(load.load_id, f"attempt-{load.attempt}", RunEventType.FAIL)
        try:
            self._s3.put_object(
                Bucket=self._settings.assets_bucket,
                Key=key,
                Body=event.encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            logger.info("the run has said itself how it failed", extra={"run_id": load.run_id})

    def _retry_or_give_up(self, load: Load, reason: str, *, at: str) -> None:
        if load.attempt < self._settings.attempts_per_load:
            self._loads.retry(load, reason=reason)
            return
        verdict = f"gave up after {load.attempt} attempts: {reason}"
        for version in self._manifest(load.load_id).objects:
            item = self._objects.get(version.key, version.version_id)
            if item["status"] in (ObjectStatus.PENDING, ObjectStatus.RUNNING):
                outcome = ObjectOutcome(
                    key=version.key,
                    version_id=version.version_id,
                    status=ObjectStatus.FAILED,
                    reason=verdict,
                )
                self._objects.finish(outcome, load_id=load.load_id, finished_at=at)
        self._loads.fail(load, reason=verdict)
        self._announce_failure(load, verdict)

    def _start_ready(self) -> None:
        for load in self._loads.open_loads(self._settings.raw_bucket):
            if load.state is LoadState.READY:
                self._start(load, self._manifest(load.load_id))

    def _start_new(self, arrived: Iterable[ObjectVersion]) -> None:
        running = sum(
            load.state is LoadState.RUNNING
            for load in self._loads.open_loads(self._settings.raw_bucket)
        )
        for batch in batches(
            self._waiting(arrived),
            max_objects=self._settings.objects_per_run,
            max_bytes=self._settings.bytes_per_run,
        ):
            if running >= self._settings.runs_at_once:
                raise GlueFull(f"{running} runs are under way, the limit in config")
            self._start_batch(batch)
            running += 1

    def _waiting(self, arrived: Iterable[ObjectVersion]) -> list[ObjectVersion]:
        room = self._settings.objects_per_run * self._settings.runs_at_once
        # The index lags: it may still miss what has just been registered.
        indexed = self._objects.pending(self._settings.raw_bucket, limit=room)
        candidates = sorted({*indexed, *arrived}, key=lambda version: version.uploaded_at)
        return [version for version in candidates if self._objects.still_pending(version)]

    def _start_batch(self, batch: list[ObjectVersion]) -> None:
        manifest = Manifest.of(self._settings.raw_bucket, batch)
        self._s3.put_object(
            Bucket=self._settings.assets_bucket,
            Key=manifest_key(manifest.load_id),
            Body=manifest.to_json().encode(),
            ContentType="application/json",
        )
        load = Load(
            load_id=manifest.load_id,
            bucket=manifest.bucket,
            job=self._settings.file_processor_job,
            created_at=max(version.uploaded_at for version in batch),
        )
        if not self._loads.create(load):
            self._loads.reopen(self._loads.get(load.load_id))
            load = self._loads.get(load.load_id)
        self._start(load, manifest)

    def _start(self, load: Load, manifest: Manifest) -> None:
        try:
            run_id = self._start_job_run(load, manifest)
        except GlueFull:
            # A load that never ran makes way, so that its objects can join a larger batch.
            if self._loads.withdraw(load):
                self._objects.mark_pending(load.bucket, manifest.objects)
            raise
        # Objects first: cut off in between, the load is still ready and is taken up as it is,
        # where pending objects would be batched into another load and be published twice.
        self._objects.mark_running(manifest.objects, load.load_id)
        self._loads.mark_running(load, run_id=run_id)
        self._runs.record(
            load.job,
            run_id,
            {"load_id": load.load_id, "attempt": load.attempt, "objects": len(manifest.objects)},
        )
        self.record_run(load.job, run_id)
        logger.info("started", extra={"load_id": load.load_id, "run_id": run_id})

    def _start_job_run(self, load: Load, manifest: Manifest) -> str:
        arguments = FileProcessorRun(
            load_id=load.load_id,
            attempt=load.attempt,
            last_attempt=load.attempt >= self._settings.attempts_per_load,
        )
        try:
            answer = self._glue.start_job_run(
                JobName=load.job,
                Arguments=to_arguments(arguments),
                ExecutionRoleSessionPolicy=session_policy(
                    self._settings,
                    load.load_id,
                    # A table that a contract gathers from several folders may be widened: what
                    # was denied to the attempts before must not keep the last one from it.
                    None if arguments.last_attempt else [v.key for v in manifest.objects],
                ),
            )
        except self._glue.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _FULL:
                raise GlueFull(code) from error
            raise
        return str(answer["JobRunId"])

    def _manifest(self, load_id: str) -> Manifest:
        answer = self._s3.get_object(Bucket=self._settings.assets_bucket, Key=manifest_key(load_id))
        return Manifest.from_json(answer["Body"].read())

    def _announce_failure(self, load: Load, verdict: str) -> None:
        self._sns.publish(
            TopicArn=self._settings.alerts_topic_arn,
            Subject="Load failed",
            Message=(
                f"Load {load.load_id} of s3://{load.bucket} {verdict}\n"
                "Its objects are 'failed' in the object ledger."
            ),
        )

"""Start runs for what waits, and settle what became of the runs before.

Every occasion does the same: settle loads whose run has ended, start loads that are ready,
batch pending objects into new loads. Only one dispatcher is at work at a time; each step
can be cut off after any call and is taken up again at the next occasion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from aws_lambda_powertools import Logger

from wires.job_arguments import LoadRun
from wires.lanes import Lane, lane_of
from wires.layout import DISPATCHER, load_lineage_key, manifest_key
from wires.lease import Leases
from wires.lineage import InputObject, LineageRun, RunEventType, run_event
from wires.load_ledger import Load, LoadLedger, LoadState
from wires.manifest import Manifest, ObjectVersion
from wires.object_ledger import ObjectLedger, ObjectOutcome, ObjectStatus
from wires.run_ledger import ENDED, RunLedger
from wires.workflow_ledger import WorkflowLedger

from .batching import batches
from .errors import GlueFull
from .settings import TriggerSettings
from .starting import Ended, JobStarter, Starter, WorkflowStarter
from .workflow import Workflow

LEASE_SECONDS = 180
"""Longer than the function's timeout, so a holder that is cut off has ended by then."""
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
        workflow: WorkflowLedger,
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
        by_workflow = WorkflowStarter(
            glue=glue, workflow=settings.workflow, record_run=self.record_run
        )
        self._workflow = Workflow(settings=settings, ledger=workflow, starter=by_workflow, sns=sns)
        self._starters: Mapping[str, Starter] = {
            settings.file_processor_job: JobStarter(
                glue=glue, settings=settings, record_run=self.record_run
            ),
            settings.data_ingestion_job: by_workflow,
        }

    def dispatch(self, arrived: Sequence[ObjectVersion], *, owner: str) -> None:
        """Do all that can be done now. If another dispatcher is at work, leave it to that one."""
        if not self._leases.take(DISPATCHER, owner=owner, seconds=LEASE_SECONDS):
            logger.info("another dispatcher is at work")
            return
        try:
            self._settle()
            self._workflow.settle()
            for job in self._starters:
                self._start(job, arrived)
        finally:
            self._leases.give_back(DISPATCHER, owner=owner)

    def want_workflow(self, why: str) -> None:
        """Have the workflow run, whatever has arrived."""
        self._workflow.ledger.want(why)

    def run_has_ended(self, job: str, run_id: str) -> None:
        """Record it; people hear of a failure that no load's attempts tell of."""
        run = self.record_run(job, run_id)
        if run["JobRunState"] not in ENDED - {"SUCCEEDED"}:
            return
        is_told = self._runs.get(job, run_id).get("alerted", False)
        if job in self._settings.other_jobs.split(",") and not is_told:
            reason = run.get("ErrorMessage") or f"it ended as {run['JobRunState']}"
            self._sns.publish(
                TopicArn=self._settings.alerts_topic_arn,
                Subject="Job failed",
                Message=(
                    f"Run {run_id} of {job} failed: {reason}\nNothing half-made is visible; the "
                    "next run makes up for what this one has left undone."
                ),
            )
            # Afterwards: the event may come again, and telling twice is better than not at all.
            self._runs.record(job, run_id, {"alerted": True})

    def _start(self, job: str, arrived: Sequence[ObjectVersion]) -> None:
        """All that there is room for; jobs that are full do not keep others from starting."""
        is_layered = job == self._settings.data_ingestion_job
        try:
            if is_layered:
                self._workflow.check_room()
            running = self._start_ready(job)
            # Only now: objects of loads that were ready are no longer waiting.
            if is_layered:
                self._workflow.check_room()
            self._start_new(job, arrived, running=running)
            if is_layered:
                self._workflow.start_if_wanted()
        except GlueFull as full:
            logger.info("Glue is full", extra={"job": job, "reason": str(full)})

    def _job_of(self, key: str) -> str:
        layered = lane_of(key) is Lane.LAYERED
        settings = self._settings
        return settings.data_ingestion_job if layered else settings.file_processor_job

    def record_run(self, job: str, run_id: str) -> dict[str, Any]:
        """Bring the job-run table up to what Glue says about a run, and return that."""
        run: dict[str, Any] = self._glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        facts = {"state": run["JobRunState"], "started_at": run["StartedOn"].isoformat()}
        if run["JobRunState"] in ENDED:
            facts |= {
                "ended_at": run.get("CompletedOn", run["StartedOn"]).isoformat(),
                "seconds": int(run.get("ExecutionTime", 0)),
                "dpu_seconds": str(run.get("DPUSeconds", "")),
                "error": run.get("ErrorMessage", ""),
            }
            if load_id := run.get("Arguments", {}).get("--load_id"):
                facts["load_id"] = load_id
        self._runs.record(job, run_id, facts)
        return run

    def _settle(self) -> None:
        for load in self._loads.open_loads(self._settings.raw_bucket):
            if load.working_run:
                ended = self._starters[load.job].end_of(load)
                if ended:
                    self._run_has_ended(load.load_id, ended)

    def _run_has_ended(self, load_id: str, ended: Ended) -> None:
        # Read again: what the run did last is in the table only now that it has ended.
        load = self._loads.get(load_id)
        if load.state is LoadState.PUBLISHED:
            self._loads.close(load)
        elif load.working_run == ended.run_id:
            self._tell_failure(load, ended.reason, at=ended.at)
            self._retry_or_give_up(load, ended.reason, at=ended.at)

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
        key = load_lineage_key(load.load_id, f"attempt-{load.attempt}", RunEventType.FAIL)
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
        # First: a load that is failed is not looked at again.
        self._announce_failure(load, verdict)
        self._loads.fail(load, reason=verdict)

    def _start_ready(self, job: str) -> int:
        """How many runs of the job are under way then."""
        running = 0
        for load in self._open_loads(job):
            if load.state is LoadState.READY:
                self._start_load(load, self._manifest(load.load_id))
            running += load.state in (LoadState.READY, LoadState.RUNNING)
        return running

    def _start_new(self, job: str, arrived: Sequence[ObjectVersion], *, running: int) -> None:
        room = self._settings.runs_at_once - running
        if room < 1:
            # Before anything is read of what waits, which may be much.
            raise GlueFull(f"{running} runs are under way, the limit in config")
        # The workflow has one run at a time.
        room = 1 if job == self._settings.data_ingestion_job else room
        waiting = self._waiting(job, arrived, most=self._settings.objects_per_run * room)
        for batch in islice(self._batches(waiting), room):
            self._start_batch(job, batch)

    def _batches(self, waiting: Iterable[ObjectVersion]) -> Iterator[list[ObjectVersion]]:
        return batches(
            waiting,
            max_objects=self._settings.objects_per_run,
            max_bytes=self._settings.bytes_per_run,
        )

    def _open_loads(self, job: str) -> Iterator[Load]:
        return (
            load for load in self._loads.open_loads(self._settings.raw_bucket) if load.job == job
        )

    def _waiting(
        self, job: str, arrived: Sequence[ObjectVersion], *, most: int
    ) -> list[ObjectVersion]:
        """What waits for a job; however much waits for another one, it hides none of this."""
        # The index lags: it may still miss what has just been registered.
        layered = job == self._settings.data_ingestion_job
        lane = Lane.LAYERED if layered else Lane.FILES
        indexed = self._objects.pending(self._settings.raw_bucket, lane, limit=most)
        mine = (version for version in arrived if self._job_of(version.key) == job)
        candidates = sorted({*indexed, *mine}, key=lambda version: version.upload_order)
        return self._objects.still_pending(candidates)

    def _start_batch(self, job: str, batch: list[ObjectVersion]) -> None:
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
            job=job,
            created_at=max(version.uploaded_at for version in batch),
        )
        if not self._loads.create(load):
            self._loads.reopen(self._loads.get(load.load_id))
            load = self._loads.get(load.load_id)
        self._start_load(load, manifest)

    def _start_load(self, load: Load, manifest: Manifest) -> None:
        try:
            run_id = self._start_run(load, manifest)
        except GlueFull:
            # A load that never ran makes way, so that its objects can join a larger batch.
            if self._loads.withdraw(load):
                self._objects.mark_pending(load.bucket, manifest.objects)
            raise
        # Objects first: cut off in between, the load is still ready and is taken up as it is,
        # where pending objects would be batched into another load and be published twice.
        self._objects.mark_running(manifest.objects, load.load_id)
        self._loads.mark_running(load, run_id=run_id)
        if load.job == self._settings.data_ingestion_job:
            self._workflow.ledger.started(run_id)
        else:
            facts = {"load_id": load.load_id, "attempt": load.attempt}
            self._runs.record(load.job, run_id, {**facts, "objects": len(manifest.objects)})
            self.record_run(load.job, run_id)
        logger.info("started", extra={"load_id": load.load_id, "run_id": run_id})

    def _start_run(self, load: Load, manifest: Manifest) -> str:
        run = LoadRun(
            load_id=load.load_id,
            attempt=load.attempt,
            last_attempt=load.attempt >= self._settings.attempts_per_load,
        )
        return self._starters[load.job].start(load, manifest, run)

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

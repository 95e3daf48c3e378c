"""Loads whose run has ended: closed, tried again, or given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from wires.layout import load_lineage_key
from wires.lineage import InputObject, LineageRun, RunEventType, run_event
from wires.load_ledger import Load, LoadLedger, LoadState
from wires.object_ledger import ObjectLedger, ObjectOutcome, ObjectStatus
from wires.refusals import RefusalKind

from .alerts import Alerts
from .errors import UnknownJob
from .manifests import Manifests
from .metrics import Metrics, of_ending
from .refusing import Refusing
from .settings import TriggerSettings
from .starting import Ended, Starter

logger = Logger(service="trigger", child=True)


@dataclass(frozen=True, kw_only=True)
class Settling:
    """Decides about each load once the run that worked on it has ended."""

    settings: TriggerSettings
    objects: ObjectLedger
    loads: LoadLedger
    manifests: Manifests
    alerts: Alerts
    s3: Any
    starters: Mapping[str, Starter]
    """By job."""
    refusing: Refusing
    metrics: Metrics

    def settle(self) -> None:
        """Settle each load; what fails about one is recorded with it, and others go on."""
        for load in self.loads.open_loads(self.settings.raw_bucket):
            try:
                self._settle(load)
            except Exception as error:  # noqa: BLE001 - whatever it is, other loads go on
                self._record(load, error)

    def _settle(self, load: Load) -> None:
        if load.job not in self.starters:
            raise UnknownJob(
                f"no route of this release has job {load.job}: load {load.load_id} is of another "
                "one, whose job starts it if it is deployed again"
            )
        if not load.working_run:
            if load.state is LoadState.PUBLISHED:
                # By a run that went on after Glue had called it ended, and the load was free again.
                self.loads.close(load)
            return
        ended = self.starters[load.job].end_of(load)
        if ended:
            self._run_has_ended(load.load_id, ended)
        elif load.refusal and load.refusal.kind is RefusalKind.SETTLING:
            self.loads.clear(load)

    def _record(self, load: Load, error: Exception) -> None:
        try:
            self.refusing.of_load(load, error, RefusalKind.SETTLING)
        except self.s3.exceptions.ClientError:
            logger.exception("a refusal cannot be recorded", extra={"load_id": load.load_id})

    def _run_has_ended(self, load_id: str, ended: Ended) -> None:
        # Read again: what the run did last is in the table only now that it has ended.
        load = self.loads.get(load_id)
        if load.state is LoadState.PUBLISHED:
            self.loads.close(load)
        elif load.working_run == ended.run_id:
            self._try_to_write_failure(load, ended)
            self._retry_or_give_up(load, ended)

    def _try_to_write_failure(self, load: Load, ended: Ended) -> None:
        try:
            self._write_failure(load, ended)
        except Exception:
            # Lineage says what has been; the load's next attempt does not wait for it.
            logger.exception("lineage is not written", extra={"load_id": load.load_id})

    def _write_failure(self, load: Load, ended: Ended) -> None:
        """Write the lineage of a run that was killed, and could not say so itself."""
        event = run_event(
            RunEventType.FAIL,
            LineageRun(
                job=load.job,
                run_id=load.working_run,
                environment=self.settings.environment,
                code_version="trigger",
            ),
            at=ended.at,
            inputs=[
                InputObject(bucket=load.bucket, version=version)
                for version in self.manifests.read(load.load_id).objects
            ],
            error=ended.reason,
        )
        key = load_lineage_key(load.load_id, f"attempt-{load.attempt}", RunEventType.FAIL)
        try:
            self.s3.put_object(
                Bucket=self.settings.assets_bucket,
                Key=key,
                Body=event.encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except self.s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
            logger.info("the run has said itself how it failed", extra={"run_id": load.run_id})

    def _retry_or_give_up(self, load: Load, ended: Ended) -> None:
        if load.attempt < self.settings.attempts_per_load:
            self.loads.retry(load, reason=ended.reason)
            return
        failed = 0
        verdict = f"gave up after {load.attempt} attempts: {ended.reason}"
        for version in self.manifests.read(load.load_id).objects:
            item = self.objects.get(version.key, version.version_id)
            if item["status"] in (ObjectStatus.PENDING, ObjectStatus.RUNNING):
                outcome = ObjectOutcome(
                    key=version.key,
                    version_id=version.version_id,
                    status=ObjectStatus.FAILED,
                    reason=verdict,
                )
                self.objects.finish(outcome, load_id=load.load_id, finished_at=ended.at)
                failed += 1
        self.metrics.write([of_ending(ObjectStatus.FAILED.value, failed)])
        # First: a load that is failed is not looked at again.
        self.alerts.load_failed(load, verdict)
        self.loads.fail(load, reason=verdict)

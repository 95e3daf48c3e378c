"""The history of job runs, brought up to what Glue says about them."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from wires.dpu import DpuPrices, dpu_seconds
from wires.routes import Route
from wires.run_ledger import CLOSED, ENDED, LOST, RunLedger

from .alerts import Alerts
from .metrics import Metrics, of_run
from .settings import FunctionSettings

HISTORY = 20
"""Runs of a job that say what is usual."""

logger = Logger(service="trigger", child=True)


@dataclass(frozen=True, kw_only=True)
class Runs:
    """Records runs, and alerts people of failures that no load's attempts tell of."""

    glue: Any
    ledger: RunLedger
    alerts: Alerts
    alerting_jobs: Set[str]
    """Jobs that take no loads."""
    metrics: Metrics
    routes: Mapping[str, Route]
    """By job, of those that take loads."""
    prices: DpuPrices

    @classmethod
    def of(
        cls, settings: FunctionSettings, *, glue: Any, table: Any, alerts: Alerts, metrics: Metrics
    ) -> Runs:
        """Return the runs of a function, in a DynamoDB `Table` resource."""
        return cls(
            glue=glue,
            ledger=RunLedger(table),
            alerts=alerts,
            alerting_jobs=frozenset(settings.other_jobs.split(",")),
            metrics=metrics,
            routes={
                settings.file_processor_job: Route.FILES,
                settings.data_ingestion_job: Route.LAYERED,
            },
            prices=settings.prices,
        )

    def record(self, job: str, run_id: str) -> dict[str, Any]:
        """Return what Glue says about a run, after taking it down."""
        run: dict[str, Any] = self.glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        facts = {"state": run["JobRunState"], "started_at": run["StartedOn"].isoformat()}
        if run["JobRunState"] in ENDED:
            used = dpu_seconds(run)
            facts |= {
                "ended_at": run.get("CompletedOn", run["StartedOn"]).isoformat(),
                "seconds": int(run.get("ExecutionTime", 0)),
                "dpu_seconds": used.seconds,
                "dpu_seconds_source": used.source,
                "usd": self.prices.usd(run, used),
                "worker_type": run.get("WorkerType", ""),
                "workers": int(run.get("NumberOfWorkers", 0)),
                "execution_class": run.get("ExecutionClass", "STANDARD"),
                "timeout_minutes": int(run.get("Timeout", 0)),
                "error": run.get("ErrorMessage", ""),
            }
            if load_id := run.get("Arguments", {}).get("--load_id"):
                facts["load_id"] = load_id
        self.ledger.record(job, run_id, facts)
        return run

    def record_end(self, job: str, run_id: str) -> None:
        """Take down how a run ended; alert people, once, if that is for them."""
        try:
            run = self.record(job, run_id)
        except self.glue.exceptions.EntityNotFoundException:
            self._lose(job, run_id)
            return
        self._try_to_measure(job, run_id)
        state = run["JobRunState"]
        if state in ENDED - {"SUCCEEDED"}:
            self._alert(job, run_id, run.get("ErrorMessage") or f"it ended as {state}")
        elif state == "SUCCEEDED":
            self._tell_that_it_works(job, run_id)

    def _lose(self, job: str, run_id: str) -> None:
        """Close a run that Glue does not know any more: its job has been replaced since. A load
        that it had is settled all the same."""
        logger.warning("Glue knows no such run", extra={"job": job, "run_id": run_id})
        item = self.ledger.get(job, run_id)
        if not item:
            return
        if item.get("state") in CLOSED:
            self._try_to_measure(job, run_id)
            return
        reason = "Glue knows no such run: its job was replaced, or it is too old"
        self.ledger.record(job, run_id, {"state": LOST, "error": reason})
        self._try_to_measure(job, run_id)
        self._alert(job, run_id, reason)

    def _alert(self, job: str, run_id: str, reason: str) -> None:
        if job not in self.alerting_jobs or self.ledger.get(job, run_id).get("alerted", False):
            return
        self.alerts.job_failed(job, run_id, reason)
        # Afterwards: the event may come again, and telling twice is better than not at all.
        self.ledger.record(job, run_id, {"alerted": True})

    def _tell_that_it_works(self, job: str, run_id: str) -> None:
        """Tell, once, that a job works again whose last run before was an alert."""
        item = self.ledger.get(job, run_id)
        if job not in self.alerting_jobs or item.get("told_it_works", False):
            return
        last = self.ledger.last_before(job, str(item["started_at"]))
        if last.get("alerted", False):
            self.alerts.job_works(job, run_id)
            self.ledger.record(job, run_id, {"told_it_works": True})

    def _try_to_measure(self, job: str, run_id: str) -> None:
        try:
            self._measure(job, run_id)
        except Exception:
            logger.exception("a run is not measured", extra={"job": job, "run_id": run_id})

    def _measure(self, job: str, run_id: str) -> None:
        """Put out the metrics of a run, once: the event of its end may come again."""
        item = self.ledger.get(job, run_id)
        if item.get("measured", False) or item.get("state") not in CLOSED:
            return
        before = self.ledger.seconds_before(job, str(item["started_at"]), most=HISTORY)
        self.metrics.write(of_run(item, before, route=self.routes.get(job)))
        self.ledger.record(job, run_id, {"measured": True})

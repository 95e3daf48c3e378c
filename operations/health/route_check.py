"""The check of one route: an upload, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from config.jobs import DATA_INGESTION, FILE_PROCESSOR
from operations.health import stub
from operations.health.standing import Course, Standing, Step
from operations.health.traces import Traces
from operations.health.workflow_run import workflow_run
from operations.recovery.estate import Estate
from operations.recovery.work import work_on
from operations.table_reader import IcebergReader
from wires.errors import LoadStateError
from wires.object_ledger import ObjectStatus
from wires.routes import CHECKS_PREFIX, Route

_RUNBOOK = "docs/runbooks/health-check.md"
Entry = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RouteCheck:
    """An upload under a name of its own, which goes through one route."""

    estate: Estate
    route: Route
    traces: Traces
    version_id: str

    @property
    def dataset(self) -> str:
        return self.traces.note.dataset

    @property
    def key(self) -> str:
        return self.traces.note.key

    def look(self) -> Standing:
        """Return where the upload stands now."""
        entry = self.estate.objects.get(self.key, self.version_id)
        if not entry:
            return self._not_registered()
        if entry["status"] == ObjectStatus.PENDING:
            return self._pending()
        if entry["status"] == ObjectStatus.RUNNING:
            return self._running(str(entry.get("load_id", "")))
        wrong = self._wrong_ending(entry)
        if wrong:
            return _wrong(Step.DECIDING, wrong, f"the log of {self._job} and {_RUNBOOK}")
        if self.route is Route.LAYERED:
            flow = self._in_workflow(str(entry["load_id"]))
            if flow.course is not Course.WELL:
                return flow
        return self._compared(str(entry["load_id"]))

    @property
    def _job(self) -> str:
        layered = self.route is Route.LAYERED
        return self.estate.names.job(DATA_INGESTION if layered else FILE_PROCESSOR)

    def _not_registered(self) -> Standing:
        names = self.estate.names
        return Standing(
            step=Step.REGISTERING,
            said="is not registered",
            look_at=f"queue {names.uploads_queue}, its dead letters, and function "
            f"{names.trigger_function}: is it fed from the queue, and what does its log say?",
        )

    def _pending(self) -> Standing:
        layered = self.route is Route.LAYERED
        starts = f"workflow {self.estate.names.workflow}" if layered else f"job {self._job}"
        return Standing(
            step=Step.WAITING,
            said="is pending: no run has been started for it",
            look_at=f"{starts}: is it at work for others, full, or refused? The log of function "
            f"{self.estate.names.trigger_function} and `python -m operations failed` say so",
        )

    def _running(self, load_id: str) -> Standing:
        return Standing(
            step=Step.LOADING,
            said=f"is running in load {load_id}{self._work_on(load_id)}",
            look_at=f"the runs of job {self._job} and their logs",
        )

    def _work_on(self, load_id: str) -> str:
        """Return what is known of a load's run, of the one before, and of a refusal."""
        try:
            load = self.estate.loads.get(load_id)
        except LoadStateError:
            return ", which is not in the ledger"
        told = [f"attempt {load.attempt}", work_on(self.estate, load).said]
        if load.reason:
            told.append(f"the attempt before failed: {load.reason}")
        if load.refusal:
            told.append(f"refused: {load.refusal.reason}")
        return f" ({'; '.join(told)})"

    def _wrong_ending(self, entry: Entry) -> str:
        """Return what is wrong with what the ledger says; "" if nothing is."""
        if entry["status"] != ObjectStatus.PUBLISHED:
            return f"ended {entry['status']}: {entry.get('reason')}"
        if entry["dataset"] != self.dataset:
            return (
                f"went into dataset {entry['dataset']}, expected {self.dataset}: a contract in "
                f"config/datasets claims keys with {CHECKS_PREFIX}, which are the checks'"
            )
        counts = tuple(int(entry[f"rows_{what}"]) for what in ("in", "published", "quarantined"))
        if counts != (len(stub.ROWS), len(stub.ROWS), 0):
            return (
                f"has {len(stub.ROWS)} rows, of which the ledger counts {counts[0]} in, "
                f"{counts[1]} published and {counts[2]} quarantined"
            )
        return ""

    def _in_workflow(self, load_id: str) -> Standing:
        run = workflow_run(self.estate, self.estate.loads.get(load_id).run_id)
        name = self.estate.names.workflow
        look_at = (
            f"run {run.run_id} of workflow {name} and the jobs that it names: are its triggers "
            "activated, and is what failed a contract of yours or the platform?"
        )
        said = f"is published, and run {run.run_id} of workflow {name} is {run.said}"
        if not run.has_ended:
            return Standing(step=Step.WORKFLOW, said=said, look_at=look_at)
        if not run.is_whole:
            return _wrong(Step.WORKFLOW, said, look_at)
        return Standing(step=Step.WORKFLOW, said=said, course=Course.WELL)

    def _compared(self, load_id: str) -> Standing:
        table = f"table {self.estate.names.processed_database}.{self.dataset}"
        look_at = f"the table and its files, and the log of {self._job}"
        try:
            found = self._rows()
        except (ClientError, KeyError, OSError, ValueError) as error:
            return _wrong(Step.TABLE, f"is published, but {table} cannot be read: {error}", look_at)
        differences = stub.differences(found)
        differences += [
            f"load_id is {row.get('load_id')}" for row in found if row.get("load_id") != load_id
        ]
        if differences:
            told = "; ".join(differences)
            return _wrong(
                Step.TABLE, f"is published, but {table} is not what was uploaded: {told}", look_at
            )
        return Standing(step=Step.TABLE, said=f"{table} is as it should be", course=Course.WELL)

    def _rows(self) -> Sequence[Mapping[str, object]]:
        """Return the rows that a reader finds through the catalog."""
        table = self.estate.glue.get_table(
            DatabaseName=self.estate.names.processed_database, Name=self.dataset
        )["Table"]
        location = table["Parameters"]["metadata_location"]
        rows: list[Mapping[str, object]] = IcebergReader(self.estate.s3).rows(location).to_pylist()
        return rows


def _wrong(step: Step, said: str, look_at: str) -> Standing:
    return Standing(step=step, said=said, look_at=look_at, course=Course.WRONG)

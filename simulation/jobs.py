"""Glue's runs: each is the job's own script in an actor, with Spark's tasks done in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import data_ingestion
import file_processor
import lake.load
import lake.load_job
import table_maintenance
from config.jobs import DATA_INGESTION, FILE_PROCESSOR, TABLE_MAINTENANCE
from fuzz.here import work_here
from simulation.cloud import Cloud
from simulation.functions import Functions
from simulation.quick import remember_schemas
from simulation.scheduler import Actor
from simulation.services.glue import Flow, Run
from wires.contracts import DatasetContract
from wires.job_arguments import LoadDefaults, MaintenanceDefaults, to_arguments

TIMEOUT_SECONDS = 7200.0
_NEVER_BEGAN = ("EXPIRED", "ERROR", "TIMEOUT", "FAILED", "STOPPED")
_KILLED = ("FAILED", "ERROR", "STOPPED", "TIMEOUT")
_OUTLIVED_SECONDS = 300.0
Script = Callable[[list[str]], None]


def stand_in_for_spark(contracts: Mapping[str, DatasetContract]) -> None:
    """Have jobs place their tasks in their own process, and read these contracts."""
    remember_schemas()
    modules: tuple[Any, ...] = (lake.load, lake.load_job, table_maintenance)
    load, load_job, maintenance = modules
    load.start_converters = lambda _: None
    load_job.spark_session = maintenance.spark_session = lambda _: work_here()
    load_job.shipped_contracts = lambda: contracts
    maintenance.plan_for = lambda _, *, rows: None  # noqa: ARG005 - as the job calls it


@dataclass
class Jobs:
    """Runs what Glue has started, and tells of ends."""

    cloud: Cloud
    functions: Functions
    loads: LoadDefaults
    maintenance: MaintenanceDefaults
    on_their_way: int = 0
    """Events that EventBridge has and the queue has not."""

    def __post_init__(self) -> None:
        self.cloud.glue.started = self.started
        self.cloud.glue.flow_started = self._flow_started

    def started(self, run: Run) -> None:
        """Have a run begin after a while, or never."""
        scheduler, faults = self.cloud.scheduler, self.cloud.faults
        delay = 5 + 60 * faults.unit("start", run.run_id)
        if faults.happens(faults.weather.runs_lost, "run ended before it began", run.run_id):
            end = _NEVER_BEGAN[int(faults.unit("never", run.run_id) * len(_NEVER_BEGAN))]
            scheduler.at(scheduler.now + 10 * delay, lambda: self._end(run, end, "told to fail"))
            return
        faults_skew = (faults.unit("skew", run.run_id) - 0.5) * 2 * faults.weather.skew
        script = self._scripts[run.job]
        actor = Actor(
            f"{run.job.rpartition('-')[2]}-{run.run_id[-4:]}",
            lambda: script(self._argv(run)),
            lambda actor: self._ended(run, actor),
            skew=faults_skew,
            deadline=scheduler.now + TIMEOUT_SECONDS,
        )
        scheduler.start(actor, delay=delay)
        if faults.happens(faults.weather.runs_outlived, "run outlives its end", run.run_id):
            begins = scheduler.now + delay
            ends = begins + 30 * faults.unit("outlived", run.run_id)
            scheduler.at(ends, lambda: self._give_up(run, actor))
            scheduler.at(ends + _OUTLIVED_SECONDS, lambda: self._doom(actor))

    @property
    def _scripts(self) -> Mapping[str, Script]:
        names = self.cloud.names
        return {
            names.job(FILE_PROCESSOR): file_processor.main,
            names.job(DATA_INGESTION): data_ingestion.main,
            names.job(TABLE_MAINTENANCE): table_maintenance.main,
        }

    def _argv(self, run: Run) -> list[str]:
        is_maintenance = run.job == self.cloud.names.job(TABLE_MAINTENANCE)
        defaults = self.maintenance if is_maintenance else self.loads
        words = {
            **to_arguments(defaults),
            **run.arguments,
            "--JOB_NAME": run.job,
            "--JOB_RUN_ID": run.run_id,
        }
        if run.flow:
            words["--WORKFLOW_NAME"] = self.cloud.names.workflow
            words["--WORKFLOW_RUN_ID"] = run.flow
        return ["script", *(word for pair in words.items() for word in pair)]

    def _ended(self, run: Run, actor: Actor) -> None:
        faults, scheduler = self.cloud.faults, self.cloud.scheduler
        if actor.was_killed:
            state = _KILLED[int(faults.unit("killed", run.run_id) * len(_KILLED))]
            # Glue notices it after a while.
            later = scheduler.now + 300 * faults.unit("noticed", run.run_id)
            scheduler.at(later, lambda: self._end(run, state, "the run was killed"))
        elif actor.error is not None:
            self._end(run, "FAILED", f"{type(actor.error).__name__}: {actor.error}")
        else:
            self._end(run, "SUCCEEDED", "")

    def _give_up(self, run: Run, actor: Actor) -> None:
        """Have Glue say that a run has ended, while its driver still works."""
        if actor in self.cloud.scheduler.actors:
            self._end(run, "TIMEOUT", "told to time out")

    def _doom(self, actor: Actor) -> None:
        actor.is_doomed = True

    def _end(self, run: Run, state: str, error: str) -> None:
        if run.has_ended:
            return
        now = self.cloud.scheduler.now
        run.state, run.error, run.completed_at = state, error, now
        self.cloud.trace.note(now, run.run_id, f"{run.job} ends as {state} {error[:300]}")
        detail = {"jobName": run.job, "jobRunId": run.run_id, "state": state}
        event = {"detail-type": "Glue Job State Change", "source": "aws.glue", "detail": detail}
        self.tell(json.dumps(event), "end", run.run_id)
        if run.flow:
            self._flow_ended(self.cloud.glue.flows[run.flow])

    def tell(self, body: str, *of: object) -> bool:
        """Have EventBridge bring an event to the queue: late, twice, or never. Return whether it
        comes."""
        faults, scheduler = self.cloud.faults, self.cloud.scheduler
        weather, queue = faults.weather, self.functions.queue
        if faults.happens(weather.events_lost, "event lost", *of):
            return False
        copies = 1 + faults.happens(weather.events_twice, "event twice", *of)
        for copy in range(copies):
            delay = 1.0
            if faults.happens(weather.events_late, "event late", copy, *of):
                delay = 7200 * faults.unit("how late", copy, *of) ** 3
            self.on_their_way += 1
            scheduler.at(scheduler.now + delay, lambda: self._send(queue, body))
        return True

    def _send(self, queue: str, body: str) -> None:
        self.on_their_way -= 1
        self.cloud.sqs.send(queue, body)

    def _flow_started(self, flow: Flow) -> None:
        run = self.cloud.glue.run_of(self.cloud.names.job(DATA_INGESTION), {}, flow.run_id)
        flow.runs.append(run)
        self.started(run)

    def _flow_ended(self, flow: Flow) -> None:
        flow.status, flow.completed_at = "COMPLETED", self.cloud.scheduler.now

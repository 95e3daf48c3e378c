"""The monitoring function, called by the clock."""

from __future__ import annotations

from dataclasses import dataclass

from infra_app.lambdas.trigger.monitor_handler import monitor_of
from infra_app.lambdas.trigger.monitoring import Monitor
from infra_app.lambdas.trigger.settings import MonitorSettings
from simulation.cloud import Cloud
from simulation.judge import Judge
from simulation.scheduler import Actor
from wires.run_ledger import CLOSED

TIMEOUT_SECONDS = 120


@dataclass
class MonitorFunction:
    """Looks at all runs; a look that fails is made up for by the next."""

    cloud: Cloud
    settings: MonitorSettings
    judge: Judge
    looks: int = 0
    is_at_work: bool = False
    _monitor: Monitor | None = None

    def look(self) -> None:
        """Start a look, unless one is under way: the rule calls one function."""
        if self.is_at_work:
            return
        self.is_at_work = True
        self.looks += 1
        name = f"monitor-{self.looks}"
        scheduler, faults = self.cloud.scheduler, self.cloud.faults
        # What began before the weather changed may have had its fault.
        is_fair = faults.is_calm

        def work() -> None:
            if self._monitor is None:
                self._monitor = monitor_of(self.settings)
            report = self._monitor.look()
            self.judge.checks["looks"] += 1
            if report.failed and is_fair:
                self.judge.fail(f"{name} failed in fair weather: {report.failed}")

        def ended(actor: Actor) -> None:
            self.is_at_work = False
            if actor.was_killed or actor.error:
                self._monitor = None
                self.cloud.trace.note(scheduler.now, name, f"ends: {actor.error or 'killed'}")
            if actor.error and is_fair:
                self.judge.fail(f"{name} failed in fair weather: {actor.error!r}")

        skew = (faults.unit("skew", name) - 0.5) * 2 * faults.weather.skew
        deadline = scheduler.now + TIMEOUT_SECONDS
        scheduler.start(Actor(name, work, ended, skew=skew, deadline=deadline))

    def check(self) -> None:
        """Every run that Glue has ended is closed in the ledger, as Glue says, and measured."""
        items = self.cloud.dynamodb.tables[self.cloud.names.runs_table].items
        for run in self.cloud.glue.runs.values():
            item = items.get((run.job, run.run_id), {})
            state = item.get("state", {}).get("S", "nothing")
            if state not in CLOSED or state != run.state:
                self.judge.fail(
                    f"{run.run_id} of {run.job} is {run.state}, the ledger says {state}"
                )
            if not item.get("measured", {}).get("BOOL", False):
                self.judge.fail(f"{run.run_id} of {run.job} has never been measured")

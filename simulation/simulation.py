"""One seed: a day under faults, then fair weather in which everything has to come to its end."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from config.environments import Environment, load_environments
from config.jobs import DATA_INGESTION, FILE_PROCESSOR, TABLE_MAINTENANCE
from infra_app.lambdas.trigger.monitoring import UNSEEN_AFTER
from infra_app.lambdas.trigger.settings import MonitorSettings, TriggerSettings
from lake import store
from simulation.border import Border
from simulation.clients import REGION, Reached
from simulation.cloud import MAX_RECEIVES, Cloud
from simulation.faults import Faults, Place, weather_of
from simulation.functions import Functions
from simulation.gateway import Trace
from simulation.jobs import Jobs, stand_in_for_spark
from simulation.judge import FINAL, Judge
from simulation.monitor import MonitorFunction
from simulation.people import People
from simulation.reading import Reader
from simulation.scenario import START, PlannedUpload, Scenario, scenario_of
from simulation.scheduler import Scheduler, Violation
from simulation.truth import KEYED, Kind, Truth, Upload
from wires.contracts import DatasetContract
from wires.job_arguments import LoadDefaults, MaintenanceDefaults
from wires.object_ledger import ObjectStatus

_TICK_SECONDS = 60.0
_LOOKS_OF_A_TICK = 0.3
_PATIENCE_SECONDS = 24 * 3600.0
"""So long everything may take to come to its end once nothing goes wrong any more."""
_REPAIRED_ANYWAY = 0.1
"""Share of simulations in which people repair although there is nothing to repair."""
_CONTRACTS = {
    KEYED: DatasetContract(name=KEYED, keys=(f"{KEYED}/*",)),
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What of a seed is played; None: all of it."""

    seed: str
    uploads: tuple[int, ...] | None = None
    acts: tuple[int, ...] | None = None
    faults: frozenset[Place] | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a simulation has ended."""

    choice: Choice
    violation: str
    faults: Counter[str]
    injected: tuple[Place, ...]
    checks: Counter[str]
    calls: int
    digest: int
    scenario: Scenario
    trace: tuple[str, ...] = ()


@cache
def environment() -> Environment:
    return next(one for one in load_environments().all if one.name == "dev")


def simulate(choice: Choice, *, is_told: bool = False) -> Outcome:
    """Play a choice. The same choice is the same simulation, call by call."""
    day = Day(choice, is_told=is_told)
    before = Border.clock, Border.chance
    Border.clock, Border.chance = day.scheduler, random.Random(f"product/{choice.seed}")  # noqa: S311
    random.seed(f"global/{choice.seed}")
    store.client.cache_clear()
    Reached.gateway = day.cloud.gateway
    violation = ""
    try:
        day.run()
    except Violation as found:
        violation = str(found)
    finally:
        day.scheduler.broken = day.scheduler.broken or Violation("over")
        day.scheduler.kill_all()
        Border.clock, Border.chance = before
    return Outcome(
        choice=choice,
        violation=violation,
        faults=day.faults.counts,
        injected=tuple(place for place, _ in day.faults.injected),
        checks=day.judge.checks,
        calls=day.trace.calls,
        digest=day.trace.digest,
        scenario=day.scenario,
        trace=tuple(day.trace.lines),
    )


@dataclass
class Day:
    """Everything of one simulation."""

    choice: Choice
    is_told: bool = False
    scheduler: Scheduler = field(default_factory=lambda: Scheduler(START))
    truth: Truth = field(default_factory=Truth)
    told: list[Upload] = field(default_factory=list)
    """Uploads of which an event has come."""

    def __post_init__(self) -> None:
        seed = self.choice.seed
        self.faults = Faults(seed, weather_of(seed), self.choice.faults)
        self.trace = Trace(is_kept=self.is_told)
        self.cloud = Cloud(environment(), self.scheduler, self.faults, self.trace)
        self.judge = Judge(self.cloud, self.truth, Reader(self.cloud))
        self.functions = Functions(self.cloud, _trigger_settings())
        places = _places()
        self.jobs = Jobs(
            self.cloud,
            self.functions,
            LoadDefaults(**places, target_file_bytes=1_000_000, max_expansion_ratio=200),
            MaintenanceDefaults(
                **places, target_file_bytes=1_000_000, grace_hours=24, tables_kept_by_glue="-"
            ),
        )
        self.monitor = MonitorFunction(self.cloud, _monitor_settings(), self.judge)
        self.people = People(self.cloud, self.judge, self.jobs, self.functions)
        stand_in_for_spark(_CONTRACTS)
        whole = scenario_of(seed)
        everything = range(10_000)
        self.scenario = whole.only(
            self.choice.uploads if self.choice.uploads is not None else everything,
            self.choice.acts if self.choice.acts is not None else everything,
        )

    def run(self) -> None:
        """Raises Violation."""
        for upload in self.scenario.uploads:
            self.scheduler.at(upload.at, self._uploader(upload))
        for act in self.scenario.acts:
            self.scheduler.at(act.at, partial(self.people.do, act))
        self.scheduler.at(START, self._tick)
        self.scheduler.at(START + 18 * 3600, self.people.clean_up)
        self.scheduler.run(self.scenario.ends)
        self.faults.is_calm = True
        self.trace.note(self.scheduler.now, "weather", "nothing goes wrong any more")
        self._settle("faults have stopped")
        self._check_known()
        if not self._has_ended_well() or self.faults.unit("repair") < _REPAIRED_ANYWAY:
            self.people.repair()
            self._settle("people have repaired")
        self._check_ends()
        self._look_once_more()

    def _look_once_more(self) -> None:
        """Let the monitoring function make up for all events that were lost."""
        self.scheduler.run(self.scheduler.now + UNSEEN_AFTER.total_seconds())
        self.monitor.look()
        self._settle("the last look")
        self.monitor.check()

    def _uploader(self, planned: PlannedUpload) -> Callable[[], None]:
        def upload() -> None:
            raw = self.cloud.names.raw_bucket
            answer = self.cloud.s3.call(
                "PutObject", {"Bucket": raw, "Key": planned.key, "Body": planned.body}
            )
            made = Upload(
                key=planned.key,
                version_id=answer["VersionId"],
                at=self.scheduler.now,
                kind=planned.kind,
                dataset=planned.dataset,
                body=planned.body,
                rows=planned.rows,
                malformed=planned.malformed,
            )
            self.truth.add(made)
            self.trace.note(
                self.scheduler.now, "upload", f"{made.key} {made.version_id} {made.kind}"
            )
            if self.jobs.tell(_event(made, raw), "upload", planned.number):
                self.told.append(made)

        return upload

    def _tick(self) -> None:
        """Every minute while there is something to do; else now and then, which is the same."""
        faults, now = self.faults, self.scheduler.now
        names = self.cloud.names
        body = json.dumps({"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}})
        if not faults.happens(faults.weather.events_lost / 2, "tick lost", f"{now:.0f}"):
            self.cloud.sqs.send(names.uploads_queue, body)
        if faults.unit("look", f"{now:.0f}") < _LOOKS_OF_A_TICK:
            self.monitor.look()
        self.scheduler.at(now + self._until_next_tick(), self._tick)

    def _until_next_tick(self) -> float:
        if self.scheduler.actors:
            return 3 * _TICK_SECONDS
        if self._is_busy():
            return _TICK_SECONDS
        return (30 + 450 * self.faults.unit("tick", f"{self.scheduler.now:.0f}")) * _TICK_SECONDS

    def _is_busy(self) -> bool:
        names = self.cloud.names
        loads = self.cloud.dynamodb.tables[names.loads_table].items.values()
        objects = self.cloud.dynamodb.tables[names.objects_table].items.values()
        return any("open_in" in load for load in loads) or any(map(_waits, objects))

    def _settle(self, since: str) -> None:
        """Let everything come to rest."""
        deadline = self.scheduler.now + _PATIENCE_SECONDS
        while self.scheduler.now < deadline:
            self.scheduler.run(self.scheduler.now + 10 * _TICK_SECONDS)
            if self._is_quiet():
                return
        left = [*(a.name for a in self.scheduler.actors), *self._unfinished()]
        self.judge.fail(f"a day after {since}, something is not done: {left}")

    def _is_quiet(self) -> bool:
        queue = self.cloud.sqs.queues[self.cloud.names.uploads_queue]
        waits = any("Scheduled Event" not in message.body for message in queue.messages)
        runs = any(not run.has_ended for run in self.cloud.glue.runs.values())
        waits |= self.jobs.on_their_way > 0
        return not (self.scheduler.actors or waits or runs or self._is_busy())

    def _check_known(self) -> None:
        """What an event told of is in the ledger, or the event is a dead letter."""
        letters = self.cloud.sqs.queues[self.cloud.names.uploads_dead_letters].messages
        objects = self.cloud.dynamodb.tables[self.cloud.names.objects_table].items
        for upload in self.told:
            if upload.name not in objects and not any(
                upload.version_id in letter.body for letter in letters
            ):
                self.judge.fail(
                    f"the event of {upload.key} {upload.version_id} has come to nothing"
                )

    def _unfinished(self) -> list[str]:
        names = self.cloud.names
        loads = self.cloud.dynamodb.tables[names.loads_table].items.values()
        objects = self.cloud.dynamodb.tables[names.objects_table].items.values()
        return [
            *(f"load {_plain(one)}" for one in loads if "open_in" in one),
            *(f"object {_plain(one)}" for one in objects if _waits(one)),
        ]

    def _has_ended_well(self) -> bool:
        objects = self.cloud.dynamodb.tables[self.cloud.names.objects_table].items
        ends = ((one, objects.get(one.name)) for one in self.truth.uploads.values())
        return all(
            entry and entry["status"]["S"] in self._right_ends(upload) for upload, entry in ends
        )

    def _check_ends(self) -> None:
        """Every upload has ended as its content says, and every row is visible once."""
        objects = self.cloud.dynamodb.tables[self.cloud.names.objects_table]
        for upload in self.truth.uploads.values():
            entry = objects.items.get(upload.name)
            status = entry["status"]["S"] if entry else "unknown"
            if entry is None or status not in FINAL:
                self.judge.fail(f"{upload.key} {upload.version_id} has not ended: {status}")
            if status not in self._right_ends(upload):
                self.judge.fail(
                    f"{upload.key} {upload.version_id} ({upload.kind}) ended as {status}: "
                    f"{entry['reason'].get('S')}"
                )
        for dataset in sorted({one.dataset for one in self.truth.uploads.values()}):
            wanted = {u for one in self.truth.contents(dataset) for u in one.uids}
            missing = sorted(wanted - self.judge.visible(dataset).keys())
            if missing:
                self.judge.fail(f"rows {missing} of {dataset} are nowhere")

    def _right_ends(self, upload: Upload) -> frozenset[str]:
        if upload.kind in (Kind.GOOD, Kind.MIXED, Kind.AGAIN):
            twins = {ObjectStatus.IGNORED.value} if self.truth.twins(upload) else set()
            return frozenset({ObjectStatus.PUBLISHED.value, *twins})
        if upload.kind is Kind.EMPTY:
            return frozenset({ObjectStatus.EMPTY.value})
        return frozenset({ObjectStatus.REJECTED.value})


def _event(upload: Upload, bucket: str) -> str:
    told = {
        "key": upload.key,
        "size": len(upload.body),
        "version-id": upload.version_id,
        "sequencer": f"{int(upload.version_id[1:]):016X}",
    }
    return json.dumps(
        {
            "detail-type": "Object Created",
            "source": "aws.s3",
            "time": datetime.fromtimestamp(int(upload.at), UTC).isoformat().replace("+00:00", "Z"),
            "detail": {"bucket": {"name": bucket}, "object": told},
        }
    )


def _waits(item: Mapping[str, Any]) -> bool:
    return item.get("status", {}).get("S") in (ObjectStatus.PENDING, ObjectStatus.RUNNING)


def _plain(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(next(iter(value.values())))[:200] for name, value in item.items()}


def _topic() -> str:
    one = environment()
    return f"arn:aws:sns:{REGION}:{one.account.aws_account_id}:{one.names.alerts_topic}"


def _places() -> dict[str, Any]:
    names = environment().names
    zones = ("raw", "processed", "curated", "quality", "assets")
    return {
        "environment": environment().name,
        "account": environment().account.aws_account_id,
        "region": REGION,
        "code_version": "simulated",
        **{f"{zone}_bucket": getattr(names, f"{zone}_bucket") for zone in zones},
        **{f"{z}_database": getattr(names, f"{z}_database") for z in zones[1:4]},
        **{f"{kind}_table": getattr(names, f"{kind}_table") for kind in _TABLES},
        "alerts_topic_arn": _topic(),
        "quality_topic_arn": _topic(),
        "recoveries_topic_arn": _topic(),
    }


_TABLES = ("objects", "loads", "state", "runs")


def _common_settings() -> dict[str, Any]:
    names, places = environment().names, _places()
    return {
        **{name: places[name] for name in ("environment", "raw_bucket")},
        **{f"{kind}_table": places[f"{kind}_table"] for kind in _TABLES},
        "alerts_topic_arn": _topic(),
        "recoveries_topic_arn": _topic(),
        "usd_per_dpu_hour": 0.44,
        "usd_per_flex_dpu_hour": 0.29,
        "usd_per_memory_dpu_hour": 0.52,
        "file_processor_job": names.job(FILE_PROCESSOR),
        "data_ingestion_job": names.job(DATA_INGESTION),
        "other_jobs": names.job(TABLE_MAINTENANCE),
        "metrics_namespace": "simulated",
    }


def _monitor_settings() -> MonitorSettings:
    return MonitorSettings(**_common_settings(), waiting_minutes=30, slow_factor=3.0)


def _trigger_settings() -> TriggerSettings:
    names, places = environment().names, _places()
    return TriggerSettings(
        **_common_settings(),
        **{name: places[name] for name in ("processed_bucket", "quality_bucket", "assets_bucket")},
        workflow=names.workflow,
        data_quality_job=names.job(DATA_INGESTION),
        objects_per_run=3,
        bytes_per_run=1_000_000,
        runs_at_once=2,
        attempts_per_load=3,
        max_object_bytes=10_000,
        max_receive_count=MAX_RECEIVES,
        malware_scan_required=0,
    )

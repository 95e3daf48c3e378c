"""Rules that say from a history which size a job should have. Pure.

Each looks at the runs since the size was changed last, and says nothing if it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from config.jobs import JobSpec
from config.prices import Prices
from config.settings import Settings
from operations.advice.history import History

FEWEST_RUNS = 5
"""Runs of one size of which a rule says something."""
RUNS = 10
MUCH_MEMORY, LITTLE_MEMORY = 0.8, 0.3
MUCH_TIME = 0.8
OFTEN = 3
SHORT_SECONDS = 120
BILLED_SECONDS = 60
VARIES = 3.0
_FEWEST_WORKERS = 2
_LARGER = {
    "G.1X": "G.2X",
    "G.2X": "G.4X",
    "G.4X": "G.8X",
    "G.8X": "G.12X",
    "G.12X": "G.16X",
    "R.1X": "R.2X",
    "R.2X": "R.4X",
    "R.4X": "R.8X",
}
_SMALLER = {larger: smaller for smaller, larger in _LARGER.items()}


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What to do, and the numbers that it rests on."""

    rule: str
    do: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """A job's history, and what config says about it now."""

    history: History
    spec: JobSpec
    settings: Settings
    prices: Prices

    @property
    def count(self) -> int:
        return len(self.history.runs)


def advice_for(case: Case) -> Iterator[Advice]:
    """Yield what each rule says."""
    for rule in RULES:
        advice = rule(case)
        if advice:
            yield advice


def _memory_is_short(case: Case) -> Advice | None:
    used = [run.memory_share for run in case.history.runs if run.memory_share is not None]
    much = [share for share in used if share > MUCH_MEMORY]
    if len(much) < OFTEN:
        return None
    now = case.history.latest.worker_type
    larger = _LARGER.get(now)
    return Advice(
        rule="memory-is-short",
        do=f"workerType: {larger}" if larger else "no worker has more memory: less data for a run",
        because=f"{len(much)} of the last {len(used)} runs that tell it used over "
        f"{MUCH_MEMORY:.0%} of the memory of a worker of type {now}, {max(much):.0%} at most",
    )


def _memory_is_plenty(case: Case) -> Advice | None:
    used = [run.memory_share for run in case.history.runs if run.memory_share is not None]
    smaller = _SMALLER.get(case.history.latest.worker_type)
    if not smaller or len(used) < FEWEST_RUNS or max(used) >= LITTLE_MEMORY:
        return None
    return Advice(
        rule="memory-is-plenty",
        do=f"workerType: {smaller}, with as many workers or up to twice as many",
        because=f"none of the last {len(used)} runs that tell it used more than {max(used):.0%} "
        "of a worker's memory",
    )


def _time_is_short(case: Case) -> Advice | None:
    long = [
        run for run in case.history.runs if run.state == "TIMEOUT" or run.timeout_share > MUCH_TIME
    ]
    if not long:
        return None
    latest = case.history.latest
    return Advice(
        rule="time-is-short",
        do=f"workers: {2 * latest.workers}, or timeoutMinutes: {2 * latest.timeout_minutes}",
        because=f"{len(long)} of the last {case.count} runs took over {MUCH_TIME:.0%} of the "
        f"{latest.timeout_minutes} minutes, or were killed at their end",
    )


def _runs_are_short(case: Case) -> Advice | None:
    latest, median = case.history.latest, case.history.median_seconds
    if latest.workers <= _FEWEST_WORKERS or median >= SHORT_SECONDS:
        return None
    fewer = max(_FEWEST_WORKERS, latest.workers // 2)
    return Advice(
        rule="runs-are-short",
        do=f"workers: {fewer}",
        because=f"half of the last {case.count} runs are over in {median:.0f} seconds or less, "
        f"with {latest.workers} workers",
    )


def _a_minute_is_billed(case: Case) -> Advice | None:
    latest, median = case.history.latest, case.history.median_seconds
    if not case.spec.takes_loads or latest.workers > _FEWEST_WORKERS or median >= BILLED_SECONDS:
        return None
    return Advice(
        rule="a-minute-is-billed",
        do="trigger.batchWindowSeconds: more, so that a run takes more uploads",
        because=f"half of the last {case.count} runs are over in {median:.0f} seconds or less, "
        f"and {BILLED_SECONDS} are billed",
    )


def _work_varies(case: Case) -> Advice | None:
    size = case.spec.size_in(case.settings)
    seconds = [run.seconds for run in case.history.runs]
    if size.auto_scaling or case.history.latest.workers <= _FEWEST_WORKERS:
        return None
    if max(seconds) < VARIES * min(seconds) or max(seconds) < SHORT_SECONDS:
        return None
    return Advice(
        rule="work-varies",
        do="autoScaling: true",
        because=f"the last {case.count} runs took from {min(seconds)} to {max(seconds)} seconds, "
        f"each with all of its {case.history.latest.workers} workers",
    )


def _nobody_waits(case: Case) -> Advice | None:
    latest, glue = case.history.latest, case.prices.glue
    if not case.spec.schedule_in(case.settings) or latest.execution_class != "STANDARD":
        return None
    if latest.worker_type not in ("G.1X", "G.2X"):
        return None
    saved = case.history.usd * (1 - glue.flex_dpu_hour / glue.dpu_hour)
    return Advice(
        rule="nobody-waits",
        do="executionClass: FLEX",
        because=f"the clock starts it; its last {case.count} runs would have cost {saved:.2f} USD "
        f"of {case.history.usd:.2f} less",
    )


RULES: tuple[Callable[[Case], Advice | None], ...] = (
    _memory_is_short,
    _memory_is_plenty,
    _time_is_short,
    _runs_are_short,
    _a_minute_is_billed,
    _work_varies,
    _nobody_waits,
)

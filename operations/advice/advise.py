"""Reads the run ledger, and says of each job what its runs used and which size it should have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from config.environments import Environment
from config.jobs import JOBS, JobSpec
from operations.advice.history import History, PastRun
from operations.advice.rules import FEWEST_RUNS, Advice, Case, advice_for
from wires.run_ledger import RunLedger


@dataclass(frozen=True, kw_only=True)
class JobAdvice:
    """What there is to say about a job."""

    job: str
    all: History
    """The last runs of any size."""
    recent: History | None
    """Those of the size of now; None if there are no runs."""
    advice: Sequence[Advice]

    @property
    def has_enough(self) -> bool:
        return self.recent is not None and len(self.recent.runs) >= FEWEST_RUNS

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "job": self.job,
            "runs": len(self.all.runs),
            "enough_runs": self.has_enough,
            "advice": [vars(one) for one in self.advice],
        }
        return found | (_facts(self.recent) if self.recent else {})

    def lines(self) -> Iterator[str]:
        if self.recent is None:
            yield f"{self.job}: no run has ended yet"
            return
        latest, facts = self.recent.latest, _facts(self.recent)
        scale = f"{latest.workers} x {latest.worker_type or '?'}, {latest.execution_class or '?'}"
        yield f"{self.job}: {len(self.recent.runs)} runs on {scale}"
        for name, value in facts.items():
            if name not in ("worker_type", "workers", "execution_class") and value is not None:
                yield f"  {name:22}{value:>16,}"
        if not self.has_enough:
            yield f"  too few runs to say: {len(self.recent.runs)} of {FEWEST_RUNS}"
        elif not self.advice:
            yield "  its size fits"
        for one in self.advice:
            yield f"  {one.do}"
            yield f"    because {one.because} ({one.rule})"


def _facts(history: History) -> dict[str, Any]:
    latest = history.latest
    return {
        "worker_type": latest.worker_type,
        "workers": latest.workers,
        "execution_class": latest.execution_class,
        "runs_of_this_size": len(history.runs),
        "median_seconds": round(history.median_seconds, 1),
        "timeout_share": round(max(run.timeout_share for run in history.runs), 3),
        "memory_share": _rounded(history.most_memory, 3),
        "peak_memory_bytes": max(
            (r.peak_bytes for r in history.runs if r.peak_bytes), default=None
        ),
        "rows_per_dpu_second": _rounded(history.per_dpu_second("rows"), 1),
        "bytes_per_dpu_second": _rounded(history.per_dpu_second("bytes"), 1),
        "usd": round(history.usd, 4),
        "usd_per_run": round(history.usd / len(history.runs), 4),
        "usd_per_gb": _rounded(history.usd_per_gb, 4),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def advise(
    environment: Environment, ledger: RunLedger, *, runs: int, jobs: Sequence[JobSpec] = JOBS
) -> Iterator[JobAdvice]:
    """Yield what the last runs of each job say."""
    for spec in jobs:
        items = ledger.last_ended(environment.names.job(spec), most=runs)
        begun = [run for run in map(PastRun.of, items) if run.seconds > 0]
        everything = History(job=spec.name, runs=begun)
        recent = everything.of_this_size if begun else None
        advice: list[Advice] = []
        if recent and len(recent.runs) >= FEWEST_RUNS:
            case = Case(
                history=recent,
                spec=spec,
                settings=environment.settings,
                prices=environment.prices,
            )
            advice = list(advice_for(case))
        yield JobAdvice(job=spec.name, all=everything, recent=recent, advice=advice)

"""What the run ledger says about the last runs of a job."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wires.worker_memory import memory_share, peak_bytes

_GB = 1e9


@dataclass(frozen=True, kw_only=True)
class PastRun:
    """A run that has ended, as the ledger has it; what it does not say is None."""

    state: str
    seconds: int
    timeout_minutes: int
    worker_type: str
    workers: int
    execution_class: str
    dpu_seconds: float | None
    usd: float | None
    rows: int | None
    bytes: int | None
    peak_bytes: int | None
    """Memory that its driver or any one worker has taken, whichever took more."""

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> PastRun:
        return cls(
            state=str(item["state"]),
            seconds=int(item.get("seconds", 0)),
            timeout_minutes=int(item.get("timeout_minutes", 0)),
            worker_type=str(item.get("worker_type", "")),
            workers=int(item.get("workers", 0)),
            execution_class=str(item.get("execution_class", "")),
            dpu_seconds=_number(item.get("dpu_seconds")),
            usd=_number(item.get("usd")),
            rows=int(item["rows_in"]) if "rows_in" in item else None,
            bytes=int(item["bytes_in"]) if "bytes_in" in item else None,
            peak_bytes=peak_bytes(item),
        )

    @property
    def memory_share(self) -> float | None:
        """The share of a worker's memory that was taken."""
        return memory_share(self.peak_bytes, self.worker_type)

    @property
    def timeout_share(self) -> float:
        return self.seconds / (60 * self.timeout_minutes) if self.timeout_minutes else 0.0


def _number(value: object) -> float | None:
    """Return a number that the ledger keeps as text; it has an empty one for what is not known."""
    return float(str(value)) if value not in (None, "") else None


@dataclass(frozen=True, kw_only=True)
class History:
    """The last runs of a job, the latest first, which have begun and ended."""

    job: str
    """Its name in config."""
    runs: Sequence[PastRun]

    @property
    def latest(self) -> PastRun:
        return self.runs[0]

    @property
    def of_this_size(self) -> History:
        """The runs since the size was changed last."""
        size = (self.latest.worker_type, self.latest.workers, self.latest.execution_class)
        for place, run in enumerate(self.runs):
            if (run.worker_type, run.workers, run.execution_class) != size:
                return History(job=self.job, runs=self.runs[:place])
        return self

    @property
    def median_seconds(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def usd(self) -> float:
        return sum(run.usd or 0.0 for run in self.runs)

    def per_dpu_second(self, what: str) -> float | None:
        """Return rows or bytes for a DPU-second, of the runs that tell both."""
        told = [
            (getattr(run, what), run.dpu_seconds)
            for run in self.runs
            if getattr(run, what) is not None and run.dpu_seconds
        ]
        seconds = sum(used for _, used in told)
        return sum(count for count, _ in told) / seconds if seconds else None

    @property
    def usd_per_gb(self) -> float | None:
        told = [(r.usd, r.bytes) for r in self.runs if r.usd is not None and r.bytes]
        size = sum(size for _, size in told)
        return sum(usd for usd, _ in told) / (size / _GB) if size else None

    @property
    def most_memory(self) -> float | None:
        """The largest share of a worker's memory that any run has taken."""
        shares = [run.memory_share for run in self.runs if run.memory_share is not None]
        return max(shares, default=None)

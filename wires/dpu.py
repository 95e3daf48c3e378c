"""The DPU-seconds of a Glue run: what it costs, in Glue's unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DPU_OF: Mapping[str, float] = {
    "Standard": 1,
    "G.025X": 0.25,
    "G.1X": 1,
    "G.2X": 2,
    "G.4X": 4,
    "G.8X": 8,
    "G.12X": 12,
    "G.16X": 16,
    "R.1X": 1,
    "R.2X": 2,
    "R.4X": 4,
    "R.8X": 8,
}
"""DPU of one worker; M-DPU, which have twice the memory and a price of their own, for R.

https://docs.aws.amazon.com/glue/latest/dg/worker-types.html
"""
MEASURED, COMPUTED = "measured", "computed"
FLEX = "FLEX"
SHORTEST_SECONDS = 60
"""Seconds that each run is billed for at least.

https://aws.amazon.com/glue/pricing/
"""


@dataclass(frozen=True, kw_only=True)
class DpuPrices:
    """USD for an hour of a DPU, at list price."""

    standard: float
    flex: float
    memory: float
    """Of an M-DPU, which workers of type R consist of."""

    def of(self, worker_type: str, execution_class: str) -> float:
        if worker_type.startswith("R."):
            return self.memory
        return self.flex if execution_class == FLEX else self.standard

    def usd(self, run: Mapping[str, Any], used: DpuSeconds) -> str:
        """Return what a run costs that `GetJobRun` describes; "" if it does not tell its size.

        A run that has not begun costs nothing, a short one as much as one of a minute.
        """
        seconds = int(run.get("ExecutionTime", 0))
        if not used.seconds:
            return ""
        billed = float(used.seconds) * (max(1.0, SHORTEST_SECONDS / seconds) if seconds else 0.0)
        price = self.of(run.get("WorkerType", ""), run.get("ExecutionClass", ""))
        return f"{billed / 3600 * price:.6f}"


@dataclass(frozen=True)
class DpuSeconds:
    """The number as text, and who says so; both empty if the run does not tell its size."""

    seconds: str = ""
    source: str = ""


def dpu_seconds(run: Mapping[str, Any]) -> DpuSeconds:
    """Return those of a run as `GetJobRun` describes it.

    Glue measures them for runs with auto scaling or of execution class FLEX only. Others have all
    of their workers from the first second to the last.

    https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html
    """
    if "DPUSeconds" in run:
        return DpuSeconds(_spelled(float(run["DPUSeconds"])), MEASURED)
    units = _units(run)
    if units is None:
        return DpuSeconds()
    return DpuSeconds(_spelled(units * int(run.get("ExecutionTime", 0))), COMPUTED)


def _units(run: Mapping[str, Any]) -> float | None:
    of_one = DPU_OF.get(run.get("WorkerType", ""))
    if of_one is not None and "NumberOfWorkers" in run:
        return of_one * int(run["NumberOfWorkers"])
    # Of a Python shell job: 0.0625 or 1.
    return float(run["MaxCapacity"]) if "MaxCapacity" in run else None


def _spelled(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)

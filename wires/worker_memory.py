"""How much of a worker's memory a run has taken: alarms and advice say it alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wires.run_ledger import DRIVER_PEAK, WORKER_PEAK

WORKER_GIB: Mapping[str, int] = {
    "G.1X": 16,
    "G.2X": 32,
    "G.4X": 64,
    "G.8X": 128,
    "G.12X": 192,
    "G.16X": 256,
    "R.1X": 32,
    "R.2X": 64,
    "R.4X": 128,
    "R.8X": 256,
}
"""Memory of a worker: https://docs.aws.amazon.com/glue/latest/dg/worker-types.html"""


def peak_bytes(item: Mapping[str, Any]) -> int | None:
    """Return the memory that a run's driver or any one worker has taken, whichever took more.

    None if its item in the run ledger does not tell.
    """
    return max(
        (int(item[name]) for name in (DRIVER_PEAK, WORKER_PEAK) if name in item), default=None
    )


def memory_share(peak: int | None, worker_type: str) -> float | None:
    """Return the share of a worker's memory that was taken, from 0 to about 1."""
    gib = WORKER_GIB.get(worker_type)
    return peak / (gib * 1024**3) if peak is not None and gib is not None else None

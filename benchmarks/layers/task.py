"""The task that a contender carries out in a process, and the marks of its progress."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.job import Marks

READY = "ready"
"""Mark of the moment at which imports and session are there."""
Told = dict[str, Any]
"""What a contender has found out about itself, for JSON."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run of one contender."""

    contender: str
    """A module below `benchmarks.layers` with a function `run(task, phases)`."""
    data: str
    """Path of the data: a file, or a folder of several."""
    out: str
    """A folder that is there and empty."""
    cores: tuple[int, ...]
    """The processors that may be used."""
    marks: str
    """The file to write marks to."""
    told: str
    """The file for what the contender tells."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Task:
        values = json.loads(text)
        return cls(**{**values, "cores": tuple(values["cores"])})


class Phases:
    """The parts of a task that are measured; what lies between them is not."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def ready(self) -> None:
        """Mark that imports and session are there."""
        self._marks.set(READY)

    @contextmanager
    def measured(self, phase: str) -> Iterator[None]:
        self._marks.set(f"begin {phase}")
        yield
        self._marks.set(f"end {phase}")


def phase_seconds(marks: dict[str, float]) -> dict[str, float]:
    """Return the seconds of each phase that came to its end."""
    ends = {name.removeprefix("end "): at for name, at in marks.items() if name.startswith("end ")}
    return {phase: at - marks[f"begin {phase}"] for phase, at in ends.items()}


def read_told(path: Path) -> Told:
    if not path.exists():
        return {}
    told: Told = json.loads(path.read_text())
    return told

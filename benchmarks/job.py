"""The conversion that a contender carries out in a process, and the marks of its progress."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

PROCESSING_JOB = "benchmark"

Ready = Callable[[], None]
"""Called once, when imports and session are there and the work begins."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One conversion."""

    folder: str
    """Holds the CSV files and nothing else."""
    out: str
    """A folder that is there and empty."""
    quoted: bool
    """Whether fields may have line ends in them."""
    reordered: bool
    """Whether the files have their columns in different orders."""
    cores: tuple[int, ...]
    """The processors that may be used."""
    marks: str
    """The file to write marks to."""

    @property
    def files(self) -> list[Path]:
        return sorted(Path(self.folder).iterdir())

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        values = json.loads(text)
        return cls(**{**values, "cores": tuple(values["cores"])})


class Marks:
    """Moments of a job on the clock that all processes of a machine share."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def set(self, name: str) -> None:
        self._file.write(json.dumps([name, time.monotonic()]) + "\n")
        self._file.flush()


def read_marks(path: Path) -> dict[str, float]:
    if not path.exists():
        return {}
    return dict(json.loads(line) for line in path.read_text().splitlines())

"""Cases with their objects and datasets. Pure but for the files it writes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BYTES = 1000
_SEED = 2026


@dataclass(frozen=True, kw_only=True)
class Case:
    """Objects of about a kilobyte, dealt out to datasets in turn."""

    name: str
    objects: int
    datasets: int
    jobs_wait: bool = False
    """Whether jobs start only when all objects are registered: then the time of the last ones shows
    what grows with the number of objects, without jobs beside them.
    """

    @property
    def step(self) -> int:
        """How many objects are timed together at the beginning, and at the end."""
        return min(1000, max(1, self.objects // 4))


CASES = (
    Case(name="many objects", objects=10_000, datasets=20),
    Case(name="many objects, jobs after all", objects=10_000, datasets=20, jobs_wait=True),
    Case(name="many tables", objects=2_000, datasets=2_000),
)
QUICK = (
    Case(name="many objects", objects=400, datasets=20),
    Case(name="many objects, jobs after all", objects=400, datasets=20, jobs_wait=True),
    Case(name="many tables", objects=100, datasets=100),
)


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """The files of a case, and the rows that are in all of them."""

    files: tuple[tuple[str, Path], ...]
    """Key and file."""
    rows: int


def prepared(case: Case, folder: Path) -> Uploads:
    """Write the files anew: the same files for the same case."""
    dice = random.Random(_SEED)  # noqa: S311 - no secret is made of it
    files = []
    rows = 0
    for number in range(case.objects):
        key = f"dataset_{number % case.datasets:04d}/{number:06d}.csv"
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ["id,ordered_on,customer,amount", *_lines(dice)]
        path.write_text("".join(f"{line}\n" for line in lines))
        files.append((key, path))
        rows += len(lines) - 1
    return Uploads(files=tuple(files), rows=rows)


def _lines(dice: random.Random) -> Iterator[str]:
    size = 0
    while size < _BYTES:
        day = f"2025-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}"
        amount = f"{dice.randrange(10**5) / 100:.2f}"
        line = f"{dice.randrange(10**6)},{day},customer {dice.randrange(10**5)},{amount}"
        size += len(line) + 1
        yield line

"""All data and all cases, and the order in which they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.layers import ingestion, processing, quality
from benchmarks.layers.ingestion import files as formats
from benchmarks.layers.ingestion import measuring as of_ingestion
from benchmarks.layers.plan import Settings
from benchmarks.layers.processing import measuring as of_processing
from benchmarks.layers.processing import zone_files
from benchmarks.layers.quality import measuring as of_quality
from benchmarks.layers.quality import table
from benchmarks.layers.running import Case, Run, Runner

LAYERS = (ingestion.LAYER, processing.LAYER, quality.LAYER)


@dataclass(frozen=True, kw_only=True)
class Contest:
    """The data and the cases that are compared."""

    files: formats.Files
    zone: zone_files.ZoneFiles
    table: Path
    table_rows: int
    only: Sequence[str]
    """The layers that are measured."""

    @classmethod
    def prepared(cls, settings: Settings, cache: Path, *, only: Sequence[str] = LAYERS) -> Contest:
        """Return a contest with data from the cache, or made anew: about two minutes."""
        return cls(
            files=formats.prepare(settings.megabytes, cache),
            zone=zone_files.prepare(settings.order_rows, cache),
            table=table.prepare(settings.quality_rows, cache),
            table_rows=settings.quality_rows,
            only=only,
        )

    def held(self, runner: Runner, *, rounds: int, say: Callable[[str], None]) -> list[Run]:
        """Run all cases, round by round."""
        runs = []
        for number in range(rounds):
            for case in self.order(number):
                run = runner.run(case, round_number=number)
                runs.append(run)
                say(f"round {number + 1} of {rounds}: {_line(run)}")
        return runs

    def order(self, round_number: int) -> Iterator[Case]:
        """Yield the cases of one round. Contenders take turns at being first."""
        for group in self._groups():
            if group[0].layer in self.only:
                by = round_number % len(group)
                yield from [*group[by:], *group[:by]]

    def _groups(self) -> Iterator[list[Case]]:
        yield from of_ingestion.cases(self.files)
        yield of_processing.cases(self.zone)
        yield of_quality.cases(self.table, rows=self.table_rows)


def _line(run: Run) -> str:
    seconds = ", ".join(f"{phase} {taken:.2f} s" for phase, taken in run.seconds.items())
    outcome = run.failure or f"{seconds}{', wrong' if run.wrong else ''}"
    return f"{run.layer}, {run.subject}: {run.contender}: {outcome}"

"""Runs cases one after the other until the time is up, and keeps what goes wrong in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from fuzz.comparing import judge
from fuzz.findings import Finding, Wrong
from fuzz.keeping import keep, shown
from fuzz.making import make_case
from fuzz.programs import Case
from fuzz.shrinking import shrink
from fuzz.stage import Stage
from fuzz.truth import Written
from fuzz.writing import write

_SHRINKING_SHARE = 0.5
"""Share of the session's time; the rest is for finding more."""
_SHRINKING_TRIES = 150


@dataclass
class Session:
    stage: Stage
    seed: str
    folder: Path
    """The folder where failing files are kept."""
    seconds: float
    sure: int = 0
    """Findings in files that can be read in one way only."""
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each sort of finding came up."""
    cases: int = 0
    files: int = 0
    _began: float = field(default_factory=monotonic)
    _shrinking: float = 0
    """Seconds spent on shrinking."""

    def run(self, first: int = 0, last: int | None = None) -> None:
        number = first
        while monotonic() < self._began + self.seconds and (last is None or number <= last):
            self.take(number)
            number += 1

    def take(self, number: int) -> None:
        case = make_case(self.seed, number)
        written = written_files(case)
        found = judge(case, written, self.stage.run(case, written))
        self.cases += 1
        self.files += len(written)
        if found and found[0].wrong is Wrong.DIED and len(case.datasets) > 1:
            # Each dataset runs alone: this finds the one that ended the run and checks the others.
            alone = [Case(datasets=(dataset,)) for dataset in case.datasets]
            pairs = [(part, self._findings(part)) for part in alone]
            for part, own in pairs if any(own for _, own in pairs) else [(case, found)]:
                self._tell(number, part, own)
            return
        self._tell(number, case, found)

    def _findings(self, case: Case) -> list[Finding]:
        written = written_files(case)
        return judge(case, written, self.stage.run(case, written))

    def _tell(self, number: int, case: Case, found: list[Finding]) -> None:
        """Tell findings: shrink the first of each sort, and only count the others."""
        for finding in found:
            is_new = finding.sort not in self.told
            self.told[finding.sort] += 1
            self.sure += finding.sure
            if is_new:
                self._tell_first(number, case, finding)

    def _tell_first(self, number: int, case: Case, finding: Finding) -> None:
        origin = f"SEED={self.seed} CASE={number}"
        print(f"\n{finding.wrong} ({origin}): making it small", flush=True)
        small = self._made_small(case, finding)
        written = written_files(small)
        findings = sorted(self._findings(small), key=lambda other: other.sort != finding.sort)
        place = self.folder / f"{number:04d}-{len(self.told)}-{finding.wrong.name.lower()}"
        keep(place, small, written, findings or [finding], origin)
        print(f"{shown(written, findings or [finding])}\n  kept in {place}", flush=True)

    def _made_small(self, case: Case, finding: Finding) -> Case:
        def fails(simpler: Case) -> bool:
            return any(other.sort == finding.sort for other in self._findings(simpler))

        begin = monotonic()
        left = self.seconds * _SHRINKING_SHARE - self._shrinking
        small = shrink(case, fails, seconds=max(3.0, left / 2), tries=_SHRINKING_TRIES)
        self._shrinking += monotonic() - begin
        return small


def written_files(case: Case) -> dict[str, Written]:
    """Return the files of a case by key."""
    return {dataset.key(file): write(file) for dataset in case.datasets for file in dataset.files}

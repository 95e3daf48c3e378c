"""Many seeds one after the other, with what was injected; the first failures made small."""

from __future__ import annotations

import gc
import io
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from simulation.shrinking import kind_of, shrunk
from simulation.simulation import Choice, Outcome, simulate

_SHRINKING_SECONDS = 60.0
_MOST_SHRUNK = 3
_PROGRESS_SECONDS = 30.0


@dataclass
class Session:
    """Plays seeds and tells of them."""

    base: str
    folder: Path
    shrinks: bool = True
    ends_early: bool = False
    plays_twice: bool = False
    faults: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    """Violation by seed."""
    calls: int = 0
    played: int = 0

    def run(self, *, seeds: int, seconds: float) -> int:
        """Play seeds; return 1 if one has failed."""
        began = time.perf_counter()
        told = began
        limit = f"{seeds} seeds" if seeds else f"{seconds:g} s"
        print(f"Simulating {limit}: make simulate BASE={self.base}", flush=True)
        while self.played < seeds if seeds else time.perf_counter() - began < seconds:
            self._play(f"{self.base}-{self.played}")
            if self.ends_early and self.failed:
                break
            if time.perf_counter() - told > _PROGRESS_SECONDS:
                told = time.perf_counter()
                print(f"  {self.played} seeds, {self._speed(began)}", flush=True)
        self._sum_up(began)
        return 1 if self.failed else 0

    def replay(self, seed: str) -> int:
        """Play one seed, and show all that happens; make it small if it fails."""
        with _quiet():
            outcome = simulate(Choice(seed=seed), is_told=True)
        if not outcome.violation:
            self._show(outcome)
            print(f"Seed {seed}: nothing is wrong")
            return 0
        self._make_small(outcome)
        return 1

    def _play(self, seed: str) -> None:
        with _quiet():
            outcome = simulate(Choice(seed=seed))
            if self.plays_twice and simulate(Choice(seed=seed)).digest != outcome.digest:
                other = outcome.violation or "the second time it was another day"
                outcome = replace(outcome, violation=other)
        self.played += 1
        self.calls += outcome.calls
        self.faults += outcome.faults
        self.checks += outcome.checks
        if self.played % 20 == 0:
            gc.collect()
        if not outcome.violation:
            return
        known = {kind_of(violation) for violation in self.failed.values()}
        self.failed[seed] = outcome.violation
        print(f"\nSeed {seed}: {outcome.violation}", flush=True)
        print(f"  again: make simulate SEED={seed}", flush=True)
        is_new = kind_of(outcome.violation) not in known
        if is_new and len(known) < _MOST_SHRUNK and self.shrinks and not self.ends_early:
            self._make_small(outcome)

    def _make_small(self, outcome: Outcome) -> None:
        with _quiet():
            small = shrunk(outcome, seconds=_SHRINKING_SECONDS) if self.shrinks else outcome
            told = simulate(small.choice, is_told=True)
        self._show(told)
        days = f"{len(told.scenario.uploads)} uploads, {len(told.scenario.acts)} acts of people"
        print(f"Made small: {days}, {len(told.injected)} faults: {told.violation}", flush=True)

    def _show(self, outcome: Outcome) -> None:
        """Show the end of a trace, and keep all of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{outcome.choice.seed}.txt"
        path.write_text("\n".join((*outcome.trace, "")), encoding="utf-8")
        print("\n".join(outcome.trace[-60:]))
        print(f"All {len(outcome.trace)} lines are in {path}")

    def _speed(self, began: float) -> str:
        return f"{self.played / (time.perf_counter() - began):.1f} seeds per second"

    def _sum_up(self, began: float) -> None:
        print(f"\n{self.played} seeds, {self._speed(began)}, {self.calls:,} calls. Injected:")
        for kind, times in self.faults.most_common():
            print(f"  {times:7,} × {kind}")
        print("Checked:")
        for kind, times in self.checks.most_common():
            print(f"  {times:7,} × {kind}")
        print(
            f"{len(self.failed)} seeds have failed: {', '.join(self.failed)}"
            if self.failed
            else "Nothing is wrong"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Functions write their metrics to standard output."""
    before = sys.stdout
    sys.stdout = io.StringIO()
    try:
        yield
    finally:
        sys.stdout = before

"""Summarizes several runs of one contender. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.layers.running import Run

_MIB = 1024**2


@dataclass(frozen=True)
class Several:
    """The runs of the same contender in all rounds."""

    runs: Sequence[Run]

    @property
    def done(self) -> list[Run]:
        return [run for run in self.runs if not run.failure]

    def seconds(self, phase: str) -> float:
        """Return the median; 0 if there is none."""
        times = self._times(phase)
        return median(times) if times else 0

    def spread(self, phase: str) -> str:
        """Return median and range, for people."""
        times = self._times(phase)
        if not times:
            return "failed"
        return f"{median(times):.2f} ({min(times):.2f}–{max(times):.2f})"

    def times_as_long_as(self, other: Several, phase: str) -> str:
        """Return the ratio of the medians, and the range over rounds; "" where one has no time.

        Runs of one round were measured side by side, so their ratios tell more than medians if the
        machine had other work in some of the rounds.
        """
        mine, theirs = self.seconds(phase), other.seconds(phase)
        if not (mine and theirs):
            return ""
        ours = {run.round: run.seconds[phase] for run in other.done}
        pairs = [run.seconds[phase] / ours[run.round] for run in self.done if run.round in ours]
        return f"{mine / theirs:.2f} ({min(pairs):.2f}–{max(pairs):.2f})"

    @property
    def peak(self) -> str:
        return self._middle(lambda run: run.peak_resident / _MIB, "{:,.0f} MiB")

    @property
    def startup(self) -> str:
        return self._middle(lambda run: run.startup_seconds, "{:.1f}")

    def told(self, value: Callable[[dict[str, Any]], float], form: str = "{:,.0f}") -> str:
        """Return the median of something that the contender tells."""
        return self._middle(lambda run: value(run.told), form)

    @property
    def verdicts(self) -> str:
        # More than one only if the rounds disagree, which is worth seeing.
        return "; or: ".join(dict.fromkeys(run.verdict for run in self.runs))

    def _times(self, phase: str) -> list[float]:
        return [run.seconds[phase] for run in self.done if phase in run.seconds]

    def _middle(self, value: Callable[[Run], float], form: str) -> str:
        return form.format(median(map(value, self.done))) if self.done else ""


@dataclass(frozen=True)
class Found:
    """All runs."""

    runs: Sequence[Run]

    def of(self, layer: str, subject: str, contender: str) -> Several:
        wanted = (layer, subject, contender)
        return Several(
            [run for run in self.runs if (run.layer, run.subject, run.contender) == wanted]
        )

"""What came out of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame

from dqdl import Place
from quality.failing import MarkedRows
from quality.verdicts import Verdict


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of one rule. `metrics` has what was measured for it, by names that stay the same."""

    text: str
    place: Place
    verdict: Verdict
    reason: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    row_level: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Of one analyzer. `error` says why there are no metrics."""

    text: str
    place: Place
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Of all rules of a ruleset, in their order."""

    outcomes: Sequence[Outcome]
    measurements: Sequence[Measurement]
    passes: int
    """Jobs over the table that this took. Rows that are asked for afterwards are not in it."""
    rows: MarkedRows

    @property
    def metrics(self) -> Mapping[str, float]:
        """What this run adds to the history."""
        found: dict[str, float] = {}
        for outcome in self.outcomes:
            found.update(outcome.metrics)
        for measurement in self.measurements:
            found.update(measurement.metrics)
        return found

    def failing_rows(self, *, column: str = "broken_rules", tolerated: bool = True) -> DataFrame:
        """The rows that break at least one rule about rows, with the texts of those rules.

        A rule that passes although rows break it, because of its threshold, counts among them;
        without `tolerated`, only rules that failed do. A rule in error breaks no row.
        """
        return self.rows.failing(column=column, tolerated=tolerated)

    def passing_rows(self, *, tolerated: bool = True) -> DataFrame:
        """The other rows of the table, with its columns."""
        return self.rows.passing(tolerated=tolerated)

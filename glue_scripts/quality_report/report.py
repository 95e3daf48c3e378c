"""A quality report: the content of a page, and of what machines read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from math import isfinite

from quality.anomalies import Anomaly, Usual
from quality.outcomes import Outcome
from quality.verdicts import Verdict
from quality_report.codec import decoded, encoded
from quality_report.figures import Profile
from quality_report.score import DimensionScore, score

_SCHEMA = "quality-report/1"


class GateVerdict(StrEnum):
    """The fate of the rows, after all rules."""

    PASSED = "passed"
    WARNED = "warned"
    """Published, although rules failed."""
    QUARANTINED = "quarantined"
    """Published without the rows that break rules; these were put aside."""
    HALTED = "halted"
    """Nothing was published."""


class ModelKind(StrEnum):
    DATASET = "dataset"
    TABLE = "table"
    """A curated one, made of others."""


@dataclass(frozen=True)
class TrendPoint:
    """An earlier run."""

    at: datetime
    rows: int
    score: float | None


@dataclass(frozen=True, kw_only=True)
class QualityReport:
    """Made by `make_report`."""

    model: str
    kind: ModelKind
    run_id: str
    refresh_id: str
    """Names the load or refresh. A run that is repeated has the same one."""
    at: datetime
    rows: int
    verdict: GateVerdict
    score: float | None
    dimensions: tuple[DimensionScore, ...]
    rules: tuple[Outcome, ...]
    anomalies: tuple[Anomaly, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    """All that was measured, for the history."""
    profile: Profile | None = None
    trend: tuple[TrendPoint, ...] = ()
    """Earlier runs, oldest first, without this one."""
    code_version: str = ""

    def rules_that(self, *verdicts: Verdict) -> tuple[Outcome, ...]:
        return tuple(rule for rule in self.rules if rule.verdict in verdicts)

    @property
    def unusual(self) -> tuple[Anomaly, ...]:
        return tuple(one for one in self.anomalies if one.usual is Usual.NO)

    def to_json(self) -> str:
        return encoded(self, schema=_SCHEMA)

    @staticmethod
    def from_json(text: str) -> QualityReport:
        """Raises NotAReport. Rules come without what was written elsewhere in their ruleset:
        default labels, and the syntax tree where they lean on constants."""
        return decoded(QualityReport, text, schema=_SCHEMA)


def make_report(
    *,
    model: str,
    kind: ModelKind,
    run_id: str,
    refresh_id: str,
    at: datetime,
    rows: int,
    verdict: GateVerdict,
    rules: Sequence[Outcome],
    anomalies: Sequence[Anomaly] = (),
    metrics: Mapping[str, float] | None = None,
    profile: Profile | None = None,
    trend: Sequence[TrendPoint] = (),
    code_version: str = "",
) -> QualityReport:
    """The report with its score.

    `metrics` are those of analyzers; what rules measured is added. Numbers that are not finite
    are left out: neither JSON nor an average knows what to do with them.
    """
    if at.tzinfo is None:
        raise ValueError(f"expected a time with its zone, got {at}: use datetime.now(UTC)")
    rules = [replace(rule, metrics=_finite(rule.metrics)) for rule in rules]
    measured = _finite(metrics or {})
    for rule in rules:
        measured |= rule.metrics
    found = score(rules, anomalies)
    return QualityReport(
        model=model,
        kind=kind,
        run_id=run_id,
        refresh_id=refresh_id,
        at=at,
        rows=rows,
        verdict=verdict,
        score=found.value,
        dimensions=found.dimensions,
        rules=tuple(rules),
        anomalies=tuple(anomalies),
        metrics=dict(sorted(measured.items())),
        profile=profile,
        trend=tuple(sorted(trend, key=lambda point: point.at)),
        code_version=code_version,
    )


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if isfinite(value)}

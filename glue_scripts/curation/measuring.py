"""Measures one model: evaluates its rules, profiles it, compares both with its history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pyspark.sql import DataFrame

from dqdl import Rule, Ruleset, RuleType, parse
from quality.anomalies import Anomaly, judge_value
from quality.evaluation import Evaluation, evaluate
from quality.history import History, PastMetrics, Point
from quality.outcomes import Outcome
from quality.verdicts import Verdict
from quality_report.figures import ColumnProfile, Profile
from quality_report.profile import profile
from wires.contracts import Quality


@dataclass(frozen=True, kw_only=True)
class Finding:
    """All that was measured; nothing is decided yet."""

    evaluation: Evaluation
    rules: tuple[Outcome, ...]
    anomalies: tuple[Anomaly, ...]
    metrics: Mapping[str, float]
    profile: Profile

    @property
    def failed(self) -> list[Outcome]:
        """Rules that did not pass, whether they failed or could not be judged for a mistake."""
        return [one for one in self.rules if one.verdict in {Verdict.FAILED, Verdict.ERROR}]

    @property
    def fails_by_rows(self) -> bool:
        """Some rule about rows failed, so there are rows to put aside."""
        return any(one.row_level and one.verdict is Verdict.FAILED for one in self.rules)


def measure(
    table: DataFrame,
    quality: Quality,
    *,
    references: Mapping[str, DataFrame],
    past: Mapping[str, Sequence[Point]],
    at: datetime,
) -> Finding:
    """Evaluate the rules, then profile the table and look for anomalies.

    The table is measured as it came; nothing is filled in before.
    """
    rules = Ruleset(source="no rules", rules=())
    if quality.rules:
        rules = parse(quality.rules, source=quality.source)
    history = PastMetrics(past)
    evaluation = evaluate(rules, table, references=references, history=history, at=at)
    seen = profile(table)
    metrics = {**dict(_of_profile(seen)), **evaluation.metrics}
    return Finding(
        evaluation=evaluation,
        rules=evaluation.counted(),
        anomalies=tuple(_anomalies(metrics, history, at, _watched(evaluation.outcomes))),
        metrics=metrics,
        profile=seen,
    )


def _of_profile(seen: Profile) -> Iterator[tuple[str, float]]:
    """Metrics of every table, by the names that rules have for the same."""
    yield "RowCount", float(seen.rows)
    for column in seen.columns:
        yield from _of_column(column, seen.rows)


def _of_column(column: ColumnProfile, rows: int) -> Iterator[tuple[str, float]]:
    if rows:
        yield f"Completeness:{column.name}", (rows - column.nulls) / rows
    if column.mean is not None:
        yield f"Mean:{column.name}", column.mean


def _anomalies(
    metrics: Mapping[str, float], history: History, at: datetime, watched: Mapping[str, str]
) -> Iterator[Anomaly]:
    for metric, value in sorted(metrics.items()):
        judged = judge_value(metric, value, history.points(metric), at=at)
        yield replace(judged, rule=watched.get(metric))


def _watched(outcomes: Sequence[Outcome]) -> Mapping[str, str]:
    """Metrics that a rule watches for anomalies, and its text: such a rule has failed already."""
    return {
        metric: one.text
        for one in outcomes
        if isinstance(one.rule, Rule) and one.rule.type is RuleType.DETECT_ANOMALIES
        for metric in one.metrics
    }

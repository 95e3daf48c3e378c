"""One unit measured: its rules judged, its profile taken, both held against its own history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from dqdl import Rule, Ruleset, RuleType, parse
from quality import Evaluation, History, Outcome, PastMetrics, Point, evaluate, judge_value
from quality_report.figures import ColumnProfile, Profile
from quality_report.profile import profile
from quality_report.results import (
    Anomaly,
    Measured,
    Place,
    RuleResult,
    RuleVerdict,
    Usual,
    sample_rows,
)
from wires.contracts import Quality

_BROKEN = "#broken_rules"
_SAMPLE = 5
"""Rows that a report shows of each rule."""
_SAMPLED = 500
"""Failing rows among which these are looked for."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was measured; nothing is decided yet."""

    evaluation: Evaluation
    rules: tuple[RuleResult, ...]
    anomalies: tuple[Anomaly, ...]
    metrics: Mapping[str, float]
    profile: Profile

    @property
    def failed(self) -> list[RuleResult]:
        """Rules that did not pass, whether they failed or could not be judged for a mistake."""
        bad = (RuleVerdict.FAILED, RuleVerdict.ERROR)
        return [rule for rule in self.rules if rule.verdict in bad]

    @property
    def fails_by_rows(self) -> bool:
        """Some rule about rows failed, so there are rows to put aside."""
        return any(
            outcome.row_level and RuleVerdict(outcome.verdict.value) is RuleVerdict.FAILED
            for outcome in self.evaluation.outcomes
        )


def measure(
    table: DataFrame,
    quality: Quality,
    *,
    references: Mapping[str, DataFrame],
    past: Mapping[str, Sequence[Measured]],
    at: datetime,
) -> Finding:
    """Rules first, on the table as it came; nothing is filled in before it is measured."""
    rules = Ruleset(source="no rules", rules=())
    if quality.rules:
        rules = parse(quality.rules, source=quality.source)
    history = _history(past)
    evaluation = evaluate(rules, table, references=references, history=history, at=at)
    seen = profile(table)
    metrics = {**dict(_of_profile(seen)), **evaluation.metrics}
    return Finding(
        evaluation=evaluation,
        rules=tuple(_results(evaluation)),
        anomalies=tuple(_anomalies(metrics, past, history, at, _watched(rules, evaluation))),
        metrics=metrics,
        profile=seen,
    )


def _history(past: Mapping[str, Sequence[Measured]]) -> History:
    return PastMetrics(
        {metric: [Point(one.at, one.value) for one in values] for metric, values in past.items()}
    )


def _of_profile(seen: Profile) -> Iterator[tuple[str, float]]:
    """What is watched of every table, by the names that rules have for the same."""
    yield "RowCount", float(seen.rows)
    for column in seen.columns:
        yield from _of_column(column, seen.rows)


def _of_column(column: ColumnProfile, rows: int) -> Iterator[tuple[str, float]]:
    if rows:
        yield f"Completeness:{column.name}", (rows - column.nulls) / rows
    if column.mean is not None:
        yield f"Mean:{column.name}", column.mean


def _anomalies(
    metrics: Mapping[str, float],
    past: Mapping[str, Sequence[Measured]],
    history: History,
    at: datetime,
    watched: Mapping[str, str],
) -> Iterator[Anomaly]:
    for metric, value in sorted(metrics.items()):
        judged = judge_value(value, history.points(metric), at=at)
        yield Anomaly(
            metric=metric,
            value=value,
            usual=Usual(judged.usual.name.lower()),
            reason=judged.reason,
            low=judged.low,
            high=judged.high,
            earlier=tuple(past.get(metric, ())),
            rule=watched.get(metric),
        )


def _watched(rules: Ruleset, evaluation: Evaluation) -> Mapping[str, str]:
    """Metrics that a rule watches for anomalies, and its text: such a rule has failed already."""
    return {
        metric: outcome.text
        for rule, outcome in zip(rules.rules, evaluation.outcomes, strict=True)
        if isinstance(rule, Rule) and rule.type is RuleType.DETECT_ANOMALIES
        for metric in outcome.metrics
    }


def _results(evaluation: Evaluation) -> Iterator[RuleResult]:
    counts, samples = _failing(evaluation)
    for outcome in evaluation.outcomes:
        about_rows = outcome.row_level and outcome.verdict.value != RuleVerdict.ERROR
        yield RuleResult(
            text=outcome.text,
            verdict=RuleVerdict(outcome.verdict.value),
            reason=outcome.reason,
            metrics=dict(outcome.metrics),
            place=Place(outcome.place.line, outcome.place.column),
            sample=sample_rows(samples.get(outcome.text, ())),
            failing_rows=counts.get(outcome.text, 0) if about_rows else None,
        )


def _failing(
    evaluation: Evaluation,
) -> tuple[Mapping[str, int], Mapping[str, list[Mapping[str, object]]]]:
    """How many rows break each rule about rows, and some of them."""
    if not any(_has_failing_rows(outcome) for outcome in evaluation.outcomes):
        return {}, {}
    failing = evaluation.failing_rows(column=_BROKEN)
    counted = failing.select(f.explode(_BROKEN).alias("rule")).groupBy("rule").count().collect()
    samples: dict[str, list[Mapping[str, object]]] = defaultdict(list)
    for row in (found.asDict() for found in failing.limit(_SAMPLED).collect()):
        broken = row.pop(_BROKEN)
        for rule in broken:
            if len(samples[rule]) < _SAMPLE:
                samples[rule].append(row)
    return {row["rule"]: row["count"] for row in counted}, samples


def _has_failing_rows(outcome: Outcome) -> bool:
    return outcome.row_level and outcome.verdict.value in (RuleVerdict.FAILED, RuleVerdict.PASSED)

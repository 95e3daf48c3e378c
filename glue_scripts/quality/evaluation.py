"""A ruleset, a table, a verdict on each rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pyspark.sql import DataFrame

from dqdl import Analyzer, Composite, Rule, Ruleset
from quality.checks import Checks
from quality.composites import finding
from quality.errors import CannotJudge
from quality.failing import MarkedRows, RowRule
from quality.findings import Check
from quality.history import History
from quality.measures import Measure, measures
from quality.needs import Need, Results
from quality.number_checks import values_of
from quality.outcomes import Measurement, Outcome, sample_rows
from quality.passes import Passes
from quality.queries import PRIMARY, Queries
from quality.resolving import resolved_measured
from quality.scope import Scope
from quality.verdicts import Composites, Verdict

_NO_REFERENCES: Mapping[str, DataFrame] = {}


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The outcomes of all rules of a ruleset, in their order."""

    outcomes: Sequence[Outcome]
    measurements: Sequence[Measurement]
    passes: int
    """Jobs over the table that this took. Rows that are asked for afterwards are not in it."""
    rows: MarkedRows

    @property
    def metrics(self) -> Mapping[str, float]:
        """All that this run adds to the history."""
        ruled = [outcome.metrics for outcome in self.outcomes]
        measured = [measurement.metrics for measurement in self.measurements]
        return {name: value for one in ruled + measured for name, value in one.items()}

    def counted(self) -> tuple[Outcome, ...]:
        """The outcomes with how many rows break each rule about rows, and some of these."""
        counts, samples = self.rows.counted()
        return tuple(
            replace(
                outcome,
                failing_rows=counts.get(outcome.text, 0),
                sample=sample_rows(samples.get(outcome.text, ())),
            )
            if outcome.row_level
            else outcome
            for outcome in self.outcomes
        )

    def failing_rows(self, *, column: str = "broken_rules", tolerated: bool = True) -> DataFrame:
        """The rows that break at least one rule about rows, with the texts of those rules.

        A rule that passes although rows break it, because of its threshold, counts among them;
        without `tolerated`, only rules that failed do. A rule in error breaks no row.
        """
        return self.rows.failing(column=column, tolerated=tolerated)

    def passing_rows(self, *, tolerated: bool = True) -> DataFrame:
        """The other rows of the table, with its columns."""
        return self.rows.passing(tolerated=tolerated)


def evaluate(
    ruleset: Ruleset,
    table: DataFrame,
    *,
    references: Mapping[str, DataFrame] = _NO_REFERENCES,
    history: History,
    at: datetime,
    composites: Composites = Composites.BY_TABLE,
) -> Evaluation:
    """Judge a table by rules.

    `references` are the datasets that rules compare with, by alias; `history` is what earlier
    runs have measured, without this one; `at` is the time that `now()` is, UTC if it has no zone.
    """
    if PRIMARY in references:
        raise ValueError(f"'{PRIMARY}' is the table itself: give the dataset another alias")
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    scope = Scope(table, references, history, moment)
    queries = Queries(table, references)
    maker = Checks(scope, queries, composites)
    checks = [maker.of(rule) for rule in ruleset.rules]
    analyses = [_analysis(analyzer, scope, queries) for analyzer in ruleset.analyzers]
    passes = Passes(scope)
    results = passes.meet(_needs(checks, analyses))
    outcomes = [_outcome(*one, results) for one in zip(ruleset.rules, checks, strict=True)]
    return Evaluation(
        outcomes=outcomes,
        measurements=[
            _measurement(*one, results) for one in zip(ruleset.analyzers, analyses, strict=True)
        ],
        passes=passes.count,
        rows=MarkedRows(table, _row_rules(checks, outcomes)),
    )


def _analysis(
    analyzer: Analyzer, scope: Scope, queries: Queries
) -> Sequence[Measure] | CannotJudge:
    try:
        target = resolved_measured(analyzer.target, scope)
        return measures(analyzer.type, target, analyzer.where, scope, queries)
    except CannotJudge as error:
        return error


def _needs(
    checks: Sequence[Check], analyses: Sequence[Sequence[Measure] | CannotJudge]
) -> Sequence[Need]:
    needs = [need for check in checks for need in check.needs]
    for analysis in analyses:
        if not isinstance(analysis, CannotJudge):
            needs += [need for measure in analysis for need in measure.needs]
    return needs


def _outcome(rule: Rule | Composite, check: Check, results: Results) -> Outcome:
    found = finding(check, results)
    return Outcome(
        rule=rule,
        verdict=found.verdict,
        reason=found.reason,
        metrics=found.metrics,
        row_level=check.test is not None and found.verdict is not Verdict.ERROR,
    )


def _measurement(
    analyzer: Analyzer, analysis: Sequence[Measure] | CannotJudge, results: Results
) -> Measurement:
    try:
        if isinstance(analysis, CannotJudge):
            raise analysis
        metrics = values_of(analysis, results)
    except CannotJudge as error:
        return Measurement(text=analyzer.text, place=analyzer.place, error=str(error))
    return Measurement(text=analyzer.text, place=analyzer.place, metrics=metrics)


def _row_rules(checks: Sequence[Check], outcomes: Sequence[Outcome]) -> Sequence[RowRule]:
    return [
        RowRule(outcome.text, check.test, failed=outcome.verdict is Verdict.FAILED)
        for check, outcome in zip(checks, outcomes, strict=True)
        if check.test is not None and outcome.row_level
    ]

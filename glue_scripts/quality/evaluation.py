"""A ruleset, a table, a verdict on each rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from quality.outcomes import Evaluation, Measurement, Outcome
from quality.passes import Passes
from quality.queries import PRIMARY, Queries
from quality.resolving import resolved_measured
from quality.scope import Scope
from quality.verdicts import Composites, Verdict

_NO_REFERENCES: Mapping[str, DataFrame] = {}


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
        text=rule.text,
        place=rule.place,
        verdict=found.verdict,
        reason=found.reason,
        metrics=found.metrics,
        row_level=check.test is not None,
        labels=rule.labels,
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
        if check.test is not None and outcome.verdict is not Verdict.ERROR
    ]

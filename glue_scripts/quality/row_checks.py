"""Rules about rows: each row holds or breaks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from dqdl import Rule, RuleType, spell
from dqdl.syntax import Between, Comparison, Condition, Matches, Operator
from quality.findings import Check, Finding, decided
from quality.literals import TextLength, TypedColumn
from quality.measures import Measure, Selection, extremes, lengths
from quality.names import Metric
from quality.needs import Aggregate, Counted, Need, Results
from quality.number_checks import judged, values_of
from quality.quantities import Past, Quantity, Wording
from quality.row_tests import RowTest, Values, castable, fresh
from quality.scope import Scope


@dataclass(frozen=True)
class RowsThatHold:
    """How many rows hold, of how many."""

    needs: Sequence[Need]
    counts: Callable[[Results], tuple[int, int]]


def rows_that_hold(test: RowTest, selection: Selection, key: str) -> RowsThatHold:
    """Counted along with everything else where the test needs no join."""
    selected = selection.selected
    if test.additions:
        counted = Counted(key, test, selection.where, selected)

        def joined(results: Results) -> tuple[int, int]:
            found = results.counted(counted)
            return found.passing, found.rows

        return RowsThatHold([counted], joined)
    rows: Aggregate = selection.rows()
    holding = selection.count(f"holding {key}", test.holds)
    return RowsThatHold(
        [rows, holding], lambda results: (results.count(holding), results.count(rows))
    )


def share(test: RowTest, selection: Selection, metric: Metric) -> Measure:
    """The part of the rows that hold, as a metric."""
    found = rows_that_hold(test, selection, metric.name)

    def value(results: Results) -> Quantity | None:
        holding, rows = found.counts(results)
        return Fraction(holding, rows) if rows else None

    def remark(results: Results) -> str:
        holding, rows = found.counts(results)
        return f"{rows - holding:,} of {rows:,} rows break it"

    return Measure(metric, found.needs, value, remark)


def for_each_row(
    rule: Rule,
    test: RowTest,
    scope: Scope,
    *,
    metric: Metric,
    expected: str,
    also: Sequence[Measure] = (),
) -> Check:
    """All rows hold, or as many as the rule's threshold wants. Where there are no rows, none
    breaks it."""
    selection = Selection(scope, rule.where)
    if not test.additions:
        scope.check(test.holds)
    measure = share(test, selection, metric)
    past = scope.past(metric.name)

    def judge(results: Results) -> Finding:
        metrics = values_of([measure, *also], results)
        if metric.name not in metrics:
            return decided(True, "there are no rows that could break it", metrics)
        if rule.threshold is None:
            reason = f"{measure.remark(results)}: expected {expected}"
            return decided(measure.value(results) == 1, reason, metrics)
        return replace(judged(measure, results, rule.threshold, past), metrics=metrics)

    needs = [*measure.needs, *[need for one in also for need in one.needs]]
    by_row = rule.threshold is None
    return Check(needs, judge, test.within(selection.selected), by_row)


def values_check(rule: Rule, column: TypedColumn, scope: Scope) -> Check:
    """`ColumnValues` and `ColumnLength`: conditions on values, and on lengths of text."""
    of_length = rule.type is RuleType.COLUMN_LENGTH
    subject = TextLength(column) if of_length else column
    also = _extremes(rule, column, scope)
    low, high = ([scope.past(one.name) for one in also] or [_no_past] * 2)[:2]
    condition = _condition(rule)
    if isinstance(condition, Matches):
        scope.check_pattern(condition.pattern)
    values = Values(subject, scope.at, low, high)
    what = f'the length of "{column.name}"' if of_length else f'"{column.name}"'
    return for_each_row(
        rule,
        values.test(condition),
        scope,
        metric=_share(rule, column),
        expected=f"{what} {_wording(condition, low, high)}",
        also=also,
    )


def _extremes(rule: Rule, column: TypedColumn, scope: Scope) -> Sequence[Measure]:
    selection = Selection(scope, rule.where)
    if rule.type is RuleType.COLUMN_LENGTH:
        return lengths(selection, column)
    return extremes(selection, column) if column.is_number else ()


def _no_past() -> Sequence[float]:
    return ()


def _wording(condition: Condition, low: Past, high: Past) -> str:
    """With the bounds that earlier minimums and maximums make."""
    if isinstance(condition, Between):
        edges = "both included" if condition.negated else "both excluded"
        bounds = (
            f"{Wording(low).operand(condition.low)} and {Wording(high).operand(condition.high)}"
        )
        return f"{'not ' if condition.negated else ''}between {bounds} ({edges})"
    of_low = {Operator.GREATER, Operator.GREATER_OR_EQUAL}
    is_low = isinstance(condition, Comparison) and condition.operator in of_low
    return Wording(low if is_low else high).condition(condition)


def data_type_check(rule: Rule, column: TypedColumn, scope: Scope) -> Check:
    """`ColumnDataType`."""
    condition = _condition(rule)
    return for_each_row(
        rule,
        castable(column, condition),
        scope,
        metric=_share(rule, column),
        expected=f'the type of "{column.name}" {Wording(_no_past).condition(condition)}',
    )


def freshness_check(rule: Rule, column: TypedColumn, scope: Scope) -> Check:
    """`DataFreshness`."""
    condition = _condition(rule)
    return for_each_row(
        rule,
        fresh(column, condition, scope.at),
        scope,
        metric=_share(rule, column),
        expected=f'the age of "{column.name}" {Wording(_no_past).condition(condition)}',
    )


def _condition(rule: Rule) -> Condition:
    if rule.condition is None:
        raise TypeError(f"{rule.type} has no condition")
    return rule.condition


def _share(rule: Rule, column: TypedColumn) -> Metric:
    """With the condition in it, in which what earlier runs were stands as the rule has it."""
    return Metric(
        f"{rule.type}.Compliance",
        (column.name,),
        rule.where,
        condition=spell(_condition(rule)),
        subject="the part of the rows that hold",
    )

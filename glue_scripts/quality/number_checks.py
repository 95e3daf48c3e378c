"""Rules that compare a number with something: the table's, another's, or its own history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from pyspark.sql import functions as sf
from pyspark.sql import types as st

from dqdl import Rule
from dqdl.syntax import Aggregate as AggregateOf
from dqdl.syntax import AggregatePair, Condition, Dataset
from quality.anomalies import Usual, judge_value
from quality.errors import CannotJudge
from quality.findings import Check, Finding, decided, settled
from quality.literals import FLOATING, TypedColumn
from quality.measures import Measure, Selection, mean_of, row_count, sum_of
from quality.names import Metric, named
from quality.needs import Need, OfReference, Results
from quality.quantities import Past, Quantity, Wording, exact, holds, shown
from quality.row_tests import RowTest
from quality.scope import Scope, column_of, numeric
from quality.verdicts import Verdict

Value = Callable[[Results], Quantity | None]


def compared(measure: Measure, rule: Rule, scope: Scope, test: RowTest | None = None) -> Check:
    """The rule's condition on a metric."""
    condition, past = rule.condition, scope.past(measure.name)
    if condition is None:
        raise TypeError(f"{rule.type} has no condition")

    def judge(results: Results) -> Finding:
        return judged(measure, results, condition, past)

    return Check(measure.needs, judge, test)


def judged(measure: Measure, results: Results, condition: Condition, past: Past) -> Finding:
    """A metric that is no number fulfils no condition."""
    value, remark = measure.value(results), measure.remark(results)
    expectation = f"expected {Wording(past).condition(condition)}"
    subject = measure.metric.spoken
    if value is None:
        return decided(False, f"{subject} is no number: no value, or NaN; {expectation}")
    is_so = holds(value, condition, past)
    reason = f"{subject} is {shown(value)}, {expectation}"
    return decided(is_so, f"{reason}; {remark}" if remark else reason, {measure.name: float(value)})


def values_of(measures: Sequence[Measure], results: Results) -> Mapping[str, float]:
    """The metrics that are numbers."""
    values = {measure.name: measure.value(results) for measure in measures}
    return {name: float(value) for name, value in values.items() if value is not None}


def watched(measures: Sequence[Measure], scope: Scope) -> Check:
    """None of the metrics is an anomaly."""

    def judge(results: Results) -> Finding:
        metrics = values_of(measures, results)
        usual, reasons = set(), []
        for measure in measures:
            if measure.name not in metrics:
                raise CannotJudge(
                    f"{measure.metric.spoken} is no number in this run: no value, or NaN"
                )
            history = scope.history.points(measure.name)
            judged = judge_value(measure.name, metrics[measure.name], history, at=scope.at)
            usual.add(judged.usual)
            reasons.append(f"{measure.metric.spoken}: {judged.reason}")
        return Finding(_verdict(usual), "; ".join(reasons), metrics)

    return Check([need for measure in measures for need in measure.needs], judge)


def _verdict(usual: set[Usual]) -> Verdict:
    if Usual.NO in usual:
        return Verdict.FAILED
    return Verdict.NOT_JUDGED if Usual.UNKNOWN in usual else Verdict.PASSED


def row_count_match(rule: Rule, target: Dataset, scope: Scope) -> Check:
    """The number of rows as a part of another dataset's."""
    scope.reference(target.alias)
    mine = row_count(Selection(scope, None))
    theirs = OfReference(target.alias, "rows", sf.count(sf.lit(1)))
    metric = Metric("RowCountMatch", (target.alias,))
    measure = _quotient(
        metric, mine.value, lambda results: exact(results.of(theirs)), [*mine.needs, theirs]
    )
    return compared(measure, rule, scope)


def aggregate_match(rule: Rule, target: AggregatePair, scope: Scope) -> Check:
    """One sum or mean as a part of another."""
    first, second = _aggregate(target.first, scope), _aggregate(target.second, scope)
    above, below = _spelled(target.first), _spelled(target.second)
    metric = Metric("AggregateMatch", (above, below), subject=f"{above} / {below}")
    measure = _quotient(metric, first.value, second.value, [*first.needs, *second.needs])
    return compared(measure, rule, scope)


def _spelled(one: AggregateOf) -> str:
    return f"{one.function}({one.alias + '.' if one.alias else ''}{one.column})"


def _aggregate(one: AggregateOf, scope: Scope) -> Measure:
    measure = sum_of if one.function == "sum" else mean_of
    if one.alias is None:
        return measure(Selection(scope, None), scope.numeric(one.column))
    column = numeric(column_of(scope.reference(one.alias), one.column, f"'{one.alias}'"))
    return _of_reference(one, column)


def _of_reference(one: AggregateOf, column: TypedColumn) -> Measure:
    alias = one.alias or ""
    values = named(column.name).cast("double")
    total = sf.sum(values)
    if not isinstance(column.type, FLOATING):
        scale = column.type.scale if isinstance(column.type, st.DecimalType) else 0
        total = sf.try_sum(named(column.name).cast(st.DecimalType(38, scale)))
    added = OfReference(alias, f"sum {column.name!r}", total)
    filled = OfReference(alias, f"filled {column.name!r}", sf.count(named(column.name)))

    def value(results: Results) -> Quantity | None:
        found, count = exact(results.of(added)), results.count(filled)
        return found / count if one.function == "avg" and found is not None else found

    return Measure(Metric(_spelled(one)), (added, filled), value)


def _quotient(metric: Metric, first: Value, second: Value, needs: Sequence[Need]) -> Measure:
    """Two zeros are equal, so that they match; nothing else can be divided by zero."""

    def value(results: Results) -> Quantity | None:
        above, below = first(results), second(results)
        if above is None or below is None:
            return None
        if not below:
            return None if above else Fraction(1)
        return above / below

    def remark(results: Results) -> str:
        above, below = first(results), second(results)
        if above is None or below is None:
            return ""
        return f"{shown(above)} here, {shown(below)} there"

    return Measure(metric, needs, value, remark)


def schema_match(rule: Rule, target: Dataset, scope: Scope) -> Check:
    """Columns of one name and type in both, as a part of those of the side that has more."""
    mine = {field.name: field.dataType for field in scope.table.schema.fields}
    theirs = {field.name: field.dataType for field in scope.reference(target.alias).schema.fields}
    same = [name for name, kind in mine.items() if theirs.get(name) == kind]
    others = sorted((mine.keys() | theirs.keys()) - set(same))
    most = max(len(mine), len(theirs))
    measure = Measure(
        Metric("SchemaMatch", (target.alias,)),
        (),
        lambda _: Fraction(len(same), most) if most else Fraction(1),
        lambda _: f"different are {', '.join(others)}" if others else "",
    )
    return compared(measure, rule, scope)


def column_exists(name: str, scope: Scope) -> Check:
    """By its exact name."""
    try:
        scope.column(name)
    except CannotJudge as error:
        return settled(decided(False, str(error)))
    return settled(decided(True, f'the table has a column "{name}"'))

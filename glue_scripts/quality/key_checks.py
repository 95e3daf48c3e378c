"""Rules about values that are there, and that stand once."""

from __future__ import annotations

from collections.abc import Sequence

from dqdl import Rule
from quality.findings import Check, Finding, decided
from quality.matching import primary_key, unique
from quality.measures import Selection, completeness, uniqueness
from quality.names import Metric
from quality.needs import Results
from quality.number_checks import compared
from quality.row_checks import for_each_row, share
from quality.row_tests import complete
from quality.scope import Scope


def completeness_check(rule: Rule, names: Sequence[str], scope: Scope) -> Check:
    """`Completeness`: a row without a value breaks it, however many may."""
    selection = Selection(scope, rule.where)
    measure = completeness(selection, scope.column(names[0]))
    test = complete(names).within(selection.selected)
    return compared(measure, rule, scope, test)


def uniqueness_check(rule: Rule, names: Sequence[str], scope: Scope) -> Check:
    """`Uniqueness`: a row whose values stand again breaks it, however many may."""
    selection = Selection(scope, rule.where)
    measure = uniqueness(selection, names)
    test = unique(scope, names, rule.where).within(selection.selected)
    return compared(measure, rule, scope, test)


def is_complete(rule: Rule, names: Sequence[str], scope: Scope) -> Check:
    """`IsComplete`."""
    column = scope.column(names[0])
    measure = completeness(Selection(scope, rule.where), column)
    return for_each_row(
        rule,
        complete(names),
        scope,
        metric=measure.metric,
        expected=f'"{names[0]}" not null',
    )


def is_unique(rule: Rule, names: Sequence[str], scope: Scope) -> Check:
    """`IsUnique`. Rows without any value are not compared."""
    selection = Selection(scope, rule.where)
    measure = uniqueness(selection, names)

    def judge(results: Results) -> Finding:
        value, remark = measure.value(results), measure.remark(results)
        metrics = {} if value is None else {measure.name: float(value)}
        return decided(value in {None, 1}, f"{remark}: expected each once", metrics)

    test = unique(scope, names, rule.where).within(selection.selected)
    return Check(measure.needs, judge, test, by_row=True)


def is_primary_key(rule: Rule, names: Sequence[str], scope: Scope) -> Check:
    """`IsPrimaryKey`."""
    selection = Selection(scope, rule.where)
    measure = uniqueness(selection, names)
    whole = share(complete(names), selection, Metric("Complete", tuple(names), rule.where))

    def judge(results: Results) -> Finding:
        value, filled = measure.value(results), whole.value(results)
        remark = f"{measure.remark(results)}; {whole.remark(results)} with a null"
        metrics = {} if value is None else {measure.name: float(value)}
        is_key = value in {None, 1} and filled in {None, 1}
        return decided(is_key, f"{remark}: expected each once and none null", metrics)

    test = primary_key(scope, names, rule.where).within(selection.selected)
    return Check([*measure.needs, *whole.needs], judge, test, by_row=True)

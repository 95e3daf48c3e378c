"""Rules about rows beside those of other datasets."""

from __future__ import annotations

from dataclasses import replace

from dqdl import Rule
from dqdl.syntax import DatasetPair, ForeignColumns
from quality.errors import CannotJudge
from quality.findings import Check, Finding
from quality.matching import equals, refers
from quality.measures import Selection
from quality.names import Metric
from quality.needs import Groups, ReferenceKey, Results
from quality.number_checks import compared
from quality.row_checks import share
from quality.row_tests import complete
from quality.scope import Scope


def integrity_check(rule: Rule, target: ForeignColumns, scope: Scope) -> Check:
    """`ReferentialIntegrity`."""
    test = refers(scope, target)
    there = f"{target.alias}.{{{','.join(target.foreign)}}}"
    metric = Metric(
        "ReferentialIntegrity",
        (*target.names, there),
        rule.where,
        subject=f"the part of the rows that stand in {there}",
    )
    selection = Selection(scope, rule.where)
    check = compared(share(test, selection, metric), rule, scope)
    return replace(check, test=test.within(selection.selected))


def dataset_match(rule: Rule, target: DatasetPair, scope: Scope) -> Check:
    """`DatasetMatch`."""
    test = equals(scope, target)
    keys = [pair.name for pair in target.keys]
    mine = Groups(tuple(keys))
    no_nulls = share(complete(keys), Selection(scope, None), Metric("Key", tuple(keys)))
    theirs = ReferenceKey(target.alias, tuple(pair.foreign for pair in target.keys))
    pairs = [f"{pair.name}->{pair.foreign}" for pair in (*target.keys, *target.compared)]
    metric = Metric(
        "DatasetMatch",
        (target.alias, *pairs),
        subject=f"the part of the rows that are the same in '{target.alias}'",
    )
    check = compared(share(test, Selection(scope, None), metric), rule, scope, test)

    def judge(results: Results) -> Finding:
        counts = results.groups(mine)
        unfit = counts.singles < counts.rows or no_nulls.value(results) not in {None, 1}
        if unfit or not results.of(theirs):
            side = "the table" if unfit else f"'{target.alias}'"
            raise CannotJudge(
                f"the key {', '.join(keys)} is null or stands twice in {side}: expected a key "
                "that tells rows apart, or another rule, such as AggregateMatch"
            )
        return check.judge(results)

    needs = [*check.needs, mine, *no_nulls.needs, theirs]
    return Check(needs, judge, test)

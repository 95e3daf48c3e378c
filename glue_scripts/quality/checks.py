"""From rules to checks: one for each, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dqdl import Composite, Rule, RuleType
from dqdl.syntax import (
    AggregatePair,
    Columns,
    Dataset,
    DatasetPair,
    ForeignColumns,
    Pattern,
    Sql,
    Watched,
)
from quality.composites import combined, combined_by_row
from quality.errors import SPARK_ERRORS, CannotJudge, caused_by_rules
from quality.findings import Check, Finding, decided, settled
from quality.key_checks import (
    completeness_check,
    is_complete,
    is_primary_key,
    is_unique,
    uniqueness_check,
)
from quality.matching import selected_by
from quality.matching_checks import dataset_match, integrity_check
from quality.measures import Selection, measures
from quality.names import Metric
from quality.number_checks import (
    aggregate_match,
    column_exists,
    compared,
    row_count_match,
    schema_match,
    watched,
)
from quality.queries import Queries
from quality.resolving import resolved
from quality.row_checks import (
    data_type_check,
    for_each_row,
    freshness_check,
    values_check,
)
from quality.scope import Scope
from quality.verdicts import Composites, Verdict


@dataclass(frozen=True)
class Checks:
    """Makes checks of rules within a scope."""

    scope: Scope
    queries: Queries
    composites: Composites

    def of(self, rule: Rule | Composite) -> Check:
        """The check of a rule. Where it has none, its finding is the reason."""
        try:
            if isinstance(rule, Composite):
                return self._composite(rule)
            return self._rule(resolved(rule, self.scope))
        except CannotJudge as error:
            return settled(Finding(Verdict.ERROR, str(error)))
        except SPARK_ERRORS as error:
            return settled(Finding(Verdict.ERROR, caused_by_rules(error)))

    def _composite(self, rule: Composite) -> Check:
        parts = [self.of(part) for part in rule.rules]
        if self.composites is Composites.BY_ROW and all(part.by_row for part in parts):
            return combined_by_row(rule, parts, Selection(self.scope, None))
        return combined(rule, parts)

    def _rule(self, rule: Rule) -> Check:
        target = rule.target
        if isinstance(target, Columns):
            return self._of_columns(rule, target.names)
        if isinstance(target, Sql):
            return self._of_sql(rule, target.statement)
        if isinstance(target, Watched):
            found = measures(target.type, target.target, None, self.scope, self.queries)
            return watched(found, self.scope)
        if isinstance(target, Pattern):
            return self._names_match(target.regex)
        return self._beside_another(rule, target)

    def _beside_another(
        self, rule: Rule, target: Dataset | ForeignColumns | DatasetPair | AggregatePair
    ) -> Check:
        if isinstance(target, ForeignColumns):
            return integrity_check(rule, target, self.scope)
        if isinstance(target, DatasetPair):
            return dataset_match(rule, target, self.scope)
        if isinstance(target, AggregatePair):
            return aggregate_match(rule, target, self.scope)
        match = schema_match if rule.type is RuleType.SCHEMA_MATCH else row_count_match
        return match(rule, target, self.scope)

    def _of_columns(self, rule: Rule, names: Sequence[str]) -> Check:
        if rule.type is RuleType.COLUMN_EXISTS:
            return column_exists(names[0], self.scope)
        if rule.type in _ABOUT_ROWS:
            column = self.scope.column(names[0])
            return _ABOUT_ROWS[rule.type](rule, column, self.scope)
        if rule.type in _ABOUT_KEYS:
            return _ABOUT_KEYS[rule.type](rule, names, self.scope)
        target = Columns(tuple(names))
        found = measures(rule.type, target, rule.where, self.scope, self.queries)
        return compared(found[0], rule, self.scope)

    def _of_sql(self, rule: Rule, statement: str) -> Check:
        if rule.condition is not None:
            measure = measures(rule.type, Sql(statement), None, self.scope, self.queries)[0]
            return compared(measure, rule, self.scope)
        test = selected_by(self.scope, statement, self.queries)
        subject = "the part of the rows that the SQL gives"
        metric = Metric("CustomSql.Compliance", (statement,), subject=subject)
        return for_each_row(
            rule, test, self.scope, metric=metric, expected="its SQL to give every row"
        )

    def _names_match(self, regex: str) -> Check:
        try:
            pattern = re.compile(regex)
        except re.error as error:
            raise CannotJudge(f'expected a regular expression, got "{regex}": {error}') from None
        others = [name for name in self.scope.table.columns if not pattern.fullmatch(name)]
        reason = f'names that do not match "{regex}": {", ".join(others) or "none"}'
        return settled(decided(not others, reason))


_ABOUT_ROWS = {
    RuleType.COLUMN_VALUES: values_check,
    RuleType.COLUMN_LENGTH: values_check,
    RuleType.COLUMN_DATA_TYPE: data_type_check,
    RuleType.DATA_FRESHNESS: freshness_check,
}

_ABOUT_KEYS = {
    RuleType.IS_COMPLETE: is_complete,
    RuleType.IS_PRIMARY_KEY: is_primary_key,
    RuleType.IS_UNIQUE: is_unique,
    RuleType.COMPLETENESS: completeness_check,
    RuleType.UNIQUENESS: uniqueness_check,
}

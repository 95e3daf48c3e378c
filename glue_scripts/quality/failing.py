"""Rows and the rules that they break."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from quality.row_tests import RowTest, with_additions

_BROKEN = "#broken_rules"
_SAMPLE = 5
"""Rows that are shown of each rule."""
_SAMPLED = 500
"""Failing rows among which these are looked for."""


@dataclass(frozen=True)
class RowRule:
    """A rule about rows; `failed` where its verdict is that."""

    text: str
    test: RowTest
    failed: bool


@dataclass(frozen=True)
class MarkedRows:
    """The rows of a table beside the rules that each of them breaks. Nothing runs before
    somebody writes or counts what it gives."""

    table: DataFrame
    rules: Sequence[RowRule]

    def failing(self, *, column: str, tolerated: bool) -> DataFrame:
        """The rows that break a rule, with the texts of these rules in a column."""
        if column in self.table.columns:
            raise ValueError(
                f"expected a name for the column of broken rules that the table does not have, "
                f"got '{column}': pass another as `column`"
            )
        rules = self._rules(tolerated=tolerated)
        texts = sf.array(*[sf.when(~rule.test.holds, sf.lit(rule.text)) for rule in rules])
        broken = self._where(~_all_hold(rules), rules)
        marked = broken.withColumn(column, sf.array_compact(texts).cast("array<string>"))
        return _without_additions(marked, rules)

    def passing(self, *, tolerated: bool) -> DataFrame:
        """The rows that break none."""
        rules = self._rules(tolerated=tolerated)
        return _without_additions(self._where(_all_hold(rules), rules), rules)

    def counted(self) -> tuple[Mapping[str, int], Mapping[str, Sequence[Mapping[str, object]]]]:
        """How many rows break each rule, and some of them, by the rule's text."""
        if not self.rules:
            return {}, {}
        failing = self.failing(column=_BROKEN, tolerated=True)
        counts = failing.select(sf.explode(_BROKEN).alias("rule")).groupBy("rule").count()
        samples: dict[str, list[Mapping[str, object]]] = defaultdict(list)
        for row in (found.asDict() for found in failing.limit(_SAMPLED).collect()):
            for rule in row.pop(_BROKEN):
                if len(samples[rule]) < _SAMPLE:
                    samples[rule].append(row)
        return {row["rule"]: row["count"] for row in counts.collect()}, samples

    def _rules(self, *, tolerated: bool) -> Sequence[RowRule]:
        return [rule for rule in self.rules if rule.failed or tolerated]

    def _where(self, condition: Column, rules: Sequence[RowRule]) -> DataFrame:
        """Rows are told apart before anything is written beside them: most break nothing."""
        return with_additions(self.table, [rule.test for rule in rules]).where(condition)


def _all_hold(rules: Sequence[RowRule]) -> Column:
    return reduce(lambda left, right: left & right, (r.test.holds for r in rules), sf.lit(True))


def _without_additions(frame: DataFrame, rules: Sequence[RowRule]) -> DataFrame:
    return frame.drop(*[addition.name for rule in rules for addition in rule.test.additions])

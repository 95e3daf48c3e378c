"""Random tables, and rules for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from dqdl import parse
from quality.evaluation import Evaluation, evaluate
from quality.history import History, PastMetrics
from quality.outcomes import Outcome
from quality.verdicts import Composites

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCHEMA = "i bigint, n string, x double, d decimal(12,3), t timestamp, day date, ok boolean"
NAMES = ("i", "n", "x", "d", "t", "day", "ok")
Row = tuple[Any, ...]

VALUES: Mapping[str, Sequence[object]] = {
    "i": [0, 1, 2, 3, -5, 2**53, 2**53 + 1, 9_223_372_036_854_775_807],
    "n": ["", " ", "a", "b", "DE", "12", "ä€😀", "a\nb"],
    "x": [0.0, -0.0, 0.1, 2.5, -3.0, float("nan"), 1e300],
    "d": [Decimal("0.000"), Decimal("0.100"), Decimal("2.500"), Decimal("-999999999.999")],
    "t": [
        datetime(2026, 11, 20, 11, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 11, 17, 12, tzinfo=UTC),
        datetime(1969, 7, 20, tzinfo=UTC),
    ],
    "day": [date(2026, 11, 20), date(2026, 11, 17), date(1900, 1, 1)],
    "ok": [True, False],
}
ROWS = st.lists(st.tuples(*[st.sampled_from([None, *VALUES[name]]) for name in NAMES]), max_size=16)


def table_of(spark: SparkSession, rows: Sequence[Row], schema: str = SCHEMA) -> DataFrame:
    return spark.createDataFrame(list(rows), schema)


def evaluation_of(
    rules: str,
    table: DataFrame,
    *,
    references: Mapping[str, DataFrame] | None = None,
    history: History | None = None,
    composites: Composites = Composites.BY_TABLE,
) -> Evaluation:
    """Of a whole text, or of rules alone."""
    text = rules if "Rules" in rules or "Analyzers" in rules else f"Rules = [ {rules} ]"
    return evaluate(
        parse(text),
        table,
        references=references or {},
        history=history or PastMetrics(),
        at=AT,
        composites=composites,
    )


def outcome_of(rule: str, table: DataFrame, **others: Any) -> Outcome:
    """Of one rule."""
    (outcome,) = evaluation_of(rule, table, **others).outcomes
    return outcome

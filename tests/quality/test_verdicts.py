"""What is said of rules that cannot be judged, of rules with a history, and of SQL."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from quality.history import PastMetrics, Point
from quality.verdicts import Verdict
from tests.quality.tables import AT, evaluation_of, outcome_of, table_of


def past(**values: list[float]) -> PastMetrics:
    """A value a day, up to yesterday."""
    return PastMetrics(
        {
            name.replace("_", ":"): [
                Point(AT - timedelta(days=len(series) - number), value)
                for number, value in enumerate(series)
            ]
            for name, series in values.items()
        }
    )


UNJUDGEABLE = [
    ('IsComplete "emial"', 'the table has no column "emial": did you mean "email"?'),
    ('IsComplete "ID"', 'the table has no column "ID": did you mean "id"?'),
    ('Mean "email" > 3', '"email" is of type string, expected a column of numbers'),
    ('ColumnValues "email" > 3', '"email" is of type string, and a number cannot be compared'),
    ('ColumnValues "id" = "x"', '"id" is of type int, and "x" cannot be compared with that'),
    ('ColumnValues "id" matches "1"', '"id" is of type int, and only text matches a regular'),
    ('ColumnValues "id" = EMPTY', '"id" is of type int, and only text can be EMPTY'),
    ('ColumnValues "email" > now()', '"email" is of type string, and a time cannot be'),
    ('ColumnLength "id" > 3', '"id" is of type int, and only text has a length'),
    ('DataFreshness "id" < 3 days', '"id" is of type int, expected a date or a timestamp'),
    ('ColumnDataType "tags" = "INTEGER"', "[DATATYPE_MISMATCH"),
    ('ColumnValues "email" matches "["', "[INVALID_PARAMETER_VALUE"),
    ('ColumnNamesMatchPattern "["', 'expected a regular expression, got "["'),
    ('RowCountMatch "other" > 0.5', "there is no dataset 'other' to compare with (given: none"),
    ('RowCount > 1 where "nosuch > 3"', "with name `nosuch` cannot be resolved"),
    ('RowCount > 1 where "id"', 'where "id": expected a condition, got a value of type int'),
    (
        'RowCount > 1 where "cast(email as int) > 3"',
        'where "cast(email as int) > 3": [CAST_INVALID_INPUT]',
    ),
    ("RowCount > 1 where \"email rlike '['\"", "where \"email rlike '['\": "),
    ("RowCount > last()", "history too short for last(1): the metric has no earlier value"),
    ('CustomSql "select nosuch from primary" > 1', "[UNRESOLVED_COLUMN"),
    ('CustomSql "selec" > 1', "Syntax error"),
    ('CustomSql "drop table primary" > 1', "Syntax error"),
    ('CustomSql "select 1 / (id - id) from primary" > 1', "[DIVIDE_BY_ZERO]"),
    ('CustomSql "select id from primary" > 1', "expected SQL that gives one number, got more"),
    ('CustomSql "select email from primary limit 1" > 1', "expected SQL that gives one number"),
    ('CustomSql "select count(*) as n from primary"', "expected SQL that gives columns of the"),
]


def test_a_rule_that_cannot_be_judged_is_an_error_with_a_reason(spark: SparkSession) -> None:
    schema = "id int, email string, tags array<string>"
    table = table_of(spark, [(1, "a@b", None), (2, None, None)], schema)
    rules = ",\n".join([*[rule for rule, _ in UNJUDGEABLE], "RowCount = 2"])
    *errors, good = evaluation_of(f"Rules = [ {rules} ]", table).outcomes
    for number, (outcome, (_, reason)) in enumerate(zip(errors, UNJUDGEABLE, strict=True)):
        assert (outcome.verdict, outcome.place.line) == (Verdict.ERROR, number + 1), outcome
        assert reason in outcome.reason
        assert "\n" not in outcome.reason
    assert good.verdict is Verdict.PASSED


def test_a_rule_in_error_breaks_no_row(spark: SparkSession) -> None:
    table = table_of(spark, [("x",)], "n string")
    evaluation = evaluation_of('IsComplete "n" where "cast(n as int) > 3"', table)
    assert evaluation.outcomes[0].verdict is Verdict.ERROR
    assert evaluation.failing_rows().isEmpty()


def test_two_columns_that_spark_takes_for_one_are_an_error(spark: SparkSession) -> None:
    table = table_of(spark, [(1, 2)], "a int, A int")
    assert 'has 2 columns "a": rename' in outcome_of('IsComplete "a"', table).reason


def test_nothing_to_measure_fails_numbers_and_breaks_no_row(spark: SparkSession) -> None:
    table = table_of(spark, [], "id int, n string")
    rules = (
        'RowCount = 0, IsComplete "id", IsUnique "id", IsPrimaryKey "id", ColumnLength "n" > 3, '
        'ColumnValues "id" > 3, ColumnValues "id" > 3 with threshold > 0.9, '
        'Completeness "id" > 0.9, Mean "id" >= 0, Uniqueness "id" > 0.1, Entropy "id" >= 0, '
        'ColumnCorrelation "id" "id" > -1, DistinctValuesCount "id" = 0, Sum "id" = 0'
    )
    verdicts = [outcome.verdict.value for outcome in evaluation_of(rules, table).outcomes]
    assert verdicts == ["passed"] * 7 + ["failed"] * 5 + ["passed", "failed"]


def test_rules_are_compared_with_earlier_runs(spark: SparkSession) -> None:
    table = table_of(spark, [(1,), (5,), (9,)], "id int")
    history = past(RowCount=[2.0, 3.0, 4.0], Minimum_id=[0.0, 1.0], Maximum_id=[9.0, 10.0])
    evaluation = evaluation_of(
        "RowCount >= avg(last(3)), RowCount > max(last(2)), RowCount = index(last(3), 1), "
        "RowCount between 0.5 * min(last(9)) and 1.5 * median(last(9)), RowCount > last(), "
        "RowCount >= percentile(last(3), 50), RowCount < sum(last(2)), "
        "RowCount < avg(last(3)) + 2 * std(last(3)), RowCount < abs(0 - last()), "
        'ColumnValues "id" between min(last(2)) and max(last(2)), '
        'ColumnValues "id" > max(last(1))',
        table,
        history=history,
    )
    verdicts = [outcome.verdict.value for outcome in evaluation.outcomes]
    assert verdicts == [
        *("passed", "failed", "passed", "passed", "failed"),
        *("passed", "passed", "passed", "passed"),
        *("passed", "failed"),
    ]
    assert evaluation.outcomes[1].reason == "RowCount is 3, expected > 4, which is max(last(2))"
    assert evaluation.outcomes[9].reason == (
        '0 of 3 rows break it: expected "id" between 0, which is min(last(2)) and 10, which is '
        "max(last(2)) (both excluded)"
    )


def test_a_threshold_may_depend_on_earlier_runs(spark: SparkSession) -> None:
    table = table_of(spark, [(1,), (5,)], "id int")
    rule = 'ColumnValues "id" > 2 with threshold >= last()'
    (name,) = (n for n in outcome_of(rule, table).metrics or {"": 0} if "Compliance" in n or not n)
    assert name == ""
    history = PastMetrics({"ColumnValues.Compliance:id > 2": [Point(AT, 0.4)]})
    assert outcome_of(rule, table, history=history).verdict is Verdict.PASSED


def test_metrics_of_one_run_are_the_history_of_the_next(spark: SparkSession) -> None:
    table = table_of(spark, [(1, "a"), (2, None)], "id int, n string")
    rules = (
        'Completeness "n" >= last() where "id > 0", DistinctValuesCount "id" >= last(), '
        'ColumnLength "n" <= last(), ColumnValues "id" >= last(), Mean "id" = last(), '
        'RowCount >= last(), CustomSql "select max(id) from primary" >= last(), '
        'ColumnCorrelation "id" "id" >= last()'
    )
    measured = evaluation_of(
        'Analyzers = [ Completeness "n" where "id > 0", DistinctValuesCount "id", '
        'ColumnLength "n", ColumnValues "id", Mean "id", RowCount, '
        'CustomSql "select max(id) from primary", ColumnCorrelation "id" "id" ]',
        table,
    ).metrics
    history = PastMetrics({name: [Point(AT, value)] for name, value in measured.items()})
    outcomes = evaluation_of(rules, table, history=history).outcomes
    assert {outcome.verdict for outcome in outcomes} == {Verdict.PASSED}


def test_an_anomaly_fails_and_a_short_history_is_no_verdict(spark: SparkSession) -> None:
    table = table_of(spark, [(number,) for number in range(50)], "id int")
    history = past(RowCount=[10, 11, 9, 10, 11, 9, 10], Completeness_id=[1.0] * 8)
    evaluation = evaluation_of(
        'DetectAnomalies "RowCount", DetectAnomalies "Completeness" "id", '
        'DetectAnomalies "Mean" "id", (DetectAnomalies "Mean" "id") and (RowCount > 0)',
        table,
        history=history,
    )
    assert [outcome.verdict.value for outcome in evaluation.outcomes] == [
        "failed",
        "passed",
        "not_judged",
        "not_judged",
    ]
    assert evaluation.outcomes[0].reason.startswith("RowCount: 50 is unusual, expected 4.8")
    assert evaluation.outcomes[2].reason == ('Mean of "id": history too short: 0 values, needs 7')
    assert evaluation.metrics == {"RowCount": 50.0, "Completeness:id": 1.0, "Mean:id": 24.5}


def views_of(spark: SparkSession) -> set[str]:
    """By SQL: Spark's catalog answers only where code is generated, as other tests do without."""
    return {row.tableName for row in spark.sql("SHOW TABLES").collect()}


def test_sql_sees_the_table_and_the_others_and_leaves_nothing_behind(spark: SparkSession) -> None:
    table = table_of(spark, [(1, "a"), (2, "b"), (2, "b"), (3, None)], "id int, n string")
    customers = table_of(spark, [(1,), (2,)], "id int")
    views = views_of(spark)
    evaluation = evaluation_of(
        'CustomSql "select count(*) from primary join customers using (id)" = 3, '
        'CustomSql "with q as (select id from primary) select count(*) from q -- all" > 3, '
        'CustomSql "select id, n from primary where id < 3" with threshold >= 0.75, '
        "CustomSql \"select n from primary where n = 'b' or n is null\"",
        table,
        references={"customers": customers},
    )
    assert [outcome.verdict.value for outcome in evaluation.outcomes] == [
        *("passed", "passed", "passed", "failed")
    ]
    assert [outcome.row_level for outcome in evaluation.outcomes] == [False, False, True, True]
    failing = evaluation.failing_rows().collect()
    assert sorted(row.id for row in failing) == [1, 3]
    assert views_of(spark) == views
    with pytest.raises(ValueError, match="'primary' is the table itself"):
        evaluation_of("RowCount > 0", table, references={"primary": table})


def test_a_schema_is_judged_without_a_job(spark: SparkSession) -> None:
    table = table_of(spark, [(1, 2)], "aws_a int, aws_b int")
    evaluation = evaluation_of(
        'ColumnCount = 2, ColumnExists "aws_a", ColumnExists "aws_c", '
        'ColumnNamesMatchPattern "aws_.*", ColumnNamesMatchPattern "aws"',
        table,
    )
    assert [outcome.verdict.value for outcome in evaluation.outcomes] == [
        *("passed", "passed", "failed", "passed", "failed")
    ]
    assert evaluation.passes == 0


def test_verdicts_are_combined_so_that_no_error_passes(spark: SparkSession) -> None:
    table = table_of(spark, [(1,)], "id int")
    bad, good, wrong = "(RowCount = 5)", "(RowCount = 1)", '(IsComplete "x")'
    texts = [
        f"{good} and {wrong}",
        f"{good} or {wrong}",
        f"{bad} and {wrong}",
        f"{bad} or {wrong}",
        f"{good} and {bad}",
        f"{bad} or {good}",
    ]
    verdicts = [one.verdict.value for one in evaluation_of(", ".join(texts), table).outcomes]
    assert verdicts == ["error", "passed", "failed", "error", "failed", "passed"]


def test_analyzers_measure_and_do_not_judge(spark: SparkSession) -> None:
    table = table_of(spark, [(1, "abc"), (3, None)], "id int, n string")
    evaluation = evaluation_of(
        'Analyzers = [ AllStatistics "id", AllStatistics "n", Mean "n", RowCount ]', table
    )
    numbers, texts, wrong, rows = evaluation.measurements
    assert dict(numbers.metrics) == {
        "RowCount": 2,
        "Completeness:id": 1,
        "Uniqueness:id": 1,
        "Minimum:id": 1,
        "Maximum:id": 3,
        "Entropy:id": 1,
        "Mean:id": 2,
        "StandardDeviation:id": 1,
        "Sum:id": 4,
    }
    assert texts.metrics["MaximumLength:n"] == 3
    assert wrong.error == (
        '"n" is of type string, expected a column of numbers: change its type, or leave the rule '
        "out"
    )
    assert rows.metrics == {"RowCount": 2}
    assert not evaluation.outcomes


def test_labels_come_out_with_the_outcome(spark: SparkSession) -> None:
    table = table_of(spark, [(1,)], "id int")
    outcome = outcome_of('RowCount > 0 labels=["team"="us"]', table)
    assert outcome.labels == {"team": "us"}


def test_times_without_a_zone_are_utc_and_floats_are_what_they_are(spark: SparkSession) -> None:
    table = table_of(spark, [("2026-11-20 11:30:00", "0.1")], "at string, ratio string").selectExpr(
        "cast(at as timestamp_ntz) as at", "cast(ratio as float) as ratio"
    )
    evaluation = evaluation_of(
        'ColumnValues "at" = "2026-11-20T11:30:00", DataFreshness "at" = 30 minutes, '
        'ColumnValues "at" between (now() - 1 hours) and now(), ColumnValues "ratio" = 0.1, '
        'ColumnValues "at" = "2026-11-20T13:30:00+02:00"',
        table,
    )
    assert {outcome.verdict for outcome in evaluation.outcomes} == {Verdict.PASSED}


def test_trouble_of_the_storage_is_no_verdict(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "orders"
    table_of(spark, [(1,)], "id int").write.parquet(str(path))
    table = spark.read.parquet(str(path))
    for file in path.glob("*.parquet"):
        file.unlink()
    with pytest.raises(Py4JJavaError, match="FAILED_READ_FILE"):
        evaluation_of('RowCount > 0, IsComplete "id"', table)

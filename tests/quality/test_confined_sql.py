"""SQL of contracts reads its tables and nothing else, and says the same twice: what is refused
without Spark is refused by Spark's own parser, and what is good is taken by both."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from config.sql_checks import wrong_condition, wrong_query
from dqdl.sql_functions import ALLOWED, REFUSED
from quality.errors import SqlRefused
from quality.own_session import OwnSession
from quality.vetting import condition, query
from tests.contract_sql import (
    CONDITIONS,
    CUSTOMERS,
    NO_CONDITIONS,
    NO_QUERIES,
    ONLY_WITH_COLUMNS,
    ORDERS,
    QUERIES,
    disguised,
)

Tables = Mapping[str, DataFrame]


@pytest.fixture(scope="module")
def tables(spark: SparkSession) -> Tables:
    return {
        "orders": spark.createDataFrame([], ORDERS),
        "customers": spark.createDataFrame([], CUSTOMERS),
    }


@pytest.fixture(scope="module")
def own(spark: SparkSession) -> OwnSession:
    return OwnSession.beside(spark)


def refusal(own: OwnSession, tables: Tables, sql: str) -> str:
    """Why a query is refused where it runs; "" if it is not."""
    try:
        known, read = query(own.session, sql, tables.__getitem__, tables)
        own.answer(known, read)
    except SqlRefused as error:
        return str(error)
    return ""


def check_refused(own: OwnSession, tables: Tables, sql: str) -> None:
    assert str(wrong_query(sql, tables)).startswith("must "), sql
    assert refusal(own, tables, sql), sql


@pytest.mark.parametrize("sql", QUERIES)
@pytest.mark.few(10)
def test_good_sql_is_taken_with_spark_and_without(
    own: OwnSession, tables: Tables, sql: str
) -> None:
    assert wrong_query(sql, tables) is None
    assert refusal(own, tables, sql) == ""


@pytest.mark.parametrize("sql", NO_QUERIES)
def test_hostile_sql_is_refused_with_spark_and_without(
    own: OwnSession, tables: Tables, sql: str
) -> None:
    check_refused(own, tables, sql)


@pytest.mark.parametrize("sql", ONLY_WITH_COLUMNS)
def test_what_asks_for_the_run_by_its_types_is_refused_where_it_runs(
    own: OwnSession, tables: Tables, sql: str
) -> None:
    assert refusal(own, tables, sql).startswith("it must not ")


@pytest.mark.parametrize("sql", CONDITIONS)
def test_a_good_condition_is_taken_with_spark_and_without(tables: Tables, sql: str) -> None:
    assert wrong_condition(sql) is None
    condition(tables["orders"], sql)


@pytest.mark.parametrize("sql", NO_CONDITIONS)
def test_a_hostile_condition_is_refused_with_spark_and_without(tables: Tables, sql: str) -> None:
    assert str(wrong_condition(sql)).startswith("must "), sql
    with pytest.raises(SqlRefused):
        condition(tables["orders"], sql)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.slow
def test_hostile_sql_is_refused_however_it_hides(
    own: OwnSession, tables: Tables, seed: int
) -> None:
    for sql in disguised(seed):
        check_refused(own, tables, sql)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 22))
@pytest.mark.in_turn(4)
def test_hostile_sql_is_refused_in_yet_other_disguises(
    own: OwnSession, tables: Tables, seed: int
) -> None:
    for sql in disguised(seed):
        check_refused(own, tables, sql)


def test_every_function_of_spark_is_allowed_or_refused_with_a_reason(spark: SparkSession) -> None:
    own = {row[0] for row in spark.sql("SHOW SYSTEM FUNCTIONS").collect()}
    names = {name for name in own if name[0].isalpha()}
    assert not names - ALLOWED - set(REFUSED)
    assert not set(REFUSED) - names
    assert ALLOWED - names == {"cube", "rollup", "timestampadd", "timestampdiff"}  # grammar
    assert not ALLOWED & set(REFUSED)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT id,\n  rand() AS r\nFROM orders", "in line 2: it must not call rand, which is"),
        ("SELECT *\nFROM\n  text.`/etc/hostname`", "in line 3: text./etc/hostname is a file"),
        ("SELECT id FROM orders\nJOIN m0 ON true", "in line 2: it reads m0, and may read cust"),
    ],
)
def test_a_refusal_says_where_and_why(own: OwnSession, tables: Tables, sql: str, said: str) -> None:
    assert refusal(own, tables, sql).startswith(said)


def test_sql_runs_with_the_settings_of_the_job(spark: SparkSession) -> None:
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    try:
        own = OwnSession.beside(spark)
    finally:
        spark.conf.unset("spark.sql.session.timeZone")
    assert own.session.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    assert own.session.conf.get("spark.sql.shuffle.partitions") == "2"


def test_what_one_session_does_no_other_sees(spark: SparkSession, tables: Tables) -> None:
    one, other = OwnSession.beside(spark), OwnSession.beside(spark)
    one.session.sql("SET TIME ZONE 'Asia/Tokyo'")
    one.session.sql("CREATE TEMP VIEW leak AS SELECT 1 AS a")
    one.answer("SELECT id FROM orders", tables)
    for session in (other.session, spark):
        assert session.conf.get("spark.sql.session.timeZone") != "Asia/Tokyo"
        for name in ("leak", "orders"):
            with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
                session.sql(f"SELECT * FROM {name}")
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        one.session.sql("SELECT * FROM orders")


@pytest.mark.slow
def test_an_answer_joins_the_rows_that_it_was_made_of(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(1, "a"), (2, "b")], "id bigint, name string")
    answer = OwnSession.beside(spark).answer("SELECT id FROM t WHERE id > 1", {"t": rows})
    assert rows.join(answer, "id").collect() == [(2, "b")]

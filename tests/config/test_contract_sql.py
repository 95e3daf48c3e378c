"""SQL of contracts as it is checked where there is no Spark."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.datasets import load_contracts
from config.errors import ValueRuleError
from config.sql_checks import wrong_condition, wrong_query

NO_CONDITIONS = [
    "id >< 0",
    "amount >",
    "amount > 0 and",
    "amount between 1 and",
    "amount > 0)",
    "(amount > 0",
    "amount > 0;",
    "amount > 0; drop table x",
    "drop table x",
    "set x = 1",
    "delete from x",
    "select 1",
    "amount > 0 as positive",
    "amount, id",
    "*",
    "1",
    "'text'",
    "amount + 1",
    "'unclosed",
    "`unclosed",
    "amount > 0 /* unclosed",
    "-- nothing",
    "max(amount) > 1",
    "sum(amount) over (partition by id) > 1",
    "exists(select 1 from csv.`/etc/passwd`)",
    "id in (select id from customers)",
    "reflect('java.lang.System', 'exit') = '0'",
    "identifier('amount') > 0",
    "'${env:HOME}' = 'x'",
    "(" * 500 + "amount > 0" + ")" * 500,
]
CONDITIONS = [
    "amount > 0",
    "amount > 0 -- of course",
    "status IN ('a', 'b;c', 'it''s') AND NOT returned",
    "`Order ID` IS NOT NULL",
    "имя <> '' AND नाम = 1 AND `名前 (漢字)` = 'x'",
    "length(country) = 2 OR country IS NULL",
    "exists(items, item -> item > 1)",
    "date '2026-01-01' < ordered_on AND ordered_on < date '2030-01-01'",
    "CASE WHEN a THEN b ELSE c END",
    "try_cast(a AS int) BETWEEN 1 AND 2",
    "a RLIKE '^[;]' AND b LIKE ANY ('x%', 'y%')",
    "a <=> b AND a IS DISTINCT FROM c",
    "is_valid",
]
NO_QUERIES = [
    "",
    "-- nothing",
    "SELECT",
    "SELEC 1",
    "SELECT 1; SELECT 2",
    "DROP TABLE orders",
    "INSERT INTO orders SELECT 1",
    "WITH a AS (SELECT 1) INSERT INTO orders SELECT * FROM a",
    "CREATE TABLE x AS SELECT 1",
    "SET spark.sql.ansi.enabled = false",
    "CACHE TABLE orders",
    "EXPLAIN SELECT 1",
    "ADD JAR x",
    "SELECT * FROM parquet.`/data`",
    "SELECT * FROM orders JOIN json.`s3://bucket/key` USING (id)",
    "SELECT (SELECT max(a) FROM csv.`/etc/passwd`) FROM orders",
    "WITH a AS (SELECT * FROM orc.`/data`) SELECT * FROM a",
    "SELECT * FROM other_database.orders",
    "SELECT * FROM invoices",
    "SELECT * FROM IDENTIFIER('parquet.`/data`')",
    "SELECT * FROM orders VERSION AS OF 1",
    "SELECT TRANSFORM (id) USING 'cat' AS (a) FROM orders",
    "SELECT java_method('java.lang.System', 'exit')",
    "SELECT '1 FROM orders",
]
QUERIES = [
    "SELECT * FROM orders",
    "WITH orders AS (SELECT * FROM Orders) SELECT o.* FROM orders AS o",
    "WITH a AS (SELECT 1 AS x), b AS (SELECT * FROM a) SELECT * FROM b, customers",
    "SELECT a FROM orders UNION ALL SELECT b FROM customers",
    "SELECT /* ; parquet.`x` */ 'drop table x; --' AS t FROM orders -- ; more",
    "SELECT `Größe (cm)`, имя FROM orders LATERAL VIEW explode(array(1)) e AS x",
    "SELECT * EXCEPT (a) FROM orders ORDER BY b",
    "SELECT * FROM range(3) JOIN orders ON true",
]


@pytest.mark.parametrize("text", NO_CONDITIONS)
def test_what_is_no_condition_is_told(text: str) -> None:
    assert str(wrong_condition(text)).startswith("must ")


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_is_taken(text: str) -> None:
    assert wrong_condition(text) is None


@pytest.mark.parametrize("text", NO_QUERIES)
def test_what_is_not_one_select_over_datasets_is_told(text: str) -> None:
    assert str(wrong_query(text, {"orders", "customers"})).startswith("must ")


@pytest.mark.parametrize("text", QUERIES)
def test_one_select_is_taken(text: str) -> None:
    assert wrong_query(text, {"orders", "customers"}) is None


@given(st.lists(st.sampled_from([*" ();'`\"-/*,.", "a", "1", "select", "from", "and", ">"])))
def test_no_text_makes_the_check_itself_fail(parts: list[str]) -> None:
    text = " ".join(parts)
    for answer in (wrong_condition(text), wrong_query(text)):
        assert answer is None or answer.startswith("must ")


CONTRACT = """\
name: orders
evolution: strict
columns: {Order ID: bigint, "Größe": double, 日付: date}
rules: {positive: "RULE"}
quality: {rules: orders.dqdl}
curated: [{table: sales, sql: sales.sql}]
views: [{name: mine, sql: mine.sql}]
"""
RIGHT = {
    "RULE": "`Order ID` > 0 AND größe > 0 AND order_id < 10 AND 日付 IS NOT NULL",
    "sql": "SELECT * FROM orders",
    "view": "SELECT * FROM orders JOIN sales ON true",
    "dqdl": 'Rules = [ CustomSql "select count(*) from primary" > 0, IsComplete "Order ID" ]',
}


def checked(folder: Path, **wrong: str) -> None:
    texts = {**RIGHT, **wrong}
    (folder / "orders.yaml").write_text(CONTRACT.replace("RULE", texts["RULE"]), encoding="utf-8")
    (folder / "sales.sql").write_text(texts["sql"], encoding="utf-8")
    (folder / "mine.sql").write_text(texts["view"], encoding="utf-8")
    (folder / "orders.dqdl").write_text(texts["dqdl"], encoding="utf-8")
    load_contracts(folder)


def test_contracts_may_name_columns_as_files_or_tables_do(tmp_path: Path) -> None:
    checked(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"RULE": "id >< 0"}, r"rules\.positive is 'id >< 0': must be a condition"),
        ({"RULE": "colour > 0"}, r"names colour, and the columns are Order ID, Größe, 日付"),
        ({"sql": "SELECT *,\n rand() AS r FROM orders"}, r"must not call rand, .*in line 2"),
        ({"RULE": "日付 <= current_date()"}, r"rules\.positive .*must not call current_date"),
        ({"sql": "SELECT * FROM invoices"}, r"curated\[0\]\.sql .*it may read orders"),
        ({"view": "SELECT * FROM orders_latest"}, r"views\[0\]\.sql .*it may read orders, sales"),
        ({"view": "DROP TABLE orders"}, r"views\[0\]\.sql is 'mine.sql': must be one SELECT"),
        ({"view": "SELECT now() FROM orders"}, r"views\[0\]\.sql .*must not call now"),
        ({"dqdl": 'Rules = [\n CustomSql "drop table x" = 1 ]'}, r"orders.dqdl:2:2: SQL must"),
        (
            {"dqdl": 'Rules = [ (RowCount > 0 where "id ><") and (RowCount > 1) ]'},
            r"orders.dqdl:1:12: SQL must be a condition",
        ),
        ({"dqdl": 'Analyzers = [ RowCount where "id ><" ]'}, r"orders.dqdl:1:15: SQL must"),
    ],
)
def test_wrong_sql_is_told_with_its_place(tmp_path: Path, wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ValueRuleError, match=said):
        checked(tmp_path, **wrong)

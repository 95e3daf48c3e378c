"""Groups of readers in contracts: what is accepted, and what is said about what is not."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from config.datasets import load_contracts
from config.environments import Environment
from config.errors import ValueRuleError
from config.reader_filters import cells_filters, check_groups
from config.row_filters import WrongRows, row_filter
from tests.groups import with_groups
from wires.contracts import DatasetContract, Readers

SALES = """
name: sales
columns: {Order ID: bigint, country: string, amount: 'decimal(12,2)', paid: boolean, since: date}
primary_key: [Order ID]
curated:
  - table: sales_by_country
    sql: by_country.sql
readers:
"""


def loaded(folder: Path, readers: str, *, text: str = SALES) -> DatasetContract:
    by_country = "SELECT country, count(*) AS orders FROM sales GROUP BY country"
    (folder / "by_country.sql").write_text(by_country)
    (folder / "sales.yaml").write_text(text.replace("readers:\n", f"readers: {readers}\n"))
    (contract,) = load_contracts(folder)
    return contract


def test_a_group_sees_what_its_entry_says(tmp_path: Path) -> None:
    contract = loaded(
        tmp_path,
        "[{name: eu, columns: {only: [Order ID, country, load_id]}, rows: \"country = 'DE'\"}, "
        "{name: all, columns: {except: [amount]}}, {name: rest}]",
    )
    assert contract.readers == (
        Readers(group="eu", only=("order_id", "country", "load_id"), rows="country = 'DE'"),
        Readers(group="all", excluded=("amount",)),
        Readers(group="rest"),
    )


@pytest.mark.parametrize(
    ("readers", "field", "rule"),
    [
        ("[{name: Eu}]", "readers[0].name", "expected 1 to 20 characters"),
        ("[{name: eu, column: {}}]", "readers[0].column", "did you mean columns?"),
        ("{name: eu}", "readers", "must be a list"),
        ("[{name: eu, columns: {}}]", "readers[0].columns", "must have either only or except"),
        (
            "[{name: eu, columns: {only: [country], except: [amount]}}]",
            "readers[0].columns",
            "must have either only or except",
        ),
        ("[{name: eu, columns: {only: []}}]", "readers[0].columns.only", "such as [order_id]"),
        ("[{name: eu, columns: {except: []}}]", "readers[0].columns.except", "such as [order_id]"),
        (
            "[{name: eu, columns: {only: [land]}}]",
            "readers[0].columns.only",
            "must be among the columns: order_id, country, amount, paid, since, processed_at",
        ),
        ("[{name: eu, columns: {except: [land]}}]", "readers[0].columns.except", "must be among"),
        (
            "[{name: eu, columns: {except: [amount, Amount]}}]",
            "readers[0].columns.except",
            "names a column twice",
        ),
        ("[{name: eu}, {name: eu}]", "readers[1].name", "has an entry already"),
        ("[{name: eu, rows: country}]", "readers[0].rows", "must compare country with a constant"),
        ("[{name: eu, rows: land = 1}]", "readers[0].rows", "names land, and the columns are"),
        ("[{name: eu, rows: country = 1}]", "readers[0].rows", "with a number, and it is of type"),
        (
            "[{name: eu, rows: \"since = '2026-01-01'\"}]",
            "readers[0].rows",
            "which is of type date",
        ),
        ("[{name: eu, rows: since IS NULL}]", "readers[0].rows", "which is of type date"),
        ("[{name: eu, rows: \"paid LIKE 't%'\"}]", "readers[0].rows", "compares paid with text"),
    ],
)
def test_a_wrong_entry_is_one_error_with_field_value_and_rule(
    tmp_path: Path, readers: str, field: str, rule: str
) -> None:
    with pytest.raises(ValueRuleError) as caught:
        loaded(tmp_path, readers)
    (broken,) = caught.value.broken
    assert broken.field == field
    assert rule in str(caught.value)
    assert "datasets/sales.yaml" in str(caught.value)


def test_a_curated_table_has_groups_of_its_own_and_the_columns_of_its_sql(tmp_path: Path) -> None:
    def text(rows: str) -> str:
        table = "    sql: by_country.sql\n"
        return SALES.replace(table, f"{table}    readers: [{{name: eu, rows: {rows}}}]\n")

    contract = loaded(tmp_path, "[]", text=text("orders > 10"))
    assert contract.curated[0].readers == (Readers(group="eu", rows="orders > 10"),)
    with pytest.raises(ValueRuleError, match="names amount, and the columns are country, orders"):
        loaded(tmp_path, "[]", text=text("amount > 10"))


def test_columns_that_nobody_declares_are_looked_at_when_there_is_a_table(tmp_path: Path) -> None:
    undeclared = "name: sales\nreaders:\n"
    readers = "[{name: eu, columns: {only: [land]}, rows: \"land = 'DE'\"}]"
    (dataset,) = loaded(tmp_path, readers, text=undeclared).readers
    assert dataset.only == ("land",)


CONDITIONS = {
    "country = 'DE' AND amount < 1000": '("country" = \'DE\') AND ("amount" < 1000)',
    "country IN ('D''E', 'FR') -- both": "\"country\" IN ('D''E', 'FR')",
    "NOT country LIKE 'D%'": "\"country\" NOT LIKE 'D%'",
    "amount NOT BETWEEN -1 AND 2.5": '"amount" NOT BETWEEN -1 AND 2.5',
    "paid = TRUE OR amount IS NOT NULL": '("paid" = true) OR ("amount" IS NOT NULL)',
    "paid <> false AND (amount != 1 OR amount IS NULL)": (
        '("paid" <> false) AND (("amount" <> 1) OR ("amount" IS NULL))'
    ),
    "\"Order ID\" >= 2 OR user = 'x'": '("order_id" >= 2) OR ("user" = \'x\')',
}
"""With what Lake Formation is told."""


@pytest.mark.parametrize("sql", CONDITIONS)
def test_a_condition_is_told_with_its_columns_in_quotes(sql: str) -> None:
    assert row_filter(sql).expression == CONDITIONS[sql]


@pytest.mark.parametrize("sql", CONDITIONS)
def test_what_is_told_keeps_the_rows_that_the_condition_keeps(sql: str) -> None:
    rows = """
        SELECT * FROM (VALUES ('DE', 5, true, 1, 'x'), ('FR', 5000, false, 2, 'y'),
        ('D''E', 2, true, 3, 'z'), ('DE', 1, NULL, 4, 'x'), (NULL, NULL, false, 0, NULL))
        AS t(country, amount, paid, order_id, "user")"""

    def kept(condition: str) -> list[tuple[int]]:
        found = duckdb.sql(rows)
        assert found is not None
        return list(found.filter(condition).project("order_id").order("order_id").fetchall())

    as_written = sql.partition("--")[0].replace('"Order ID"', "order_id")
    as_written = as_written.replace("user =", '"user" =')
    assert kept(row_filter(sql).expression) == kept(as_written)
    assert 0 < len(kept(as_written)) < 5


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("", "says nothing"),
        ("country = 'DE'; DROP TABLE x", "without a semicolon"),
        ("country = 'DE", "not closed"),
        ("country ==== 'DE'", "cannot be read"),
        ("SELECT 1", "must compare columns with constants"),
        ("true", "must compare columns with constants"),
        ("1 = 1", "must have a column's name alone"),
        ("'DE' = country", "constants on the right"),
        ("country = other", "must have constants on the right"),
        ("lower(country) = 'de'", "no functions"),
        ("country = upper('de')", "must have constants on the right"),
        ("country = 'D' || 'E'", "must have constants on the right"),
        ("amount + 1 > 2", "must have a column's name alone"),
        ("amount = 1e5", "must have constants on the right"),
        ("amount = NULL", "must have constants on the right"),
        ("ordered_on > DATE '2026-01-01'", "must have constants on the right"),
        ("customer.country = 'DE'", "must have a column's name alone"),
        ("country IN (SELECT c FROM x)", "must have a list of constants"),
        ("EXISTS (SELECT 1)", "must compare columns with constants"),
        ("country LIKE 'a!%' ESCAPE '!'", "must compare columns with constants"),
        ("country ILIKE 'a'", "must compare columns with constants"),
        ("country LIKE ANY ('a', 'b')", "one pattern in quotes"),
        ("paid", "must compare paid with a constant"),
        ("NOT paid", "must have NOT before IN, LIKE, BETWEEN or NULL only"),
        ("NOT (country = 'DE' OR amount = 1)", "must have NOT before"),
        ("paid IS TRUE", "must have NULL after IS"),
        ("paid > false", "by = or <>"),
        ("amount IS DISTINCT FROM 1", "must compare columns with constants"),
        ("year IS NULL", "must not ask whether year is null"),
        ("country = 'DE' OR country = 1", "compares country with a number and with text"),
        ("country = 'a\x07b'", "no control characters"),
        ("country = ?", "must have constants on the right"),
        ("country = 'x' OR " * 150 + "country = 'y'", "must have at most 2047 characters"),
    ],
)
def test_what_lake_formation_would_refuse_is_refused_with_the_reason(sql: str, rule: str) -> None:
    with pytest.raises(WrongRows) as caught:
        row_filter(sql)
    assert rule in str(caught.value)


def test_a_group_that_no_environment_has_is_an_error_with_its_place(
    tmp_path: Path, dev: Environment
) -> None:
    contract = loaded(tmp_path, "[{name: eu}]")
    check_groups([contract], [dev, with_groups(dev, "eu")])
    with pytest.raises(ValueRuleError, match="there is us; an environment without it") as caught:
        check_groups([contract], [with_groups(dev, "us")])
    (broken,) = caught.value.broken
    assert (broken.field, broken.value) == ("readers[0].name", "eu")


def test_an_environment_has_the_filters_of_its_groups_on_the_dataset_and_its_latest_rows(
    tmp_path: Path, dev: Environment
) -> None:
    contract = loaded(tmp_path, "[{name: eu, rows: paid = true}, {name: us}]")
    names = dev.names
    found = list(cells_filters([contract], with_groups(dev, "eu")))
    assert [(one.group, one.database, one.table, one.expression) for one in found] == [
        ("eu", names.processed_database, "sales", '"paid" = true'),
        ("eu", names.curated_database, "sales_latest", '"paid" = true'),
    ]
    assert list(cells_filters([contract], dev)) == []
    assert names.quality_database not in {one.database for one in found}

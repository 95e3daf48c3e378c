"""Columns of curated tables, before Spark has made any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.curated_columns import columns_of_curated
from config.datasets import load_contracts
from wires.contracts import CuratedTable, DatasetContract, DeclaredColumn

CONTRACTS = load_contracts()
ITEMS = DatasetContract(
    name="items",
    columns=(
        DeclaredColumn(name="Item Id", type="bigint"),
        DeclaredColumn(name="price", type="decimal(10,2)"),
        DeclaredColumn(name="sold_at", type="timestamptz"),
    ),
)


def columns(sql: str, contract: DatasetContract = ITEMS) -> dict[str, str]:
    found = columns_of_curated(CuratedTable(table="t", sql=sql), contract, [contract])
    return {column.name: column.type for column in found}


def test_the_shipped_tables_have_the_types_that_spark_gives_them() -> None:
    """As the demo's tables have them in the catalog."""
    found = {
        table.table: {
            column.name: column.type for column in columns_of_curated(table, contract, CONTRACTS)
        }
        for contract in CONTRACTS
        for table in contract.curated
    }
    assert found == {
        "shop_daily_sales": {
            "ordered_on": "date",
            "country": "string",
            "category": "string",
            "orders": "bigint",
            "units": "bigint",
            "gross": "decimal",
            "units_returned": "bigint",
            "net": "decimal",
        },
        "shop_customer_value": {
            "customer_id": "bigint",
            "name": "string",
            "country": "string",
            "first_order": "date",
            "last_order": "date",
            "orders": "bigint",
            "gross": "decimal",
            "share_returned": "decimal",
        },
    }


def test_a_table_without_sql_has_the_columns_of_its_dataset() -> None:
    assert columns("") == {"item_id": "bigint", "price": "decimal", "sold_at": "timestamp"}


def test_a_star_is_all_columns() -> None:
    assert columns("SELECT * FROM items") == columns("")


@pytest.mark.parametrize(
    "sql", ["SELECT transform(array(1), x -> x) AS a FROM items", "SELECT colour FROM items"]
)
def test_what_does_not_follow_has_no_columns(sql: str) -> None:
    assert columns(sql) == {}


def test_a_dataset_that_declares_no_columns_leaves_them_open() -> None:
    assert columns("SELECT price FROM items", replace(ITEMS, columns=())) == {}

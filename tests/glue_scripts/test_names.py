from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.datasets import name_datasets, source_name
from lake.names import METADATA_COLUMNS, PARTITION_KEYS, column_names, snake_case
from wires.contracts import DatasetContract

SQL_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Registry(dict[str, str]):
    """Names and their owners, first come, first served."""

    def claim(self, name: str, owner: str) -> str:
        return self.setdefault(name, owner)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Order ID (€)", "order_id"),
        ("CustomerName", "customer_name"),
        ("HTTPStatus", "http_status"),
        ("Büro 1+2", "buro_1_2"),
        ("Größe", "grosse"),
        ("__x__", "x"),
        ("2024", "n_2024"),
        ("日本", ""),
    ],
)
def test_names_become_lower_snake_case(text: str, name: str) -> None:
    assert snake_case(text, digit_prefix="n_") == name


@given(st.lists(st.text(max_size=8), max_size=12))
def test_column_names_are_distinct_sql_names_and_never_the_platform_s_own(
    header: list[str],
) -> None:
    names = column_names(header)
    assert len(set(names)) == len(header)
    assert all(SQL_NAME.fullmatch(name) for name in names)
    assert not set(names) & {*PARTITION_KEYS, *METADATA_COLUMNS}


@given(st.permutations(["a", "A", "a ", "B b", "b_b", "year", "日", "c"]))
def test_a_column_keeps_its_name_when_columns_change_places(header: list[str]) -> None:
    usual = ["a", "A", "B b", "b_b", "year", "c"]
    named = dict(zip([c.strip() for c in header], column_names(header), strict=True))
    expected = dict(zip(usual, column_names(usual), strict=True))
    assert {cell: named[cell] for cell in usual if cell != "a"} == {
        cell: expected[cell] for cell in usual if cell != "a"
    }


def test_blank_and_repeated_headers_get_names_of_their_own() -> None:
    assert column_names(["id", "id", "", None, "year", "id_2"]) == [
        "id",
        "id_3",
        "column_3",
        "column_4",
        "year_in_file",
        "id_2",
    ]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("orders/2026/a.csv", "orders"),
        ("customers.csv", "customers"),
        ("customers.csv.gz", "customers"),
        ("_x.csv", "x"),
        (".x.csv", "x"),
        ("/orders//a.csv", "orders"),
        ("data/incoming/2026/01/15/returns/a.csv", "returns"),
        ("data/incoming/2026/01/15/a.csv", "a"),
        ("data/other/a.csv", "data"),
    ],
)
def test_the_dataset_is_the_first_folder_or_the_stem(key: str, name: str) -> None:
    assert source_name(key) == name


def test_names_that_come_out_alike_stay_apart_in_any_order_of_a_batch() -> None:
    keys = ["Sales-Data/a.csv", "sales data/b.csv", "sales_data/c.csv"]
    outcomes = [name_datasets(order, {}, Registry().claim) for order in permutations(keys)]
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert len(set(outcomes[0].values())) == 3
    assert outcomes[0]["sales_data/c.csv"] == "sales_data"
    assert all(SQL_NAME.fullmatch(name) for name in outcomes[0].values())


def test_a_name_stays_with_its_first_owner() -> None:
    registry = Registry()
    first = name_datasets(["Sales Data/a.csv"], {}, registry.claim)
    second = name_datasets(["sales_data/b.csv"], {}, registry.claim)
    again = name_datasets(["Sales Data/c.csv"], {}, registry.claim)
    assert first["Sales Data/a.csv"] == again["Sales Data/c.csv"] == "sales_data"
    assert second["sales_data/b.csv"] != "sales_data"


def test_a_contract_claims_keys_by_pattern_and_its_name_is_not_given_away() -> None:
    contracts = {"orders": DatasetContract(name="orders", keys=("shop/*/orders-*.csv",))}
    named = name_datasets(
        ["shop/north/orders-1.csv", "shop/x.csv", "Orders/y.csv", "orders/z.csv"],
        contracts,
        Registry().claim,
    )
    assert named["shop/north/orders-1.csv"] == named["orders/z.csv"] == "orders"
    assert named["shop/x.csv"] == "shop"
    assert named["Orders/y.csv"].startswith("orders_")

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.planning.dataset_names import snake_case
from lake.planning.datasets import name_datasets, source_name
from wires.column_names import METADATA_COLUMNS, column_name_of, column_names, source_names
from wires.contracts import DatasetContract
from wires.layout import QUARANTINE_KEYS

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


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Größe (cm)", "größe_cm"),
        ("OrderID", "order_id"),
        ("Имя", "имя"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("名前", "名前"),
        ("हिन्दी", "हिन्दी"),
        ("e\u0301te\u0301", "été"),
        ("2024", "n_2024"),
        ("year", "year_in_file"),
        ("", "unnamed"),
        ("   ", "unnamed"),
    ],
)
def test_a_column_is_called_what_the_file_calls_it_in_any_script(source: str, name: str) -> None:
    assert column_name_of(source) == name


@given(st.sets(st.text(max_size=8), max_size=12))
def test_column_names_are_distinct_for_every_engine_and_never_the_platform_s_own(
    sources: set[str],
) -> None:
    names = list(column_names(sources).values())
    assert len({name.upper().casefold() for name in names}) == len(sources)
    assert all(name == name.lower() and len(name.encode()) <= 255 for name in names)
    assert not set(names) & {*QUARANTINE_KEYS[1:], *METADATA_COLUMNS}


ALIKE = ["a", "A", "a ", "B b", "b_b", "b.b", "year", "year_in_file", "日", "\U0001f4b0", "σς"]


@given(st.permutations(ALIKE))
def test_names_follow_from_the_set_of_what_files_call_their_columns(order: list[str]) -> None:
    names = column_names(order)
    assert names == column_names(sorted(order))
    assert len(set(names.values())) == len(ALIKE)
    assert (names["a"], names["b_b"], names["日"]) == ("a", "b_b", "日")


def test_a_name_that_stands_more_than_once_in_a_header_says_which_time_it_is() -> None:
    sources = source_names(["id", "id", "", None, "id"])
    assert len(set(sources)) == 5
    assert list(column_names(sources).values()) == ["id", "id_2", "unnamed", "unnamed_2", "id_3"]


def test_a_source_name_means_the_same_column_whatever_a_header_holds_besides() -> None:
    every = column_names([*source_names(["x", "x", "y"]), "z"])
    alone = column_names(source_names(["x", "x"]))
    assert all(every[source] == name for source, name in alone.items())


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

"""Ways between datasets along their references."""

from __future__ import annotations

from wires.contracts import DatasetContract, Reference
from wires.relations import ways


def contract(name: str, *key: str, **references: str) -> DatasetContract:
    """References name a column and a dataset whose key is `id`."""
    return DatasetContract(
        name=name,
        primary_key=key or ("id",),
        references=tuple(
            Reference(columns=(column,), dataset=dataset, to=("id",))
            for column, dataset in references.items()
        ),
    )


SHOP = {
    item.name: item
    for item in (
        contract("customers"),
        contract("lines", order_id="orders", product_id="products"),
        contract("orders", customer_id="customers"),
        contract("products"),
        contract("weather"),
    )
}


def steps(start: str, goal: str) -> list[tuple[str, tuple[str, ...], str, tuple[str, ...]]]:
    [found] = ways(SHOP, start, goal)
    return [(step.source, step.columns, step.target, step.to) for step in found]


def test_a_way_goes_along_references_and_against_them() -> None:
    assert steps("orders", "customers") == [("orders", ("customer_id",), "customers", ("id",))]
    assert steps("customers", "orders") == [("customers", ("id",), "orders", ("customer_id",))]


def test_a_way_may_lead_over_other_datasets() -> None:
    assert steps("products", "orders") == [
        ("products", ("id",), "lines", ("product_id",)),
        ("lines", ("order_id",), "orders", ("id",)),
    ]


def test_nothing_leads_to_a_dataset_without_references() -> None:
    assert list(ways(SHOP, "weather", "orders")) == []


def test_a_dataset_is_there_already() -> None:
    assert list(ways(SHOP, "orders", "orders")) == [()]


def test_two_references_to_one_dataset_are_two_ways() -> None:
    shop = {**SHOP, "orders": contract("orders", customer_id="customers", payer_id="customers")}
    found = [[step.to for step in way] for way in ways(shop, "customers", "orders")]
    assert found == [[("customer_id",)], [("payer_id",)]]


def test_a_way_round_is_a_way_too() -> None:
    shop = {
        "regions": contract("regions"),
        "customers": contract("customers", region_id="regions"),
        "orders": contract("orders", customer_id="customers", region_id="regions"),
    }
    found = [[step.target for step in way] for way in ways(shop, "regions", "orders")]
    assert sorted(found) == [["customers", "orders"], ["orders"]]


def test_no_way_leads_through_a_dataset_that_is_not_given() -> None:
    without = {name: item for name, item in SHOP.items() if name != "lines"}
    assert list(ways(without, "products", "orders")) == []

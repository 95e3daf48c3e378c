"""One contract that is wrong as it was deployed, among others that are right."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lake.planning.datasets import _checked, contracts_by_key
from wires.contracts import (
    DatasetContract,
    DeclaredColumn,
    contracts_from_json,
    contracts_to_json,
)

CONTRACTS = [
    DatasetContract(name="customers", keys=("people/*",), primary_key=("id",)),
    DatasetContract(
        name="orders", keys=("orders/*",), columns=(DeclaredColumn(name="id", type="bigint"),)
    ),
]
Spoil = Callable[[dict[str, Any]], object]
FIELDS = [key for key in json.loads(contracts_to_json(CONTRACTS))[0] if key != "refused"]
SPOILS: list[Spoil] = [
    *((lambda item, field=field: item.pop(field)) for field in FIELDS),
    *((lambda item, field=field: item.update({field: 7})) for field in FIELDS),
    lambda item: item.update(evolution="sometimes"),
    lambda item: item.update(primary_key="id"),
    lambda item: item.update(columns=[{"name": "id"}]),
    lambda item: item.update(rules=[{"expect": "id > 0"}]),
    lambda item: item["quality"].update(on_failure="explode"),
    lambda item: item["csv"].update(colour="red"),
    lambda item: item.clear(),
]


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_contract_that_cannot_be_read_says_so_and_spoils_no_other(spoil: Spoil) -> None:
    items = json.loads(contracts_to_json(CONTRACTS))
    spoil(items[1])
    read = contracts_from_json(json.dumps(items))
    assert read["customers"] == CONTRACTS[0]
    [wrong] = [contract for contract in read.values() if contract != CONTRACTS[0]]
    assert "cannot be read as it was deployed" in wrong.refused


def test_a_contract_that_cannot_be_read_still_claims_its_objects() -> None:
    items = json.loads(contracts_to_json(CONTRACTS))
    del items[1]["columns"]
    read = contracts_from_json(json.dumps(items))
    claimed = contracts_by_key(["orders/1.csv", "people/1.csv", "other/1.csv"], read)
    assert claimed["orders/1.csv"].refused
    assert claimed["people/1.csv"] == CONTRACTS[0]
    assert "other/1.csv" not in claimed


@pytest.mark.parametrize("kind", ["datum", "decimal", "decimal(1)", "", "array<int>"])
def test_a_type_that_there_is_not_refuses_its_own_contract(kind: str) -> None:
    wrong = DatasetContract(name="orders", columns=(DeclaredColumn(name="id", type=kind),))
    assert "declares a type that there is not" in _checked(wrong).refused
    assert _checked(CONTRACTS[1]) == CONTRACTS[1]

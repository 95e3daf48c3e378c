"""Dataset contracts: what is accepted, and what is said about what is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.datasets import load_contracts
from config.errors import SourceError, ValueRuleError
from wires.contracts import CsvDemands, Evolution, contracts_from_json, contracts_to_json


def folder_with(tmp_path: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def test_the_shipped_contracts_claim_keys_by_pattern() -> None:
    (orders,) = (contract for contract in load_contracts() if contract.name == "orders")
    assert orders.keys == ("orders/*", "shop/*/orders-*.csv")


def test_a_contract_that_says_nothing_else_widens(tmp_path: Path) -> None:
    (contract,) = load_contracts(folder_with(tmp_path, sales="name: sales\n"))
    assert (contract.keys, contract.evolution) == ((), Evolution.EVOLVE)


def test_a_folder_without_contracts_is_fine(tmp_path: Path) -> None:
    assert load_contracts(tmp_path / "nowhere") == ()


def test_contracts_come_to_the_job_as_they_were_written(tmp_path: Path) -> None:
    text = "name: sales\nkeys: ['a*', 'b/[0-9].csv']\nevolution: strict\n"
    contracts = load_contracts(folder_with(tmp_path, sales=text))
    assert tuple(contracts_from_json(contracts_to_json(contracts)).values()) == contracts


@pytest.mark.parametrize(
    ("text", "field", "rule"),
    [
        ("keys: [a]", "name", "is missing"),
        ("name: Sales", "name", "must be lower snake case"),
        ("name: 1", "name", "must be lower snake case"),
        ("name: orders", "name", "must be the file's name, sales"),
        ("name: sales\nevolution: widden", "evolution", "must be one of evolve, strict, discard"),
        ("name: sales\nevolution: true", "evolution", "must be one of evolve, strict, discard"),
        ("name: sales\nkeys: orders/*", "keys", "must be a list of key patterns"),
        ("name: sales\nkeys: [1]", "keys", "must be a list of key patterns"),
        ("name: sales\nkeys: ['']", "keys", "must be a list of key patterns"),
        ("name: sales\nkeys: [a, a]", "keys[1]", "is claimed by sales.yaml already"),
        ("name: sales\nkey: [a]", "key", "did you mean keys?"),
    ],
)
def test_a_wrong_contract_is_one_error_with_file_and_field(
    tmp_path: Path, text: str, field: str, rule: str
) -> None:
    with pytest.raises(ValueRuleError) as caught:
        load_contracts(folder_with(tmp_path, sales=text))
    (broken,) = caught.value.broken
    assert broken.field == field
    assert rule in str(caught.value)
    assert "datasets/sales.yaml" in str(caught.value)


def test_two_contracts_cannot_claim_one_pattern(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, a="name: a\nkeys: [x/*]\n", b="name: b\nkeys: [y/*, x/*]\n")
    with pytest.raises(ValueRuleError, match=r"claimed by a.yaml already") as caught:
        load_contracts(folder)
    assert "datasets/b.yaml" in str(caught.value)
    assert caught.value.broken[0].field == "keys[1]"


def test_a_contract_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"sales.yaml is not YAML"):
        load_contracts(folder_with(tmp_path, sales="name: ["))


def test_a_contract_may_fix_how_its_files_are_written(tmp_path: Path) -> None:
    (tmp_path / "sales.yaml").write_text('name: sales\ncsv: {delimiter: ";", header: false}\n')
    [contract] = load_contracts(tmp_path)
    assert contract.csv == CsvDemands(delimiter=";", header=False)


@pytest.mark.parametrize(
    ("csv", "field"),
    [
        ("{delimiter: ab}", "csv.delimiter"),
        ("{delimiter: '§'}", "csv.delimiter"),
        ("{encoding: latin}", "csv.encoding"),
        ("{header: perhaps}", "csv.header"),
        ("{colour: red}", "csv.colour"),
    ],
)
def test_a_wrong_demand_on_csv_is_named(tmp_path: Path, csv: str, field: str) -> None:
    (tmp_path / "sales.yaml").write_text(f"name: sales\ncsv: {csv}\n")
    with pytest.raises(ValueRuleError, match=re.escape(field)):
        load_contracts(tmp_path)

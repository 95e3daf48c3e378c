"""Dataset contracts: what is accepted, and what is said about what is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.datasets import load_contracts
from config.errors import SourceError, ValueRuleError
from wires.contracts import (
    BusinessRule,
    CsvDemands,
    Evolution,
    OnFailure,
    Reference,
    View,
    contracts_from_json,
    contracts_to_json,
)


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


FULL = """\
name: orders
columns: {order_id: bigint, customer_id: bigint, ordered_on: date, amount: "decimal(12,2)"}
primary_key: [order_id]
latest_by: [ordered_on]
references: {customer_id: customers}
rules: {amount_is_positive: amount > 0}
quality: {rules: orders.dqdl, on_failure: halt}
curated:
  - table: sales
    sql: sales.sql
    day: ordered_on
    uses: [customers]
    quality: {rules: orders.dqdl, on_failure: quarantine}
"""
CUSTOMERS = "name: customers\nprimary_key: [customer_id]\n"


def full_folder(tmp_path: Path, orders: str = FULL, customers: str = CUSTOMERS) -> Path:
    (tmp_path / "sales.sql").write_text("SELECT ordered_on FROM orders;\n")
    (tmp_path / "orders.dqdl").write_text('Rules = [ IsComplete "order_id" ]\n')
    return folder_with(tmp_path, orders=orders, customers=customers)


def test_a_contract_brings_its_sql_and_its_rules_along(tmp_path: Path) -> None:
    contracts = load_contracts(full_folder(tmp_path))
    _, orders = contracts
    assert orders.primary_key == ("order_id",)
    assert orders.latest_by == ("ordered_on",)
    assert orders.references == (
        Reference(columns=("customer_id",), dataset="customers", to=("customer_id",)),
    )
    assert orders.rules == (BusinessRule(name="amount_is_positive", expect="amount > 0"),)
    assert orders.quality.on_failure is OnFailure.HALT
    [sales] = orders.curated
    assert (sales.sql, sales.source) == ("SELECT ordered_on FROM orders", "sales.sql")
    assert sales.quality.on_failure is OnFailure.QUARANTINE
    assert tuple(contracts_from_json(contracts_to_json(contracts)).values()) == contracts


@pytest.mark.parametrize(
    ("old", "new", "field", "rule"),
    [
        ("uses: [customers]", "uses: [invoices]", "curated[0].uses", "those of customers, orders"),
        ("uses: [customers]", "uses: [orders]", "curated[0].uses", "must be another dataset"),
        ("references: {customer_id: customers}\n", "", "curated[0].uses", "no references lead"),
        ("{customer_id: customers}", "{customer_id: people}", "references.customer_id", "those of"),
        (
            "{customer_id: customers}",
            "{'customer_id, amount': customers}",
            "references.customer_id, amount",
            "its primary_key is customer_id",
        ),
        ("day: ordered_on", "day: shipped_on", "curated[0].day", "must be among the columns"),
        ("day: ordered_on", "day: amount", "curated[0].day", "must be a column of type date"),
        ("latest_by: [ordered_on]", "latest_by: [at]", "latest_by", "must be among the columns"),
        ("primary_key: [order_id]\n", "", "latest_by", "needs primary_key"),
        (
            "primary_key: [order_id]\nlatest_by: [ordered_on]",
            "deleted_when: amount = 0",
            "deleted_when",
            "needs primary_key",
        ),
        (
            "primary_key: [order_id]\nlatest_by: [ordered_on]",
            "latest_table: newest",
            "latest_table",
            "needs primary_key",
        ),
        (
            "latest_by: [ordered_on]",
            "deleted_when: amount =",
            "deleted_when",
            "must be a condition such as amount > 0",
        ),
        (
            "latest_by: [ordered_on]",
            "latest_table: sales",
            "latest_table",
            "is curated as well",
        ),
        (
            "latest_by: [ordered_on]",
            "latest_table: Newest",
            "latest_table",
            "must be lower snake case",
        ),
        (
            "primary_key: [order_id]",
            "primary_key: [id]",
            "primary_key",
            "must be among the columns",
        ),
        ("sql: sales.sql", "sql: sale.sql", "curated[0].sql", "sale.sql: No such file"),
        (
            "{rules: orders.dqdl, on_failure: halt}",
            "{rules: x.dqdl}",
            "quality.rules",
            "x.dqdl: No",
        ),
        ("on_failure: halt", "on_failure: stop", "quality.on_failure", "must be one of warn, quar"),
        ("on_failure: halt", "on_failure: quarantine", "quality.on_failure", "for curated tables"),
        ("amount > 0", "1", "rules", "gives 'amount_is_positive' no SQL condition"),
        ("    sql: sales.sql\n", "", "curated[0].uses", "needs sql"),
        ("table: sales", "table: Sales", "curated[0].table", "must be lower snake case"),
        ("table: sales", "tabel: sales", "curated[0].tabel", "did you mean table?"),
        ("ordered_on: date", "ordered_on: datum", "columns", "gives 'ordered_on' the type 'datum'"),
    ],
)
def test_what_does_not_fit_together_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, field: str, rule: str
) -> None:
    assert old in FULL
    with pytest.raises(ValueRuleError) as caught:
        load_contracts(full_folder(tmp_path, FULL.replace(old, new)))
    assert field in [broken.field for broken in caught.value.broken]
    assert rule in str(caught.value)
    assert "datasets/orders.yaml" in str(caught.value)


def test_a_mistake_in_the_rules_is_told_with_line_and_column(tmp_path: Path) -> None:
    folder = full_folder(tmp_path)
    (folder / "orders.dqdl").write_text('Rules = [\n  IsComplet "order_id"\n]\n')
    with pytest.raises(ValueRuleError, match=r"orders.dqdl:2:3: .*IsComplete") as caught:
        load_contracts(folder)
    assert caught.value.broken[0].field == "quality.rules"


def test_a_table_is_made_by_one_entry_only(tmp_path: Path) -> None:
    other = CUSTOMERS + "curated:\n  - table: sales\n"
    with pytest.raises(ValueRuleError, match=r"more than one entry, of customers, orders"):
        load_contracts(full_folder(tmp_path, customers=other))


def with_views(tmp_path: Path, orders: str, customers: str = "") -> Path:
    folder = full_folder(tmp_path, orders=FULL + orders, customers=CUSTOMERS + customers)
    (folder / "mine.sql").write_text("SELECT 1 AS one")
    return folder


def test_a_view_brings_its_sql_along(tmp_path: Path) -> None:
    views = "views: [{name: mine, sql: mine.sql, uses: [customers]}]\n"
    *_, orders = load_contracts(with_views(tmp_path, views))
    assert orders.views == (
        View(name="mine", sql="SELECT 1 AS one", source="mine.sql", uses=("customers",)),
    )


@pytest.mark.parametrize(
    ("orders", "customers", "said"),
    [
        ("[{name: mine, sql: my.sql}]", "[]", r"views\[0\]\.sql .*my\.sql: No such file"),
        ("[{name: mine}]", "[]", r"views\[0\]\.sql"),
        (
            "[{name: mine, sql: mine.sql, uses: [invoices]}]",
            "[]",
            r"views\[0\]\.uses .*there are customers, orders, sales",
        ),
        (
            "[{name: mine, sql: mine.sql}]",
            "[{name: mine, sql: mine.sql}]",
            r"views\[0\]\.name .*of customers, orders",
        ),
    ],
)
def test_a_wrong_view_is_told_with_its_place(
    tmp_path: Path, orders: str, customers: str, said: str
) -> None:
    folder = with_views(tmp_path, f"views: {orders}\n", f"views: {customers}\n")
    with pytest.raises(ValueRuleError, match=said):
        load_contracts(folder)


def test_an_empty_file_beside_a_contract_is_told(tmp_path: Path) -> None:
    folder = full_folder(tmp_path)
    (folder / "sales.sql").write_text("\n")
    with pytest.raises(ValueRuleError, match=r"curated\[0\].sql is 'sales.sql': the file is empty"):
        load_contracts(folder)

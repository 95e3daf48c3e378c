"""Which columns a contract means: by their names in the files, or in the table."""

from __future__ import annotations

from dataclasses import dataclass

from curation.column_names import by_column, column_meant
from lake.columns.schema import Column, Schema
from lake.columns.types import TEXT
from wires.contracts import CuratedTable, DatasetContract, Reference


@dataclass(frozen=True)
class _Spelled(Column):
    source: str = ""


def schema_of(**sources: str) -> Schema:
    """Columns by name, with what the files call them."""
    return Schema(tuple(_Spelled(name, TEXT, source) for name, source in sources.items()))


def test_what_the_files_call_a_column_wins_over_what_another_is_called() -> None:
    schema = schema_of(amount="amount", amount_1f2e3d="Amount", year_in_file="year")
    meant = {name: column_meant(name, schema) for name in ("amount", "Amount", "year", "other")}
    assert meant == {
        "amount": "amount",
        "Amount": "amount_1f2e3d",
        "year": "year_in_file",
        "other": "other",
    }


def test_a_contract_comes_to_name_columns_as_the_table_does() -> None:
    contract = DatasetContract(
        name="orders",
        primary_key=("Order ID",),
        latest_by=("updated_at", "Größe"),
        references=(Reference(columns=("Kunde",), dataset="customers", to=("ID",)),),
        curated=(CuratedTable(table="t", day="Tag"), CuratedTable(table="u")),
    )
    schemas = {
        "orders": schema_of(order_id="Order ID", größe="Größe", kunde="Kunde", tag="Tag"),
        "customers": schema_of(id="ID"),
    }
    named = by_column(contract, schemas)
    assert named.primary_key == ("order_id",)
    assert named.latest_by == ("updated_at", "größe")
    assert named.references[0].columns == ("kunde",)
    assert named.references[0].to == ("id",)
    assert [table.day for table in named.curated] == ["tag", ""]


def test_a_dataset_without_a_table_keeps_its_contracts_names() -> None:
    contract = DatasetContract(name="orders", primary_key=("Order ID",))
    assert by_column(contract, {}) == contract

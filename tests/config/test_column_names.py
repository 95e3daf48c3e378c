"""Names of columns: what they become, and what people are told of it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.dataset_notes import notes_on
from config.datasets import load_contracts
from config.errors import ValueRuleError
from wires.column_names import column_name_of


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("order_id", "order_id"),
        ("OrderId", "order_id"),
        ("HTTPStatus", "http_status"),
        ("Order ID (€)", "order_id"),
        ("Größe (cm)", "größe_cm"),
        ("Gro\u0308ße", "größe"),
        ("名前", "名前"),
        ("ИМЯ", "имя"),
        ("नाम", "नाम"),
        ("a.b", "a_b"),
        ("2021", "n_2021"),
        ("year", "year_in_file"),
        ("Load ID", "load_id_in_file"),
        ("  ", "unnamed"),
    ],
)
def test_a_column_is_called_after_its_name_in_the_files(source: str, called: str) -> None:
    assert column_name_of(source) == called


@given(st.text(min_size=1))
def test_every_name_is_one_that_the_catalog_takes(source: str) -> None:
    called = column_name_of(source)
    assert 0 < len(called.encode()) <= 255
    assert unicodedata.category(called[0])[0] == "L"
    assert all(c == "_" or unicodedata.category(c)[0] in "LNM" for c in called)
    assert column_name_of(called) == called


def contract(folder: Path, text: str) -> list[str]:
    (folder / "sales.yaml").write_text(f"name: sales\n{text}", encoding="utf-8")
    return list(notes_on(load_contracts(folder)))


def test_a_name_that_the_table_has_to_change_is_told(tmp_path: Path) -> None:
    text = "columns: {Order ID: bigint, имя: string}\nprimary_key: [Order ID]\n"
    [note] = contract(tmp_path, text)
    assert note.startswith("datasets/sales.yaml: 'Order ID' is the column order_id in the table")


def test_names_that_are_as_columns_are_called_need_no_words(tmp_path: Path) -> None:
    assert contract(tmp_path, "columns: {order_id: bigint, имя: string, größe_cm: double}\n") == []


def test_names_that_would_be_one_column_are_told(tmp_path: Path) -> None:
    told = contract(tmp_path, "columns: {Id: bigint, id: string}\n")
    assert any("'Id' and 'id' would both be the column id" in note for note in told)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ('{"": bigint}', "expected 1 to 255 bytes"),
        (f"{{{'я' * 128}: bigint}}", "expected 1 to 255 bytes"),
        ('{"a\\tb": bigint}', "without control characters"),
    ],
)
def test_a_name_that_no_column_can_have_is_refused(tmp_path: Path, columns: str, said: str) -> None:
    with pytest.raises(ValueRuleError, match=said):
        contract(tmp_path, f"columns: {columns}\n")


def test_a_name_with_a_comma_may_be_a_reference(tmp_path: Path) -> None:
    (tmp_path / "rates.yaml").write_text("name: rates\nprimary_key: [a, b]\n")
    (tmp_path / "sales.yaml").write_text(
        'name: sales\nreferences: {"`Amount, EUR`, line": rates}\n'
    )
    _, sales = load_contracts(tmp_path)
    assert sales.references[0].columns == ("Amount, EUR", "line")

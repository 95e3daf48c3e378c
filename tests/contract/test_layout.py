"""`wires/layout.py` is the one spelling of where things lie."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wires import layout
from wires.layout import BY_DAY, Partitioning

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "wires" / "layout.py"
PRODUCT = (
    "config",
    "connectors",
    "delivery",
    "glue_app",
    "glue_scripts",
    "infra_app",
    "local_cloud",
    "operations",
    "wires",
)
SPELLINGS = re.compile(
    r"""
      \byear=|\bmonth=|\bday=|(?<![-\w])load=|(?<![-\w])refresh=      # partition folders
    | dataset=|compacted=
    | ^(loads|refreshes|fetched|quarantine|reports|history)/                        # prefixes
    | /(lineage|metadata)/|commit\.json|manifest\.json
    | ^(lease|dataset|workflow|refresh|content|publisher|starts)\#                # keys of items
    | ^(source|message)\#
    """,
    re.VERBOSE,
)
OF_OTHERS = {"local_cloud/assembly.py"}
"""The CDK's own file is called manifest.json."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Strings of a module, those of f-strings in parts, without docstrings."""
    tree = ast.parse(path.read_text())
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def test_nobody_else_spells_where_something_lies() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for package in PRODUCT
        for path in sorted((ROOT / package).rglob("*.py"))
        if path != HOME
        for line, text in texts(path)
        if SPELLINGS.search(text) and str(path.relative_to(ROOT)) not in OF_OTHERS
    ]
    assert not found, "\n".join(found)


def test_the_search_finds_a_second_spelling(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""year="""\nkey = f"{a}/year={b}/load={c}"\n')
    assert [text for _, text in texts(module) if SPELLINGS.search(text)] == ["/year=", "/load="]


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_day_s_folder_says_year_month_and_day(day: date) -> None:
    values = BY_DAY.values(day)
    assert BY_DAY.folder(values) == f"year={day:%Y}/month={day:%m}/day={day:%d}/"
    assert date(*map(int, values)) == day


def test_a_finer_partitioning_is_one_more_unit() -> None:
    by_hour = Partitioning((*BY_DAY.units, ("hour", "%H")))
    values = by_hour.values(datetime(2026, 1, 15, 7, tzinfo=UTC))
    assert by_hour.folder(values) == "year=2026/month=01/day=15/hour=07/"
    assert by_hour.columns == ("year", "month", "day", "hour")


def test_the_load_of_a_file_is_read_back_from_its_place() -> None:
    folder = layout.load_folder("orders", ("2026", "01", "31"), "0123")
    assert layout.load_of(f"s3://bucket/{folder}jr_1/part-0.parquet") == "0123"
    made = layout.refresh_files_folder("orders", ("2026", "01", "31"), "0123")
    assert layout.load_of(f"s3://bucket/{made}part-0.parquet") == ""


@pytest.mark.parametrize("model", ["table/sales", "dataset/orders"])
def test_the_unit_of_a_refresh_is_read_back_from_its_key(model: str) -> None:
    assert layout.model_of(f"{layout.refresh_records(model, '0123')}abc.json") == model

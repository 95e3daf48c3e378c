"""`suggest-rules`: what it reads, and what it says where there is nothing to read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dqdl import parse
from local_cloud.errors import UsageError
from local_cloud.suggest_command import suggest
from quality_report.figures import ColumnProfile, Distinct, Kind, Profile
from quality_report.report import GateVerdict, ModelKind, make_report

AT = datetime(2026, 1, 15, 8, tzinfo=UTC)


def a_result(folder: Path, *, rows: int = 100, at: datetime = AT, run: str = "jr_1") -> None:
    """As `run --out` leaves it."""
    column = ColumnProfile(
        name="order_id",
        type="bigint",
        kind=Kind.INTEGER,
        nulls=0,
        distinct=Distinct(rows, True),
        unique=True,
        minimum="1",
        maximum=str(rows),
        mean=50.0,
        looked_at=rows,
    )
    report = make_report(
        model="dataset/orders",
        kind=ModelKind.DATASET,
        run_id=run,
        refresh_id="0123456789abcdef",
        at=at,
        rows=rows,
        verdict=GateVerdict.PASSED,
        rules=(),
        profile=Profile(rows=rows, columns=(column,), sample=200_000),
    )
    path = folder / "quality" / "reports" / "dataset" / "orders" / run / "report.json"
    path.parent.mkdir(parents=True)
    path.write_text(report.to_json())


def test_rules_are_made_of_the_last_profile_and_are_rules_indeed(tmp_path: Path) -> None:
    a_result(tmp_path)
    a_result(tmp_path, rows=999, at=AT.replace(day=16), run="jr_2")
    text = suggest("orders", [], result=tmp_path, environment="dev")
    rules = [rule.text for rule in parse(text).rules]
    assert 'IsPrimaryKey "order_id"' in rules
    assert "999" in text


@pytest.mark.parametrize("dataset", ["invoices", ""])
def test_a_dataset_without_a_report_is_told_how_to_get_one(tmp_path: Path, dataset: str) -> None:
    with pytest.raises(UsageError, match=r"has no quality report of .*--out"):
        suggest(dataset, [], result=tmp_path, environment="dev")


def test_a_report_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    a_result(tmp_path)
    [path] = tmp_path.rglob("report.json")
    path.write_text("{}")
    with pytest.raises(UsageError, match=r"report.json cannot be read"):
        suggest("orders", [], result=tmp_path, environment="dev")


def test_files_and_an_earlier_result_together_are_too_much(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not both"):
        suggest("orders", [tmp_path], result=tmp_path, environment="dev")

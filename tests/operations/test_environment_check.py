"""What the check of an environment notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from operations import stub
from operations.environment_check import _check_ledger
from operations.errors import CheckFailed


def rows() -> list[dict[str, object]]:
    return [dict(row) for row in stub.ROWS]


def test_the_rows_that_were_uploaded_are_right_in_any_order() -> None:
    assert stub.differences(rows()) == []
    assert stub.differences(rows()[::-1]) == []


def test_a_row_too_few_is_noticed() -> None:
    assert stub.differences(rows()[1:]) == ["3 rows were uploaded, 2 are in the table"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("code", "7"), ("amount", 12.5), ("ordered_on", "2024-02-29"), ("note", "one line")],
)
def test_a_value_that_has_changed_is_noticed(column: str, value: object) -> None:
    changed = rows()
    changed[0][column] = value
    assert stub.differences(changed)


def an_entry(**changes: object) -> Mapping[str, Any]:
    entry: dict[str, object] = {
        "status": "published",
        "dataset": "mine",
        "rows_in": 3,
        "rows_published": 3,
        "rows_quarantined": 0,
    }
    return {**entry, **changes}


def test_an_upload_that_was_published_whole_is_right() -> None:
    _check_ledger(an_entry(), "mine")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "rejected", "reason": "not a CSV"}, "ended rejected: not a CSV"),
        ({"dataset": "orders"}, "a contract in config/datasets claims keys"),
        ({"rows_published": 2, "rows_quarantined": 1}, "2 published and 1 quarantined"),
    ],
)
def test_an_upload_that_ended_otherwise_fails_with_the_reason(
    changes: dict[str, object], said: str
) -> None:
    with pytest.raises(CheckFailed, match=said):
        _check_ledger(an_entry(**changes), "mine")

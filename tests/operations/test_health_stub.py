"""What a health check notices in a table."""

from __future__ import annotations

import pytest

from operations.health import stub


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

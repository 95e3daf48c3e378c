"""Which values are right for a spelling, and which are not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.meaning import Moment, Value, is_right, likeness, read_moment
from fuzz.truth import Cell, Nature

_NOON = Moment(43_200 * 10**9, zoned=False)


@pytest.mark.parametrize(
    ("nature", "text", "value"),
    [
        (Nature.FIELD, "02134", "02134"),
        (Nature.FIELD, "1.50", Decimal("1.50")),
        (Nature.FIELD, "7", Decimal("7.00")),
        (Nature.FIELD, "true", True),
        (Nature.FIELD, "1970-01-01", date(1970, 1, 1)),
        (Nature.FIELD, "1970-01-01 12:00", _NOON),
        (Nature.FIELD, "1970-01-01T14:00:00+02:00", Moment(_NOON.nanoseconds, zoned=True)),
        (Nature.FIELD, "", None),
        (Nature.STRING, "12", "12"),
        (Nature.NUMBER, "1.50", "1.5"),
        (Nature.NUMBER, "1e2", 100.0),
        (Nature.NUMBER, "-0.0", -0.0),
        (Nature.DOUBLE, "0.1", 0.1),
        (Nature.MOMENT, "1970-01-01T12:00:00", "1970-01-01T12:00"),
        (Nature.NESTED, '{"a": [1.0]}', '{"a":[1.0]}'),
        (Nature.NONE, "", None),
    ],
)
def test_a_value_that_denotes_what_is_written_is_right(
    nature: Nature, text: str, value: Value
) -> None:
    assert is_right(Cell(nature, text), value, in_text=False)
    assert likeness(Cell(nature, text)) == likeness(value)


@pytest.mark.parametrize(
    ("nature", "text", "value"),
    [
        (Nature.FIELD, "02134", 2134),
        (Nature.FIELD, "1e5", Decimal(100_000)),
        (Nature.FIELD, "+5", 5),
        (Nature.FIELD, "-0.0", Decimal("0.0")),
        (Nature.FIELD, "1,5", Decimal("1.5")),
        (Nature.FIELD, "True", True),
        (Nature.FIELD, "1", True),
        (Nature.FIELD, "2024-02-30", date(2024, 3, 1)),
        (Nature.FIELD, "x", None),
        (Nature.FIELD, "NULL", None),
        (Nature.FIELD, "1970-01-01T14:00:00+02:00", _NOON),
        (Nature.STRING, "12", 12),
        (Nature.NUMBER, "1e-400", 0),
        (Nature.NUMBER, "9007199254740993e0", 9007199254740992.0),
        (Nature.NUMBER, "100.00", "100."),
        (Nature.NUMBER, "0", "0E-10"),
        (Nature.NUMBER, "-0.0", 0.0),
        (Nature.NUMBER, "-0.0", Decimal("0.0")),
        (Nature.NUMBER, "1", True),
        (Nature.TRUTH, "true", 1),
        (Nature.MOMENT, "1970-01-01T12:00:00Z", "1970-01-01T12:00:00"),
        (Nature.NESTED, '{"a": [1.0]}', '{"a": ["1.0"]}'),
        (Nature.NONE, "", ""),
        (Nature.TEXT, "", None),
    ],
)
def test_a_value_that_denotes_anything_else_is_wrong(
    nature: Nature, text: str, value: Value
) -> None:
    assert not is_right(Cell(nature, text), value, in_text=False)


def test_an_empty_text_is_kept_where_a_column_has_text() -> None:
    cell = Cell(Nature.FIELD, "")
    assert is_right(cell, "", in_text=True)
    assert not is_right(cell, None, in_text=True)


@given(st.text())
def test_any_text_is_like_itself_and_right_as_itself(text: str) -> None:
    cell = Cell(Nature.FIELD, text)
    assert is_right(cell, text, in_text=True)
    assert likeness(cell) == likeness(text)


@given(st.datetimes())
def test_moments_are_read_to_the_microsecond(moment: object) -> None:
    found = read_moment(str(moment))
    assert found is not None
    assert not found.zoned
    assert found.nanoseconds % 1000 == 0

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.columns.fitting import fit, fit_all, presume
from lake.columns.observing import convert, observe
from lake.columns.types import NOTHING, TEXT, ColumnType, Kind, decimal_type, join_all

KINDS = st.sampled_from([Kind.BOOLEAN, Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT])
TYPES = st.one_of(
    st.just(NOTHING),
    st.just(TEXT),
    KINDS.map(ColumnType),
    st.integers(1, 19).map(lambda digits: ColumnType(Kind.INTEGER, digits)),
    st.builds(decimal_type, st.integers(1, 30), st.integers(1, 20)),
)
VALUES = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda d: f"{d:f}"),
    st.dates().map(date.isoformat),
    st.datetimes().map(lambda moment: moment.isoformat(" ")),
    st.datetimes().map(lambda moment: moment.isoformat() + "+02:00"),
    st.sampled_from(["true", "false", "", "007", "1e5", "12d", " 1", "-0", "NaN", ".5", "5."]),
    st.text(max_size=4),
)


def strings(values: list[str | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.string())])


@pytest.mark.parametrize(
    "value",
    ["02134", "+49 30", "12d", "1e5", "007", " 5", "5 ", "1,5", ".5", "5.", "+5", "-0", "NaN",
     "inf", "2024-02-30", "2024-1-1", "24-01-01", "2024-01-01T25:00:00", "True", "NULL",
     "99999999999999999999", "9223372036854775808", "0000-01-01", "10:00:00",
     "2024-01-01 10:00:00.1234567", "1_000", "٣"],
)  # fmt: skip
def test_what_could_not_be_written_back_stays_text(value: str) -> None:
    assert observe(strings([value])) == TEXT


@pytest.mark.parametrize(
    ("value", "glue"),
    [
        ("0", "bigint"),
        ("-17", "bigint"),
        ("9223372036854775807", "bigint"),
        ("-9223372036854775808", "bigint"),
        ("1.50", "decimal(18,2)"),
        ("-0.5", "decimal(18,1)"),
        ("12345678901234567890.5", "decimal(38,1)"),
        ("2024-02-29", "date"),
        ("2024-02-29T12:30", "timestamp"),
        ("2024-02-29 12:30:59.123456", "timestamp"),
        ("2024-02-29T12:30:59Z", "timestamp"),
        ("2024-02-29T12:30:59+05:30", "timestamp"),
        ("true", "boolean"),
    ],
)
def test_what_has_a_type_gets_it(value: str, glue: str) -> None:
    assert observe(strings([value, None, ""])).glue == glue


@pytest.mark.parametrize(
    "values",
    [
        ["1", "x"],
        ["1.5", "2024-01-01"],
        ["2024-01-01", "2024-01-01 10:00"],
        ["2024-01-01 10:00", "2024-01-01 10:00Z"],
        ["1", "02"],
        ["true", "TRUE"],
        ["1.5", "99999999999999999999"],
        ["1" * 30 + ".1", "1." + "1" * 30],
    ],
)
def test_one_value_that_does_not_fit_turns_the_column_to_text(values: list[str]) -> None:
    assert observe(strings(list(values))) == TEXT
    assert observe(strings(list(reversed(values)))) == TEXT


def test_a_column_without_values_has_no_type_yet() -> None:
    assert observe(strings([None, "", None])) == NOTHING
    assert NOTHING.glue == "string"


@given(st.lists(VALUES, max_size=8))
def test_the_type_of_a_column_is_the_join_of_the_types_of_its_values(values: list[str]) -> None:
    whole = observe(strings(list(values)))
    assert whole == join_all([observe(strings([value])) for value in values])


@given(TYPES, TYPES, TYPES)
def test_joining_does_not_depend_on_order_or_grouping(
    a: ColumnType, b: ColumnType, c: ColumnType
) -> None:
    assert a.join(b) == b.join(a)
    assert a.join(b).join(c) == a.join(b.join(c))
    assert a.join(a) == a
    assert NOTHING.join(a) == a
    assert ColumnType.read(a.spell()) == a


@given(st.lists(VALUES, min_size=1, max_size=8))
def test_converted_values_are_the_values_that_were_written(values: list[str]) -> None:
    kind = observe(strings(list(values)))
    for text, value in zip(values, convert(strings(list(values)), kind).to_pylist(), strict=True):
        assert value == plain_python(text, kind)


def plain_python(text: str, kind: ColumnType) -> object:
    """The same value, read without Arrow."""
    if kind in (TEXT, NOTHING):
        return text
    if text == "":
        return None
    match kind.kind:
        case Kind.INTEGER:
            return int(text)
        case Kind.DECIMAL:
            return Decimal(text)
        case Kind.DATE:
            return date.fromisoformat(text)
        case Kind.BOOLEAN:
            return text == "true"
        case _:
            return datetime.fromisoformat(re.sub(r"Z$", "+00:00", text))


KINDS_OF_VALUES = (
    st.integers(-(10**19), 10**19).map(str),
    st.integers(-999, 999).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(lambda d: f"{d:f}"),
    st.decimals(-99, 99, places=1).map(lambda d: f"{d:f}"),
    st.dates().map(date.isoformat),
    st.datetimes().map(lambda moment: moment.isoformat(" ")),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.sampled_from(["true", "false"]),
    st.text(max_size=4),
)
ODD = st.sampled_from(
    ["", None, "007", "-0", "0x1", "True", "1", "1.", "1e5", "0000-01-01", "2024-02-30", "x", " 1"]
)


@st.composite
def mostly_alike(draw: st.DrawFn) -> list[str | None]:
    values: list[str | None] = list(
        draw(st.lists(draw(st.sampled_from(KINDS_OF_VALUES)), max_size=8))
    )
    for odd in draw(st.lists(ODD, max_size=2)):
        values.insert(draw(st.integers(0, len(values))), odd)
    return values


@settings(max_examples=1500)
@given(mostly_alike())
def test_the_fast_way_finds_the_type_that_the_patterns_find(values: list[str | None]) -> None:
    column = strings(values)
    assert presume(column) == observe(column)


@settings(max_examples=1500)
@given(mostly_alike(), mostly_alike())
@pytest.mark.slow
def test_the_fast_way_fits_what_the_patterns_fit(
    values: list[str | None], others: list[str | None]
) -> None:
    column = strings(values)
    found = observe(column)
    target = observe(strings([*values, *others]))
    fits = target.join(found).stored_as(target)
    seen, fitted = fit(column, target)
    assert seen == found
    assert (fitted is not None) == fits
    if fitted is not None:
        assert fitted.to_pylist() == convert(column, target).to_pylist()
        assert fitted.type == target.arrow


COLUMNS_ALIKE = st.sampled_from(KINDS_OF_VALUES).flatmap(
    lambda values: st.lists(st.lists(st.none() | values, max_size=5), min_size=1, max_size=4)
)


@settings(max_examples=800)
@given(COLUMNS_ALIKE | st.lists(mostly_alike(), min_size=1, max_size=4), st.data())
def test_columns_that_are_fitted_together_become_what_each_becomes_alone(
    several: list[list[str | None]], data: st.DataObject
) -> None:
    columns = [strings(values) for values in several]
    everything = [value for values in several for value in values]
    target = observe(strings(data.draw(st.sampled_from([*several, everything]))))
    alone = [fit(column, target) for column in columns]
    kinds, together = fit_all(columns, target)
    assert kinds == [kind for kind, _ in alone]
    if any(values is None for _, values in alone):
        assert together is None
    else:
        assert together is not None
        assert together.type == target.arrow
        assert together.to_pylist() == [
            value for _, values in alone if values is not None for value in values.to_pylist()
        ]

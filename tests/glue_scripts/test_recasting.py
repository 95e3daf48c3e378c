"""Values of one type in another: exact, or not at all, and told which."""

from __future__ import annotations

import math
import pickle
import struct
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.columns.typed import recast, spelled
from lake.columns.types import NOTHING, TEXT, ColumnType, Kind, decimal_type
from lake.errors import Misfit
from tests.glue_scripts.typed_files import at

INTEGERS = st.integers(-(2**63), 2**63 - 1)
DOUBLES = st.floats(width=64)
NUMBERS = {Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE}
KINDS = st.sampled_from([kind for kind in Kind if kind is not Kind.NOTHING])


@st.composite
def types(draw: st.DrawFn) -> ColumnType:
    kind = draw(KINDS)
    if kind is Kind.DECIMAL:
        scale = draw(st.integers(0, 38))
        return decimal_type(draw(st.integers(0, 38 - scale)), scale)
    return ColumnType(kind, 19 if kind is Kind.INTEGER else 0)


def values_in(kind: ColumnType) -> st.SearchStrategy[Any]:
    match kind.kind:
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.INTEGER:
            return st.one_of(INTEGERS, st.integers(-100, 100))
        case Kind.DECIMAL:
            most = 10 ** (kind.digits + kind.scale) - 1
            return st.integers(-most, most).map(lambda n: scaled(n, kind.scale))
        case Kind.DOUBLE:
            return st.one_of(DOUBLES, st.integers(-1000, 1000).map(lambda n: n / 4))
        case Kind.DATE:
            return st.dates()
        case Kind.TIMESTAMP:
            return st.datetimes()
        case Kind.INSTANT:
            return st.datetimes(timezones=st.just(UTC))
        case _:
            return st.one_of(st.text(max_size=5), st.integers(-99, 99).map(str), st.just("1.50"))


def scaled(units: int, scale: int) -> Decimal:
    with localcontext(prec=80):
        return Decimal(units).scaleb(-scale)


def number(value: Any) -> Decimal | None:
    """What a value is as a number, whatever its type; None if it is none."""
    if isinstance(value, bool | str | date):
        return None
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


@settings(max_examples=300)
@given(st.data(), types(), types())
def test_a_value_is_exact_in_its_new_type_or_is_told(
    data: st.DataObject, kind: ColumnType, target: ColumnType
) -> None:
    value = data.draw(values_in(kind))
    column = pa.chunked_array([pa.array([None, value], kind.arrow)])
    found = tried(column, kind, target)
    if isinstance(found, Misfit):
        assert not target.join(kind).stored_as(target), "a join holds every value"
        assert (bool(found.value), found.target) == (True, target.glue)
        assert not holds(target, value, kind)
        return
    assert found.type == target.arrow
    assert found[0].as_py() is None
    same(found[1].as_py(), value, target)


def tried(
    column: pa.ChunkedArray, kind: ColumnType, target: ColumnType
) -> pa.ChunkedArray | Misfit:
    try:
        return recast(column, kind, target)
    except Misfit as misfit:
        return misfit


def holds(target: ColumnType, value: Any, kind: ColumnType) -> bool:
    """By arithmetic that is not Arrow's."""
    exact = number(value)
    if exact is None or not {kind.kind, target.kind} <= NUMBERS:
        return False
    if target.kind is Kind.DOUBLE:
        return exact.is_finite() and Decimal(repr(float(exact))) == exact
    if not exact.is_finite() or (exact == 0 and exact.is_signed()):
        return False
    with localcontext(prec=400, Emin=-999_999, Emax=999_999):
        units = exact.scaleb(target.scale)
        if target.kind is Kind.INTEGER:
            return units == units.to_integral_value() and -(2**63) <= units < 2**63
        precision = target.arrow.precision if target.kind is Kind.DECIMAL else 0
        return units == units.to_integral_value() and abs(units) < 10**precision


def same(found: Any, value: Any, target: ColumnType) -> None:
    if target.kind is Kind.TEXT or target.kind is Kind.JSON:
        assert isinstance(found, str)
        expected = number(value)
        if expected is not None and expected.is_finite():
            assert Decimal(found) == expected
            assert ("-" in found[:1]) == expected.is_signed()
    elif isinstance(value, str):
        assert found is None or str(found)
    elif isinstance(value, float) and math.isnan(value):
        assert math.isnan(found)
    else:
        assert found == value or number(found) == number(value)


@pytest.mark.parametrize("digits", [1, 2, 16, 18, 20])
@given(INTEGERS)
def test_whole_numbers_beside_decimals_keep_every_digit(digits: int, value: int) -> None:
    kind = ColumnType(Kind.INTEGER, 19)
    target = kind.join(decimal_type(digits, min(digits, 19)))
    column = pa.chunked_array([pa.array([value])])
    found = recast(column, kind, target)
    assert Decimal(found[0].as_py()) == value


def test_the_first_value_that_does_not_fit_is_shown() -> None:
    column = pa.chunked_array([pa.array([1, 2, 3_000_000])])
    with pytest.raises(Misfit, match=r"'3000000' is integer, expected what decimal\(38,36\)"):
        recast(column, ColumnType(Kind.INTEGER, 19), decimal_type(2, 36))


def test_a_misfit_comes_back_from_a_task_as_it_was() -> None:
    misfit = pickle.loads(pickle.dumps(Misfit("'x'", "text", "date")))  # noqa: S301 - our own
    assert str(misfit) == "'x' is text, expected what date holds exactly"


def test_a_column_without_values_fits_every_type() -> None:
    column = pa.chunked_array([pa.array([None, None], pa.bool_())])
    for target in (TEXT, ColumnType(Kind.DATE), decimal_type(5, 2), ColumnType(Kind.DOUBLE)):
        assert recast(column, ColumnType(Kind.BOOLEAN), target).null_count == 2
        assert recast(column, NOTHING, target).type == target.arrow


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([Decimal("100.00"), Decimal("0.00")], pa.decimal128(9, 2)), ["100.00", "0.00"]),
        (pa.array([Decimal("0E-10"), Decimal("-1E-10")]), ["0.0000000000", "-0.0000000001"]),
        (pa.array([Decimal(100), Decimal(0)], pa.decimal128(9, 0)), ["100", "0"]),
        (pa.array([100, 0, -5]), ["100", "0", "-5"]),
        (pa.array([0.1, -0.0, 1e300, 5.0]), ["0.1", "-0", "1e+300", "5"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([date(1, 1, 1)]), ["0001-01-01"]),
        (
            pa.array([at(1, 1, 1), at(9999, 12, 31, 1, 2, 3, 40)], pa.timestamp("us")),
            ["0001-01-01T00:00:00", "9999-12-31T01:02:03.00004"],
        ),
        (pa.array([1_500], pa.timestamp("ms", "Europe/Berlin")), ["1970-01-01T00:00:01.5Z"]),
        (pa.array([1_500, 61_000], pa.time32("ms")), ["00:00:01.5", "00:01:01"]),
    ],
    ids=str,
)
def test_a_value_is_spelled_in_one_way(column: pa.Array, texts: list[str]) -> None:
    assert spelled(pa.chunked_array([column])).to_pylist() == texts


@given(st.datetimes(), st.sampled_from(["us", "ns"]))
def test_a_moment_is_spelled_alike_in_every_unit_and_batch(moment: datetime, unit: str) -> None:
    if unit == "ns" and not 1700 < moment.year < 2200:
        return
    alone = spelled(pa.chunked_array([pa.array([moment], pa.timestamp(unit))]))[0].as_py()
    beside = pa.array([moment, at(2000, 1, 1, 0, 0, 0, 1)], pa.timestamp("us"))
    assert spelled(pa.chunked_array([beside]))[0].as_py() == alone
    assert datetime.fromisoformat(alone) == moment


def test_zeros_at_the_end_are_kept_but_where_they_say_nothing() -> None:
    column = pa.chunked_array([pa.array([Decimal("1.50"), Decimal("100.00")])])
    assert spelled(column).to_pylist() == ["1.50", "100.00"]
    assert spelled(column, trim=True).to_pylist() == ["1.5", "100"]


@given(st.floats(width=32))
def test_a_double_in_text_is_the_same_double(value: float) -> None:
    [text] = spelled(pa.chunked_array([pa.array([value])])).to_pylist()
    assert struct.pack("<d", float(text)) == struct.pack("<d", value) or math.isnan(value)

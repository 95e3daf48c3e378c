from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.columns.types import TEXT, ColumnType, Kind
from lake.reading.json.exact import Number, parse_exactly
from lake.reading.json.numbers import types_of_numbers, value_of
from lake.reading.json.rows import parse_rows
from tests.glue_scripts.json_reads import read

DIGITS = st.text("0123456789", min_size=1, max_size=40)
WHOLE = st.one_of(
    st.just("0"),
    st.integers(1, 10**40).map(str),
    st.sampled_from(["9007199254740993", "9223372036854775807", "9223372036854775808", "1" * 5000]),
)
FRACTION = st.one_of(st.just(""), DIGITS.map(lambda d: f".{d}"))
EXPONENT = st.one_of(
    st.just(""),
    st.builds("{}{}".format, st.sampled_from(["e", "E", "e+", "e-", "E-0"]), st.integers(0, 420)),
    st.sampled_from(["e30000000", "e-9999999999999999999", "E+99999999999999999999", "e007"]),
)
NUMBERS = st.one_of(
    st.builds("{}{}{}{}".format, st.sampled_from(["", "-"]), WHOLE, FRACTION, EXPONENT),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(-(10**9), 10**9, places=3).map(lambda number: f"{number:f}"),
    st.sampled_from(["-0", "-0.0", "0e5", "-0e-9", "5.0", "1e400", "1e-400", "3e-324", "100.00"]),
)
OTHERS = st.sampled_from(["null", "true", '"x"', '"12"', '""', "[1.50, -0]", '{"a":1e5}'])


def is_exactly(value: Any, spelled: str) -> bool:
    """Whether a value is the number that is spelled, or its very spelling."""
    if isinstance(value, str):
        return value == spelled
    mantissa = re.split("[eE]", spelled)[0]
    number = Decimal(spelled if mantissa.strip("-0.") else mantissa)
    if Decimal(repr(value) if isinstance(value, float) else value) != number:
        return False
    is_negative_zero = spelled[0] == "-" and not value
    return not is_negative_zero or repr(value) == "-0.0"


def lines(values: Sequence[str]) -> bytes:
    return "\n".join(f'{{"a": {value}}}' for value in values).encode()


@settings(max_examples=200)
@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_a_number_comes_back_as_the_same_number_or_as_it_is_spelled(spelled: list[str]) -> None:
    found = read(lines(spelled))
    assert not found.bad
    for row, number in zip(found.rows, spelled, strict=True):
        assert is_exactly(row["a"], number), (row, number)


@settings(max_examples=200)
@given(st.lists(st.one_of(NUMBERS, OTHERS), min_size=1, max_size=6))
def test_numbers_in_a_column_of_text_are_spelled_as_in_the_source(spelled: list[str]) -> None:
    plain = [value for value in spelled if value[0] not in "[{"]
    found = read(lines([*plain, '"text"']))
    assert found.types == {"a": TEXT}
    for row, text in zip(found.rows, plain, strict=False):
        if text == "null":
            assert row["a"] is None
        else:
            assert row["a"] == (json.loads(text) if text[0] == '"' else text)


@settings(max_examples=200)
@given(st.lists(st.one_of(NUMBERS, st.just("null")), min_size=1, max_size=6))
def test_numbers_that_are_wanted_as_text_keep_their_spelling_and_their_type(
    spelled: list[str],
) -> None:
    found = read(lines(spelled), texts=["a"])
    assert [row["a"] for row in found.rows] == [None if s == "null" else s for s in spelled]
    assert found.types == read(lines(spelled)).types


@settings(max_examples=200)
@given(NUMBERS, st.lists(st.one_of(NUMBERS, OTHERS), max_size=3))
def test_what_a_number_is_does_not_depend_on_what_stands_beside_it(
    number: str, others: list[str]
) -> None:
    [alone] = parse_rows([f'{{"a": {number}}}'.encode()])
    beside = [f'{{"b": {other}}}'.encode() for other in others]
    [row] = parse_rows([*beside, f'{{"a": {number}, "c": [{number}]}}'.encode()])[len(beside) :]
    exact = value_of(Number(number))
    for found in (alone["a"], row["a"]):  # type: ignore[index]  # they are rows
        value = value_of(found) if type(found) is Number else found
        assert repr(value) == repr(exact)


@settings(max_examples=150)
@given(NUMBERS)
def test_the_type_of_a_number_has_room_for_it(number: str) -> None:
    value = value_of(Number(number))
    if value is not None and (kind := types_of_numbers([value])) != TEXT:
        [row] = read(lines([number])).rows
        assert is_exactly(row["a"], number)
        assert kind.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE)


@pytest.mark.parametrize(
    ("number", "value", "kind"),
    [
        ("9007199254740993e0", 9007199254740993, ColumnType(Kind.INTEGER, 16)),
        ("1e-400", "1e-400", TEXT),
        ("1e400", "1e400", TEXT),
        ("1e30000000", "1e30000000", TEXT),
        ("1e9999999999999999999", "1e9999999999999999999", TEXT),
        ("9" * 5_000, "9" * 5_000, TEXT),
        ("-0.0", -0.0, ColumnType(Kind.DOUBLE)),
        ("-0", -0.0, ColumnType(Kind.DOUBLE)),
        ("5.0", 5, ColumnType(Kind.INTEGER, 1)),
        ("13.404953999999998", Decimal("13.404953999999998"), ColumnType(Kind.DECIMAL, 2, 15)),
    ],
)
def test_numbers_at_the_borders_of_types(number: str, value: Any, kind: ColumnType) -> None:
    found = read(lines([number]))
    assert repr(found.rows[0]["a"]) == repr(value)
    assert found.types == {"a": kind}
    for beside in ("1", "0.5", "null", "12345678901234567890"):
        [row, *_] = read(lines([number, beside])).rows
        assert is_exactly(row["a"], number)


JSON_STRINGS = st.one_of(
    st.text(max_size=6).filter(lambda text: text.isprintable()).map(json.dumps),
    st.text(max_size=6).map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(
        ['"\\u00e9\\/"', '"{[\\"]}"', '"a\\\\"', '"\\ud83d\\ude00"', '"e-123,"', '":"']
    ),
)
BLANKS = st.sampled_from(["", " ", "\t", "  "])


def spelled_list(values: list[str], blank: str) -> str:
    return f"[{blank}" + f"{blank},{blank}".join(values) + f"{blank}]"


def spelled_object(pairs: dict[str, str], blank: str) -> str:
    members = (f"{json.dumps(key)}{blank}:{blank}{value}" for key, value in pairs.items())
    return f"{{{blank}" + f"{blank},{blank}".join(members) + f"{blank}}}"


KEYS = st.sampled_from(["a", "b", "", "ключ", "x y", '"', "\\", "{", "a:b"])
VALUES = st.recursive(
    st.one_of(NUMBERS, JSON_STRINGS, st.sampled_from(["true", "false", "null"])),
    lambda inner: st.one_of(
        st.builds(spelled_list, st.lists(inner, max_size=3), BLANKS),
        st.builds(spelled_object, st.dictionaries(KEYS, inner, max_size=3), BLANKS),
    ),
    max_leaves=6,
)


@settings(max_examples=250)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=4), BLANKS)
def test_any_object_is_recovered_value_by_value(table: list[dict[str, str]], blank: str) -> None:
    elements = [f"{blank}{spelled_object(row, blank)}{blank}".encode() for row in table]
    for parsed in (parse_rows(elements), list(map(parse_exactly, elements))):
        for row, written in zip(parsed, table, strict=True):
            assert isinstance(row, dict)
            assert list(row) == list(written)
            for key, text in written.items():
                assert is_recovered(row[key], text), (row, key, text)


def is_recovered(value: Any, text: str) -> bool:
    if text[0] in "{[":
        return bool(value == text)
    if text[0] in '"tfn':
        return bool(value == json.loads(text))
    if type(value) is Number:
        return bool(value == text)
    return is_exactly(value, text)


@settings(max_examples=150)
@given(st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=4), VALUES, BLANKS, st.booleans())
def test_a_key_that_stands_twice_is_never_overlooked(
    pairs: list[tuple[str, str]], other: str, blank: str, deep: bool
) -> None:
    members = [*pairs, (pairs[0][0], other)]
    body = ",".join(f"{json.dumps(k)}{blank}:{blank}{value}" for k, value in members)
    text = f'{{"deep": [{{{body}}}]}}' if deep else f"{{{body}}}"
    for beside in ([], [b'{"a": 1}'], [b'{"a" : [1]}', b"7"]):
        *_, row = parse_rows([*beside, text.encode()])
        assert "stands twice in one object" in str(row)


BROKEN_ESCAPES = ("\\u00", "\\ud800", "\\x", "\\")
DAMAGE = st.sampled_from(
    [
        *",:{}[]\"\\0-.e'\t\x00 \n/+\x7f",
        "",
        "null",
        "tru",
        "NaN",
        "\ufeff",
        "é",
        "\u2028",
        *BROKEN_ESCAPES,
    ]
)


@settings(max_examples=200)
@given(st.dictionaries(KEYS, VALUES, max_size=3), BLANKS, st.data())
def test_both_parsers_take_the_same_texts(
    row: dict[str, str], blank: str, data: st.DataObject
) -> None:
    text = spelled_object(row, blank)
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(DAMAGE) + text[at + data.draw(st.integers(0, 1)) :]
    exact = parse_exactly(text.encode())
    try:
        quick = orjson.loads(text)
    except ValueError as error:
        quick = str(error)
    if isinstance(exact, dict):
        assert isinstance(quick, dict) or "infinity" in quick
    elif isinstance(quick, dict):
        assert "stands twice" in str(exact)
    else:
        assert not exact.is_syntax or isinstance(quick, str)
        assert str(exact)

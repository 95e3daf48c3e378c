"""Dataclasses as JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wires.errors import UnexpectedJson
from wires.typed_json import TypedJson


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    names: tuple[str, ...]
    place: tuple[int, str]
    colour: Colour = Colour.RED


@dataclass(frozen=True)
class Outer:
    at: datetime
    share: float
    known: bool
    inner: Inner
    by_name: Mapping[str, Inner]
    part: Fraction
    free: Any
    maybe: int | None = None


JSON = TypedJson({Fraction: (str, Fraction)})
INNERS = st.builds(
    Inner,
    st.lists(st.text(), max_size=3).map(tuple),
    st.tuples(st.integers(), st.text()),
    st.sampled_from(Colour),
)
OUTERS = st.builds(
    Outer,
    st.datetimes(timezones=st.just(UTC)),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    INNERS,
    st.dictionaries(st.text(), INNERS, max_size=2),
    st.fractions(),
    st.none() | st.lists(st.integers(), max_size=2),
    st.none() | st.integers(),
)


@given(OUTERS)
def test_what_comes_back_is_equal_to_what_went_in(value: Outer) -> None:
    assert JSON.read(Outer, json.loads(json.dumps(JSON.plain(value)))) == value


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ([], "Inner: expected dict, got []"),
        ({"names": [], "place": [1, "a"]}, "expected the fields colour, names, place"),
        ({"names": [], "place": [1, "a"], "colour": "red", "x": 1}, "expected the fields"),
        ({"names": "ab", "place": [1, "a"], "colour": "red"}, "Inner.names: expected list"),
        ({"names": [1], "place": [1, "a"], "colour": "red"}, "Inner.names: expected str, got 1"),
        ({"names": [], "place": [1], "colour": "red"}, "Inner.place: expected 2 values, got 1"),
        ({"names": [], "place": [True, "a"], "colour": "red"}, "expected int, got True"),
        ({"names": [], "place": [1, "a"], "colour": "green"}, "Inner.colour: 'green' is not"),
    ],
)
def test_a_value_that_is_not_what_its_hint_says_is_named(plain: object, said: str) -> None:
    with pytest.raises(UnexpectedJson) as caught:
        JSON.read(Inner, plain)
    assert said in str(caught.value)


def test_a_lenient_reader_takes_what_other_versions_have_written() -> None:
    plain = {"names": ["a"], "place": [1, "b"], "of_later": 7}
    assert TypedJson(lenient=True).read(Inner, plain) == Inner(("a",), (1, "b"))
    with pytest.raises(UnexpectedJson, match="expected the fields"):
        TypedJson(lenient=True).read(Inner, {"names": []})

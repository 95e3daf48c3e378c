"""Rows are taken out of an answer's text; nothing in them changes, and nothing is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.http.json_rows import NoRows, found_at, read_answer
from wires.api_sources import AnswerFormat

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=25)
@given(
    rows=st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=6),
    around=st.dictionaries(st.text(min_size=1).filter(lambda n: n != "data"), VALUES, max_size=3),
    indent=st.sampled_from([None, 0, 3]),
    escaped=st.booleans(),
)
def test_any_answer_gives_its_rows_and_what_is_around_them(
    rows: list[dict[str, Any]], around: dict[str, Any], indent: int | None, escaped: bool
) -> None:
    answer = {**around, "data": {"items": rows}}
    text = json.dumps(answer, indent=indent, ensure_ascii=escaped)
    body = text.encode("utf-8", "surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        return
    found = read_answer(body, records="data.items", kind=AnswerFormat.JSON)
    assert [json.loads(row.text) for row in found.rows] == [row.value for row in found.rows] == rows
    assert all("\n" not in row.text and "\r" not in row.text for row in found.rows)
    assert found.around == {**around, "data": {"items": []}}


@settings(max_examples=25)
@given(st.lists(VALUES, max_size=6))
def test_a_list_alone_gives_a_row_for_each_item(items: list[Any]) -> None:
    found = read_answer(json.dumps(items).encode(), records="", kind=AnswerFormat.JSON)
    assert [row.value for row in found.rows] == items
    assert all(isinstance(json.loads(row.text), dict) for row in found.rows)


@settings(max_examples=25)
@given(st.binary(max_size=60) | st.text('[]{}",:0 ntaf\\', max_size=40).map(str.encode))
def test_what_json_is_not_is_no_answer(body: bytes) -> None:
    """Whatever is cut off or garbled is an error, and never fewer rows."""
    try:
        said = json.loads(body.decode("utf-8-sig"))
    except ValueError:
        said = None
    if isinstance(said, list) or (said is None and body.strip() == b"null"):
        read_answer(body, records="", kind=AnswerFormat.JSON)
        return
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        read_answer(body, records="", kind=AnswerFormat.JSON)


@pytest.mark.parametrize("cut", range(1, 40))
def test_an_answer_that_is_cut_off_anywhere_is_an_error(cut: int) -> None:
    body = b'{"a": [1], "items": [{"id": 1}, {"id": 2}], "b": {}}'
    assert len(read_answer(body, records="items", kind=AnswerFormat.JSON).rows) == 2
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever kind
        read_answer(body[:-cut], records="items", kind=AnswerFormat.JSON)


def test_rows_inside_of_items_are_found() -> None:
    body = b'{"e": [{"node": {"id": 1}, "x": 2}, {"y": {}, "node": {"id": 1.10}}]}'
    found = read_answer(body, records="e[].node", kind=AnswerFormat.JSON)
    assert [row.text for row in found.rows] == ['{"id": 1}', '{"id": 1.10}']


@pytest.mark.parametrize("body", [b'{"e": [{"nodes": {}}]}', b'{"e": [1]}', b'{"e": 1}', b"{}"])
def test_items_without_a_row_are_an_error(body: bytes) -> None:
    with pytest.raises(NoRows):
        read_answer(body, records="e[].node", kind=AnswerFormat.JSON)


def test_no_list_at_all_is_no_rows() -> None:
    assert read_answer(b'{"e": null}', records="e", kind=AnswerFormat.JSON).rows == []


def test_two_values_in_a_line_are_an_error() -> None:
    with pytest.raises(ValueError, match="more than one value"):
        read_answer(b'{"a": 1} {"a": 2}\n', records="", kind=AnswerFormat.JSON_LINES)


@pytest.mark.parametrize(
    ("place", "found"), [("a.b", 1), ("a.c", None), ("a.b.c", None), ("", {"a": {"b": 1}})]
)
def test_a_place_is_names_with_dots(place: str, found: Any) -> None:
    assert found_at({"a": {"b": 1}}, place) == found

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake import json_source, originals
from lake.column_types import TEXT, ColumnType, Kind
from lake.errors import InputRefused
from lake.findings import Findings, put_together
from lake.originals import Span
from lake.pieces import BadRecord
from lake.reading import PieceReading, examine
from tests.glue_scripts.texts import Text

NUMBERS = st.one_of(
    st.integers(-(10**25), 10**25).map(str),
    st.integers(-99, 99).map(str),
    st.decimals(-(10**6), 10**6, places=2).map(lambda number: f"{number:f}"),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["0", "-0", "-0.0", "1.50", "1e5", "1E-7", "0.1000000000000000055", "5.0"]),
)
STRINGS = st.one_of(
    st.text(max_size=5),
    st.dates().map(str),
    st.sampled_from(["", "007", "12", '":', "a\nb", "\\", "{", "2026-01-15 10:00", "}", ","]),
)
PLAIN = st.one_of(
    NUMBERS,
    STRINGS.map(json.dumps),
    STRINGS.map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(["true", "false", "null"]),
)
NESTED = st.sampled_from(['{"a": [1, {"b": "}"}]}', "[]", '["x", "]"]', "{}", "null"])
KEYS = st.sampled_from(["id", "Order ID", "order_id", "näme", "a b", "x"])
CUTS = st.lists(st.integers(1, 90), max_size=4)
BLANKS = st.sampled_from(["", " ", "\t"])


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, str]]:
    """Each value as it stands in the text; a key's values are all plain or all nested."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    kinds = {key: draw(st.sampled_from([PLAIN, PLAIN, NUMBERS, NESTED])) for key in keys}
    row = st.fixed_dictionaries({}, optional=kinds)
    return draw(st.lists(row, min_size=1, max_size=6))


def spelled(row: dict[str, str], blank: str) -> str:
    pairs = (f"{json.dumps(key)}{blank}:{blank}{value}" for key, value in row.items())
    return "{" + f",{blank}".join(pairs) + "}"


def written(values: list[str], layout: str) -> bytes:
    match layout:
        case json_source.LINES:
            return "\n".join(values).encode()
        case json_source.LIST:
            return ("[" + ",\n".join(values) + "\n]").encode()
        case _:
            # A line of its own for the bracket, or these would be taken for lines.
            return "\n".join("{\n" + value[1:] for value in values).encode()


@dataclass
class Read:
    """Values by the file's names."""

    rows: list[dict[str, Any]]
    bad: list[BadRecord]
    types: dict[str, ColumnType]
    findings: list[Findings]


def read(text: bytes, cuts: list[int] | None = None) -> Read:
    layout, _ = examine(Text(text), max_ratio=10)
    borders = [0, *sorted({cut for cut in cuts or () if 0 < cut < len(text)}), len(text)]
    spans = (
        [Span(*part) for part in pairwise(borders)] if layout.splittable else [Span(0, len(text))]
    )
    found: list[Findings] = []
    rows: list[dict[str, Any]] = []
    bad: list[BadRecord] = []
    for span in spans:
        reading = PieceReading(Text(text), layout, span, max_ratio=10)
        for chunk in reading:
            rows += chunk.rows.to_pylist()
            bad += chunk.bad
        assert not found or reading.findings.first == found[-1].following
        found.append(reading.findings)
    whole = put_together(layout, found)
    names = whole.layout.source_names
    return Read(rows, bad, dict(zip(names, whole.types, strict=True)), found)


def is_as_written(value: Any, text: str) -> bool:
    if text == "null":
        return value is None
    if text[0] in "{[":
        return bool(json.loads(value) == json.loads(text))
    if text[0] == '"':
        return bool(value == json.loads(text))
    if text in ("true", "false"):
        return value in (text == "true", text)
    if isinstance(value, float):
        return value == float(text)
    return Decimal(value) == Decimal(text) or (
        float(value) == float(text) and "." in repr(float(text))
    )


@pytest.fixture
def small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(originals, "READ_BYTES", 7)
        patch.setattr(json_source, "_ROWS", 2)
        yield


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("small_blocks")
@given(
    rows(), BLANKS, st.sampled_from(json_source.FORMATS), st.lists(st.integers(1, 90), max_size=4)
)
def test_every_value_comes_back_as_it_was_written(
    table: list[dict[str, str]], blank: str, layout: str, cuts: list[int]
) -> None:
    text = written([spelled(row, blank) for row in table], layout)
    found = read(text, cuts)
    assert not found.bad
    assert sum(piece.records for piece in found.findings) == len(found.rows) == len(table)
    for got, row in zip(found.rows, table, strict=True):
        for key, value in got.items():
            assert is_as_written(value, row.get(key, "null")), (key, value, row)
        assert all(value == "null" for key, value in row.items() if key not in got)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("small_blocks")
@given(rows(), CUTS)
def test_types_do_not_depend_on_where_lines_are_cut(
    table: list[dict[str, str]], cuts: list[int]
) -> None:
    text = written([spelled(row, "") for row in table], json_source.LINES)
    assert read(text, cuts).types == read(text).types


def test_a_broken_line_costs_itself() -> None:
    found = read(b'{"a": 1}\n{"a": 2\n\n[3]\n{"a": 4}\n"five"\n{"a": 1, "a": 2}')
    assert [row["a"] for row in found.rows] == [1, 4]
    assert [(bad.line + 1, bad.raw[:9]) for bad in found.bad] == [
        (2, b'{"a": 2'),
        (4, b"[3]"),
        (6, b'"five"'),
        (7, b'{"a": 1, '),
    ]
    reasons = [bad.reason for bad in found.bad]
    assert reasons[0].startswith("no JSON: ")
    assert reasons[1:] == [
        "a list where an object is expected",
        "a string where an object is expected",
        "the key 'a' stands twice in one object",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'[{"a": 1},\n{"a": 2', "line 1: the text ends inside what begins there"),
        (b'[{"a": 1},\n{"a" 2}]', "line 2: no JSON"),
        (b'[{"a": 1}]\n\n]', "line 3: the text goes on after the end of the list"),
        (b'{\n"a": 1\n', "line 1: the text ends inside what begins there"),
    ],
)
def test_what_cannot_be_trusted_is_refused_with_its_line(text: bytes, message: str) -> None:
    with pytest.raises(InputRefused, match=message.replace("[", r"\[")):
        read(text)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.50"], ColumnType(Kind.DECIMAL, 1, 1)),
        (["1e300"], ColumnType(Kind.DOUBLE)),
        (["1.5", "1e300"], ColumnType(Kind.DOUBLE, 1, 1)),
        (["5.0"], ColumnType(Kind.INTEGER, 1)),
        (["12345678901234567890"], ColumnType(Kind.DECIMAL, 20, 0)),
        (['"12"'], TEXT),
        (['"2026-01-15"', "null"], ColumnType(Kind.DATE)),
        (['"2026-01-15"', '"x"'], TEXT),
        (["true"], ColumnType(Kind.BOOLEAN)),
        (["true", "1"], TEXT),
    ],
)
def test_a_number_is_what_it_says_and_a_string_is_never_one(
    values: list[str], kind: ColumnType
) -> None:
    text = "\n".join(f'{{"a": {value}}}' for value in values).encode()
    assert read(text).types == {"a": kind}


def test_a_column_has_one_shape() -> None:
    found = read(b'{"a": [1], "b": 1}\n{"a": null, "b": {}}\n{"a": "x"}\n{"a": {}, "b": 2}')
    assert found.rows == [{"a": "[1]", "b": 1}, {"a": "{}", "b": 2}]
    assert [(bad.line + 1, bad.reason) for bad in found.bad] == [
        (2, "'b' is an object or a list, expected a plain value as in the rows before"),
        (3, "'a' is a plain value, expected an object or a list as in the rows before"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_how_the_text_is_spelled(encoding: str) -> None:
    assert read('{"a": "ü"}\n{"a": "é"}'.encode(encoding)).rows == [{"a": "ü"}, {"a": "é"}]


def test_a_key_that_stands_twice_is_seen_whatever_stands_beside_it() -> None:
    twice = [b'{"a": 1, "a": 2}', b'{"a" : 1, "b": 3, "a": 2}', b'{"c": {"a":1,"a":2}}']
    found = read(b"\n".join([*twice, b'"x"']))
    assert [bad.line for bad in found.bad] == [0, 1, 2, 3]


@pytest.mark.parametrize("beside", [b'{"a": 1}', b'{"a": 12345678901234567890123}'])
def test_half_a_character_costs_its_line_whichever_parser_reads_it(beside: bytes) -> None:
    whole = b'{"a": "\\ud83d\\ude00"}'
    found = read(b"\n".join([beside, b'{"a": "\\ud800"}', whole, b'{"\\uDFFF": 1}']))
    assert [bad.line for bad in found.bad] == [1, 3]
    assert found.rows[-1] == {"a": "😀"}


def test_an_empty_list_has_no_rows() -> None:
    assert read(b" [ ] ").rows == []


def test_late_keys_become_columns_too() -> None:
    rows = [{"a": 1}] * 3000 + [{"a": 1, "b": "x"}]
    found = read("\n".join(map(json.dumps, rows)).encode(), [500])
    assert list(found.types) == ["a", "b"]

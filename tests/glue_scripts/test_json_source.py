from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.columns.types import TEXT, ColumnType, Kind
from lake.errors import InputRefused
from lake.reading import layout as layouts
from lake.reading import originals
from lake.reading.json import source as json_source
from lake.reading.pieces import Tally
from tests.glue_scripts.json_reads import read

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
        case layouts.LINES:
            return "\n".join(values).encode()
        case layouts.LIST:
            return ("[" + ",\n".join(values) + "\n]").encode()
        case _:
            # A line of its own for the bracket, or these would be taken for lines.
            return "\n".join("{\n" + value[1:] for value in values).encode()


def is_as_written(value: Any, text: str) -> bool:
    if text == "null":
        return value is None
    if text[0] in "{[":
        return bool(value == text)
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


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("small_blocks")
@given(
    rows(), BLANKS, st.sampled_from(layouts.JSON_FORMATS), st.lists(st.integers(1, 90), max_size=4)
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


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("small_blocks")
@given(rows(), CUTS)
def test_types_do_not_depend_on_where_lines_are_cut(
    table: list[dict[str, str]], cuts: list[int]
) -> None:
    text = written([spelled(row, "") for row in table], layouts.LINES)
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


SHAPED = st.sampled_from(['{"a": 1}', "[]", "7", '"x"', '""', "null", "true"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("small_blocks")
@given(st.lists(st.fixed_dictionaries({}, optional={"a": SHAPED, "b": SHAPED})), CUTS)
def test_a_column_has_the_shape_of_its_first_value_wherever_the_file_is_cut(
    table: list[dict[str, str]], cuts: list[int]
) -> None:
    text = b'{"id": 0}\n' + written([spelled(row, "") for row in table], layouts.LINES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lake.reading.json.layout._SAMPLED_ROWS", 1)
        found = read(text, cuts)
    shapes: dict[str, bool] = {}
    bad = []
    for line, row in enumerate(table):
        known = {k: v[0] in "{[" for k, v in row.items() if v not in ("null", '""')}
        shapes = {**known, **shapes}
        if any(shapes[key] != is_nested for key, is_nested in known.items()):
            bad.append(line + 1)
    assert [record.line for record in found.bad] == bad
    assert len(found.rows) == 1 + len(table) - len(bad)


def test_the_first_object_may_come_after_any_number_of_nulls() -> None:
    lines = [b'{"a": null, "b": 1}'] * 3_000 + [b'{"a": {"x": [1.50]}, "b": 2}']
    found = read(b"\n".join(lines), [20_000])
    assert found.rows[-1] == {"a": '{"x": [1.50]}', "b": 2}
    assert not found.bad


def test_rows_without_a_key_are_rows() -> None:
    assert read(b"{}").rows == [{}]
    assert read(b"{}\n{}\n{ }").rows == [{}, {}, {}]
    assert read(b'[{}, {"a": 1}]').rows == [{"a": None}, {"a": 1}]


def test_values_are_tallied_as_they_are_parsed() -> None:
    found = read(
        b'{"a": 1, "b": "", "c": {"x": 1}}\n{"a": null, "b": "x", "c": [[], 1]}\n'
        b'{"a": 3, "b": "y", "c": 5}\n{"b": ""}'
    )
    assert found.reasons == [
        (3, "'c' is a plain value, expected an object or a list as in the rows before")
    ]
    assert found.tallies == {"a": Tally(1), "b": Tally(1, 2), "c": Tally(2)}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (b'[{"a":1},{"a":2},]', 1, "expected another value behind the list's last comma"),
        (b'[{"a":1},\n{"a":2}\n,\n]', 4, "expected another value behind the list's last comma"),
        (b'[{"a":1},\n,{"a":2}]', 2, "expected a value, came ','"),
        (b'{"a":1}}', 1, "a closing bracket that closes nothing"),
        (b'{\n"a":1\n}\n}', 4, "a closing bracket that closes nothing"),
        (b'{\n"a": 1\n}\nthe end', 4, "goes on after the end of the last document, with 'the e"),
        (b'{\n"a": 1,\n}', 3, "expected a key in double quotes, came '}'"),
        (b'[{"a":1},\n {"a":\n 02}]', 3, "expected ',' or '}', came '2}'"),
        (b'[{"a":1},\n {"a":NaN}]', 2, "came NaN, which is no number"),
        (b'[{"a":1}, // first\n {"a":2}]', 1, "expected a value, came '// first"),
        (b"{'id': 1}\n{'id': 2}", 1, "expected a key in double quotes or '}', came ''id': 1}'"),
        (b'12:00 INFO {"id": 1}\n12:01 INFO {"id": 2}', 1, "expected the end, came ':00 INFO"),
    ],
)
def test_broken_syntax_refuses_a_text_and_says_where_and_why(
    text: bytes, line: int, reason: str
) -> None:
    with pytest.raises(InputRefused) as refused:
        read(text)
    assert f"line {line}: " in str(refused.value)
    assert reason in str(refused.value)
    assert str(refused.value).count("line ") - str(refused.value).count("one line ") == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{'a': 1}", "expected a key in double quotes or '}', came ''a': 1}'"),
        (b'{"a": 1}}', "expected the end, came '}'"),
        (b'{"a": 1} {"a": 2}', "expected the end, came '{\"a\": 2}'"),
        (b"// comment", "expected a value, came '// comment'"),
        (b'{"a": Infinity}', "came Infinity, which is no number"),
        (b'{"a": "\tx"}', "which JSON spells as \\n, \\t or \\u0000, came '\\tx\"}'"),
        (b'{"a": "\\x"}', "expected an escape that JSON has"),
        (b'{"a": "x', "expected a string with closing quotes"),
        (b'{"a": 1', "expected ',' or '}', came the end"),
        (b'{"a"', "expected ':' behind a key, came the end"),
        (b'{"a": "\xe9"}', "bytes that are not UTF-8 (e9)"),
        (b'\xef\xbb\xbf{"a": 1}', "expected a value, came '\\ufeff{"),
        (b'{"a": "\\ud800"}', "'\\ud800' is half a character"),
        (b'{"\\udfff": {}}', "'\\udfff' is half a character"),
        (b'{"a": {"b": 1, "b": 2}}', "the key 'b' stands twice in one object"),
        (b'{"a": ' + b"[" * 990 + b"]" * 990 + b"}", "nested 991 deep, at most 500 are read"),
        (b"[" * 100_000, "nested 100000 deep, at most 500 are read"),
        (b"null", "null where an object is expected"),
        (b"-1e999999999999", "a number where an object is expected"),
    ],
)
def test_a_line_that_is_no_row_costs_itself_and_says_why(line: bytes, reason: str) -> None:
    good = [b'{"a": "%d"}' % n for n in range(6)]
    for place in (1, 3, 6):
        found = read(b"\n".join([*good[:place], line, *good[place:]]))
        assert [row["a"] for row in found.rows] == list("012345")
        [(at, why)] = found.reasons
        assert at == place + 1
        assert reason in why


def test_a_line_beyond_the_limit_is_one_record() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_source, "MAX_RECORD_BYTES", 100)
        patch.setattr("lake.reading.json.layout.MAX_RECORD_BYTES", 100)
        patch.setattr(json_source, "_KEPT_BYTES", 20)
        for size in (99, 100, 101, 200, 5_000):
            long = b'{"a": "' + b"x" * (size - 9) + b'"}'
            assert len(long) == size
            for block in (7, 64, 10_000):
                patch.setattr(originals, "READ_BYTES", block)
                for lines in (
                    [b'{"a": "1"}', long, b'{"a": "2"}'],
                    [long, b'{"a": "1"}', b'{"a": "2"}'],
                    [b'{"a": "1"}', b'{"a": "2"}', long],
                ):
                    for cuts in ([], [3], [40, 90], [size]):
                        found = read(b"\n".join(lines), cuts)
                        whole = size <= 100
                        assert len(found.rows) == 2 + whole
                        assert [row["a"] for row in found.rows if len(row["a"]) == 1] == ["1", "2"]
                        assert sum(piece.records for piece in found.findings) == 3
                        assert [(b.line, len(b.raw)) for b in found.bad] == [
                            (lines.index(long), 20) for _ in range(not whole)
                        ]
                        assert all(f"a line of {size:,} bytes" in b.reason for b in found.bad)


def test_objects_used_as_dictionaries_are_refused_before_they_fill_the_memory() -> None:
    text = b"\n".join(b'{"k%d": 1}' % n for n in range(20_000))
    with pytest.raises(InputRefused, match="more than 10,000 different keys"):
        read(text)


def test_many_keys_make_small_chunks() -> None:
    text = b"\n".join(b'{"k%d": %d}' % (n % 50, n) for n in range(1_000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_source, "_MOST_CELLS", 1_000)
        found = read(text)
    assert [next(v for v in row.values() if v is not None) for row in found.rows] == [*range(1_000)]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text", ['{"a":"名"}', ' {\n"a" : "名"}', '[{"a":"名"}]', '[\n {"a":"名"}\n]', '{"a":"名"}\n']
)
def test_wide_letters_are_told_without_a_mark_or_a_line_end(text: str, encoding: str) -> None:
    assert read(text.encode(encoding)).rows == [{"a": "名"}]

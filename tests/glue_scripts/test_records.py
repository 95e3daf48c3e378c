from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.reading import originals, pieces
from lake.reading.csv import record_boundaries as records
from lake.reading.pieces import PieceReader
from tests.glue_scripts.csv_oracle import OracleRecord, oracle_records
from tests.glue_scripts.texts import layout_of, read_in_pieces

ROOT = Path(__file__).resolve().parents[2]
NASTY_TEXT = st.lists(st.sampled_from(list(b'ab,"\r\n')), max_size=60).map(bytes)
MOSTLY_REGULAR = st.lists(
    st.sampled_from(
        [b"a", b"1", b",", b"\n", b"\r\n", b'"x,y"', b'"p\nq"', b'"d""d"', b'""', b'"', b"\xc3\xa9"]
    ),
    max_size=40,
).map(b"".join)
REGULAR = st.lists(
    st.tuples(
        st.sampled_from([b"1", b'"a\nb"', b'"x, ""y"""', b"", b'""', "größe".encode()]),
        st.sampled_from([b"2", b'"\r\n"', b"z", b'"\n,\n"']),
        st.sampled_from([b"\n", b"\r\n", b"\r"]),
    ),
    max_size=12,
).map(lambda lines: b"".join(a + b"," + b + end for a, b, end in lines))
TEXTS = st.one_of(NASTY_TEXT, MOSTLY_REGULAR, REGULAR)
CUTS = st.lists(st.integers(1, 60), max_size=5)
MANNERS = st.tuples(st.booleans(), st.booleans())
"""Whether a CR ends a line, and whether quotes are strict."""


def is_row(record: OracleRecord, width: int) -> bool:
    return record.fields is not None and len(record.fields) == width


@settings(max_examples=400)
@given(TEXTS, CUTS, st.integers(1, 3), MANNERS)
def test_every_record_is_a_row_or_put_aside_wherever_the_text_is_cut(
    text: bytes, cuts: list[int], width: int, manner: tuple[bool, bool]
) -> None:
    assert_as_the_oracle_says(text, cuts, width, manner)


@pytest.fixture
def seams_in_small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(originals, "READ_BYTES", 16)
        patch.setattr(pieces, "_LARGE_BYTES", 5)
        patch.setattr(pieces, "_SEAM_BYTES", 4)
        patch.setattr(records, "_PART_BYTES", 7)
        yield


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("seams_in_small_blocks")
@given(TEXTS, CUTS, st.integers(1, 3), MANNERS)
def test_every_record_is_a_row_or_put_aside_however_blocks_are_joined_and_parsed(
    text: bytes, cuts: list[int], width: int, manner: tuple[bool, bool]
) -> None:
    assert_as_the_oracle_says(text, cuts, width, manner)


def assert_as_the_oracle_says(
    text: bytes, cuts: list[int], width: int, manner: tuple[bool, bool]
) -> None:
    cr_ends, strict = manner
    found = read_in_pieces(text, layout_of(width, cr_ends=cr_ends, strict=strict), cuts)
    expected = oracle_records(text, cr_ends=cr_ends, strict=strict)
    good = [record for record in expected if is_row(record, width)]
    assert found.rows == [
        tuple(None if field is None else field.decode() for field in record.fields or ())
        for record in good
    ]
    assert [(bad.line + 1, bad.raw) for bad in found.bad] == [
        (record.line, record.raw) for record in expected if not is_row(record, width)
    ]
    assert found.records == len(expected)


@given(TEXTS, CUTS)
def test_types_do_not_depend_on_where_a_text_is_cut(text: bytes, cuts: list[int]) -> None:
    layout = layout_of(2)
    assert read_in_pieces(text, layout, cuts).types == read_in_pieces(text, layout, []).types


@given(TEXTS, st.integers(1, 9))
def test_nothing_depends_on_the_size_of_the_blocks(text: bytes, size: int) -> None:
    assert_same_in_blocks(text, size)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.usefixtures("seams_in_small_blocks")
@given(TEXTS, st.integers(1, 30))
def test_nothing_depends_on_how_blocks_are_joined(text: bytes, size: int) -> None:
    assert_same_in_blocks(text, size)


def assert_same_in_blocks(text: bytes, size: int) -> None:
    def outcome(block: int) -> tuple[list[object], int]:
        blocks = (text[start : start + block] for start in range(0, len(text), block))
        reader = PieceReader(layout_of(2), blocks)
        rows = [row for chunk in reader for row in (*chunk.rows.to_pylist(), *chunk.bad)]
        return sorted(map(str, rows)), reader.lines  # type: ignore[return-value]

    assert outcome(size) == outcome(1 << 20)


def test_the_start_of_a_piece_is_nearly_always_found_at_once() -> None:
    line = b'1,"text with, commas\nand ""line ends""",2.5\n2,plain,3.5\n'
    text = line * 500
    found = read_in_pieces(text, layout_of(3), list(range(101, len(text), 997)))
    assert found.repaired == 0
    assert len(found.rows) == 1000


def test_one_bad_quote_costs_one_record() -> None:
    found = read_in_pieces(b'1,"open\n2,b\n3,"c"\n4,d\n', layout_of(2), [])
    assert found.rows == [("2", "b"), ("3", "c"), ("4", "d")]
    [bad] = found.bad
    assert (bad.line, bad.raw) == (0, b'1,"open')
    assert bad.reason == "a quoted field is not closed, or text follows its closing quote"


@pytest.fixture
def short_records(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (records, pieces):
        monkeypatch.setattr(module, "MAX_RECORD_BYTES", 200)
    monkeypatch.setattr(originals, "READ_BYTES", 64)


LONG = {
    "quoted": b'2,"' + b"x" * 900 + b'"\n',
    "with commas": b'2,"' + b"x,y," * 300 + b'"\n',
    "with lines": b'2,"' + b"3,x\n" * 300 + b'"\r\n',
    "with quotes": b'2,"' + b'a ""b""\n' * 200 + b'",\n',
    "without quotes": b"2," + b"x" * 900 + b"\n",
    "of many fields": b"2," * 900 + b"\n",
    "only just": b'2,"' + b"x" * 196 + b'"\n',
}


@pytest.mark.usefixtures("short_records")
@pytest.mark.parametrize("cuts", [[], [100], [300, 700], list(range(37, 2000, 83))])
@pytest.mark.parametrize("record", LONG.values(), ids=LONG)
def test_a_record_longer_than_the_limit_is_one_that_is_put_aside(
    record: bytes, cuts: list[int]
) -> None:
    found = read_in_pieces(b"1,a\n" + record + b'3,"c"\n4,d\n', layout_of(2), cuts)
    assert found.rows == [("1", "a"), ("3", "c"), ("4", "d")]
    [bad] = found.bad
    assert (bad.line, bad.reason) == (1, "a record of more than 200 bytes, which is the limit")
    assert record.startswith(bad.raw)


@pytest.mark.usefixtures("short_records")
@pytest.mark.parametrize("cuts", [[], [100], [300, 700], list(range(37, 6000, 483))])
@pytest.mark.parametrize("behind", [b"", b'5,"e"\n'])
def test_a_quote_that_nobody_closes_costs_its_line_however_much_follows(
    behind: bytes, cuts: list[int]
) -> None:
    text = b'1,"open\n' + b"2,b\n" * 1000 + behind
    found = read_in_pieces(text, layout_of(2, strict=True), cuts)
    assert found.rows[:1000] == [("2", "b")] * 1000
    assert found.bad[0].line == 0
    assert found.bad[0].raw == b'1,"open'
    assert found.records == 1001 + bool(behind)


def test_a_field_of_many_megabytes_is_one_record() -> None:
    line = b"2024-01-01,some words\n"
    long = b'2,"' + line * (34 * 1024 * 1024 // len(line)) + b'"\n'
    found = read_in_pieces(b"1,a\n" + long + b"3,c\n", layout_of(2), [20 * 1024 * 1024])
    assert found.rows == [("1", "a"), ("3", "c")]
    assert [bad.reason for bad in found.bad] == [
        "a record of more than 33,554,432 bytes, which is the limit"
    ]
    assert len(found.bad[0].raw) <= 4096


def test_a_mark_in_the_middle_is_no_part_of_a_value() -> None:
    mark = b"\xef\xbb\xbf"
    text = mark.join([b'1,"a\n"\n', b"2,b\n", b'"3",c\n', b"\n", mark + b"4,d\n", b""])
    for cuts in ([], [5], [9, 17], [20, 30]):
        found = read_in_pieces(text, layout_of(2), cuts)
        assert found.rows == [("1", "a\n"), ("2", "b"), ("3", "c"), ("4", "d")]
        assert found.bad == []


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b'1,5" pipe', "a quote inside an unquoted field"),
        (b'1, "b"', "a quote inside an unquoted field"),
        (b'1,"b" c', "a quoted field is not closed, or text follows its closing quote"),
        (b'1,"b', "a quoted field is not closed, or text follows its closing quote"),
        (b'"1,"b', "a quoted field is not closed, or text follows its closing quote"),
        (b"1,a\rb", "a carriage return that ends no line"),
        (b'"1"\r,a', "a quoted field is not closed, or text follows its closing quote"),
    ],
)
def test_a_malformed_record_says_what_is_wrong_with_it(record: bytes, reason: str) -> None:
    layout = layout_of(2, cr_ends=False, strict=True)
    found = read_in_pieces(b"0,z\n" + record + b"\n2,b\n", layout, [])
    assert found.rows == [("0", "z"), ("2", "b")]
    assert [bad.reason for bad in found.bad] == [reason]


def test_bytes_that_are_no_characters_cost_their_own_record() -> None:
    found = read_in_pieces(b"1,a\n2,\xff\n3,c\n", layout_of(2), [])
    assert found.rows == [("1", "a"), ("3", "c")]
    assert [(bad.line, bad.raw) for bad in found.bad] == [(1, b"2,\xff")]


def test_the_line_of_a_record_counts_the_line_ends_inside_quotes() -> None:
    found = read_in_pieces(b'1,"a\n\nb"\r\nbad\n2,c\r3\n', layout_of(2), [3, 9, 15])
    assert [bad.line for bad in found.bad] == [3, 5]


def test_escaped_quotes_are_quotes_and_other_backslashes_are_themselves() -> None:
    text = b'1,"say \\"hi\\", \\\\ done"\n2,C:\\temp\n3,"a\\nb"\n4,"x""y"\n'
    found = read_in_pieces(text, layout_of(2, escape="\\"), [])
    assert [row[1] for row in found.rows] == ['say "hi", \\ done', "C:\\temp", "a\\nb", 'x"y']


def test_no_group_is_repeated_possessively() -> None:
    """Python before 3.11.5 matches such groups wrongly; laptops have it."""
    code = [path.read_text() for path in (ROOT / "glue_scripts").rglob("*.py")]
    assert len(code) > 100
    found = [m.group() for text in code for m in re.finditer(r"[^\n]*\)(?:\*\+|\+\+|\?\+)", text)]
    assert found == []

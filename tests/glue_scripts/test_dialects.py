"""Files as Python's writer makes them, in dialects of all kinds, read without being told."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from lake.errors import InputRefused
from lake.reading.formats import inspect_whole
from lake.reading.layout import CsvLayout
from tests.glue_scripts.texts import Text, read_in_pieces

VALUES = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.decimals(-100, 100, places=2).map(str),
    st.sampled_from(
        ["", "x", "02134", "2026-01-31", "10:30:00", 'say "hi"', "a, b", "c; d", "it's"]
    ),
    st.sampled_from(
        ["line\nend", "line\r\nend", "tab\there", "back\\slash", "Größe", "a|b", '"', "''"]
    ),
)


@dataclass(frozen=True)
class Written:
    """A table, and the bytes that a program wrote for it."""

    rows: list[list[str]]
    content: bytes


@st.composite
def written(draw: st.DrawFn) -> Written:
    width = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(VALUES, min_size=width, max_size=width), min_size=3, max_size=8))
    # A row of empty fields alone would be a blank line in some dialects.
    rows = [["k", *row] for row in rows]
    target = io.StringIO(newline="")
    writer = csv.writer(
        target,
        delimiter=draw(st.sampled_from(",;\t|")),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    )
    writer.writerow(["key", *(f"column {i}" for i in range(width))])
    writer.writerows(rows)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    return Written(rows, target.getvalue().encode(encoding))


@settings(max_examples=300)
@given(written(), st.lists(st.integers(1, 200), max_size=3))
def test_a_table_comes_back_as_it_was_written_or_is_refused(
    table: Written, cuts: list[int]
) -> None:
    try:
        found = inspect_whole(Text(table.content), max_ratio=10)
    except InputRefused as refused:
        event(f"refused: {str(refused)[:40]}")
        assume(False)
    layout = found.layout
    assert isinstance(layout, CsvLayout)
    above = len(layout.mark) + layout.body
    cuts = [above + cut for cut in cuts] if layout.splittable else []
    read = read_in_pieces(table.content, layout, cuts)
    assert [["" if value is None else value for value in row] for row in read.rows] == table.rows
    assert (found.rows_in, found.rows_bad) == (len(table.rows), 0)
    assert read.types == found.types


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_line_ends_inside_of_either_quote_end_no_line(quote: str, end: str) -> None:
    other, inner = "\"'".replace(quote, ""), "\r" if end == "\n" else "\n"
    value = f"he said {other}no{other},{inner}she {other}yes{other}"
    content = end.join(["amount", *[f"{quote}{value}{n}{quote}" for n in range(20)], ""]).encode()
    found = inspect_whole(Text(content), max_ratio=10)
    assert (found.rows_in, found.rows_bad, found.layout.fields) == (20, 0, ("amount",))
    assert isinstance(found.layout, CsvLayout)
    rows = read_in_pieces(content, found.layout, []).rows
    assert rows == [(f"{value}{n}",) for n in range(20)]


def test_apostrophes_with_nothing_between_them_are_values() -> None:
    content = b"key,a,b\nk,'',''\nk,'',''\n"
    found = inspect_whole(Text(content), max_ratio=10)
    assert isinstance(found.layout, CsvLayout)
    assert found.layout.quote == '"'
    assert read_in_pieces(content, found.layout, []).rows == [("k", "''", "''")] * 2

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.csv_source import Layout, read
from lake.errors import InputRefused
from lake.records import BadRecord, RecordCutter, Slab
from tests.glue_scripts.csv_oracle import OracleRecord, oracle_records

NASTY_TEXT = st.lists(st.sampled_from(list(b'ab,"\r\n')), max_size=60).map(bytes)
MOSTLY_REGULAR = st.lists(
    st.sampled_from(
        [b"a", b"1", b",", b"\n", b"\r\n", b'"x,y"', b'"p\nq"', b'"d""d"', b'""', b'"', b"\xc3\xa9"]
    ),
    max_size=40,
).map(b"".join)


def blocks_of(text: bytes, size: int) -> Iterator[bytes]:
    return (text[start : start + size] for start in range(0, len(text), size))


def cut(text: bytes, *, width: int = 2, size: int = 1 << 20) -> list[Slab]:
    cutter = RecordCutter(delimiter=b",", width=width, skip_first=False)
    return list(cutter.slabs(blocks_of(text, size)))


def is_row(record: OracleRecord, width: int) -> bool:
    return record.fields is not None and len(record.fields) == width


@given(st.one_of(NASTY_TEXT, MOSTLY_REGULAR), st.integers(1, 9), st.integers(1, 3))
def test_records_are_cut_as_the_rules_say_wherever_the_blocks_end(
    text: bytes, size: int, width: int
) -> None:
    slabs = cut(text, width=width, size=size)
    expected = oracle_records(text)
    good = [record for record in expected if is_row(record, width)]
    bad = [(record.line, record.raw) for record in expected if not is_row(record, width)]
    assert [int(line) for slab in slabs for line in slab.good_lines] == [r.line for r in good]
    assert [(b.line, b.raw) for slab in slabs for b in slab.bad] == bad
    assert sum(slab.rows for slab in slabs) == len(expected)


@given(st.one_of(NASTY_TEXT, MOSTLY_REGULAR), st.integers(1, 9))
def test_rows_hold_exactly_the_values_of_their_records(text: bytes, size: int) -> None:
    layout = Layout(
        compression="", encoding="utf-8", mark="", delimiter=",", header=False, columns=("a", "b")
    )
    chunks = read(lambda: blocks_of(text, size), layout, max_ratio=10)
    rows = [tuple(row.values()) for chunk in chunks for row in chunk.rows.to_pylist()]
    assert rows == [
        tuple(None if field is None else field.decode() for field in record.fields or ())
        for record in oracle_records(text)
        if is_row(record, 2)
    ]


def test_one_bad_quote_costs_one_record() -> None:
    [slab] = cut(b'1,"open\n2,b\n3,"c"\n4,d\n')
    assert slab.good == b'2,b\n3,"c"\n4,d\n'
    assert slab.bad == [
        BadRecord(1, b'1,"open', "a quoted field is not closed, or text follows its closing quote")
    ]


def test_a_bad_quote_costs_one_record_even_if_the_rest_is_larger_than_a_record_may_be() -> None:
    text = b'1,"open\n' + b"2,b\n" * 1000
    cutter = RecordCutter(delimiter=b",", width=2, skip_first=False, max_record=500)
    slabs = list(cutter.slabs(blocks_of(text, 100)))
    assert sum(len(slab.good_lines) for slab in slabs) == 1000
    assert [bad.line for slab in slabs for bad in slab.bad] == [1]


def test_a_line_without_end_is_refused_with_its_number() -> None:
    cutter = RecordCutter(delimiter=b",", width=2, skip_first=False, max_record=50)
    with pytest.raises(InputRefused, match="line 2 has more than 50 bytes"):
        list(cutter.slabs(blocks_of(b"1,a\n" + b"x" * 500, 20)))


def test_bytes_that_are_no_characters_cost_their_own_record() -> None:
    [slab] = cut(b"1,a\n2,\xff\n3,c\n")
    assert slab.good == b"1,a\n3,c\n"
    assert [(bad.line, bad.raw) for bad in slab.bad] == [(2, b"2,\xff")]


def test_the_line_of_a_record_counts_the_line_ends_inside_quotes() -> None:
    slabs = cut(b'1,"a\n\nb"\r\nbad\n2,c\r3,d')
    assert [int(line) for slab in slabs for line in slab.good_lines] == [1, 5, 6]
    assert [bad.line for slab in slabs for bad in slab.bad] == [4]

from __future__ import annotations

import bz2
import gzip

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.errors import InputRefused
from lake.reading import findings, originals
from lake.reading.findings import Inspection
from lake.reading.formats import PieceReading, inspect_whole
from lake.reading.originals import Span
from tests.glue_scripts.texts import Text
from wires.contracts import CsvDemands


def look(content: bytes, *, max_ratio: int = 200, demands: CsvDemands | None = None) -> Inspection:
    return inspect_whole(Text(content), max_ratio=max_ratio, demands=demands or CsvDemands())


def rows(content: bytes) -> list[tuple[str | None, ...]]:
    layout = look(content).layout
    reading = PieceReading(Text(content), layout, Span(0, len(content)), max_ratio=200)
    return [tuple(row.values()) for chunk in reading for row in chunk.rows.to_pylist()]


def aside(content: bytes) -> list[tuple[int, bytes, str]]:
    """Line, text and reason of what is no row, above the header and below it."""
    layout = look(content).layout
    reading = PieceReading(Text(content), layout, Span(0, len(content)), max_ratio=200)
    above = [(line, text.encode("latin-1"), findings.ABOVE) for line, text in layout.before]
    below = [
        (layout.body_line + bad.line, bad.raw, bad.reason) for chunk in reading for bad in chunk.bad
    ]
    return above + below


def glue_types(content: bytes) -> dict[str, str]:
    found = look(content)
    return {n: t.glue for n, t in zip(found.layout.fields, found.types, strict=True)}


def test_a_plain_file_is_read_with_names_types_and_rows() -> None:
    content = b'id,name,amount\n1,a,1.50\n2,"b, ""c""",2.5\n3,"x\ny",\n'
    assert glue_types(content) == {"id": "bigint", "name": "string", "amount": "decimal(18,2)"}
    assert rows(content) == [("1", "a", "1.50"), ("2", 'b, "c"', "2.5"), ("3", "x\ny", None)]
    assert look(content).rows_in == 3


@pytest.mark.parametrize(
    "content",
    [
        "id,name\n1,Müller\n".encode(),
        "id,name\n1,Müller\n".encode("utf-8-sig"),
        "id,name\n1,Müller\n".encode("utf-16"),
        "id,name\n1,Müller\n".encode("latin-1"),
        "id,name\r\n1,Müller\r\n".encode("cp1252"),
        "id;name\r1;Müller".encode(),
        "id\tname\n1\tMüller\n\n".encode(),
        gzip.compress("id,name\n1,Müller\n".encode()),
        bz2.compress("id|name\n1|Müller\n".encode()),
        pa.compress("id,name\n1,Müller\n".encode(), codec="zstd", asbytes=True),
        gzip.compress(b"id,name\n") + gzip.compress("1,Müller\n".encode()),
    ],
)
def test_one_table_in_many_spellings_is_read_the_same(content: bytes) -> None:
    assert look(content).layout.fields == ("id", "name")
    assert rows(content) == [("1", "Müller")]


@given(st.binary(max_size=200), st.integers(20, 60))
def test_what_is_found_does_not_depend_on_the_size_of_the_blocks(content: bytes, size: int) -> None:
    def outcome(block: int) -> object:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(originals, "READ_BYTES", block)
            try:
                return look(content)
            except InputRefused as refused:
                return str(refused)

    assert outcome(size) == outcome(1 << 20)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        (b"1,x,2.5\n2,y,3.5\n", ("column_1", "column_2", "column_3")),
        (b"1,x,2.5\n", ("column_1", "column_2", "column_3")),
        (b"a,b\nx,y\n", ("a", "b")),
        (b"a,b\n", ("a", "b")),
        (b",name\n1,x\n2,y\n", ("", "name")),
    ],
)
def test_a_header_is_recognized_by_what_stands_below_it(
    content: bytes, columns: tuple[str, ...]
) -> None:
    assert look(content).layout.fields == columns


@pytest.mark.parametrize("content", [b"", b"\n\r\n\n", b"a,b\n", b"\xef\xbb\xbf"])
def test_a_file_without_rows_has_none(content: bytes) -> None:
    assert look(content).rows_in == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a;b,c;d\n1;2,3;4\n", "ambiguous: .*comma .2 columns. and by semicolon .3 columns."),
        (gzip.compress(b"a,b\n1,2\n" * 99)[:-9], "gzip data ends early"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "compressed twice: inside gzip is gzip"),
        (gzip.compress(b"a,b\n1,2\n")[:-6] + b"wrong!", "gzip data does not match its checksum"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8x", "byte order mark says utf-16-le"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(InputRefused, match=reason):
        look(content)


@pytest.mark.slow
def test_an_archive_that_explodes_is_refused() -> None:
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * 80_000_000, compresslevel=1)
    with pytest.raises(InputRefused, match="expands by more than 50 times"):
        look(bomb, max_ratio=50)


def test_rows_that_are_none_are_counted_and_told() -> None:
    found = look(b"a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert (found.rows_in, found.rows_bad) == (4, 2)
    assert found.first_bad == "line 3: 1 field, expected 2"


def test_a_type_is_inferred_from_every_value_of_a_file() -> None:
    body = b"".join(b"%d,%d\n" % (i, i) for i in range(400_000))
    assert glue_types(b"a,b\n" + body) == {"a": "bigint", "b": "bigint"}
    assert glue_types(b"a,b\n" + body + b"1,x\n") == {"a": "bigint", "b": "string"}


def test_thousands_of_columns_are_read() -> None:
    header = ",".join(f"c{i}" for i in range(3000))
    line = ",".join(str(i) for i in range(3000))
    found = look(f"{header}\n{line}\n{line}\n".encode())
    assert len(found.layout.fields) == 3000
    assert found.rows_in == 2


def test_the_same_bytes_have_the_same_digest_and_others_another() -> None:
    assert look(b"a,b\n1,2\n").digest == look(b"a,b\n1,2\n").digest
    assert look(b"a,b\n1,2\n").digest != look(b"a,b\n1,3\n").digest


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a:b\n1:2\n3:4\n", [("1", "2"), ("3", "4")]),
        (b"time\n10:00:00\n11:30:00\n", [("10:00:00",), ("11:30:00",)]),
        (b"id;text\n1;a, b\n2;c, d\n", [("1", "a, b"), ("2", "c, d")]),
        (b"a,b\n'x,y',2\n'z',3\n", [("x,y", "2"), ("z", "3")]),
        (b"a,b\n1,'tis\n2,x\n", [("1", "'tis"), ("2", "x")]),
        (b'a,b\n"x \\"q\\", y",2\n', [('x "q", y', "2")]),
        (b'id,path\n1,C:\\temp\n2,"D:\\a"\n', [("1", "C:\\temp"), ("2", "D:\\a")]),
        (b"a|b\n1;2|3\n", [("1;2", "3")]),
        (b"only\n1\n2\n", [("1",), ("2",)]),
        (b"a,b\n1,\0\n", [("1", "\0")]),
    ],
)
def test_the_dialect_is_the_one_that_the_records_show(
    content: bytes, expected: list[tuple[str, ...]]
) -> None:
    assert rows(content) == expected


def test_lines_above_the_header_and_below_the_table_are_put_aside() -> None:
    content = b"Report 2024\n\nid,name,amount\n1,a,2.5\n2,b,3.5\nTotal,6.0\n"
    assert rows(content) == [("1", "a", "2.5"), ("2", "b", "3.5")]
    assert aside(content) == [
        (1, b"Report 2024", "a line above the header"),
        (6, b"Total,6.0", "2 fields, expected 3"),
    ]
    found = look(content)
    assert (found.rows_in, found.rows_bad) == (4, 2)


def test_titles_that_a_spreadsheet_has_padded_are_above_the_header() -> None:
    content = b"Report;;\n;;\nid;name;amt\n1;a;2\n2;;\n"
    assert rows(content) == [("1", "a", "2"), ("2", None, None)]
    assert [line for line, _, _ in aside(content)] == [1, 2]
    assert glue_types(content)["id"] == "bigint"


def test_a_header_that_is_repeated_is_no_row() -> None:
    content = b"id,name\n1,a\nid,name\n2,b\n"
    assert rows(content) == [("1", "a"), ("2", "b")]
    assert aside(content) == [(3, b"id,name", "the header once more")]
    assert glue_types(content)["id"] == "bigint"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"comment\nhello, world\nfoo, bar\n", "ambiguous: .*comma .*, or are one column"),
        (b'"x\n', "not one record is well-formed"),
    ],
)
def test_what_can_be_read_in_two_ways_or_in_none_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(InputRefused, match=reason):
        look(content)


def test_what_is_demanded_is_not_looked_for() -> None:
    content = b"a;b,c;d\n1;2,3;4\n"
    assert look(content, demands=CsvDemands(delimiter=",")).layout.fields == ("a;b", "c;d")
    headless = look(b"a,b\nc,d\n", demands=CsvDemands(header=False))
    assert (headless.layout.fields, headless.rows_in) == (("column_1", "column_2"), 2)
    accented = look("a,b\né,1\n".encode("cp1252"), demands=CsvDemands(encoding="cp1252"))
    assert accented.layout.encoding == "cp1252"

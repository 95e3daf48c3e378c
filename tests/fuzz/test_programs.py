"""From a seed to files, and from a failing case to a small one."""

from __future__ import annotations

import csv
import io
import json

import pyarrow.parquet as pq
import pytest

from fuzz.kinds import Kind, spelled
from fuzz.making import make_case, neighbour
from fuzz.programs import Case, CsvStyle, Format, Odd, Oddity, Part
from fuzz.session import written_files
from fuzz.shrinking import shrink
from fuzz.truth import Duty, Standing
from fuzz.writing import write
from tests.fuzz.fixed import column, dataset, file

_SMALL = [0, 1, 3, 4, 6, 7]


@pytest.mark.parametrize("number", _SMALL)
def test_a_seed_makes_the_same_files_every_time(number: int) -> None:
    one, other = (written_files(make_case("seed", number)) for _ in range(2))
    assert one == other
    assert one != written_files(make_case("another", number))


def test_every_case_has_a_neighbour_that_must_be_published() -> None:
    for number in _SMALL:
        case = make_case("seed", number)
        assert case.datasets[-1].name == "neighbour"
    assert {write(one).duty for one in neighbour(3).files} == {Duty.FULL}


@pytest.mark.parametrize("kind", list(Kind))
def test_csv_by_hand_is_what_python_s_reader_finds(kind: Kind) -> None:
    style = CsvStyle(delimiter=";", line_end="\r\n")
    made = file(Format.CSV, column("id", 1, Kind.INTEGER), column("v", 2, kind), csv=style)
    text = io.StringIO(write(made).body.decode(), newline="")
    found = list(csv.reader(text, delimiter=";"))
    assert found[0] == ["id", "v"]
    assert found[1:] == [
        [spelled(Kind.INTEGER, 1, row), spelled(kind, 2, row)] for row in range(20)
    ]


def test_records_know_their_lines_and_ends() -> None:
    made = file(Format.CSV, column("id", 1, Kind.INTEGER), column("v", 2, Kind.QUOTING))
    written = write(made)
    assert [record.line for record in written.records[:3]] == [2, 4, 6]
    assert written.records[-1].end == len(written.body)


@pytest.mark.parametrize("form", [Format.JSON_LINES, Format.JSON_LIST, Format.JSON_DOCUMENTS])
def test_json_by_hand_is_json(form: Format) -> None:
    made = file(form, column("id", 1, Kind.INTEGER), column("v", 2, (5, Kind.BLANK), Kind.EMOJI))
    text = write(made).body.decode()
    if form is Format.JSON_LIST:
        rows = json.loads(text)
    else:
        joined = text.replace("}\n{", "},{").replace("}\r\n{", "},{")
        rows = json.loads(f"[{joined}]")
    assert [row["id"] for row in rows] == [1_000_000 + n for n in range(20)]
    assert [row["v"] is None for row in rows] == [n < 5 for n in range(20)]


def test_a_column_of_parquet_has_its_values_from_a_row_on() -> None:
    made = file(Format.PARQUET, column("v", 1, (5, Kind.BLANK), Kind.DATE))
    found = pq.read_table(io.BytesIO(write(made).body))["v"].to_pylist()
    assert [value is None for value in found] == [n < 5 for n in range(20)]


@pytest.mark.parametrize(
    ("delimiter", "kind", "duty"),
    [
        (";", Kind.DECIMAL_COMMA, Duty.FULL),
        (",", Kind.CLOCK, Duty.FULL),
        ("~", Kind.WORD, Duty.HONEST),
    ],
)
def test_no_more_is_demanded_than_the_text_says(delimiter: str, kind: Kind, duty: Duty) -> None:
    style = CsvStyle(delimiter=delimiter)
    made = file(Format.CSV, column("id", 1, Kind.INTEGER), column("v", 2, kind), csv=style)
    assert write(made).duty is duty


def test_a_single_column_that_can_be_split_everywhere_is_in_doubt() -> None:
    prices = file(Format.CSV, column("p", 1, Kind.DECIMAL_COMMA), csv=CsvStyle(delimiter=";"))
    named = file(Format.CSV, column("p,q", 1, Kind.DECIMAL_COMMA), csv=CsvStyle(delimiter=";"))
    assert write(prices).duty is Duty.HONEST
    assert write(named).duty is Duty.NONE


def test_an_odd_record_among_many_is_bad_and_leaves_the_others_as_they_are() -> None:
    odd = (Odd(10, Oddity.LONG),)
    made = file(Format.CSV, column("a", 1, Kind.WORD), column("b", 2, Kind.WORD), rows=40, odd=odd)
    written = write(made)
    assert written.duty is Duty.FULL
    assert [record.standing is Standing.BAD for record in written.records] == [
        n == 10 for n in range(41)
    ]


def test_shrinking_ends_at_one_row_of_one_column_of_one_file() -> None:
    guilty = column("guilty", 2, (700, Kind.WORD), (1, Kind.BOMB), Kind.INTEGER)
    others = [column(f"c{n}", 3 + n, Kind.WORD) for n in range(5)]
    first = file(Format.CSV, *others, rows=900)
    style = CsvStyle(quote_all=True, line_end="\r\n")
    second = file(Format.CSV, *others, guilty, rows=900, number=1, csv=style)
    case = Case(datasets=(dataset(first, second), neighbour(1)))

    def fails(tried: Case) -> bool:
        return any(b"e9999" in write(f).body for d in tried.datasets for f in d.files)

    small = shrink(case, fails, seconds=60)
    [[only]] = [one.files for one in small.datasets]
    assert (only.rows, only.csv) == (1, CsvStyle())
    assert [one.name for one in only.columns] == ["guilty"]
    assert only.columns[0].parts == (Part(1, Kind.BOMB),)


def test_shrinking_keeps_to_its_time() -> None:
    case = make_case("seed", 1)
    assert shrink(case, lambda _: True, seconds=-1) == case


@pytest.mark.parametrize(
    ("titles", "duty"),
    [(("Report",), Duty.FULL), (("Report,2025",), Duty.FULL), (("A,b,c",), Duty.NONE)],
)
def test_a_title_as_wide_as_the_table_may_be_its_header(
    titles: tuple[str, ...], duty: Duty
) -> None:
    columns = [column(name, tag, Kind.INTEGER) for tag, name in enumerate("xyz", start=1)]
    made = file(Format.CSV, *columns, csv=CsvStyle(titles=titles))
    assert write(made).duty is duty

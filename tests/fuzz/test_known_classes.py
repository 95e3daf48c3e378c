"""What the fuzzer found first, and must not find again: one program per class, and its like."""

from __future__ import annotations

from itertools import permutations

import pytest

from fuzz.kinds import Kind
from fuzz.making import neighbour
from fuzz.programs import ColumnarStyle, CsvStyle, Format, Odd, Oddity, Part
from tests.fuzz.conftest import Findings
from tests.fuzz.fixed import column, dataset, file

_TEXTS = (Format.CSV, Format.JSON_LINES, Format.PARQUET)


@pytest.mark.parametrize("wave", [0, 1])
def test_whole_numbers_beside_decimals_of_one_dataset_are_published(
    findings: Findings, wave: int
) -> None:
    sets = [
        dataset(
            file(form, column("v", 1, Kind.DECIMAL)),
            file(form, column("v", 1, Kind.INTEGER), number=1, wave=wave),
            name=form.name.lower(),
        )
        for form in (Format.JSON_LINES, Format.PARQUET, Format.ORC, Format.AVRO)
    ]
    assert findings(*sets, neighbour(1)) == []


@pytest.mark.parametrize("at", [500, 1000, 1001])
@pytest.mark.few(1)
def test_a_column_without_a_value_in_the_sample_keeps_what_comes_later(
    findings: Findings, at: int
) -> None:
    sets = []
    for kind in (Kind.WORD, Kind.INTEGER, Kind.DATE, Kind.EMPTY):
        late = column("note", 2, (at, Kind.BLANK), kind)
        beside = file(Format.CSV, column("id", 1, Kind.INTEGER), late, rows=at + 30)
        alone = file(Format.CSV, late, rows=at + 30)
        name = kind.name.lower()
        sets += [dataset(beside, name=f"{name}beside"), dataset(alone, name=f"{name}alone")]
    assert findings(*sets, neighbour(2)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [("名前", "都市"), ("имя", "город"), ("😀", "🍎"), ("Πόλη", "名前"), ("%", "€")]
)
def test_names_in_any_script_are_the_same_columns_in_every_order(
    findings: Findings, names: tuple[str, str]
) -> None:
    columns = [column(name, tag, Kind.WORD) for tag, name in enumerate(names, start=1)]
    sets = []
    for form in _TEXTS:
        turned = [
            file(form, *order, number=number) for number, order in enumerate(permutations(columns))
        ]
        lacking = file(form, column("id", 3, Kind.INTEGER), columns[1], number=2)
        sets.append(dataset(*turned, lacking, name=form.name.lower()))
    assert findings(*sets, neighbour(1)) == []


@pytest.mark.slow
@pytest.mark.parametrize("names", [("Id", "id"), ("a.b", "a_b"), ("a", "a "), ("Amount", "amount")])
def test_names_that_meet_when_cleaned_are_two_columns_whatever_stands_beside_them(
    findings: Findings, names: tuple[str, str]
) -> None:
    first, second = (column(name, tag, Kind.WORD) for tag, name in enumerate(names, start=1))
    sets = []
    for form in _TEXTS:
        files = [
            file(form, *columns, column("n", 3, Kind.INTEGER), number=number)
            for number, columns in enumerate(
                [(first,), (first, second), (second, first), (second,)]
            )
        ]
        sets.append(dataset(*files, name=form.name.lower()))
    assert findings(*sets, neighbour(1)) == []


@pytest.mark.slow
@pytest.mark.parametrize("rows", [20, 500])
@pytest.mark.parametrize("kind", [Kind.DECIMAL_COMMA, Kind.URL])
def test_a_separator_inside_values_does_not_beat_the_one_that_the_header_has(
    findings: Findings, rows: int, kind: Kind
) -> None:
    columns = column("id", 1, Kind.INTEGER), column("price", 2, kind)
    sets = [
        dataset(
            file(
                Format.CSV,
                *columns,
                rows=rows,
                csv=CsvStyle(delimiter=";"),
                odd=(Odd(rows - 1, oddity),),
            ),
            name=oddity.name.lower(),
        )
        for oddity in (Oddity.LONG, Oddity.COMMENT, Oddity.FOOTER)
    ]
    assert findings(*sets, neighbour(1)) == []


def test_values_of_a_single_column_are_not_split_at_what_is_in_them(findings: Findings) -> None:
    kinds = (Kind.DECIMAL_COMMA, Kind.URL, Kind.CLOCK, Kind.MAC, Kind.PHRASE)
    columns = [column("name", 1, (30, Kind.WORD), kind) for kind in kinds]
    columns += [column("price", 1, kind) for kind in kinds]
    files = [
        file(Format.CSV, only, rows=60, csv=CsvStyle(delimiter=delimiter))
        for only in columns
        for delimiter in ",;"
    ]
    sets = [dataset(one, name=f"s{number}") for number, one in enumerate(files)]
    assert findings(*sets, neighbour(1)) == []


@pytest.mark.slow
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("rows", [3, 20, 2000])
def test_a_carriage_return_inside_a_field_does_not_end_a_record(
    findings: Findings, line_end: str, rows: int
) -> None:
    columns = column("w", 1, Kind.WORD), column("n", 2, Kind.INTEGER)
    sets = [
        dataset(
            file(
                Format.CSV,
                *columns[:width],
                rows=rows,
                csv=CsvStyle(line_end=line_end),
                odd=(Odd(at, Oddity.LONE_CR),),
            ),
            name=f"s{width}at{at}",
        )
        for width in (1, 2)
        for at in (0, rows // 2, rows)
    ]
    assert findings(*sets, neighbour(1)) == []


@pytest.mark.slow
@pytest.mark.parametrize("form", [Format.JSON_LINES, Format.JSON_LIST, Format.JSON_DOCUMENTS])
def test_numbers_of_json_are_what_they_say(findings: Findings, form: Format) -> None:
    kinds = (Kind.EXACT, Kind.TINY, Kind.VAST, Kind.EXPONENT, Kind.DOUBLE, Kind.MINUS_ZERO)
    sets = [
        dataset(
            file(form, column("n", 1, *parts), column("w", 2, Kind.WORD)),
            name=f"{kind.name.lower()}{len(parts)}",
        )
        for kind in kinds
        for parts in ((kind,), ((10, Kind.INTEGER), kind), ((10, Kind.WORD), kind))
    ]
    assert findings(*sets, neighbour(1)) == []


def test_a_title_with_a_delimiter_in_it_leaves_the_columns_their_names(findings: Findings) -> None:
    sets = [
        dataset(
            file(
                Format.CSV,
                column("amount", 1, Kind.DECIMAL_COMMA),
                column("name", 2, Kind.WORD),
                rows=rows,
                csv=CsvStyle(delimiter=";", titles=titles),
            ),
            name=f"s{rows}of{len(titles)}",
        )
        for rows in (1, 5, 600)
        for titles in (("Report,2025",), ("Report,2025", "made by hand"))
    ]
    assert findings(*sets, neighbour(1)) == []


def test_a_header_of_signs_is_found_again(findings: Findings) -> None:
    again = (Odd(0, Oddity.HEADER_AGAIN),)
    sets = [
        dataset(file(Format.CSV, column(name, 1, Kind.INSTANT), rows=rows, odd=again), name=spelled)
        for name, spelled in (("%", "percent"), ("€", "euro"))
        for rows in (1, 30)
    ]
    assert findings(*sets, neighbour(1)) == []


@pytest.mark.slow
@pytest.mark.parametrize("form", [Format.PARQUET, Format.ORC, Format.AVRO])
def test_a_file_without_rows_is_whole(findings: Findings, form: Format) -> None:
    style = ColumnarStyle(codec="none" if form is Format.PARQUET else "", dictionary=False)
    made = file(form, column("First Name", 1, Kind.WORD), rows=0, columnar=style)
    assert findings(dataset(made), neighbour(1)) == []


def test_the_parts_of_a_program_are_told_apart() -> None:
    late = column("note", 2, (500, Kind.BLANK), Kind.WORD)
    assert late.parts == (Part(500, Kind.BLANK), Part(0, Kind.WORD))
    assert [late.kind_at(row) for row in (0, 499, 500, 9999)] == [
        Kind.BLANK,
        Kind.BLANK,
        Kind.WORD,
        Kind.WORD,
    ]

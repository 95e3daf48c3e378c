"""Delimiters and headers of many generated files: what values hold does not decide, what the
records agree on does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from tests.glue_scripts.tables import outcome
from wires.contracts import CsvDemands, QuotesInFields

SEEDS = range(6)
Maker = Callable[[random.Random], str]
KINDS: dict[str, Maker] = {
    "whole": lambda draw: str(draw.randint(0, 9999)),
    "decimal": lambda draw: f"{draw.randint(0, 99)}.{draw.randint(0, 99):02d}",
    "comma": lambda draw: f"{draw.randint(0, 99)},{draw.randint(0, 9)}",
    "day": lambda draw: f"2024-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
    "time": lambda draw: f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}:00",
    "url": lambda draw: f"https://example.com/{draw.randint(1, 99)}",
    "mac": lambda draw: ":".join(f"{draw.randint(0, 255):02X}" for _ in range(6)),
    "word": lambda draw: draw.choice(["Ada", "Ben", "Zoë", "lamp", "Łódź"]),
    "words": lambda draw: draw.choice(["a small lamp", "Main Street 5", "yes, please", "not here"]),
    "languages": lambda draw: ";".join(draw.sample(["de", "en", "fr", "it"], draw.randint(1, 3))),
    "zip": lambda draw: f"0{draw.randint(1000, 9999)}",
}


def dice(*of: object) -> random.Random:
    return random.Random(str(of))  # noqa: S311 - no secret


def table(kinds: tuple[str, ...], rows: int, draw: random.Random) -> list[list[str]]:
    return [[KINDS[kind](draw) for kind in kinds] for _ in range(rows)]


def text(rows: list[list[str]], delimiter: str) -> str:
    return "".join(delimiter.join(row) + "\n" for row in rows)


def shapes() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Delimiters, and kinds of columns whose values do not hold them."""
    pairs = product(KINDS, KINDS)
    for delimiter in ",;\t|":
        for kinds in pairs if delimiter == ";" else product(KINDS, ["whole", "word"]):
            held = {",": {"comma", "words"}, ";": {"languages"}}.get(delimiter, set())
            if not held & set(kinds):
                yield delimiter, kinds


@pytest.mark.parametrize(("delimiter", "kinds"), list(shapes()))
@pytest.mark.few(60)
def test_the_delimiter_is_found_whatever_the_values_hold(
    delimiter: str, kinds: tuple[str, ...]
) -> None:
    for seed in SEEDS:
        draw = dice(delimiter, kinds, seed)
        rows = table(("whole", *kinds), draw.choice([3, 20, 501]), draw)
        bad = draw.choice(["", "x\n", f"a{delimiter}b{delimiter}c{delimiter}d\n", "# 1, 2; 3\n"])
        at = draw.randint(1, len(rows) - 1)
        content = text([["id", "first", "second"], *rows[:at]], delimiter) + bad
        found = outcome(content + text(rows[at:], delimiter))
        assert found.rows == [tuple(row) for row in rows], found.refused
        assert len(found.aside) == bool(bad)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("seed", SEEDS)
def test_one_column_is_left_whole_or_refused(kind: str, seed: int) -> None:
    draw = dice(kind, seed)
    rows = table((kind,), draw.choice([3, 20, 501]), draw)
    found = outcome(text([["value"], *rows], "?"))
    if not found.refused:
        assert found.rows == [tuple(row) for row in rows]
    assert not found.refused or kind == "languages"


@pytest.mark.parametrize("seed", SEEDS)
def test_quotes_that_hold_keep_what_is_in_them_whole(seed: int) -> None:
    draw = dice(seed)
    names = ["O'Brien, John", "Smith, Anna", "d'Arc; Jeanne", "it's", "a|b", "x\ty", "1,5"]
    rows = [[draw.choice(names)] for _ in range(20)]
    found = outcome("name\n" + "".join(f'"{row[0]}"\n' for row in rows))
    assert found.rows == [tuple(row) for row in rows]


@pytest.mark.parametrize("delimiter", [":", " ", "^", "~"])
@pytest.mark.parametrize("seed", SEEDS)
def test_an_unusual_delimiter_is_one_that_the_header_has_too(delimiter: str, seed: int) -> None:
    draw = dice(delimiter, seed)
    rows = table(("whole", "word", "decimal"), 20, draw)
    found = outcome(text([["id", "name", "price"], *rows], delimiter))
    assert found.rows == [tuple(row) for row in rows]


@pytest.mark.parametrize(
    "content",
    ["1,50\n2,25\n3,75\n", "a;b,c;d\n1;2,3;4\n", "Zip City\n12345 Boston\n23456 Paris\n"],
)
def test_where_two_readings_are_equally_good_both_are_shown(content: str) -> None:
    found = outcome(content)
    assert "the delimiter is ambiguous" in found.refused
    assert found.refused.count("[") == 2
    settled = outcome(content, CsvDemands(delimiter=",", header=False))
    assert len(settled.rows) + len(settled.aside) == content.count("\n")


NUMBERS = ("whole", "decimal", "day", "zip")


@pytest.mark.parametrize("kinds", list(product(NUMBERS, NUMBERS, ["word", *NUMBERS])))
def test_a_first_record_that_is_a_row_is_a_row(kinds: tuple[str, ...]) -> None:
    for seed in SEEDS:
        draw = dice(kinds, seed)
        rows = table(kinds, draw.choice([1, 2, 20]), draw)
        rows[0][draw.randrange(2)] = draw.choice(["n/a", "", "NULL", "-", rows[0][0]])
        rows += [rows[0]] if len(rows) > 1 else []
        found = outcome(text(rows, ","))
        if found.refused:
            assert len(rows) == 1, found.refused
            continue
        cells = [tuple(cell or "" for cell in row) for row in found.rows]
        assert (cells, found.aside) == ([tuple(row) for row in rows], [])


@pytest.mark.parametrize("kinds", list(product(KINDS, KINDS)))
def test_a_header_is_found_above_values_of_any_kind(kinds: tuple[str, ...]) -> None:
    for seed in SEEDS:
        draw = dice(kinds, seed)
        rows = table(kinds, draw.choice([2, 20]), draw)
        found = outcome(text([["name of it", "second"], *rows], "\t"))
        assert (found.header, len(found.rows)) == (["name of it", "second"], len(rows))


@pytest.mark.parametrize("years", [["2021"], ["2021", "2022"], ["1999", "2000", "2001", "2002"]])
@pytest.mark.parametrize("seed", SEEDS)
def test_years_are_names_above_values_that_are_none(years: list[str], seed: int) -> None:
    draw = dice(years, seed)
    rows = [[KINDS["word"](draw), *(str(draw.randint(0, 500)) for _ in years)] for _ in range(20)]
    found = outcome(text([["state", *years], *rows], ","))
    assert (found.header, len(found.rows)) == (["state", *years], 20)


@pytest.mark.parametrize("seed", SEEDS)
def test_years_above_years_are_a_row(seed: int) -> None:
    draw = dice(seed)
    rows = [[f"{KINDS['word'](draw)} {i}", str(draw.randint(1950, 2020))] for i in range(20)]
    assert outcome(text(rows, ",")).rows == [tuple(row) for row in rows]


def test_what_may_be_a_header_and_may_be_a_row_is_refused() -> None:
    for content in ("red\nblue\nred\n", "x,1,2,3\ny,5,7,1\n", "state,2021,2022\n"):
        assert "names the columns or is a row" in outcome(content).refused
        assert outcome(content, CsvDemands(header=False)).rows
        assert outcome(content, CsvDemands(header=True)).header


@pytest.mark.parametrize(
    ("content", "header", "above"),
    [
        ("Report,2025\nid,region,q1\n1,a,5\n2,b,6\n", ["id", "region", "q1"], 1),
        ("Report,2025,x\nid,region,q1,q2\n1,a,5,6\n2,b,6,7\n", ["id", "region", "q1", "q2"], 1),
        ("Umsatz\nid;preis\n1;1,5\n2;2,5\n", ["id", "preis"], 1),
        ("# by, me\n# now\nid,v\n1,2\n3,4\n", ["id", "v"], 2),
        ("sep=;\nid;v\n1;1,5\n2;2,5\n", ["id", "v"], 0),
        ('"sep=|"\r\nid|v\r\n1|a;b\r\n2|c;d\r\n', ["id", "v"], 0),
        ("Report;;\nid;v;w\n1;2;3\n4;5;6\n", ["id", "v", "w"], 1),
        ('id,"name,city\n1,a,b\n2,c,d\n', ["id", "name", "city"], 0),
        ("id,name,\n1,a\n2,b\n", ["id", "name"], 0),
        ("a, b, c\n1, 2, x\n3, 4, y\n", ["a", "b", "c"], 0),
    ],
)
def test_what_stands_above_a_header_is_put_aside(
    content: str, header: list[str], above: int
) -> None:
    found = outcome(content)
    assert (found.header, len(found.rows), len(found.aside)) == (header, 2, above)


@pytest.mark.parametrize(
    "content",
    ["id,name\n1,a,x\n2,b,y\n", "id,name\n1,a,x\n2,b,\n", "Report\n1,a,2.5\n2,b,3.5\n"],
)
def test_rows_are_not_published_under_names_that_nobody_gave_them(content: str) -> None:
    found = outcome(content)
    assert "nothing names their columns" in found.refused or "ambiguous" in found.refused
    assert len(outcome(content, CsvDemands(delimiter=",", header=False)).rows) == 2


def test_a_contract_may_keep_quotes_inside_unquoted_fields() -> None:
    content = 'id,item\n1,5" pipe\n2,lamp\n'
    assert outcome(content).reasons == ["a quote inside an unquoted field"]
    kept = outcome(content, CsvDemands(quotes_in_fields=QuotesInFields.KEEP))
    assert kept.rows == [("1", '5" pipe'), ("2", "lamp")]


@pytest.mark.parametrize("names", [1, 3])
@pytest.mark.parametrize("delimiter", ",;\t|")
def test_apostrophes_around_every_field_are_quotes_whatever_is_blank(
    names: int, delimiter: str
) -> None:
    rows = [[""] * names for _ in range(300)]
    rows[250] = ["word"] * names
    written = [[f"'{cell}'" for cell in row] for row in [["name"] * names, *rows]]
    found = outcome(text(written, delimiter))
    assert found.header == ["name"] * names
    assert found.rows == [tuple(row) for row in rows]


UNTOLD: dict[str, Maker] = {
    "percent": lambda draw: f"{draw.randint(0, 99)},{draw.randint(1, 9)} %",
    "grouped": lambda draw: f"{draw.randint(1, 99)},{draw.randint(100, 999)}",
    "money": lambda draw: f"${draw.randint(0, 9)},{draw.randint(100, 999)}.00",
    "cents": lambda draw: f"{draw.randint(0, 99)},{draw.randint(0, 99):02d}",
    "month": lambda draw: f"{draw.choice(['Jan', 'Feb'])} {draw.randint(1, 28)}, 2024",
    "fraction": lambda draw: f"2024-01-02 10:00:{draw.randint(10, 59)},{draw.randint(0, 999):03d}",
    "clock": lambda draw: f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}",
    "query": lambda draw: f"https://example.com/?a={draw.randint(1, 9)};b={draw.randint(1, 9)}",
    "path": lambda draw: f"C:\\data\\{draw.choice(['lamp', 'rug'])}.txt",
    "mac": KINDS["mac"],
    "phone": lambda draw: f"+49 30 {draw.randint(10000, 99999)}",
    "code": lambda draw: f"{draw.choice('ABC')}-{draw.randint(100, 999)}",
    "span": lambda draw: f"{draw.randint(1, 9)}-{draw.randint(10, 19)}",
    "duration": lambda draw: f"{draw.randint(0, 9)}h {draw.randint(0, 59)}m",
}
"""Of which a file without a header tells nothing but what they look like."""


@pytest.mark.parametrize("kind", sorted(UNTOLD))
@pytest.mark.parametrize("seed", SEEDS)
def test_one_column_without_a_header_is_left_whole_or_refused(kind: str, seed: int) -> None:
    draw = dice(kind, seed)
    values = [UNTOLD[kind](draw) for _ in range(draw.choice([2, 3, 8, 40]))]
    found = outcome("".join(f"{value}\n" for value in values))
    assert found.refused or found.rows == [(value,) for value in values]
    settled = outcome(
        "".join(f"{value}\n" for value in values), CsvDemands(delimiter="|", header=False)
    )
    assert settled.rows == [(value,) for value in values]


@pytest.mark.parametrize("delimiter", ",;\t|")
@pytest.mark.parametrize("kind", sorted(UNTOLD))
def test_beside_others_they_are_rows_without_a_header(delimiter: str, kind: str) -> None:
    for seed in SEEDS:
        draw = dice(delimiter, kind, seed)
        rows = [
            [str(draw.randint(1000, 9999)), UNTOLD[kind](draw), draw.choice(["red", "blue"])]
            for _ in range(draw.choice([3, 8, 40]))
        ]
        if any(delimiter in row[1] for row in rows):
            continue
        found = outcome(text(rows, delimiter))
        assert found.rows == [tuple(row) for row in rows], found.refused


@pytest.mark.parametrize("title", ["Report, 2025", "Umsatz; Mai", "a | b", "Report, 2025; final"])
@pytest.mark.parametrize("delimiter", ",;\t|")
def test_a_title_with_delimiters_in_it_is_no_header(title: str, delimiter: str) -> None:
    for seed in SEEDS:
        draw = dice(title, delimiter, seed)
        width = draw.randint(2, 4)
        kinds = ["whole", "decimal", "day", "word"][:width]
        rows = table(tuple(kinds), draw.choice([3, 8, 40]), draw)
        found = outcome(f"{title}\n" + text([kinds, *rows], delimiter))
        assert found.refused or found.rows == [tuple(row) for row in rows]
        assert found.refused or found.header == kinds
        # One that is as wide as the table may be the header.
        assert not found.refused or title.count(delimiter) == width - 1


@pytest.mark.parametrize("delimiter", ",;\t|")
@pytest.mark.parametrize("names", [1, 2, 4])
def test_rows_may_end_with_a_delimiter_that_the_header_lacks(delimiter: str, names: int) -> None:
    for seed in SEEDS:
        draw = dice(delimiter, names, seed)
        rows = table(("word", "whole", "day", "word")[:names], draw.choice([1, 2, 40, 2000]), draw)
        header = delimiter.join(f"name {i}" for i in range(names)) + "\n"
        body = text([[*row, ""] for row in rows], delimiter)
        found = outcome(header + body)
        if names > 1 or len(rows) > 2:
            assert (found.rows, found.aside) == ([tuple(row) for row in rows], []), found.refused
        if len(rows) == 2000:
            late = outcome(header + body + text([[*rows[0], "x"]], delimiter) + header)
            assert late.rows == [tuple(row) for row in rows]
            assert [reason.split(",")[0] for reason in late.reasons] == [
                "a value behind the last delimiter",
                f"{names} field{'s' * (names > 1)}",
            ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("time,temp\ns,°C\n1,2.5\n2,3.5\n3,4.5\n", "two lines look like names"),
        ("| id | name |\n|----|------|\n| 1  | Ada  |\n", "two lines look like names"),
        ("Report 2025\namount\n5\n6\n7\n", "two lines look like names"),
        ("k;v\nx;1\ny;2\na;b;c\n1;2;3\n4;5;6\n", "it holds two tables"),
        ("sep=,\nid;v\n1;2\n2;3\n", "the first line says that ',' separates"),
        ("name      age\nAda        30\nBen        40\n", "aligned with spaces"),
        ('"id,name,v"\n"1,""a"",3"\n"2,""b"",4"\n', "in quotes as a whole"),
        ("a|b|c\nx\ny\nz|w\nz|w|v|u\nz|w|v|u|t\n", "the others have other numbers"),
        ("ip|city|v\n10.0.0.1|Main St\nBern|5\n10.0.0.2|Elm St\nRome|6\n", "either the first line"),
        ("Sums; 2025\nfirst name\nAda\nBen\n", "the others have other numbers"),
        ("share,100%\n", "names the columns or is a row"),
        ("root:x:0:/root\nbin:x:1:/bin\nftp:x:2:/ftp\n", "the delimiter is ambiguous"),
        ("10%,50%,90%\n1.5,2.5,3.5\n1.6,2.6,3.6\n", "names the columns or is a row"),
        ("SN-0001;4h 3m\n", "names the columns or is a row"),
        ("http://a.example,5\nhttp://b.example,7\n", "the delimiter is ambiguous"),
        ("1,5\n2,75\n3,5\n", "the delimiter is ambiguous"),
    ],
)
def test_what_a_person_would_not_read_without_a_doubt_is_refused(content: str, reason: str) -> None:
    assert reason in outcome(content).refused


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("name;lat,lon\nBerlin;52.52,13.40\nRome;41.90,12.49\nOslo;59.91,10.75\n", 3),
        ("26,4 %;96497\n32,3 %;27389\n", 2),
        ("yes;1/12/2024;$2,976.24\nno;1/13/2024;$1,976.24\n", 2),
        ("00123,02134\n00124,02135\n", 2),
        ("1,2345\n2,17\n3,8\n", 3),
        ("Ada,30,Rome\nBen,n/a,Bern\nCleo,50,Oslo\n", 3),
        ("id,v\nid,v\n1,2.5\n2,3.5\n", 2),
        ("%\n%\n2024-07-06T00:01:00Z\n", 1),
    ],
)
def test_what_a_person_would_read_without_a_doubt_is_read(content: str, rows: int) -> None:
    found = outcome(content)
    assert len(found.rows) == rows, found.refused


@pytest.mark.parametrize("kind", ["whole", "decimal", "day", "time", "zip", "mac"])
def test_a_comment_as_wide_as_the_table_is_no_row_where_it_cannot_be_one(kind: str) -> None:
    for seed in SEEDS:
        draw = dice(kind, seed)
        rows = table((kind, "word"), draw.choice([3, 40, 2000]), draw)
        rows[-1][0] = "#N/A"
        at = draw.randrange(len(rows))
        content = text([["first", "second"], *rows[:at]], ",") + "# by hand, 2024\n"
        found = outcome(content + text(rows[at:], ","))
        assert found.rows == [tuple(row) for row in rows], found.refused
        assert found.reasons == ["a comment"]
    found = outcome("tag,n\n# one,1\n# two,2\n")
    assert len(found.rows) == 2


def test_names_of_signs_alone_are_told_apart() -> None:
    rows = [("1", "2")] * 9
    found = outcome("%,€\n" + "1,2\n" * 5 + "$,§\n%,€\n" + "1,2\n" * 4)
    assert found.rows == [*rows[:5], ("$", "§"), *rows[5:]]
    assert found.reasons == ["the header once more"]


@pytest.mark.parametrize("end", ["\r", "\r\r", "\n", "\r\n"])
@pytest.mark.parametrize("header", ["name,amount", "a;b", "name", "'a','b'", '"a"'])
def test_a_header_alone_is_a_table_without_rows_whatever_ends_it(header: str, end: str) -> None:
    found = outcome(header + end)
    assert (found.rows, found.aside, found.refused) == ([], [], "")
    assert len(found.header) == len(header.replace(";", ",").split(","))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_header_may_be_longer_than_the_first_sample(end: str) -> None:
    names = [f"{number}{'x' * 40_000}" for number in range(30)]
    found = outcome(end.join([",".join(names), ",".join(map(str, range(30))), ""]))
    assert found.header == names
    assert found.rows == [tuple(map(str, range(30)))]


@pytest.mark.parametrize("mark", ["?", "-", "n/a", "null"])
def test_words_of_which_one_stands_for_nothing_are_not_taken_for_a_row(mark: str) -> None:
    """Names and rows look alike: it is said, and a contract tells."""
    text = f"{mark};name;place\nAda;Ben;Oslo\nCleo;Dan;Rome\n"
    assert "not clear whether the first line names the columns" in outcome(text).refused
    declared = outcome(text, CsvDemands(header=True))
    assert (declared.refused, len(declared.rows)) == ("", 2)


def test_a_time_of_day_is_no_second_header() -> None:
    found = outcome('"First Name"\n"16:26:21"\n"21100001,1"\n"21100002,2"\n')
    assert (found.refused, found.header) == ("", ["First Name"])
    assert len(found.rows) == 3


ODD_RECORDS = ("'w1','x'", "'w1'y", "'w1", "w1", "'a' b'")


@pytest.mark.parametrize("odd", ODD_RECORDS)
@pytest.mark.parametrize("header", ["'name'", "name"])
@pytest.mark.parametrize("place", [3, 25, 59])
def test_apostrophes_around_nearly_all_values_are_quotes(header: str, odd: str, place: int) -> None:
    """One record that disagrees does not leave them in the values of all others."""
    values = [f"'a{number}, b; c|d'" for number in range(60)]
    values[place] = odd
    found = outcome("\n".join([header, *values, ""]))
    assert found.header == ["name"]
    right = {(f"a{number}, b; c|d",) for number in range(60) if number != place}
    assert right <= set(found.rows)
    assert len(found.rows) + len(found.aside) == 60


@pytest.mark.parametrize("delimiter", ["~", "^", "\x1f", "\x01"])
def test_signs_that_stand_in_no_name_split_what_may_be_one_address(delimiter: str) -> None:
    rows = [["host", "price"], *([f"http://host:8080/{n}", f"{n}.50"] for n in range(20))]
    found = outcome(text(rows, delimiter))
    assert (found.refused, found.header) == ("", ["host", "price"])
    assert found.rows == [tuple(row) for row in rows[1:]]

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
    ["id,name\n1,a,x\n2,b,y\n", "id,name\n1,a,\n2,b,\n", "Report\n1,a,2.5\n2,b,3.5\n"],
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

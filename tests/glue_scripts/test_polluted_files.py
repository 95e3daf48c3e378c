"""One clean table, and what happens to tables on their way: whatever it is, what is published are
rows of the clean one, under its names."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from typing import Literal

import pytest

from tests.glue_scripts.tables import Outcome, outcome

NAMES = ["DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType", "Description", "URL"]
Row = list[str]
Pollution = Callable[[random.Random, list[Row]], tuple[bytes, int]]
"""Makes the file, and says how many of its rows at least have to be published."""


def clean(seed: int, size: int = 60) -> list[Row]:
    draw = random.Random(seed)  # noqa: S311 - no secret
    words = ["lamp", "small chair", "table, oak", 'a "good" shelf', "line\nend", "Größe L", "rug"]
    return [
        [
            f"2024-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
            f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}:00",
            str(draw.randint(1, 99)),
            f"{draw.randint(0, 99999):05d}",
            f"{draw.randint(1, 500)}.{draw.randint(0, 99):02d}",
            draw.choice(["A", "B", "Bulk"]),
            draw.choice(words),
            f"http://shop.example/{draw.randint(1, 999)}?a=1;b=2",
        ]
        for _ in range(size)
    ]


def written(
    rows: list[Row],
    *,
    delimiter: str = ",",
    end: str = "\r\n",
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL,
    quote: str = '"',
    names: Row | None = NAMES,
) -> str:
    target = io.StringIO(newline="")
    writer = csv.writer(
        target,
        delimiter=delimiter,
        lineterminator=end,
        quoting=quoting,
        quotechar=quote,
    )
    writer.writerows([*([names] if names else []), *rows])
    return target.getvalue()


def lines_of(rows: list[Row], **how: str) -> list[str]:
    """Each record on its own, without its line end."""
    return [written([row], names=None, end="\n", **how)[:-1] for row in [NAMES, *rows]]  # type: ignore[arg-type]


def joined(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def delimited(delimiter: str) -> Pollution:
    return lambda _, rows: (written(rows, delimiter=delimiter).encode(), len(rows))


def ended(end: str) -> Pollution:
    # Python's writer takes no notice of a line end other than its own.
    return lambda _, rows: (written(rows, end=end, quoting=csv.QUOTE_ALL).encode(), len(rows))


def in_encoding(name: str) -> Pollution:
    return lambda _, rows: (written(rows).encode(name), len(rows))


def spaced(_: random.Random, rows: list[Row]) -> tuple[bytes, int]:
    lines = [written([row], names=None, end="", quoting=csv.QUOTE_ALL) for row in [NAMES, *rows]]
    return "".join(line.replace('","', '", "') + "\n" for line in lines).encode(), len(rows)


def apostrophes(_: random.Random, rows: list[Row]) -> tuple[bytes, int]:
    return written(rows, quote="'", quoting=csv.QUOTE_ALL).encode(), len(rows)


def backslashes(_: random.Random, rows: list[Row]) -> tuple[bytes, int]:
    text = written(rows, quoting=csv.QUOTE_ALL)
    return text.replace('""good""', '\\"good\\"').encode(), len(rows)


def titled(draw: random.Random, rows: list[Row]) -> tuple[bytes, int]:
    above = draw.choice(
        [["Report"], ["Report,2024", "by,me,today"], ["# made by hand, 2024"], [""]]
    )
    return joined([*above, *lines_of(rows)]), len(rows)


def footed(draw: random.Random, rows: list[Row]) -> tuple[bytes, int]:
    return joined([*lines_of(rows), draw.choice(["Total,17", "Summe;4,0", "(end)"])]), len(rows)


def commented(draw: random.Random, rows: list[Row]) -> tuple[bytes, int]:
    lines = lines_of(rows)
    lines.insert(draw.randint(1, len(lines)), "# checked, by me")
    return joined(lines), len(rows)


def one_line(change: Callable[[str], str]) -> Pollution:
    def polluted(draw: random.Random, rows: list[Row]) -> tuple[bytes, int]:
        lines = lines_of(rows)
        at = draw.randint(1, len(lines) - 1)
        lines[at] = change(lines[at])
        return joined(lines), len(rows) - 1

    return polluted


def header_line(change: Callable[[str], str], *, published: bool = True) -> Pollution:
    def polluted(_: random.Random, rows: list[Row]) -> tuple[bytes, int]:
        lines = lines_of(rows)
        return joined([change(lines[0]), *lines[1:]]), len(rows) if published else 0

    return polluted


def header_again(change: Callable[[str], str]) -> Pollution:
    def polluted(draw: random.Random, rows: list[Row]) -> tuple[bytes, int]:
        lines = lines_of(rows)
        lines.insert(draw.randint(1, len(lines)), change(lines[0]))
        return joined(lines), len(rows)

    return polluted


def two_tables(_: random.Random, rows: list[Row]) -> tuple[bytes, int]:
    return joined([*lines_of(rows), "", "k,v", "1,a", "2,b"]), len(rows)


def joined_files(_: random.Random, rows: list[Row]) -> tuple[bytes, int]:
    half = len(rows) // 2
    parts = (written(rows[:half]), written(rows[half:]))
    return b"".join(part.encode("utf-8-sig") for part in parts), len(rows)


def told_separator(_: random.Random, rows: list[Row]) -> tuple[bytes, int]:
    return ("sep=;\r\n" + written(rows, delimiter=";")).encode(), len(rows)


POLLUTIONS: dict[str, Pollution] = {
    "nothing": delimited(","),
    "semicolons": delimited(";"),
    "tabs": delimited("\t"),
    "pipes": delimited("|"),
    "spaces": delimited(" "),
    "colons": delimited(":"),
    "carets": delimited("^"),
    "line feeds": ended("\n"),
    "carriage returns": ended("\r"),
    "carriage returns twice": ended("\r\r\n"),
    "UTF-8 with a mark": in_encoding("utf-8-sig"),
    "UTF-16": in_encoding("utf-16"),
    "UTF-16 without a mark": in_encoding("utf-16-le"),
    "UTF-32 without a mark": in_encoding("utf-32-be"),
    "Windows": in_encoding("cp1252"),
    "spaces before quotes": spaced,
    "apostrophes": apostrophes,
    "backslashes": backslashes,
    "lines above": titled,
    "lines below": footed,
    "a comment": commented,
    "a cell less": one_line(lambda line: line.rsplit(",", 1)[0]),
    "a cell more": one_line(lambda line: f"{line},x"),
    "a row cut off": one_line(lambda line: line[:12]),
    "an open quote": one_line(lambda line: line.replace(",", ',"', 1)),
    "a quote inside": one_line(lambda line: line.replace(":", ':"', 1)),
    "text behind a quote": one_line(lambda line: '"2024"-01' + line[10:]),
    "a lone carriage return": one_line(lambda line: line.replace(":", "\r", 1)),
    "a broken character": one_line(lambda line: line.replace("http", "h\udcfftp")),
    "another delimiter": one_line(lambda line: line.replace(",", ";")),
    "a header with a delimiter more": header_line(lambda line: f"{line},"),
    "a header with an open quote": header_line(lambda line: line.replace("Price", '"Price')),
    "a header cut off": header_line(lambda line: line[:20], published=False),
    "a header with a name more": header_line(lambda line: f"{line},x", published=False),
    "the header again": header_again(lambda line: line),
    "the header in small letters": header_again(str.lower),
    "the header with blanks": header_again(lambda line: line.replace(",", " , ")),
    "the header in quotes": header_again(lambda line: f'"{line}"'.replace(",", '","')),
    "two tables": two_tables,
    "two files in one": joined_files,
    "a separator line": told_separator,
}


CUT_BY_QUOTES = (
    "an open quote",
    "a quote inside",
    "a header with an open quote",
    "a row cut off",
    "a lone carriage return",
)
"""Where a quoted line end in the same row would make two records of it."""


def polluted_files() -> Iterator[tuple[str, int]]:
    yield from ((name, seed) for name in POLLUTIONS for seed in range(4))


def content_of(name: str, seed: int) -> tuple[bytes, list[Row], int]:
    rows = clean(seed)
    if name in CUT_BY_QUOTES:
        rows = [[*row[:6], "rug", row[7]] for row in rows]
    if name == "a broken character":
        lines = lines_of(rows)
        lines[7] = lines[7].replace("http", "h\udcffp")
        return "".join(f"{x}\n" for x in lines).encode("utf-8", "surrogateescape"), rows, 59
    content, least = POLLUTIONS[name](random.Random(seed), rows)  # noqa: S311 - no secret
    return content, rows, least


@pytest.mark.parametrize(("name", "seed"), list(polluted_files()))
def test_what_is_published_of_a_polluted_file_is_of_the_clean_table(name: str, seed: int) -> None:
    content, rows, least = content_of(name, seed)
    found = outcome(content)
    assert_published_truly(found, rows)
    assert len(found.rows) >= least, (found.refused, found.aside[:3])


def assert_published_truly(found: Outcome, rows: list[Row]) -> None:
    own = {tuple(row) for row in rows}
    assert [row for row in found.rows if tuple(cell or "" for cell in row) not in own] == []
    if found.rows:
        assert [name.strip() for name in found.header] == NAMES
    assert all(found.reasons)


def test_a_record_that_is_none_says_why() -> None:
    reasons = {
        "a cell less": "7 fields, expected 8",
        "a cell more": "9 fields, expected 8",
        "an open quote": "a quoted field is not closed, or text follows its closing quote",
        "a quote inside": "a quote inside an unquoted field",
        "a lone carriage return": "a carriage return that ends no line",
        "a broken character": "bytes that are no characters in the file's encoding",
        "the header in small letters": "the header once more",
    }
    for name, reason in reasons.items():
        found = outcome(content_of(name, 1)[0])
        assert found.reasons == [reason], name

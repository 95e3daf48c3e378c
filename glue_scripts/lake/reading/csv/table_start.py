"""Detection of where a table begins in a file, and whether it has a header."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from lake.errors import InputRefused
from lake.reading.csv.candidate_readings import TITLE_LINES, Reading
from lake.reading.csv.cell_kinds import is_typed, kind_of_cell, main_kind
from lake.reading.csv.header import Verdict, is_named_twice, judge_header
from lake.reading.csv.header_repeats import bare
from lake.reading.csv.record_grammar import header_cells, why_malformed

_MANY_ROWS, _NEARLY_ALL = 5, 0.98
"""Thresholds at which values of one column would hardly all contain the same number of
delimiters."""

_MOSTLY = 0.8
_RULE = re.compile(r":?-{3,}:?|")


@dataclass(frozen=True)
class TableStart:
    """The first record of a sample that belongs to the table."""

    record: int
    """Its number among the records that are not blank."""
    is_header: bool


def find_start(reading: Reading, demanded: bool | None) -> TableStart:
    """Find the table's start; `demanded` says whether the first record names the columns.

    It is None if that is not declared. Raises InputRefused if the start or header is not clear.
    """
    first = _below_padded_titles(reading)
    if demanded is not None and not (demanded and first):
        return TableStart(first, demanded)
    if first == reading.above:
        (cells, *rows), verdict = reading.table, reading.heading
    else:
        cells, rows = reading.cells(first), reading.rows_from(first + 1)
        verdict = judge_header(cells, rows)
    if demanded and verdict is not Verdict.ROW:
        return TableStart(first, demanded)
    if verdict is Verdict.UNSURE:
        _refuse_doubtful_header(cells, rows)
    if verdict is Verdict.ROW and first:
        return _headed_by_damage(reading, first, rows)
    if verdict is Verdict.HEADER:
        _refuse_second_header(cells, rows)
        _refuse_second_table(reading)
    if first and verdict is Verdict.HEADER:
        _refuse_doubtful_title(reading, first, rows)
    return TableStart(first, verdict is Verdict.HEADER)


def _below_padded_titles(reading: Reading) -> int:
    """Return the first record below titles that a spreadsheet has padded with empty cells."""
    below = (i for i in range(reading.above, reading.records) if reading.is_whole(i))
    wide = list(islice(below, 2 * TITLE_LINES))
    for number, i in enumerate(wide[:TITLE_LINES]):
        filled = sum(bool(cell.strip()) for cell in reading.cells(i))
        following = wide[number + 1] if number + 1 < len(wide) else None
        padded = filled <= 1 and reading.width > 2
        if not padded and 2 * filled <= reading.width and following is not None:
            padded = _is_full_header(reading, following)
        commented = reading.raw(i).startswith(b"#") and following is not None
        if not padded and not (commented and _heads_uncommented(reading, wide[number + 1 :])):
            return i
    return wide[0]


def _heads_uncommented(reading: Reading, wide: list[int]) -> bool:
    """Whether the first record that is not a comment is a header."""
    plain = (i for i in wide[:TITLE_LINES] if not reading.raw(i).startswith(b"#"))
    first = next(plain, None)
    return first is not None and _is_full_header(reading, first)


def _is_full_header(reading: Reading, i: int) -> bool:
    cells = reading.cells(i)
    if not all(cell.strip() for cell in cells):
        return False
    return judge_header(cells, reading.rows_from(i + 1)) is Verdict.HEADER


def _headed_by_damage(reading: Reading, first: int, rows: list[list[str]]) -> TableStart:
    """Return the start for rows right below lines that are not rows.

    The last of these lines may be a header with a bad quote, or all may be comments. Otherwise,
    raises InputRefused: rows are not published under names that nobody gave them.
    """
    last = first - 1
    if reading.widths[last] < 0:
        raw = header_cells(reading.raw(last), reading.dialect, reading.width)
        names = [cell.decode("utf-8", "replace") for cell in raw]
        whole = len(names) == reading.width
        if whole and judge_header(names, [reading.cells(first), *rows]) is Verdict.HEADER:
            return TableStart(last, is_header=True)
    if all(reading.raw(i).startswith(b"#") for i in range(first)):
        return TableStart(first, is_header=False)
    width = reading.widths[last]
    found = f"has {width} field{'' if width == 1 else 's'}"
    if width < 0:
        found = f"is malformed ({why_malformed(reading.raw(last), reading.dialect)})"
    raise InputRefused(
        f"line {reading.line(last)} {found}, the rows below it have {reading.width}, and nothing "
        "names their columns: repair the line if it is the header, remove it if it is not, or say "
        "in the contract of the dataset (csv: header) whether there is one"
    )


def _refuse_doubtful_header(cells: list[str], rows: list[list[str]]) -> None:
    shown = " or ".join(str([cell[:30] for cell in row[:6]]) for row in (cells, *rows[:1]))
    raise InputRefused(
        "it is not clear whether the first line names the columns or is a row: compare "
        f"{shown}. Declare it in the contract of the dataset (csv: header: true or false)"
    )


def _refuse_second_header(cells: list[str], rows: list[list[str]]) -> None:
    """Raise InputRefused if other names, units or a rule follow the names.

    Either those name the columns, or the first line is a title that is as wide as the table.
    """
    names = list(map(bare, cells))
    while rows and list(map(bare, rows[0])) == names:
        rows = rows[1:]
    if not rows:
        return
    ruled = any(rows[0]) and all(_RULE.fullmatch(cell.strip()) for cell in rows[0])
    at_least = 1 if len(cells) == 1 or _is_like_title(cells) else 2
    if ruled or is_named_twice(rows, at_least=at_least):
        raise InputRefused(
            f"two lines look like names of the columns, {cells[:6]} and {rows[0][:6]}: leave the "
            "one that names them, or say in the contract of the dataset (csv: header: true) that "
            "the first does and the second is a row"
        )


def _is_like_title(cells: list[str]) -> bool:
    """Whether a line is more likely a sentence with delimiters in it than names."""
    return any(cell.startswith(" ") or is_typed(kind_of_cell(cell.strip())) for cell in cells)


def _refuse_second_table(reading: Reading) -> None:
    """Raise InputRefused if there is a second table, which is no mere title or footer."""
    below = reading.widths[reading.above :]
    others = Counter(width for width in below if width > 1 and width != reading.width)
    for width, times in others.most_common(1):
        first = reading.above + below.index(width)
        last = reading.records - 1 - reading.widths[::-1].index(width)
        whole = last - first + 1 == times and first > 0
        if times > 1 and whole and 2 * times >= below.count(reading.width):
            raise InputRefused(
                f"it holds two tables: one of {reading.width} columns, and from line "
                f"{reading.line(first)} on one of {width}. Put each into a file of its own, or "
                "declare the header in the contract of the dataset (csv: header: true) to have "
                "the records of the second put aside"
            )


def _refuse_doubtful_title(reading: Reading, first: int, rows: list[list[str]]) -> None:
    """Raise InputRefused if columns of text below one line may be one column with delimiters."""
    columns = list(zip(*rows, strict=True)) or [(cell,) for cell in reading.cells(first)]
    kinds = [main_kind(column) for column in columns]
    if any(is_typed(kind) and share >= _MOSTLY for kind, share in kinds):
        return
    comments = all(reading.raw(i).startswith(b"#") for i in range(first))
    if comments or reading.line(first) > reading.line(first - 1) + 1:
        return
    many = len(rows) >= _MANY_ROWS and reading.agreeing >= _NEARLY_ALL
    if reading.width == 2 or reading.dialect.padding or not many:
        raise InputRefused(
            f"every row but the first can be split into {reading.width} columns of text: either "
            "the first line is a title, or the file has one column whose values contain the "
            "delimiter. Remove the title, put quotes around the values, or declare the delimiter "
            "in the contract of the dataset (csv)"
        )

"""Tells whether the text of a CSV file leaves a doubt about how it is to be read.

A fuzzer that demands too much is switched off, one that forgives too much finds nothing. So a
reading is demanded only where no other one is near.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from fuzz.kinds import NUMBERS
from fuzz.programs import CsvStyle, File
from fuzz.truth import Duty

_DELIMITERS = ",;\t|:^~ "
_JUDGED = 1000
_NEAR = 0.5
"""Share of records that must agree under another delimiter for it to be a rival."""
_FEW, _FEWEST = 20, 2
"""Rows below which one odd record weighs too much, and below which it decides alone."""


def doubt(file: File, text: str) -> Duty:
    """Return what can be demanded as far as the delimiter goes."""
    style = file.csv
    few = file.rows < _FEW
    unusual = style.delimiter not in ",;\t|"
    plain = style.header and not style.titles and _has_numbers(file)
    if (unusual and (few or not plain)) or (style.quote == "'" and few):
        # It can be read as well as one column of words, or as values with apostrophes.
        return Duty.NONE
    if file.rows < _FEWEST and (file.odd or style.titles):
        # Nothing tells the odd record, or the title, from the table.
        return Duty.NONE
    rivals = [_Rival.of(text, style, mark) for mark in _DELIMITERS if mark != style.delimiter]
    if len(file.columns) == 1:
        least = _NEAR if style.titles and few else 1
        if any(rival.share >= least and rival.splits_first for rival in rivals):
            return Duty.NONE
    if file.rows == 0 and style.header:
        return Duty.HONEST
    told = style.titles[:1] == (f"sep={style.delimiter}",)
    if any(title.startswith("sep=") for title in style.titles) and not told:
        return Duty.HONEST
    if len(file.columns) == 1:
        first, *others = file.columns[0].parts
        # A word above dates may be a second name, or a unit.
        mixed = bool(others) and (few or first.rows <= _FEWEST)
        return Duty.HONEST if mixed or any(r.share > 0.1 for r in rivals) else Duty.FULL
    few_and_odd = bool(file.odd) and few
    near = any(rival.share >= _NEAR and (rival.splits_first or few_and_odd) for rival in rivals)
    return Duty.HONEST if near or unusual or not _names_are_plain(file) else Duty.FULL


def _has_numbers(file: File) -> bool:
    return any({part.kind for part in column.parts} <= NUMBERS for column in file.columns)


@dataclass(frozen=True)
class _Rival:
    """Another delimiter, with which the text could be read."""

    share: float
    """Share of the records that have the most frequent number of fields, two at least."""
    splits_first: bool
    """Whether the first record has that number: a header names every column."""

    @classmethod
    def of(cls, text: str, style: CsvStyle, delimiter: str) -> _Rival:
        source = io.StringIO(text, newline="")
        reader = csv.reader(source, delimiter=delimiter, quotechar=style.quote)
        try:
            widths = [len(fields) for fields in islice(reader, _JUDGED) if fields]
        except csv.Error:
            return cls(0, False)
        split = Counter(width for width in widths if width > 1)
        usual, times = max(split.items(), key=lambda item: item[1], default=(0, 0))
        return cls(times / max(1, len(widths)), bool(widths) and widths[0] == usual)


def _names_are_plain(file: File) -> bool:
    """Whether no name is a number, blank or there twice: otherwise they may as well be a row."""
    if not file.csv.header:
        return True
    names = [column.name.strip() for column in file.columns]
    telling = all(name and not name[0].isdigit() for name in names)
    return telling and len(set(names)) == len(names)

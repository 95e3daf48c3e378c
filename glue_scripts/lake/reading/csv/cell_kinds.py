"""Kinds of text in a cell, in the wide sense in which people write values.

They are wider than the types that are published: a German number or an English date is evidence of
how a file is written even if it is published as text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

NUMBER = "number"
_TIME_OF_DAY, _MOMENT, _POSITION = "time", "moment", "position"
WORD, TEXT, ODD, EMPTY = "word", "text", "odd", ""
_DATE = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
    r"|\d{1,2}[-. ]{1,2}[A-Za-z]{3,9}[-. ]{1,2}\d{2,4}|[A-Za-z]{3,9} \d{1,2}, \d{4})"
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_ZONE = r"(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
_DIGITS = r"(?:\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+|\d+)"
_AMOUNT = rf"[-+]?(?:{_DIGITS}(?:[.,]\d+)?|[.,]\d+)(?:[eE][-+]?\d+)?"
_KINDS = {
    NUMBER: rf"(?:[$€£¥] ?)?{_AMOUNT}(?: ?[%$€£¥])?|\(\d+[.,]?\d*\)",
    "date": _DATE,
    _TIME_OF_DAY: _TIME,
    _MOMENT: rf"{_DATE}(?:[T ]|, ){_TIME}{_ZONE}",
    "boolean": r"(?i:true|false|yes|no)",
    "e-mail": r"[^\s@,;:]+@[^\s@,;:]+\.[A-Za-z]{2,}",
    "address": r"(?:[a-z][a-z0-9+.-]*://|www\.)[^\s|\"^<>{}]+",
    _POSITION: r"-?\d{1,3}\.\d+[,;] ?-?\d{1,3}\.\d+",
    "path": r"[A-Za-z]:[\\/][^|;,\t\"]*",
    "hardware address": r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}",
    "IP address": r"\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d+)?|(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{1,4}",
    "identifier": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    WORD: r"[^\W\d_][^\s,;:|\t\"^~]*",
    TEXT: r"[\w(#&@*<\[„“«‘][^;|\t\"^~]*[^\s,;:|\t\"^~]|\w",
}
_PATTERN = re.compile(
    "|".join(f"(?P<k{number}>{pattern})" for number, pattern in enumerate(_KINDS.values()))
)
_NAMES = {f"k{number}": kind for number, kind in enumerate(_KINDS)}
_WEIGHTS = {WORD: 0.7, TEXT: 0.6, ODD: 0.1}
_CROWDED_WEIGHT = 0.2
_FEW_DIGITS = 3
_CROWDED = re.compile(r"[,:]\S")
_UNIT_SIGNS = frozenset("%$€£¥")
_RUNS = re.compile(r"(.)\1+")
_NOTHING = frozenset(
    ("na", "n/a", "n.a.", "#n/a", "null", "none", "nan", "nil", "-", "--", "?", ".", "unknown")
)


@lru_cache(maxsize=20_000)
def kind_of_cell(text: str) -> str:
    """Return `number`, `date` …; `word`, `text`, or `odd` for what looks like part of a value."""
    if not text:
        return EMPTY
    found = _PATTERN.fullmatch(text)
    return _NAMES[str(found.lastgroup)] if found else ODD


def is_typed(kind: str) -> bool:
    return kind not in (WORD, TEXT, ODD, EMPTY)


def is_whole_value(text: str) -> bool:
    """Whether possible delimiters in a text are more likely part of a number or a sentence."""
    kind = kind_of_cell(text)
    return is_typed(kind) or (kind == TEXT and not _CROWDED.search(text))


def may_be_undivided(values: Sequence[str], delimiter: str) -> bool:
    """Whether values that contain the delimiter may be single values.

    They may be dates, addresses, or numbers with a decimal comma or with groups of digits. In such
    numbers, the digits after the last delimiter are equally many everywhere, or begin with a zero
    somewhere, or are few and, where there are several, do not end with a zero.
    """
    kinds = {kind_of_cell(value) for value in values}
    if len(kinds) > 1 or not all(map(is_typed, kinds)) or kinds == {_POSITION}:
        return False
    if not kinds <= {NUMBER, _TIME_OF_DAY, _MOMENT}:
        return True
    if any(re.match(r"-?0\d", value) for value in values) and kinds == {NUMBER}:
        return False
    behind = ["".join(filter(str.isdigit, value.rpartition(delimiter)[2])) for value in values]
    lengths = set(map(len, behind))
    if len(lengths) == 1 or any(len(digits) > 1 and digits[0] == "0" for digits in behind):
        return True
    filled_up = any(len(digits) > 1 and digits[-1] == "0" for digits in behind)
    return max(lengths) <= _FEW_DIGITS and not filled_up


def are_pieces(cells: Sequence[str]) -> bool:
    """Whether most of a column's values look like pieces of larger values."""
    filled = [cell for cell in cells if cell]
    return 2 * sum(_weight(cell) <= _CROWDED_WEIGHT for cell in filled) > len(filled)


def unit_sign(text: str) -> str:
    """Return the unit signs (currency or percent) in a text."""
    return "".join(set(text) & _UNIT_SIGNS)


def shape(text: str) -> str:
    """Return a code with placeholders for letters and digits; "" if it has no digit or no sign."""
    if not any(map(str.isdigit, text)) or text.isalnum():
        return ""
    return _RUNS.sub(r"\1", "".join(map(_shaped, text)))


def _shaped(char: str) -> str:
    if char.isdigit():
        return "9"
    return char if not char.isalpha() else "A" if char.isupper() else "a"


def says_nothing(text: str) -> bool:
    """Whether a text stands for a missing value."""
    return text.strip().casefold() in _NOTHING


def is_comment(text: str) -> bool:
    """Whether a text begins like a comment; `#N/A` and `#5` do not."""
    return text[:1] == "#" and text[1:2].isspace()


def typing(columns: Iterable[Sequence[str]]) -> float:
    """Return how well the values of a table are typed.

    1 means that each column has one type; near 0, cells look like pieces of larger values.
    """
    found = [_column_typing(cells) for cells in columns]
    return sum(found) / len(found) if found else 0.0


def main_kind(cells: Iterable[str]) -> tuple[str, float]:
    """Return the kind of most cells, and the share that has it; empty cells do not count."""
    kinds = Counter(kind_of_cell(cell) for cell in cells if cell)
    total = kinds.total()
    if not total:
        return EMPTY, 1.0
    kind, times = kinds.most_common(1)[0]
    return kind, times / total


def _column_typing(cells: Sequence[str]) -> float:
    filled = [cell for cell in cells if cell]
    if not filled:
        return 0.5
    _, share = main_kind(filled)
    return sum(map(_weight, filled)) / len(filled) * (0.5 + 0.5 * share)


@lru_cache(maxsize=20_000)
def _weight(cell: str) -> float:
    kind = kind_of_cell(cell)
    crowded = kind == TEXT and _CROWDED.search(cell)
    return _CROWDED_WEIGHT if crowded else _WEIGHTS.get(kind, 1.0)

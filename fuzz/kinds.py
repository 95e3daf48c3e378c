"""Kinds of values in a cell: each spells a value that tells its column and its row.

A value in the wrong place shows where it comes from, and two columns of one file hardly ever
hold the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum


class Kind(Enum):
    """Kinds by the looks of their values; groups below tell how formats with types write them."""

    BLANK = "no value"
    EMPTY = "an empty text, quoted in CSV"
    WORD = "letters and digits"
    PHRASE = "text with every usual delimiter in it"
    QUOTING = "text with quotes and line ends in it"
    PATH = "text with backslashes"
    SPACED = "text with spaces around it"
    WESTERN = "words of western Europe"
    CENTRAL = "words of central Europe"
    GREEK = "Greek words"
    CYRILLIC = "Cyrillic words"
    JAPANESE = "Japanese words"
    EMOJI = "characters beyond the basic plane"
    NULL_WORD = "a word that some readers take for no value"
    ZEROED = "digits that begin with a zero"
    SIGNED = "digits that begin with a plus"
    DIGITS = "digits that are text: a JSON string"
    DECIMAL_COMMA = "a decimal comma"
    CLOCK = "a time of day"
    URL = "an address of the web"
    MAC = "an address of a network card"
    INTEGER = "a whole number"
    BIG = "a whole number beyond 64 bits with a sign"
    HUGE = "more digits than a decimal has"
    DECIMAL = "two digits behind the point"
    LONG_DECIMAL = "twenty digits behind the point"
    EXPONENT = "a number with an exponent"
    EXACT = "a whole number that no double holds, with an exponent"
    TINY = "a number below all doubles"
    VAST = "a number above all doubles"
    BOMB = "a number whose digits no memory holds"
    DOUBLE = "a number with as many digits as a double has"
    MINUS_ZERO = "zero with a sign"
    DATE = "a day"
    TIMESTAMP = "a moment without a zone"
    INSTANT = "a moment with a zone"
    OFFSET = "a moment with one offset or another"
    NANOSECONDS = "a moment finer than microseconds"
    TRUTH = "true or false"
    NESTED = "an object with a list in it"


NUMBERS = frozenset(
    {
        Kind.INTEGER,
        Kind.BIG,
        Kind.HUGE,
        Kind.DECIMAL,
        Kind.LONG_DECIMAL,
        Kind.EXPONENT,
        Kind.EXACT,
        Kind.TINY,
        Kind.VAST,
        Kind.BOMB,
        Kind.DOUBLE,
        Kind.MINUS_ZERO,
    }
)
"""Kinds that are numbers in JSON; in CSV they have a type of the reader's, or are text."""
WORDS = tuple(
    kind
    for kind in Kind
    if kind not in NUMBERS
    and kind
    not in {
        Kind.BLANK,
        Kind.EMPTY,
        Kind.TRUTH,
        Kind.NESTED,
        Kind.DATE,
        Kind.TIMESTAMP,
        Kind.INSTANT,
        Kind.OFFSET,
        Kind.NANOSECONDS,
    }
)
"""Kinds that are text in every format."""
_NULL_WORDS = ("NULL", "n/a", "None", "-", "nan", "inf")
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def spelled(kind: Kind, tag: int, row: int, pad: int = 0) -> str:
    """Return the text of a value. `tag` is the column's number, `pad` lengthens text."""
    text = _computed(kind, tag, row) if kind in _COMPUTED else _written(kind, tag, row)
    return text + "x" * pad if pad and kind in WORDS else text


def _written(kind: Kind, tag: int, row: int) -> str:
    return _TEMPLATES[kind].format(
        n=tag * 1_000_000 + row,
        tag=tag,
        row=row,
        tenth=row % 10,
        cents=row % 100,
        hour=row % 24,
        minute=row // 24 % 60,
        second=tag % 60,
        byte=tag % 256,
        high=row // 256 % 256,
        low=row % 256,
    )


_TEMPLATES: Mapping[Kind, str] = {
    Kind.BLANK: "",
    Kind.EMPTY: "",
    Kind.WORD: "w{tag}r{row}",
    Kind.PHRASE: "a{tag}, b; c | d\t{row}",
    Kind.QUOTING: 'he said "{n}",\nshe "no"',
    Kind.PATH: "C:\\dir{tag}\\new{row}",
    Kind.SPACED: " s{n} ",
    Kind.WESTERN: "Größe à {n} Málaga",
    Kind.CENTRAL: "Łódź {n} Žižkov őű",
    Kind.GREEK: "Καλημέρα {n} κόσμε",
    Kind.CYRILLIC: "Привет {n} мир",
    Kind.JAPANESE: "東京 {n} さくら",
    Kind.EMOJI: "🍎{n}😀",
    Kind.ZEROED: "0{n}",
    Kind.SIGNED: "+{n}",
    Kind.DIGITS: "{n}",
    Kind.DECIMAL_COMMA: "{n},{tenth}",
    Kind.CLOCK: "{hour:02d}:{minute:02d}:{second:02d}",
    Kind.URL: "http://host{tag}:8080/{row}",
    Kind.MAC: "00:1b:{byte:02x}:{high:02x}:{low:02x}:ff",
    Kind.INTEGER: "{n}",
    Kind.HUGE: "1{n:050d}",
    Kind.DECIMAL: "{n}.{cents:02d}",
    Kind.LONG_DECIMAL: "{tag}.{n:020d}",
    Kind.EXPONENT: "{n}e5",
    Kind.TINY: "{n}e-400",
    Kind.VAST: "{n}e400",
    Kind.BOMB: "{n}e9999999999999999999",
    Kind.MINUS_ZERO: "-0.0",
    Kind.NESTED: '{{"k": {n}, "list": [1.5, "x", null, {n}.25]}}',
}
_COMPUTED = frozenset(Kind) - frozenset(_TEMPLATES)


def _computed(kind: Kind, tag: int, row: int) -> str:
    number = tag * 1_000_000 + row
    match kind:
        case Kind.NULL_WORD:
            return _NULL_WORDS[(tag + row) % len(_NULL_WORDS)]
        case Kind.BIG:
            return str(2**63 + number)
        case Kind.EXACT:
            return f"{2**53 + 2 * number + 1}e0"
        case Kind.DOUBLE:
            return repr((number + 0.1) / 7)
        case Kind.TRUTH:
            return "true" if (row * 2654435761 + tag * 40503) >> 7 & 1 else "false"
        case _:
            return _time(kind, tag, row)


def _time(kind: Kind, tag: int, row: int) -> str:
    day = date.fromordinal(_EPOCH_DAY + tag * 997 + row % 900).isoformat()
    fraction = ("", ".5", ".123456")[row % 3]
    moment = f"{day}T{row % 24:02d}:{tag % 60:02d}:{row // 24 % 60:02d}{fraction}"
    zones = {Kind.INSTANT: "Z", Kind.OFFSET: ("Z", "+02:00", "-0530")[row % 3]}
    if kind is Kind.NANOSECONDS:
        return f"{day}T10:{tag % 60:02d}:00.{row % 1000:06d}789"
    return day if kind is Kind.DATE else moment + zones.get(kind, "")

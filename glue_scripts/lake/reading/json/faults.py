"""Faults of text that is not JSON, or of JSON that cannot be a row, in words for people."""

from __future__ import annotations

import json
from typing import NoReturn

NO_JSON = "no JSON"
"""Start of the reason if a text is not JSON."""
SHOWN_LETTERS = 30
_IN_WORDS = {
    "Expecting value": "expected a value",
    "Expecting property name": "expected a key in double quotes",
    "Expecting ':'": "expected ':' behind a key",
    "Expecting ','": "expected ',' or a closing bracket",
    "Illegal trailing comma": "expected something behind the comma",
    "Unterminated string": "expected a string with closing quotes",
    "Invalid control character": "expected a string without line ends, tabs and other control "
    "characters, which JSON spells as \\n, \\t or \\u0000",
    "Invalid \\": "expected an escape that JSON has",
}


class Broken(ValueError):
    """Text that is not JSON, or JSON that cannot be a row. The message says why."""

    def __init__(self, reason: str, *, is_syntax: bool = False, below: int = 0) -> None:
        super().__init__(reason)
        self.is_syntax = is_syntax
        """Whether it is not JSON at all. Then nothing after it can be trusted if only brackets and
        commas show where that begins."""
        self.below = below
        """Lines between the start of the text and the fault."""


def misshapen(value: object, *, is_list: bool = False) -> Broken:
    """Return the fault of JSON that is not an object."""
    shape = {list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    kind = list if is_list else type(value)
    return Broken(f"{shape.get(kind, 'a number')} where an object is expected")


def shown(text: str) -> str:
    """Return a text in which every letter is visible."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def fail(text: str, at: int, expected: str) -> NoReturn:
    came = f"'{shown(text[at : at + SHOWN_LETTERS])}'" if at < len(text) else "the end"
    below = text.count("\n", 0, at)
    raise Broken(f"{NO_JSON}: {expected}, came {came}", is_syntax=True, below=below)


def in_words(text: str, error: json.JSONDecodeError) -> Broken:
    expected = next(
        (words for start, words in _IN_WORDS.items() if error.msg.startswith(start)),
        "expected JSON",
    )
    try:
        fail(text, error.pos, expected)
    except Broken as broken:
        return broken

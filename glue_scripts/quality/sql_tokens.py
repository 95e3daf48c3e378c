"""Spark's SQL cut into tokens, each to the letter, so that names can be told from text. Pure.

Only what tells names, texts and comments apart is told apart here; whether it is SQL says Spark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import accumulate, pairwise

from quality.errors import SqlRefused

_QUOTES = "'\""
_MOMENTS = ("date", "timestamp", "timestamp_ltz", "timestamp_ntz")
_BEGINNINGS = tuple("+-0123456789")
_DEEPEST = 100
"""Brackets within brackets. Parsers take ever longer over more, and then give up."""


class Kind(Enum):
    WORD = auto()
    """A name without quotes, a keyword, or a number."""
    NAME = auto()
    """In backticks."""
    TEXT = auto()
    """In quotes."""
    SPACE = auto()
    """Comments as well; not hints."""
    SIGN = auto()


@dataclass(frozen=True)
class Token:
    kind: Kind
    written: str

    @property
    def name(self) -> str:
        """The name that it spells."""
        if self.kind is Kind.NAME:
            return self.written[1:-1].replace("``", "`")
        return self.written


def tokens_of(sql: str) -> Sequence[Token]:
    """All of the text: put together again, the tokens are what they were.

    Raises SqlRefused where something is opened and not closed, or nested too deeply.
    """
    tokens = list(_tokens(sql))
    _check_depth(tokens)
    return tokens


def check_typed_literals(sql: str) -> None:
    """Raise SqlRefused for `DATE 'now'` and its like.

    Spark's parser puts the time of the run in the place of these, so that nothing tells of them in
    what it returns.
    """
    written = [token for token in tokens_of(sql) if token.kind is not Kind.SPACE]
    for before, token in pairwise(written):
        if token.kind is Kind.TEXT and before.written.lower() in _MOMENTS:
            text = token.written.lstrip("rR")[1:-1].lstrip()
            if not text.startswith(_BEGINNINGS) and not text.lower().startswith("epoch"):
                raise SqlRefused(
                    f"{before.written} {token.written} may be the time of the run, and a table "
                    "made twice must be the same: write the day out"
                )


def _check_depth(tokens: Sequence[Token]) -> None:
    signs = (token.written for token in tokens if token.kind is Kind.SIGN)
    depths = accumulate(("([{".count(sign) - ")]}".count(sign) for sign in signs), initial=0)
    if max(depths) > _DEEPEST:
        raise SqlRefused(f"it is nested more than {_DEEPEST} brackets deep: take it apart")


def _tokens(sql: str) -> Iterator[Token]:
    start = 0
    while start < len(sql):
        kind, end = _next(sql, start)
        yield Token(kind, sql[start:end])
        start = end


def _next(sql: str, at: int) -> tuple[Kind, int]:
    char = sql[at]
    if char.isspace():
        return Kind.SPACE, at + 1
    if char == "`":
        return Kind.NAME, _closed(sql, at, escapes=False)
    if char in _QUOTES:
        return Kind.TEXT, _closed(sql, at, escapes=True)
    if char in "rR" and sql[at + 1 : at + 2] and sql[at + 1] in _QUOTES:
        return Kind.TEXT, _raw(sql, at + 1)
    if sql.startswith("--", at):
        return Kind.SPACE, _end_of_line(sql, at)
    if sql.startswith("/*", at) and not sql.startswith("/*+", at):
        return Kind.SPACE, _end_of_comment(sql, at)
    return (Kind.WORD, _end_of_word(sql, at)) if is_of_word(char) else (Kind.SIGN, at + 1)


def is_of_word(char: str) -> bool:
    """Letters, marks and digits of any script."""
    return char == "_" or unicodedata.category(char)[0] in "LMN"


def _end_of_word(sql: str, at: int) -> int:
    return next((end for end in range(at, len(sql)) if not is_of_word(sql[end])), len(sql))


def _closed(sql: str, at: int, *, escapes: bool) -> int:
    """Behind the quote that closes the one here; twice, it stands for itself."""
    quote, end = sql[at], at + 1
    while end < len(sql):
        if escapes and sql[end] == "\\":
            end += 2
        elif sql[end] != quote:
            end += 1
        elif sql.startswith(quote, end + 1):
            end += 2
        else:
            return end + 1
    raise SqlRefused(f"the {quote} {_place(sql, at)} is never closed: close it, or write it twice")


def _raw(sql: str, at: int) -> int:
    end = sql.find(sql[at], at + 1)
    if end < 0:
        raise SqlRefused(f"the {sql[at]} {_place(sql, at)} is never closed: close it")
    return end + 1


def _end_of_line(sql: str, at: int) -> int:
    """A comment goes on in the next line behind a backslash."""
    end = sql.find("\n", at)
    while end > 0 and sql[end - 1] == "\\":
        end = sql.find("\n", end + 1)
    return len(sql) if end < 0 else end


def _end_of_comment(sql: str, at: int) -> int:
    """Comments may hold comments."""
    depth, end = 0, at
    while end < len(sql):
        pair = sql[end : end + 2]
        depth += (pair == "/*") - (pair == "*/")
        end += 2 if pair in ("/*", "*/") else 1
        if not depth:
            return end
    raise SqlRefused(f"the comment {_place(sql, at)} is never closed: close it with */")


def _place(sql: str, at: int) -> str:
    line = sql.count("\n", 0, at) + 1
    return f"in line {line}, column {at - sql.rfind(chr(10), 0, at)},"

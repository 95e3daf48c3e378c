"""Parses text to a parse tree, or raises an error in plain words."""

from __future__ import annotations

from functools import cache

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedToken

from dqdl.errors import DqdlError
from dqdl.grammar import GRAMMAR
from dqdl.wording import expected

ParseTree = Tree[Token]
_SHOWN_LETTERS = 40


def parse_tree(text: str, source: str) -> ParseTree:
    """Return the parse tree of a text. Raises DqdlError if the grammar does not allow it."""
    try:
        return _parser().parse(text)
    except UnexpectedCharacters as error:
        raise _unexpected_character(error, source) from None
    except UnexpectedToken as error:
        raise _unexpected_token(error, text, source) from None


@cache
def _parser() -> Lark:
    """Return the parser, cached because building the grammar's tables takes a moment."""
    return Lark(GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _unexpected_character(error: UnexpectedCharacters, source: str) -> DqdlError:
    if error.char == '"':
        problem = "text in double quotes begins here and never ends: expected a second '\"'"
    else:
        problem = f"expected {expected(error.allowed)}, got {error.char!r}"
    return DqdlError(problem, source=source, line=error.line, column=error.column)


def _unexpected_token(error: UnexpectedToken, text: str, source: str) -> DqdlError:
    token = error.token
    wanted = expected(error.accepts or error.expected)
    if token.type == "$END":
        line, column = _end(text)
        problem = f"expected {wanted}, got the end of the text"
        return DqdlError(problem, source=source, line=line, column=column)
    problem = f"expected {wanted}, got {shown(token)}{_advice(token, wanted)}"
    return DqdlError(problem, source=source, line=token.line or 1, column=token.column or 1)


def _advice(token: Token, wanted: str) -> str:
    if token.type == "OVER":
        return ": a comment begins with '#'"
    if token.type == "WHERE":
        return ": 'where' stands before 'with threshold', and at most once"
    if token.type in {"AND", "OR", "UPPER_AND", "UPPER_OR"} or wanted == "'('":
        return ": rules that are combined stand in parentheses, each in its own"
    if wanted == "text in double quotes" and token.type == "NAME":
        return ": this defines a constant; a list of rules is named Rules, with a capital letter"
    return ""


def shown(token: str) -> str:
    """Return a token for a message: in quotes and shortened."""
    short = token if len(token) <= _SHOWN_LETTERS else token[: _SHOWN_LETTERS - 3] + "..."
    return f"'{short}'"


def _end(text: str) -> tuple[int, int]:
    lines = text.rstrip().split("\n")
    return len(lines), len(lines[-1]) + 1

"""SQL as sqlglot has it, for checks where there is no Spark, and no Athena. Pure.

In the dialect of Spark every call of a function is one node with the name that stands there,
whatever sqlglot knows of the function.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar

import sqlglot
from sqlglot import expressions as exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.spark import Spark
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.spark import SparkParser
from sqlglot.tokenizer_core import Token, TokenType

_LOGGER = logging.getLogger("sqlglot")
_DEEPEST = 100
_GRAMMAR = frozenset({"CAST", "EXTRACT", "OVERLAY", "POSITION", "SUBSTR", "SUBSTRING", "TRIM"}) | {
    "TRY_CAST"
}
"""Functions that are called with words between their arguments."""


class Calls(Spark):
    """Spark's dialect, of no function of which anything is known."""

    class Parser(SparkParser):
        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {
            name: parse for name, parse in SparkParser.FUNCTION_PARSERS.items() if name in _GRAMMAR
        }


def parsed(sql: str, expected: str, dialect: type[Dialect] = Calls) -> exp.Expr | str:
    """Return the one statement of a text, or the reason why it is none."""
    _LOGGER.setLevel(logging.ERROR)  # statements it logs as commands are refused here
    if dialect is Calls and "${" in sql:
        return "must not have ${, which stands for settings of Spark"
    try:
        tokens = _tokens(sql, dialect)
        if any(token.token_type is TokenType.SEMICOLON for token in tokens):
            return f"must be {expected} alone, without a semicolon"
        if any(token.token_type is TokenType.PIPE_GT for token in tokens):
            return f"must be {expected} without pipes (|>)"
        if _depth(tokens) > _DEEPEST:
            return f"must not be nested more than {_DEEPEST} brackets deep"
        [found] = dialect().parser().parse(tokens, sql)
    except TokenError:
        return f"must be {expected}; a quote, a backtick or a comment is not closed"
    except ParseError as error:
        return f"must be {expected}; it cannot be read {_place(error)}"
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # Errors that the parser itself does not handle, as for `map(a)`.
        return f"must be {expected}; it cannot be read"
    return f"must be {expected}, and says nothing" if found is None else found


def nodes_of(found: exp.Expr) -> Iterator[tuple[exp.Expr, frozenset[str]]]:
    """Yield all nodes but those of hints, and the names that queries define where they stand."""
    waiting = [(found, frozenset[str]())]
    while waiting:
        node, defined = waiting.pop()
        yield node, defined
        given = node.args.get("with_")
        if isinstance(given, exp.With):
            for cte in given.expressions:
                named = defined | {cte.alias.lower()}
                waiting.append((cte, named if given.args.get("recursive") else defined))
                defined = named
        waiting += [
            (child, defined)
            for child in node.iter_expressions()
            if not isinstance(child, exp.Hint | exp.With)
        ]


def line_of(node: exp.Expr) -> str:
    """Return the words for where a node stands; "" if that is not known."""
    for part in node.walk():
        if line := part.meta.get("line"):
            return f" (in line {line})"
    return ""


def _tokens(sql: str, dialect: type[Dialect]) -> list[Token]:
    """Return the tokens, with Spark's `window(` as a call: the clause never has a bracket there."""
    tokens = sqlglot.tokenize(sql, dialect=dialect)
    if dialect is not Calls:
        return tokens
    for token, following in pairwise(tokens):
        is_call = following.token_type is TokenType.L_PAREN
        if token.token_type is TokenType.WINDOW and is_call:
            token.token_type = TokenType.VAR
    return tokens


def _depth(tokens: Sequence[Token]) -> int:
    depth = deepest = 0
    for token in tokens:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        deepest = max(deepest, depth)
    return deepest


def _place(error: ParseError) -> str:
    first = error.errors[0] if error.errors else {}
    if not first.get("line"):
        return "to its end"
    return f"in line {first['line']}, column {first['col']}, near '{first['highlight']}'"

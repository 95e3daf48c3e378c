"""Checks SQL of contracts without Spark. Pure.

Mistakes found here are reported before anything is deployed; the jobs use Spark's own parser.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import TokenType

_LOGGER = logging.getLogger("sqlglot")
_DIALECT = "spark"
_PROGRAMS = frozenset({"java_method", "reflect", "try_reflect", "identifier"})
_NO_CONDITION = (
    exp.Add,
    exp.Alias,
    exp.Div,
    exp.Interval,
    exp.Literal,
    exp.Mul,
    exp.Star,
    exp.Sub,
    exp.Tuple,
)
_DEEPEST = 100


def wrong_condition(sql: str) -> str | None:
    """Return why a text is not one condition on the columns of one table; None if it is."""
    found = _parsed(sql, "a condition such as amount > 0")
    if isinstance(found, str):
        return found
    if not isinstance(found, exp.Condition) or isinstance(found, _NO_CONDITION):
        return f"must be a condition such as amount > 0{_kind(found)}"
    if found.find(exp.Query, exp.Table):
        return "must be about one row: a condition reads no tables"
    if found.find(exp.AggFunc, exp.Window):
        return "must be about one row: a condition has no aggregates and no windows"
    return _forbidden(found)


def columns_in(condition: str) -> Iterator[str]:
    """Yield the columns that a valid condition names."""
    for column in sqlglot.parse_one(condition, dialect=_DIALECT).find_all(exp.Column):
        yield column.parts[0].name


def wrong_query(sql: str, may_read: Collection[str] | None = None) -> str | None:
    """Return why a text is not one SELECT over tables that it may read; None if it is.

    Without `may_read`, any table is allowed that is named without a database.
    """
    found = _parsed(sql, "one SELECT")
    if isinstance(found, str):
        return found
    if not isinstance(found, exp.Query):
        return f"must be one SELECT{_kind(found)}"
    if any(not select.expressions for select in found.find_all(exp.Select)):
        return "must be one SELECT, and selects nothing"
    return _forbidden(found) or _wrong_table(found, may_read)


def _parsed(sql: str, expected: str) -> exp.Expr | str:
    """Return the one statement of a text, or the reason why it is none."""
    _LOGGER.setLevel(logging.ERROR)  # statements it logs as commands are refused here
    if "${" in sql:
        return "must not have ${, which stands for settings of Spark"
    try:
        tokens = sqlglot.tokenize(sql, dialect=_DIALECT)
        if any(token.token_type is TokenType.SEMICOLON for token in tokens):
            return f"must be {expected} alone, without a semicolon"
        if _depth(sql) > _DEEPEST:
            return f"must not be nested more than {_DEEPEST} brackets deep"
        [found] = sqlglot.parse(sql, dialect=_DIALECT)
    except TokenError:
        return f"must be {expected}; a quote, a backtick or a comment is not closed"
    except ParseError as error:
        return f"must be {expected}; it cannot be read {_place(error)}"
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # Errors that the parser itself does not handle, as for `map(a)`.
        return f"must be {expected}; it cannot be read"
    return f"must be {expected}, and says nothing" if found is None else found


def _depth(sql: str) -> int:
    depth = deepest = 0
    for token in sqlglot.tokenize(sql, dialect=_DIALECT):
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        deepest = max(deepest, depth)
    return deepest


def _forbidden(found: exp.Expr) -> str | None:
    if found.find(exp.QueryTransform):
        return "must not run programs (TRANSFORM … USING)"
    for function in found.find_all(exp.Anonymous, exp.AnonymousAggFunc):
        if function.name.lower() in _PROGRAMS:
            return f"must not call {function.name}, which is more than SQL"
    return None


def _wrong_table(found: exp.Expr, may_read: Collection[str] | None) -> str | None:
    defined = {cte.alias.lower() for cte in found.find_all(exp.CTE)}
    for table in found.find_all(exp.Table):
        if isinstance(table.this, exp.Func):
            continue
        name = ".".join(part.name for part in table.parts)
        if table.args.get("version"):
            return f"must not go back to a version of {name}: there are none"
        if len(table.parts) > 1:
            return f"must not read {name}: tables are datasets, by their names alone"
        if may_read is not None and name.lower() not in defined | set(may_read):
            return f"must not read {name}: it may read {', '.join(sorted(may_read))}"
    return None


def _kind(found: exp.Expr) -> str:
    is_statement = isinstance(found, exp.Command | exp.DDL | exp.Drop)
    return f", and is {found.key.upper()}" if is_statement else ""


def _place(error: ParseError) -> str:
    first = error.errors[0] if error.errors else {}
    if not first.get("line"):
        return "to its end"
    return f"in line {first['line']}, column {first['col']}, near '{first['highlight']}'"

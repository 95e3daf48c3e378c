"""Conditions on rows, in the SQL that Lake Formation's row filters have. Pure.

https://docs.aws.amazon.com/lake-formation/latest/dg/partiql-support.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import expressions as exp
from sqlglot.dialects.trino import Trino

from config.sql_syntax import parsed
from config.table_columns import PARTITIONS, column_in_table

_EXPECTED = "a condition such as country = 'DE'"
_LONGEST = 2047
_COMPARISONS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_NUMBER = re.compile(r"\d+(\.\d+)?")
_NOT_ALLOWED = re.compile(r"[^ -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff\t\r\n]")
_KINDS = {
    "string": "text",
    "bigint": "a number",
    "int": "a number",
    "double": "a number",
    "decimal": "a number",
    "boolean": "true or false",
}


class WrongRows(Exception):
    """A condition that Lake Formation would refuse, with the reason."""


@dataclass(frozen=True)
class RowFilter:
    """A condition as Lake Formation takes it, and the constants that columns are compared with."""

    expression: str
    kinds: Mapping[str, frozenset[str]]
    """By column: `text`, `a number`, `true or false`, or nothing for one that is only looked
    whether it is null."""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.kinds)

    def misfit(self, types: Mapping[str, str]) -> str | None:
        """Return why a table with columns of these types cannot have it; None if it can."""
        for column, kinds in self.kinds.items():
            type_ = types.get(column)
            if type_ is None:
                return f"names {column}, and the columns are {', '.join(types)}"
            kind = _KINDS.get(type_.partition("(")[0])
            if kind is None:
                return (
                    f"names {column}, which is of type {type_}: Lake Formation filters rows by "
                    "text, numbers and true or false only"
                )
            if wrong := sorted(kinds - {kind}):
                return f"compares {column} with {wrong[0]}, and it is of type {type_}"
        return None


def row_filter(sql: str, named: Callable[[str], str] = column_in_table) -> RowFilter:
    """Return the filter that a condition is. Raises WrongRows with the reason if it is none.

    `named` gives a column its name in the table. Names are quoted, so that none of them is taken
    for a word of the language.
    """
    found = parsed(sql, _EXPECTED, Trino)
    if isinstance(found, str):
        raise WrongRows(found)
    reading = _Reading(named)
    expression = reading.condition(found)
    if len(expression) > _LONGEST:
        raise WrongRows(
            f"must have at most {_LONGEST} characters with its columns in quotes, and has "
            f"{len(expression)}"
        )
    for column, kinds in reading.kinds.items():
        if len(kinds) > 1:
            raise WrongRows(f"compares {column} with {' and with '.join(sorted(kinds))}")
    return RowFilter(expression, {name: frozenset(kinds) for name, kinds in reading.kinds.items()})


class _Reading:
    """Writes a condition down as it reads it, and remembers its columns."""

    def __init__(self, named: Callable[[str], str]) -> None:
        self._named = named
        self.kinds: dict[str, set[str]] = {}

    def condition(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Paren):
            return self.condition(node.this)
        if isinstance(node, exp.And | exp.Or):
            word = "AND" if isinstance(node, exp.And) else "OR"
            return f"({self.condition(node.this)}) {word} ({self.condition(node.expression)})"
        if isinstance(node, exp.Not):
            return self._negated(node.this)
        return self._simple(node)

    def _negated(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Is):
            return self._null(node, "IS NOT NULL")
        if isinstance(node, exp.In | exp.Like | exp.Between):
            return self._simple(node, "NOT ")
        raise WrongRows("must have NOT before IN, LIKE, BETWEEN or NULL only; write <> for NOT =")

    def _simple(self, node: exp.Expr, negation: str = "") -> str:
        if type(node) in _COMPARISONS:
            return self._compared(node)
        if isinstance(node, exp.Is):
            return self._null(node, "IS NULL")
        if type(node) is exp.In:
            return self._listed(node, negation)
        if type(node) is exp.Like:
            return self._like(node, negation)
        if type(node) is exp.Between and node.args.get("symmetric") is None:
            return self._between(node, negation)
        if isinstance(node, exp.Column):
            raise WrongRows(f"must compare {node.name} with a constant, such as {node.name} = true")
        raise WrongRows(
            f"must compare columns with constants by = <> < <= > >= IN LIKE BETWEEN IS NULL, which "
            f"AND and OR join, and has {_shown(node)}"
        )

    def _compared(self, node: exp.Expr) -> str:
        sign = _COMPARISONS[type(node)]
        column, constant = self._column(node.this), node.expression
        if isinstance(constant, exp.Boolean) and sign not in ("=", "<>"):
            raise WrongRows(f"must compare {column} with true or false by = or <>")
        return f"{_quoted(column)} {sign} {self._constant(column, constant)}"

    def _null(self, node: exp.Is, words: str) -> str:
        column = self._column(node.this)
        if not isinstance(node.expression, exp.Null):
            raise WrongRows(f"must have NULL after IS; write {column} = true, or = false")
        if column in PARTITIONS:
            raise WrongRows(f"must not ask whether {column} is null: the table has it as a folder")
        return f"{_quoted(column)} {words}"

    def _listed(self, node: exp.In, negation: str) -> str:
        column = self._column(node.this)
        if not node.expressions:
            raise WrongRows(f"must have a list of constants after {column} IN")
        values = ", ".join(self._constant(column, one) for one in node.expressions)
        return f"{_quoted(column)} {negation}IN ({values})"

    def _like(self, node: exp.Like, negation: str) -> str:
        column, pattern = self._column(node.this), node.expression
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise WrongRows(f"must have one pattern in quotes after {column} LIKE, without ESCAPE")
        return f"{_quoted(column)} {negation}LIKE {self._constant(column, pattern)}"

    def _between(self, node: exp.Between, negation: str) -> str:
        column = self._column(node.this)
        low, high = (self._constant(column, node.args[end]) for end in ("low", "high"))
        return f"{_quoted(column)} {negation}BETWEEN {low} AND {high}"

    def _column(self, node: exp.Expr) -> str:
        if not isinstance(node, exp.Column) or len(node.parts) != 1:
            raise WrongRows(
                f"must have a column's name alone before =, IN, LIKE and the like, and has "
                f"{_shown(node)}: no functions, and constants on the right"
            )
        name = self._named(node.name)
        self.kinds.setdefault(name, set())
        return name

    def _constant(self, column: str, node: exp.Expr) -> str:
        text, kind = _constant(node)
        self.kinds[column].add(kind)
        return text


def _constant(node: exp.Expr) -> tuple[str, str]:
    """Return a constant as it is written, and its kind."""
    if isinstance(node, exp.Paren):
        return _constant(node.this)
    if isinstance(node, exp.Boolean):
        return str(bool(node.this)).lower(), "true or false"
    if isinstance(node, exp.Literal) and node.is_string:
        if _NOT_ALLOWED.search(node.name):
            raise WrongRows("must have no control characters in its texts")
        return "'" + node.name.replace("'", "''") + "'", "text"
    negative = isinstance(node, exp.Neg)
    number = node.this if negative else node
    if isinstance(number, exp.Literal) and _NUMBER.fullmatch(number.name):
        return f"{'-' if negative else ''}{number.name}", "a number"
    raise WrongRows(
        f"must have constants on the right, such as 'DE', 12.5 or true, and has {_shown(node)}"
    )


def _quoted(column: str) -> str:
    return f'"{column}"'


def _shown(node: exp.Expr) -> str:
    text = node.sql(Trino)
    return text if len(text) <= 60 else f"{text[:57]}..."

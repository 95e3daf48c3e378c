"""Reads the parameters of a rule: the columns, datasets or SQL that it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lark import Token

from dqdl.context import Context, Node, end_of, place_of
from dqdl.parsing import shown
from dqdl.rule_types import ALIASES, SIGNATURES, WATCHABLE, RuleType, Takes
from dqdl.syntax import (
    Aggregate,
    AggregatePair,
    ColumnPair,
    Columns,
    Dataset,
    DatasetPair,
    ForeignColumns,
    Pattern,
    Place,
    Sql,
    Target,
    Watched,
)

_AGGREGATE = re.compile(r"\s*(sum|avg)\s*\(\s*(.+?)\s*\)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Parameters:
    """The parameters of a rule, and the errors about them."""

    context: Context
    rule_type: RuleType
    name: Token
    nodes: Sequence[Node]

    def texts(self, *whats: str) -> list[str]:
        """Return exactly as many texts as `whats` has, which name them in messages."""
        for node, what in zip(self.nodes, whats, strict=False):
            self._check(node, what)
        if len(self.nodes) < len(whats):
            raise self.missing(whats[len(self.nodes)])
        if len(self.nodes) > len(whats):
            extra = self.nodes[len(whats)]
            wanted = "no parameter" if not whats else f"only {' and '.join(whats)}"
            raise self.context.error(
                place_of(extra),
                f"expected {wanted} after {self.rule_type}, got {self._shown(extra)}",
            )
        return [self._text(node) for node in self.nodes]

    def all_texts(self, what: str) -> list[str]:
        """Return the parameters as texts, at least one."""
        if not self.nodes:
            raise self.missing(what)
        return self.texts(*[what] * len(self.nodes))

    @property
    def end(self) -> Place:
        """The place where one more parameter, or a condition, would stand."""
        last = self.nodes[-1] if self.nodes else self.name
        return end_of(last) if isinstance(last, Token) else place_of(last)

    def missing(self, what: str) -> Exception:
        return self.context.error(self.end, f"expected {what} after {self.rule_type}, got none")

    def wrong(self, number: int, problem: str) -> Exception:
        return self.context.error(place_of(self.nodes[number]), problem)

    def _check(self, node: Node, what: str) -> None:
        number = isinstance(node, Token) and node.type == "NUMBER"
        if number or not self._text(node).strip():
            raise self.context.error(place_of(node), f"expected {what}, got {self._shown(node)}")

    def _text(self, node: Node) -> str:
        if isinstance(node, Token) and node.type == "NAME":
            return str(node)
        return self.context.text_of(node)

    def _shown(self, node: Node) -> str:
        return shown(node) if isinstance(node, Token) else shown(f"${node.children[0]}")


def target(parameters: Parameters) -> Target:
    """Return the target that the parameters of a rule name."""
    return _READERS[SIGNATURES[parameters.rule_type].takes](parameters)


_COLUMN = "a column name in double quotes"
_ALIAS = "the name of another dataset in double quotes"


def _nothing(parameters: Parameters) -> Target:
    parameters.texts()
    return Columns()


def _column(parameters: Parameters) -> Target:
    return Columns(tuple(parameters.texts(_COLUMN)))


def _two_columns(parameters: Parameters) -> Target:
    return Columns(tuple(parameters.texts(_COLUMN, "a second " + _COLUMN[2:])))


def _columns(parameters: Parameters) -> Target:
    names = tuple(parameters.all_texts(_COLUMN))
    for number, name in enumerate(names):
        if name in names[:number]:
            raise parameters.wrong(number, f"expected each column once, got '{name}' again")
    return Columns(names)


def _pattern(parameters: Parameters) -> Target:
    return Pattern(parameters.texts("a regular expression in double quotes")[0])


def _sql(parameters: Parameters) -> Target:
    return Sql(parameters.texts("a SELECT statement in double quotes")[0])


def _dataset(parameters: Parameters) -> Target:
    return Dataset(parameters.texts(_ALIAS)[0])


def _foreign_columns(parameters: Parameters) -> Target:
    own, other = parameters.texts(
        "column names in double quotes, with commas between them",
        'another dataset and its columns in double quotes, as in "customers.{id}"',
    )
    names = _names(own)
    alias, dot, rest = other.partition(".{")
    if dot and rest.endswith("}"):
        foreign = _names(rest[:-1])
    else:
        alias, _, column = other.rpartition(".")
        foreign = _names(column)
    if not alias or not all(foreign) or "{" in alias:
        raise parameters.wrong(
            1,
            'expected another dataset and its columns, as in "customers.id" or '
            f'"customers.{{id,country}}", got "{other}"',
        )
    if len(names) != len(foreign) or not all(names):
        raise parameters.wrong(
            1, f"expected as many columns on both sides, got {len(names)} and {len(foreign)}"
        )
    return ForeignColumns(names, alias, foreign)


def _dataset_pair(parameters: Parameters) -> Target:
    keys = 'key columns in double quotes, as in "id" or "id->customer_id,country"'
    columns = 'columns to compare in double quotes, as in "amount->total"'
    wanted = (_ALIAS, keys, columns) if len(parameters.nodes) > 2 else (_ALIAS, keys)
    alias, *mappings = parameters.texts(*wanted)
    pairs = [_pairs(parameters, number, text) for number, text in enumerate(mappings, start=1)]
    return DatasetPair(alias, pairs[0], pairs[1] if len(pairs) > 1 else ())


def _pairs(parameters: Parameters, number: int, text: str) -> tuple[ColumnPair, ...]:
    pairs = []
    for part in text.split(","):
        name, arrow, foreign = (piece.strip() for piece in part.partition("->"))
        if not name or (arrow and not foreign):
            raise parameters.wrong(
                number, f'expected columns as in "id" or "id->customer_id,country", got "{text}"'
            )
        pairs.append(ColumnPair(name, foreign or name))
    return tuple(pairs)


def _aggregate_pair(parameters: Parameters) -> Target:
    what = 'an aggregate in double quotes, as in "sum(amount)"'
    first, second = parameters.texts(what, what)
    return AggregatePair(_aggregate(parameters, 0, first), _aggregate(parameters, 1, second))


def _aggregate(parameters: Parameters, number: int, text: str) -> Aggregate:
    found = _AGGREGATE.fullmatch(text)
    if not found:
        raise parameters.wrong(
            number, f'expected "sum(column)" or "avg(dataset.column)", got "{text}"'
        )
    function: Literal["sum", "avg"] = "sum" if found[1].lower() == "sum" else "avg"
    alias, dot, column = found[2].rpartition(".")
    return Aggregate(function, column, alias if dot else None)


def _watched(parameters: Parameters) -> Target:
    names = ", ".join(sorted(WATCHABLE))
    if not parameters.nodes:
        raise parameters.missing(f"a rule type ({names})")
    name = replace(parameters, nodes=parameters.nodes[:1]).texts(f"a rule type ({names})")[0]
    spelled = ALIASES.get(name, name)
    if spelled not in WATCHABLE:
        raise parameters.wrong(0, f"expected a rule type that measures ({names}), got '{name}'")
    rule_type = RuleType(spelled)
    first = parameters.nodes[0]
    token = first if isinstance(first, Token) else parameters.name
    found = target(Parameters(parameters.context, rule_type, token, parameters.nodes[1:]))
    if not isinstance(found, Columns | Sql):
        raise parameters.wrong(0, f"expected a rule type that measures ({names}), got '{name}'")
    return Watched(rule_type, found)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


_READERS: dict[Takes, Callable[[Parameters], Target]] = {
    Takes.NOTHING: _nothing,
    Takes.COLUMN: _column,
    Takes.TWO_COLUMNS: _two_columns,
    Takes.COLUMNS: _columns,
    Takes.PATTERN: _pattern,
    Takes.SQL: _sql,
    Takes.DATASET: _dataset,
    Takes.FOREIGN_COLUMNS: _foreign_columns,
    Takes.DATASET_AND_MAPPINGS: _dataset_pair,
    Takes.TWO_AGGREGATES: _aggregate_pair,
    Takes.RULE_TYPE: _watched,
}

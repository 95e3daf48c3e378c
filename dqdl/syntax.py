"""The syntax tree of a ruleset, made of frozen and typed values.

Ruleset ── rules ──── Rule       type, target, condition, where, threshold, labels
       │          └── Composite  "and" or "or", rules
       └── analyzers ─ Analyzer  type, target, where
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Literal

from dqdl.rule_types import RuleType


@dataclass(frozen=True, order=True)
class Place:
    """A place in the text; line and column count from 1."""

    line: int
    column: int


class Keyword(StrEnum):
    """Values that are written as keywords."""

    NULL = "NULL"
    EMPTY = "EMPTY"
    WHITESPACES_ONLY = "WHITESPACES_ONLY"


class Operator(StrEnum):
    EQUAL = "="
    UNEQUAL = "!="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LESS = "<"
    LESS_OR_EQUAL = "<="


@dataclass(frozen=True)
class Number:
    """A number, kept as Decimal so that 0.1 stays exactly 0.1."""

    value: Decimal


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Moment:
    """`now()`, or a time by `offset` after it."""

    offset: timedelta = timedelta()


@dataclass(frozen=True)
class Duration:
    length: timedelta


@dataclass(frozen=True)
class Last:
    """The values of the metric in the last `count` runs before this one."""

    count: int


@dataclass(frozen=True)
class Call:
    """A function of numbers; some functions reduce the list that `last` gives to one number."""

    function: str
    arguments: tuple[NumberOperand, ...]


@dataclass(frozen=True)
class Arithmetic:
    operator: Literal["+", "-", "*", "/"]
    left: NumberOperand
    right: NumberOperand


NumberOperand = Number | Last | Call | Arithmetic
Operand = NumberOperand | Text | Moment | Duration | Keyword


@dataclass(frozen=True)
class Comparison:
    operator: Operator
    operand: Operand


@dataclass(frozen=True)
class Between:
    """A range that excludes both bounds, as in AWS; its negation includes them."""

    low: Operand
    high: Operand
    negated: bool = False


@dataclass(frozen=True)
class Membership:
    operands: tuple[Operand, ...]
    negated: bool = False


@dataclass(frozen=True)
class Matches:
    pattern: str
    negated: bool = False


Condition = Comparison | Between | Membership | Matches


@dataclass(frozen=True)
class Columns:
    """Columns of the table; empty if the rule is about the table itself."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pattern:
    regex: str


@dataclass(frozen=True)
class Sql:
    statement: str


@dataclass(frozen=True)
class Dataset:
    """Another table, by its alias in the evaluation."""

    alias: str


@dataclass(frozen=True)
class ForeignColumns:
    """Columns of the table, paired one to one with columns of another."""

    names: tuple[str, ...]
    alias: str
    foreign: tuple[str, ...]


@dataclass(frozen=True)
class ColumnPair:
    name: str
    foreign: str


@dataclass(frozen=True)
class DatasetPair:
    """A comparison with another dataset; empty `compared` means all columns but the keys."""

    alias: str
    keys: tuple[ColumnPair, ...]
    compared: tuple[ColumnPair, ...] = ()


@dataclass(frozen=True)
class Aggregate:
    """An aggregate of the dataset `alias`, or of the table itself if there is none."""

    function: Literal["sum", "avg"]
    column: str
    alias: str | None = None


@dataclass(frozen=True)
class AggregatePair:
    first: Aggregate
    second: Aggregate


@dataclass(frozen=True)
class Watched:
    """A metric in which to look for anomalies."""

    type: RuleType
    target: Columns | Sql


Target = Columns | Pattern | Sql | Dataset | ForeignColumns | DatasetPair | AggregatePair | Watched


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule; `text` is exactly what was written."""

    text: str
    place: Place
    type: RuleType
    target: Target
    condition: Condition | None = None
    where: str | None = None
    threshold: Comparison | Between | Membership | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)


class Connective(Enum):
    AND = "and"
    OR = "or"


@dataclass(frozen=True, kw_only=True)
class Composite:
    text: str
    place: Place
    connective: Connective
    rules: tuple[Rule | Composite, ...]
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)

    def leaves(self) -> Iterator[Rule]:
        """Yield the rules that are not composites, in order."""
        for rule in self.rules:
            yield from leaves_of(rule)


@dataclass(frozen=True, kw_only=True)
class Analyzer:
    """A metric to measure, without a condition."""

    text: str
    place: Place
    type: RuleType
    target: Columns | Sql
    where: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ruleset:
    source: str
    rules: tuple[Rule | Composite, ...]
    analyzers: tuple[Analyzer, ...] = ()


def leaves_of(rule: Rule | Composite) -> Iterator[Rule]:
    """Yield the rule itself, or the rules that a composite consists of."""
    if isinstance(rule, Composite):
        yield from rule.leaves()
    else:
        yield rule

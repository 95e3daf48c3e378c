"""The syntax tree of a ruleset: frozen values, each as typed as the language is.

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
    """Both count from 1."""

    line: int
    column: int


class Keyword(StrEnum):
    """Values that have no spelling of their own."""

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
    """Decimal, so that 0.1 is what was written."""

    value: Decimal


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Moment:
    """`now()`, or so long after it."""

    offset: timedelta = timedelta()


@dataclass(frozen=True)
class Duration:
    length: timedelta


@dataclass(frozen=True)
class Last:
    """The values of the metric in so many runs before this one."""

    count: int


@dataclass(frozen=True)
class Call:
    """A function of numbers; some of them reduce what `last` gives to one."""

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
    """Both bounds are outside of it, as AWS has it; so they are within its negation."""

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
    """Of the table; none where the rule is about the table itself."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pattern:
    regex: str


@dataclass(frozen=True)
class Sql:
    statement: str


@dataclass(frozen=True)
class Dataset:
    """Another table, by the name that the evaluation is given for it."""

    alias: str


@dataclass(frozen=True)
class ForeignColumns:
    """Columns of the table and, one for one, those of another."""

    names: tuple[str, ...]
    alias: str
    foreign: tuple[str, ...]


@dataclass(frozen=True)
class ColumnPair:
    name: str
    foreign: str


@dataclass(frozen=True)
class DatasetPair:
    """`compared` is empty where all other columns are."""

    alias: str
    keys: tuple[ColumnPair, ...]
    compared: tuple[ColumnPair, ...] = ()


@dataclass(frozen=True)
class Aggregate:
    """Of the table where there is no alias."""

    function: Literal["sum", "avg"]
    column: str
    alias: str | None = None


@dataclass(frozen=True)
class AggregatePair:
    first: Aggregate
    second: Aggregate


@dataclass(frozen=True)
class Watched:
    """What anomalies are looked for in."""

    type: RuleType
    target: Columns | Sql


Target = Columns | Pattern | Sql | Dataset | ForeignColumns | DatasetPair | AggregatePair | Watched


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`text` is what was written, to the letter."""

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
        """The rules that are no composites, in order."""
        for rule in self.rules:
            yield from leaves_of(rule)


@dataclass(frozen=True, kw_only=True)
class Analyzer:
    """Something to measure and not to judge."""

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
    """The rule itself, or those that it is composed of."""
    if isinstance(rule, Composite):
        yield from rule.leaves()
    else:
        yield rule

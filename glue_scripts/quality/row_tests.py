"""Demands of rules on each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from dqdl.syntax import (
    Between,
    Comparison,
    Condition,
    Duration,
    Keyword,
    Matches,
    Membership,
    Operand,
    Operator,
    Text,
)
from quality.errors import CannotJudge
from quality.literals import TypedColumn, micros_of
from quality.names import named
from quality.quantities import Past

_SPACE_ONLY = r"(?U)\A\s+\z"
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Addition:
    """A column that a test looks at and the table lacks: it comes from a join that leaves every
    row once. Equal names, equal columns."""

    name: str
    add: Callable[[DataFrame], DataFrame]


@dataclass(frozen=True)
class RowTest:
    """`holds` is true or false in every row, never null."""

    holds: Column
    additions: Sequence[Addition] = ()

    def within(self, where: Column | None) -> RowTest:
        """A row that `where` leaves out breaks nothing."""
        return self if where is None else RowTest(~where | self.holds, self.additions)


def with_additions(table: DataFrame, tests: Sequence[RowTest]) -> DataFrame:
    """The table with the columns that tests look at beside its own."""
    additions = {addition.name: addition for test in tests for addition in test.additions}
    for addition in additions.values():
        table = addition.add(table)
    return table


def both(tests: Sequence[RowTest]) -> RowTest:
    """A row must pass all tests."""
    return _combined(tests, lambda left, right: left & right)


def either(tests: Sequence[RowTest]) -> RowTest:
    """A row must pass one test."""
    return _combined(tests, lambda left, right: left | right)


def _combined(tests: Sequence[RowTest], join: Callable[[Column, Column], Column]) -> RowTest:
    additions = [addition for test in tests for addition in test.additions]
    return RowTest(reduce(join, (test.holds for test in tests)), additions)


def complete(names: Sequence[str]) -> RowTest:
    """All of these columns have a value; NaN is one."""
    return RowTest(reduce(lambda left, right: left & right, (named(n).isNotNull() for n in names)))


@dataclass(frozen=True)
class Values:
    """Conditions on the values of a column.

    A null fulfils `!=` and `not in` and nothing else, unless NULL is named; so does NaN, which
    has no keyword.
    """

    column: TypedColumn
    at: datetime
    past_of_low: Past
    past_of_high: Past

    def test(self, condition: Condition) -> RowTest:
        """The demand of the condition on a row."""
        if isinstance(condition, Matches):
            return RowTest(self._matches(condition))
        if isinstance(condition, Comparison):
            return RowTest(self._comparison(condition))
        if isinstance(condition, Between):
            return RowTest(_between(self.column.value, *self._bounds(condition), condition))
        return RowTest(self._membership(condition.operands, negated=condition.negated))

    def _matches(self, condition: Matches) -> Column:
        if not self.column.is_text:
            raise CannotJudge(
                f'"{self.column.name}" is of type {self.column.type.simpleString()}, and only text '
                "matches a regular expression: compare with values instead"
            )
        found = sf.rlike(self.column.value, sf.lit(rf"\A(?:{condition.pattern})\z"))
        return sf.coalesce(~found if condition.negated else found, sf.lit(False))

    def _comparison(self, condition: Comparison) -> Column:
        operator, operand = condition.operator, condition.operand
        if operator in {Operator.EQUAL, Operator.UNEQUAL}:
            return self._membership([operand], negated=operator is Operator.UNEQUAL)
        low = operator in {Operator.GREATER, Operator.GREATER_OR_EQUAL}
        literal = self._literal(operand, self.past_of_low if low else self.past_of_high)
        return compares(self.column.value, operator, literal)

    def _bounds(self, condition: Between) -> tuple[Column, Column]:
        return (
            self._literal(condition.low, self.past_of_low),
            self._literal(condition.high, self.past_of_high),
        )

    def _membership(self, operands: Sequence[Operand], *, negated: bool) -> Column:
        tests = [self._is(operand) for operand in operands]
        found = sf.coalesce(reduce(lambda left, right: left | right, tests), sf.lit(False))
        return ~found if negated else found

    def _is(self, operand: Operand) -> Column:
        """Null where the value is and the operand is not."""
        if not isinstance(operand, Keyword):
            return self.column.value == self._literal(operand, self.past_of_low)
        column = named(self.column.name)
        if operand is Keyword.NULL:
            return column.isNull()
        if not self.column.is_text:
            raise CannotJudge(
                f'"{self.column.name}" is of type {self.column.type.simpleString()}, and only text '
                f"can be {operand}: NULL is the keyword for every type"
            )
        return column == "" if operand is Keyword.EMPTY else sf.rlike(column, sf.lit(_SPACE_ONLY))

    def _literal(self, operand: Operand, past: Past) -> Column:
        return self.column.literal(operand, at=self.at, past=past)


def compares(value: Column, operator: Operator, literal: Column) -> Column:
    """False where there is no value."""
    comparisons: dict[Operator, Callable[[], Column]] = {
        Operator.EQUAL: lambda: value == literal,
        Operator.UNEQUAL: lambda: value != literal,
        Operator.GREATER: lambda: value > literal,
        Operator.GREATER_OR_EQUAL: lambda: value >= literal,
        Operator.LESS: lambda: value < literal,
        Operator.LESS_OR_EQUAL: lambda: value <= literal,
    }
    return sf.coalesce(comparisons[operator](), sf.lit(False))


def _between(value: Column, low: Column, high: Column, condition: Between) -> Column:
    if condition.negated:
        return sf.coalesce((value <= low) | (value >= high), sf.lit(False))
    return sf.coalesce((value > low) & (value < high), sf.lit(False))


def fresh(column: TypedColumn, condition: Condition, at: datetime) -> RowTest:
    """The age of a date or time fulfils the condition. What has no date has no age, and
    fulfils none."""
    if not column.is_temporal:
        raise CannotJudge(
            f'"{column.name}" is of type {column.type.simpleString()}, expected a date or a '
            "timestamp: only those have an age"
        )
    age = sf.lit(micros_of(at)) - column.value
    if isinstance(condition, Comparison):
        return RowTest(compares(age, condition.operator, _length(condition.operand)))
    if isinstance(condition, Between):
        low, high = _length(condition.low), _length(condition.high)
        return RowTest(_between(age, low, high, condition))
    if isinstance(condition, Membership):
        tests = [age == _length(operand) for operand in condition.operands]
        found = reduce(lambda left, right: left | right, tests)
        return RowTest(sf.coalesce(~found if condition.negated else found, sf.lit(False)))
    raise TypeError(f"an age does not match {condition}")


def _length(operand: Operand) -> Column:
    if not isinstance(operand, Duration):
        raise TypeError(f"{operand} is no duration")
    return sf.lit(operand.length // _MICROSECOND)


def castable(column: TypedColumn, condition: Condition) -> RowTest:
    """The value can be cast in Spark. A null is of no type."""
    operands = [condition.operand] if isinstance(condition, Comparison) else []
    negated = isinstance(condition, Comparison) and condition.operator is Operator.UNEQUAL
    if isinstance(condition, Membership):
        operands, negated = list(condition.operands), condition.negated
    names = [operand.value for operand in operands if isinstance(operand, Text)]
    tests = [named(column.name).try_cast(_SPARK_NAMES.get(n, n)).isNotNull() for n in names]
    found = reduce(lambda left, right: left | right, tests)
    return RowTest(~found if negated else found)


_SPARK_NAMES = {"INTEGER": "int", "LONG": "bigint"}

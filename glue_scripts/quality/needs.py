"""Needs of rules to know something about data. Equal needs of several rules are met once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column, DataFrame

from quality.errors import CannotJudge
from quality.row_tests import RowTest


@dataclass(frozen=True)
class Aggregate:
    """One number of the table, or of the rows that `where` selects. The key names it."""

    key: str
    column: Column = field(compare=False)
    where: str | None = None


@dataclass(frozen=True)
class Groups:
    """How often the values of columns stand in the rows that `where` selects."""

    columns: tuple[str, ...]
    where: str | None = None


@dataclass(frozen=True)
class Counted:
    """How many rows pass a test that needs a join. The key names the test."""

    key: str
    test: RowTest = field(compare=False)
    where: str | None = None
    where_column: Column | None = field(compare=False, default=None)


@dataclass(frozen=True)
class Scalar:
    """The one value of a query."""

    statement: str
    frame: DataFrame = field(compare=False)


@dataclass(frozen=True)
class OfReference:
    """One number of another dataset."""

    alias: str
    key: str
    column: Column = field(compare=False)


@dataclass(frozen=True)
class ReferenceKey:
    """Whether columns are a key of another dataset."""

    alias: str
    columns: tuple[str, ...]


Need = Aggregate | Groups | Counted | Scalar | OfReference | ReferenceKey


@dataclass(frozen=True)
class GroupCounts:
    """Only rows in which at least one of the columns has a value are among them."""

    rows: int
    groups: int
    singles: int
    """Groups of one row."""
    sum_of_logs: float
    """The sum of count × log2(count)."""


@dataclass(frozen=True)
class CountedRows:
    rows: int
    passing: int


@dataclass(frozen=True)
class Results:
    """Answers to needs; for what could not be found out, the reason."""

    found: Mapping[Need, Any]
    problems: Mapping[Need, str] = field(default_factory=dict)

    def of(self, need: Need) -> Any:
        """The result; its type depends on the need's."""
        if need in self.problems:
            raise CannotJudge(self.problems[need])
        return self.found[need]

    def count(self, need: Need) -> int:
        return int(self.of(need))

    def groups(self, need: Groups) -> GroupCounts:
        counts: GroupCounts = self.of(need)
        return counts

    def counted(self, need: Counted) -> CountedRows:
        counts: CountedRows = self.of(need)
        return counts

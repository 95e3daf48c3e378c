"""Numbers that describe a table: how each is found, and what is worth saying beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log2, prod

from pyspark.sql import Column
from pyspark.sql import functions as sf
from pyspark.sql import types as st

from dqdl import RuleType
from dqdl.syntax import Columns, Sql
from quality.errors import CannotJudge
from quality.literals import FLOATING, TextLength, TypedColumn
from quality.names import Metric, named
from quality.needs import Aggregate, Groups, Need, Results, Scalar
from quality.quantities import Quantity, exact
from quality.queries import Queries
from quality.scope import Scope


def _no_remark(_: Results) -> str:
    return ""


@dataclass(frozen=True)
class Measure:
    """A metric. Its value is None where there is no number: no rows, nulls only, NaN."""

    metric: Metric
    needs: Sequence[Need]
    value: Callable[[Results], Quantity | None]
    remark: Callable[[Results], str] = _no_remark

    @property
    def name(self) -> str:
        return self.metric.name


@dataclass(frozen=True)
class Selection:
    """Rows of a table, by a clause in SQL or all of them."""

    scope: Scope
    where: str | None

    @property
    def selected(self) -> Column | None:
        return self.scope.where(self.where)

    def aggregate(self, key: str, column: Column) -> Aggregate:
        """`column` has to take no account of rows where its argument is null."""
        return Aggregate(f"{key} where {self.where}", column, self.where)

    def of_selected(self, column: Column) -> Column:
        """The column in the rows that are selected, and null in the others."""
        selected = self.selected
        return column if selected is None else sf.when(selected, column)

    def rows(self) -> Aggregate:
        return self.count("rows", sf.lit(True))

    def count(self, key: str, condition: Column) -> Aggregate:
        """How many rows are so; `condition` is never null."""
        selected = self.selected
        counted = condition if selected is None else selected & condition
        return self.aggregate(key, sf.count_if(counted))


def measures(
    measured: RuleType, target: Columns | Sql, where: str | None, scope: Scope, queries: Queries
) -> Sequence[Measure]:
    """The metrics of an analyzer, or of a rule that compares them with something."""
    selection = Selection(scope, where)
    if isinstance(target, Sql):
        return [_scalar(target.statement, queries)]
    if measured is RuleType.ROW_COUNT:
        return [row_count(selection)]
    if measured is RuleType.COLUMN_COUNT:
        return [Measure(Metric("ColumnCount"), (), lambda _: Fraction(len(scope.table.columns)))]
    if measured is RuleType.COLUMN_CORRELATION:
        return [_correlation(selection, target.names)]
    if measured in _OF_GROUPS:
        return [_OF_GROUPS[measured](selection, target.names)]
    column = scope.column(target.names[0])
    return _OF_COLUMN[measured](selection, column)


def row_count(selection: Selection) -> Measure:
    rows = selection.rows()
    metric = Metric("RowCount", where=selection.where)
    return Measure(metric, (rows,), lambda results: Fraction(results.count(rows)))


def completeness(selection: Selection, column: TypedColumn) -> Measure:
    rows = selection.rows()
    filled = selection.count(f"filled {column.name!r}", named(column.name).isNotNull())

    def remark(results: Results) -> str:
        total, nulls = results.count(rows), results.count(rows) - results.count(filled)
        return f"{nulls:,} of {total:,} rows are null"

    return Measure(
        Metric("Completeness", (column.name,), selection.where),
        (rows, filled),
        lambda results: _ratio(results.count(filled), results.count(rows)),
        remark,
    )


def uniqueness(selection: Selection, names: Sequence[str]) -> Measure:
    groups = _groups(selection, names)

    def remark(results: Results) -> str:
        counts = results.groups(groups)
        return f"{counts.rows - counts.singles:,} of {counts.rows:,} values stand more than once"

    return Measure(
        Metric("Uniqueness", tuple(names), selection.where),
        (groups,),
        lambda results: _ratio(results.groups(groups).singles, results.groups(groups).rows),
        remark,
    )


def _unique_value_ratio(selection: Selection, names: Sequence[str]) -> Measure:
    groups = _groups(selection, names)
    return Measure(
        Metric("UniqueValueRatio", tuple(names), selection.where),
        (groups,),
        lambda results: _ratio(results.groups(groups).singles, results.groups(groups).groups),
    )


def _distinct_values_count(selection: Selection, names: Sequence[str]) -> Measure:
    groups = _groups(selection, names)
    return Measure(
        Metric("DistinctValuesCount", tuple(names), selection.where),
        (groups,),
        lambda results: Fraction(results.groups(groups).groups),
    )


def _entropy(selection: Selection, names: Sequence[str]) -> Measure:
    groups = _groups(selection, names)

    def value(results: Results) -> Quantity | None:
        counts = results.groups(groups)
        if not counts.rows:
            return None
        return max(0.0, log2(counts.rows) - counts.sum_of_logs / counts.rows)

    return Measure(Metric("Entropy", tuple(names), selection.where), (groups,), value)


def _groups(selection: Selection, names: Sequence[str]) -> Groups:
    selection.scope.check_grouping([selection.scope.column(name).name for name in names])
    selection.scope.where(selection.where)
    return Groups(tuple(names), selection.where)


def _values(column: TypedColumn) -> Column:
    """Exact for whole numbers and decimals, whose sums cannot overflow before 38 digits."""
    if isinstance(column.type, FLOATING):
        return named(column.name).cast("double")
    scale = column.type.scale if isinstance(column.type, st.DecimalType) else 0
    return named(column.name).cast(st.DecimalType(38, scale))


def sum_of(selection: Selection, column: TypedColumn) -> Measure:
    total, filled = _total(selection, column)
    return Measure(
        Metric("Sum", (column.name,), selection.where),
        (total, filled),
        lambda results: _sum(results, column, total, filled),
    )


def mean_of(selection: Selection, column: TypedColumn) -> Measure:
    total, filled = _total(selection, column)

    def value(results: Results) -> Quantity | None:
        found = _sum(results, column, total, filled)
        return None if found is None else found / results.count(filled)

    return Measure(Metric("Mean", (column.name,), selection.where), (total, filled), value)


def _total(selection: Selection, column: TypedColumn) -> tuple[Aggregate, Aggregate]:
    values = selection.of_selected(_values(column))
    add = sf.sum if isinstance(column.type, FLOATING) else sf.try_sum
    return (
        selection.aggregate(f"sum {column.name!r}", add(values)),
        selection.count(f"filled {column.name!r}", named(column.name).isNotNull()),
    )


def _sum(
    results: Results, column: TypedColumn, total: Aggregate, filled: Aggregate
) -> Quantity | None:
    found = results.of(total)
    if found is None and results.count(filled):
        raise CannotJudge(f'the sum of "{column.name}" has more than 38 digits')
    return exact(found)


def _standard_deviation(selection: Selection, column: TypedColumn) -> Measure:
    """That of the population, as AWS has it."""
    values = selection.of_selected(named(column.name).cast("double"))
    need = selection.aggregate(f"deviation {column.name!r}", sf.stddev_pop(values))
    metric = Metric("StandardDeviation", (column.name,), selection.where)
    return Measure(metric, (need,), lambda results: exact(results.of(need)))


def _correlation(selection: Selection, names: Sequence[str]) -> Measure:
    """Pearson's, of the rows that have both values. Spark's own `corr` divides by zero where a
    column is constant, and takes everything that is computed along with it down."""
    columns = [named(selection.scope.numeric(name).name).cast("double") for name in names]
    first, second = (selection.of_selected(column) for column in columns)
    together = selection.aggregate(f"covariance {names!r}", sf.covar_pop(first, second))
    alone = [
        selection.aggregate(f"deviation {names!r} 1", _deviation_beside(first, second)),
        selection.aggregate(f"deviation {names!r} 2", _deviation_beside(second, first)),
    ]

    def value(results: Results) -> Quantity | None:
        covariance = exact(results.of(together))
        scale = prod(float(exact(results.of(need)) or 0) for need in alone)
        if covariance is None or not scale:
            return None
        return max(-1.0, min(1.0, float(covariance) / scale))

    return Measure(
        Metric("ColumnCorrelation", tuple(names), selection.where), (together, *alone), value
    )


def _deviation_beside(column: Column, other: Column) -> Column:
    return sf.stddev_pop(sf.when(other.isNotNull(), column))


def extremes(selection: Selection, column: TypedColumn, suffix: str = "") -> Sequence[Measure]:
    """Minimum and maximum, in this order. NaN is neither."""
    values = selection.of_selected(column.value)
    return [
        _extreme(selection, column, f"Minimum{suffix}", sf.min(values)),
        _extreme(selection, column, f"Maximum{suffix}", sf.max(values)),
    ]


def _extreme(selection: Selection, column: TypedColumn, measure: str, found: Column) -> Measure:
    need = selection.aggregate(f"{measure} {column.name!r}", found)
    metric = Metric(measure, (column.name,), selection.where)
    return Measure(metric, (need,), lambda results: exact(results.of(need)))


def lengths(selection: Selection, column: TypedColumn) -> Sequence[Measure]:
    return extremes(selection, TextLength(column), "Length")


def values_or_lengths(selection: Selection, column: TypedColumn) -> Sequence[Measure]:
    """The measures that AWS has for values: lengths of those that are no numbers."""
    return extremes(selection, column) if column.is_number else lengths(selection, column)


def _all_statistics(selection: Selection, column: TypedColumn) -> Sequence[Measure]:
    found = [
        row_count(selection),
        completeness(selection, column),
        uniqueness(selection, [column.name]),
    ]
    if column.is_number:
        found += [
            *extremes(selection, column),
            _entropy(selection, [column.name]),
            mean_of(selection, column),
            _standard_deviation(selection, column),
            sum_of(selection, column),
        ]
    return [*found, *lengths(selection, column)] if column.is_text else found


def _ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _scalar(statement: str, queries: Queries) -> Measure:
    need = Scalar(statement, queries.frame(statement))
    metric = Metric("CustomSql", (statement,), subject="the result of the SQL")
    return Measure(metric, (need,), lambda results: exact(results.of(need)))


def _of_numbers(
    measure: Callable[[Selection, TypedColumn], Measure],
) -> Callable[[Selection, TypedColumn], Sequence[Measure]]:
    def checked(selection: Selection, column: TypedColumn) -> Sequence[Measure]:
        return [measure(selection, selection.scope.numeric(column.name))]

    return checked


_OF_GROUPS: dict[RuleType, Callable[[Selection, Sequence[str]], Measure]] = {
    RuleType.UNIQUENESS: uniqueness,
    RuleType.UNIQUE_VALUE_RATIO: _unique_value_ratio,
    RuleType.DISTINCT_VALUES_COUNT: _distinct_values_count,
    RuleType.ENTROPY: _entropy,
}

_OF_COLUMN: dict[RuleType, Callable[[Selection, TypedColumn], Sequence[Measure]]] = {
    RuleType.COMPLETENESS: lambda selection, column: [completeness(selection, column)],
    RuleType.MEAN: _of_numbers(mean_of),
    RuleType.SUM: _of_numbers(sum_of),
    RuleType.STANDARD_DEVIATION: _of_numbers(_standard_deviation),
    RuleType.COLUMN_LENGTH: lengths,
    RuleType.COLUMN_VALUES: values_or_lengths,
    RuleType.ALL_STATISTICS: _all_statistics,
}

"""25 rules in DQDL, each beside what people write by hand, and whether the table keeps to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

AT = datetime(2026, 12, 31, 12, tzinfo=UTC)
"""The time at which the table is judged."""
ByHand = Callable[[DataFrame, DataFrame], bool]
"""Takes the table and the customers; with one action returns whether the rule holds."""


@dataclass(frozen=True)
class RuleCase:
    """One rule, in DQDL and by hand."""

    dqdl: str
    passes: bool
    """Whether the table keeps to the rule, by the way it is generated."""
    by_hand: ByHand


def _none(condition: str) -> ByHand:
    """Return a check that no row meets a condition, with which it would break the rule."""
    return lambda table, _: table.where(condition).count() == 0


def _number(aggregate: str, holds: Callable[[float], bool]) -> ByHand:
    """Return a check that an aggregate fulfils a condition."""
    return lambda table, _: holds(float(table.agg(f.expr(aggregate)).collect()[0][0]))


def _is_primary_key(table: DataFrame, _: DataFrame) -> bool:
    return table.groupBy("order_id").count().where("order_id is null or count > 1").isEmpty()


def _unique_orders(table: DataFrame, _: DataFrame) -> bool:
    """Whether more than 99 of 100 rows have a number of their own."""
    groups = table.where("order_id is not null").groupBy("order_id").count()
    share = groups.agg(f.expr("count_if(count = 1) / sum(count)")).collect()[0][0]
    return bool(share > 0.99)


def _known_customers(table: DataFrame, customers: DataFrame) -> bool:
    known = customers.select("customer_id").distinct().withColumn("known", f.lit(1))
    joined = table.join(known, "customer_id", "left")
    return bool(joined.agg(f.expr("count(known) / count(*)")).collect()[0][0] >= 0.99)


def _none_sent_for_less_than_nothing(table: DataFrame, _: DataFrame) -> bool:
    table.createOrReplaceTempView("orders")
    sql = "select count(*) from orders where amount < 0 and status = 'sent'"
    return bool(table.sparkSession.sql(sql).collect()[0][0] == 0)


CASES: Sequence[RuleCase] = (
    RuleCase("RowCount > 1000", True, lambda table, _: table.count() > 1000),
    RuleCase('IsPrimaryKey "order_id"', True, _is_primary_key),
    RuleCase('IsComplete "customer_id"', True, _none("customer_id is null")),
    RuleCase('IsComplete "ordered_on"', True, _none("ordered_on is null")),
    RuleCase('IsComplete "email"', False, _none("email is null")),
    RuleCase(
        'Completeness "email" > 0.9',
        True,
        _number("count(email) / count(*)", lambda share: share > 0.9),
    ),
    RuleCase(
        'Completeness "rating" > 0.9',
        False,
        _number("count(rating) / count(*)", lambda share: share > 0.9),
    ),
    RuleCase(
        'ColumnValues "quantity" between 0 and 50',
        True,
        _none("not (quantity > 0 and quantity < 50)"),
    ),
    RuleCase('ColumnValues "amount" > 0', False, _none("amount <= 0")),
    RuleCase(
        'ColumnValues "amount" > 0 with threshold > 0.95',
        True,
        _number("count_if(amount > 0) / count(*)", lambda share: share > 0.95),
    ),
    RuleCase(
        'ColumnValues "channel" in ["web", "app", "phone", "store"]',
        True,
        _none("channel not in ('web', 'app', 'phone', 'store')"),
    ),
    RuleCase(
        'ColumnValues "status" in ["new", "paid", "sent"]',
        False,
        _none("status not in ('new', 'paid', 'sent')"),
    ),
    RuleCase(
        'ColumnValues "postal_code" matches "[0-9]{5}"',
        True,
        _none("not (postal_code rlike '^[0-9]{5}$')"),
    ),
    RuleCase(
        'ColumnValues "email" matches "[a-z0-9]+@example[.]com" where "email is not null"',
        True,
        _none("not (email rlike '^[a-z0-9]+@example[.]com$')"),
    ),
    RuleCase('ColumnLength "country" = 2', True, _none("length(country) != 2")),
    RuleCase('ColumnValues "discount" <= 0.5', True, _none("discount > 0.5")),
    RuleCase(
        'Mean "quantity" between 10 and 40',
        True,
        _number("avg(quantity)", lambda mean: 10 < mean < 40),
    ),
    RuleCase('Sum "amount" > 0', True, _number("sum(amount)", lambda total: total > 0)),
    RuleCase(
        'StandardDeviation "discount" < 0.2',
        True,
        _number("stddev_pop(discount)", lambda deviation: deviation < 0.2),
    ),
    RuleCase(
        'ColumnCorrelation "quantity" "discount" > 0.5',
        False,
        _number("corr(quantity, discount)", lambda correlation: correlation > 0.5),
    ),
    RuleCase(
        'DistinctValuesCount "country" = 20',
        True,
        _number("count(distinct country)", lambda values: values == 20),
    ),
    RuleCase('Uniqueness "order_id" > 0.99', True, _unique_orders),
    RuleCase(
        'ReferentialIntegrity "customer_id" "customers.customer_id" >= 0.99',
        True,
        _known_customers,
    ),
    RuleCase(
        'DataFreshness "updated_at" <= 400 days',
        True,
        _none(f"updated_at < timestamp '{AT - timedelta(days=400):%Y-%m-%d %H:%M:%S}'"),
    ),
    RuleCase(
        "CustomSql \"select count(*) from primary where amount < 0 and status = 'sent'\" = 0",
        True,
        _none_sent_for_less_than_nothing,
    ),
)


def as_dqdl() -> str:
    return f"Rules = [ {', '.join(case.dqdl for case in CASES)} ]"

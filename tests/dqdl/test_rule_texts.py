"""Texts of rules and what they are read as."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqdl import (
    Composite,
    Place,
    Rule,
    RuleType,
    columns_of,
    leaves_of,
    parse,
    parse_rule,
    spell,
)
from dqdl.syntax import (
    Aggregate,
    AggregatePair,
    Arithmetic,
    Between,
    Call,
    ColumnPair,
    Columns,
    Comparison,
    Connective,
    Dataset,
    DatasetPair,
    Duration,
    ForeignColumns,
    Keyword,
    Last,
    Matches,
    Membership,
    Moment,
    Number,
    Operator,
    Pattern,
    Sql,
    Target,
    Text,
    Watched,
)

ONE_OF_EACH: list[tuple[str, RuleType, Target]] = [
    (
        'AggregateMatch "sum(amount)" "SUM(orders.total)" >= 0.95',
        RuleType.AGGREGATE_MATCH,
        AggregatePair(Aggregate("sum", "amount"), Aggregate("sum", "total", "orders")),
    ),
    (
        'ColumnCorrelation "height" "weight" > 0.8 where "weight > 40"',
        RuleType.COLUMN_CORRELATION,
        Columns(("height", "weight")),
    ),
    ("ColumnCount >= 10", RuleType.COLUMN_COUNT, Columns()),
    (
        'ColumnDataType "age" = "Integer" with threshold > 0.9',
        RuleType.COLUMN_DATA_TYPE,
        Columns(("age",)),
    ),
    ('ColumnExists "age"', RuleType.COLUMN_EXISTS, Columns(("age",))),
    ('ColumnLength "zip" = 5', RuleType.COLUMN_LENGTH, Columns(("zip",))),
    (
        'ColumnNamesMatchPattern "aws_.*"',
        RuleType.COLUMN_NAMES_MATCH_PATTERN,
        Pattern("aws_.*"),
    ),
    ('ColumnValues "age" between 1 and 120', RuleType.COLUMN_VALUES, Columns(("age",))),
    ('Completeness "age" > 0.9', RuleType.COMPLETENESS, Columns(("age",))),
    (
        'CustomSql "select count(*) from primary" between 10 and 20',
        RuleType.CUSTOM_SQL,
        Sql("select count(*) from primary"),
    ),
    (
        'CustomSQL "select id from primary" with threshold > 0.5',
        RuleType.CUSTOM_SQL,
        Sql("select id from primary"),
    ),
    ('DataFreshness "day" <= 24 hours', RuleType.DATA_FRESHNESS, Columns(("day",))),
    (
        'DatasetMatch "other" "id->key,day" "amount->total" >= 0.9',
        RuleType.DATASET_MATCH,
        DatasetPair(
            "other",
            (ColumnPair("id", "key"), ColumnPair("day", "day")),
            (ColumnPair("amount", "total"),),
        ),
    ),
    (
        'DetectAnomalies "Completeness" "age"',
        RuleType.DETECT_ANOMALIES,
        Watched(RuleType.COMPLETENESS, Columns(("age",))),
    ),
    ('DistinctValuesCount "state" > 3', RuleType.DISTINCT_VALUES_COUNT, Columns(("state",))),
    ('Entropy "rating" > 1', RuleType.ENTROPY, Columns(("rating",))),
    ('IsComplete "age" where "country = \'DE\'"', RuleType.IS_COMPLETE, Columns(("age",))),
    ('IsPrimaryKey id "day" "country"', RuleType.IS_PRIMARY_KEY, Columns(("id", "day", "country"))),
    ('IsUnique "id"', RuleType.IS_UNIQUE, Columns(("id",))),
    ('Mean of "rating" > 3', RuleType.MEAN, Columns(("rating",))),
    (
        'ReferentialIntegrity "city,state" "places.{town,land}" = 1.0',
        RuleType.REFERENTIAL_INTEGRITY,
        ForeignColumns(("city", "state"), "places", ("town", "land")),
    ),
    (
        'ReferentialIntegrity "zip" "shop.places.zip" >= 0.9',
        RuleType.REFERENTIAL_INTEGRITY,
        ForeignColumns(("zip",), "shop.places", ("zip",)),
    ),
    ("RowCount > 100", RuleType.ROW_COUNT, Columns()),
    ('RowCountMatch "other" >= 0.9', RuleType.ROW_COUNT_MATCH, Dataset("other")),
    ('SchemaMatch "other" = 1.0', RuleType.SCHEMA_MATCH, Dataset("other")),
    ('StandardDeviation "rating" < 1.5', RuleType.STANDARD_DEVIATION, Columns(("rating",))),
    ('Sum "amount" > 500', RuleType.SUM, Columns(("amount",))),
    ('Uniqueness "id" "day" > 0.9', RuleType.UNIQUENESS, Columns(("id", "day"))),
    ('UniqueValueRatio "id" > 0.5', RuleType.UNIQUE_VALUE_RATIO, Columns(("id",))),
]


def rule_of(text: str) -> Rule:
    """The only rule of a ruleset."""
    (rule,) = parse(f"Rules = [ {text} ]").rules
    assert isinstance(rule, Rule)
    return rule


@pytest.mark.parametrize(("text", "rule_type", "target"), ONE_OF_EACH)
def test_a_rule_has_type_and_target(text: str, rule_type: RuleType, target: Target) -> None:
    rule = rule_of(text)
    assert (rule.type, rule.target, rule.text) == (rule_type, target, text)


def test_every_type_of_rule_is_among_the_examples() -> None:
    assert {one[1] for one in ONE_OF_EACH} == set(RuleType) - {RuleType.ALL_STATISTICS}


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("= 1", Comparison(Operator.EQUAL, Number(Decimal(1)))),
        ("!= -1.5", Comparison(Operator.UNEQUAL, Number(Decimal("-1.5")))),
        ('>= "2026-06-30"', Comparison(Operator.GREATER_OR_EQUAL, Text("2026-06-30"))),
        ("> (now() - 3 days)", Comparison(Operator.GREATER, Moment(timedelta(days=-3)))),
        ("< now()", Comparison(Operator.LESS, Moment())),
        ("= null", Comparison(Operator.EQUAL, Keyword.NULL)),
        ("between 1 and 9", Between(Number(Decimal(1)), Number(Decimal(9)))),
        (
            'not between "2026-01-01" and "2026-02-01"',
            Between(Text("2026-01-01"), Text("2026-02-01"), negated=True),
        ),
        (
            'in ["DE", EMPTY, whitespaces_only]',
            Membership((Text("DE"), Keyword.EMPTY, Keyword.WHITESPACES_ONLY)),
        ),
        ("not in [1, NULL]", Membership((Number(Decimal(1)), Keyword.NULL), negated=True)),
        (r'matches "\d{5}"', Matches(r"\d{5}")),
        (r'not matches "say \"no\""', Matches('say "no"', negated=True)),
        (
            "between (now() - 2 hours) and (now() + 30 minutes)",
            Between(Moment(timedelta(hours=-2)), Moment(timedelta(minutes=30))),
        ),
    ],
)
def test_values_have_conditions_of_all_kinds(text: str, condition: object) -> None:
    assert rule_of(f'ColumnValues "a" {text}').condition == condition


@pytest.mark.parametrize(
    ("text", "operand"),
    [
        ("last()", Last(1)),
        ("avg(last(10))", Call("avg", (Last(10),))),
        ("average(last(10))", Call("avg", (Last(10),))),
        (
            "index(last(10),2) + std(last(5))",
            Arithmetic(
                "+",
                Call("index", (Last(10), Number(Decimal(2)))),
                Call("std", (Last(5),)),
            ),
        ),
        (
            "0.9 * (min(last(3))-1)",
            Arithmetic(
                "*",
                Number(Decimal("0.9")),
                Arithmetic("-", Call("min", (Last(3),)), Number(Decimal(1))),
            ),
        ),
        ("percentile(last(9), 90)", Call("percentile", (Last(9), Number(Decimal(90))))),
        ("2 * (3 + 4) / 7", Number(Decimal(2))),
        ('"1.5"', Number(Decimal("1.5"))),
    ],
)
def test_numbers_may_depend_on_earlier_runs(text: str, operand: object) -> None:
    assert rule_of(f"Mean a > {text}").condition == Comparison(Operator.GREATER, operand)  # type: ignore[arg-type]  # the parameters are operands


def test_a_selection_stands_before_the_threshold_and_labels_stand_last() -> None:
    rule = rule_of('ColumnValues "a" in ["x"] where "b > 1" with threshold >= 0.5 labels=["k"="v"]')
    assert rule.where == "b > 1"
    assert rule.threshold == Comparison(Operator.GREATER_OR_EQUAL, Number(Decimal("0.5")))
    assert rule.labels == {"k": "v"}


def test_a_duration_has_a_unit() -> None:
    assert rule_of('DataFreshness "a" between 2 days and 90 hours').condition == Between(
        Duration(timedelta(days=2)), Duration(timedelta(hours=90))
    )


def test_and_binds_more_than_or() -> None:
    text = "(RowCount > 1) or (RowCount > 2) AND (RowCount > 3)"
    (rule,) = parse(f"Rules = [{text}]").rules
    assert isinstance(rule, Composite)
    first, second = rule.rules
    assert (rule.connective, rule.text, first.text) == (Connective.OR, text, "RowCount > 1")
    assert isinstance(second, Composite)
    assert second.connective is Connective.AND


def test_rules_may_be_combined_at_any_depth() -> None:
    (rule,) = parse(
        'Rules = [((RowCount > 0) and (IsComplete "a")) or ((IsUnique "b") and (IsComplete "c"))]'
    ).rules
    assert isinstance(rule, Composite)
    assert [leaf.type for leaf in rule.leaves()] == [
        RuleType.ROW_COUNT,
        RuleType.IS_COMPLETE,
        RuleType.IS_UNIQUE,
        RuleType.IS_COMPLETE,
    ]
    assert columns_of(rule) == ("a", "b", "c")


def test_a_rule_keeps_its_text_to_the_letter_and_its_place() -> None:
    ruleset = parse(
        "# about orders\n"
        "Rules = [\n"
        '  IsComplete   "a",  # keys\n'
        "  (RowCount > 1)\n"
        '    and (Mean "b"\n'
        "         > 2)\n"
        "]\n"
    )
    assert [(rule.text, rule.place) for rule in ruleset.rules] == [
        ('IsComplete   "a"', Place(3, 3)),
        ('(RowCount > 1)\n    and (Mean "b"\n         > 2)', Place(4, 3)),
    ]


def test_a_constant_stands_for_text_or_for_a_list() -> None:
    ruleset = parse(
        'sql = "select count(*) from primary"\nstates = ["NY", "CA"]\n'
        'Rules = [ CustomSql $sql > 0, ColumnValues "state" in $states ]'
    )
    first, second = ruleset.rules
    assert isinstance(first, Rule)
    assert isinstance(second, Rule)
    assert first.target == Sql("select count(*) from primary")
    assert second.condition == Membership((Text("NY"), Text("CA")))


def test_default_labels_are_those_of_every_rule_that_has_no_other() -> None:
    first, second = parse(
        'DefaultLabels = ["when"="monthly", "who"="us"]\n'
        'Rules = [ RowCount > 0, RowCount > 1 labels=["when"="daily"] ]'
    ).rules
    assert first.labels == {"when": "monthly", "who": "us"}
    assert second.labels == {"when": "daily", "who": "us"}


def test_analyzers_need_no_rules() -> None:
    ruleset = parse('Analyzers = [ RowCount, AllStatistics "a", Mean "b" where "c > 1" ]')
    assert [(one.type, one.where) for one in ruleset.analyzers] == [
        (RuleType.ROW_COUNT, None),
        (RuleType.ALL_STATISTICS, None),
        (RuleType.MEAN, "c > 1"),
    ]
    assert columns_of(ruleset.analyzers[1]) == ("a",)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ('ReferentialIntegrity "a,b" "other.{c,d}" > 0.5', ("a", "b")),
        ('DatasetMatch "other" "a->b" "c->d" > 0.5', ("a", "c")),
        ('AggregateMatch "sum(a)" "avg(other.b)" = 1', ("a",)),
        ('DetectAnomalies "ColumnCorrelation" "a" "b"', ("a", "b")),
        ("RowCount > 1", ()),
    ],
)
def test_the_columns_of_a_rule_are_those_of_the_table(text: str, columns: tuple[str, ...]) -> None:
    assert columns_of(rule_of(text)) == columns


NUMBERS = st.decimals(
    min_value=-1000, max_value=1000, places=3, allow_nan=False, allow_infinity=False
)
OPERANDS = st.one_of(
    NUMBERS.map(Number),
    st.integers(1, 20).map(lambda count: Call("max", (Last(count),))),
    st.builds(
        Arithmetic,
        st.sampled_from(["+", "-", "*"]),
        NUMBERS.map(Number),
        st.integers(2, 9).map(lambda count: Call("avg", (Last(count),))),
    ),
)
CONDITIONS = st.one_of(
    st.builds(Comparison, st.sampled_from(list(Operator)), OPERANDS),
    st.builds(Membership, st.lists(OPERANDS, min_size=1, max_size=3).map(tuple), st.booleans()),
)


@settings(max_examples=60)
@given(condition=CONDITIONS)
def test_a_condition_that_is_spelled_reads_as_itself(condition: Comparison | Membership) -> None:
    assert rule_of(f'Sum "a" {spell(condition)}').condition == condition


@settings(max_examples=40)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_can_be_a_value(text: str) -> None:
    if text.endswith("\\"):
        return
    escaped = text.replace('"', '\\"')
    rule = rule_of(f'ColumnValues "a" = "{escaped}"') if "\\" not in text else None
    assert rule is None or rule.condition == Comparison(Operator.EQUAL, Text(text))


@pytest.mark.parametrize(
    "text",
    [
        'ColumnValues "a" in ["x"] where "b > 1" with threshold > 0.9',
        '(RowCount > 0) and ((IsComplete "a") or (IsUnique "b"))',
    ],
)
def test_a_rule_is_read_again_from_its_own_text(text: str) -> None:
    (rule,) = parse(f"Rules = [\n  {text} ]").rules
    again = parse_rule(rule.text, rule.place)
    assert (again.text, again.place) == (text, Place(2, 3))
    assert [leaf.text for leaf in leaves_of(again)] == [leaf.text for leaf in leaves_of(rule)]
    assert columns_of(again) == columns_of(rule)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "IsComplete $column",
        'SomethingNew "a"',
        "RowCount > 0, RowCount > 1",
        "RowCount > 0 ] Analyzers = [ RowCount",
        "] Analyzers = [ RowCount",
    ],
)
def test_what_is_no_rule_by_itself_is_made_of_none(text: str) -> None:
    again = parse_rule(text, Place(4, 5))
    assert (again.text, again.place, list(leaves_of(again))) == (text, Place(4, 5), [])

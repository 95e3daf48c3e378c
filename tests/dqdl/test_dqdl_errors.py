"""What people read who have made a mistake."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dqdl import DqdlError, parse


def problem_of(text: str) -> str:
    with pytest.raises(DqdlError) as caught:
        parse(text, source="orders")
    return str(caught.value)


@pytest.mark.parametrize(
    ("rule", "column", "problem"),
    [
        ("IsComplete 10", 22, "expected a column name in double quotes, got '10'"),
        ("IsComplete", 21, "expected a column name in double quotes after IsComplete, got none"),
        ('IsComplet "a"', 11, "unknown rule type 'IsComplet': did you mean 'IsComplete'?"),
        ("rowcount > 3", 11, "unknown rule type 'rowcount': did you mean 'RowCount'?"),
        (
            'IsPrimaryKey "a" "a"',
            28,
            "expected each column once, got 'a' again",
        ),
        (
            'ColumnValues "a" between 9 and 3',
            28,
            "expected the lower bound first: 'between low and high', got 'between 9 and 3'",
        ),
        (
            'ColumnValues "a" between 3 and 3',
            28,
            (
                "expected two different bounds: 'between' leaves both out, so nothing is between, "
                "got 'between 3 and 3'"
            ),
        ),
        (
            'ColumnValues "a" between "2026-02-01" and "2026-01-01"',
            28,
            (
                "expected the lower bound first: 'between low and high', "
                'got \'between "2026-02-01" and "2026-01-01"\''
            ),
        ),
        (
            'Completeness "a" > 1.5',
            28,
            "Completeness is always a number from 0 to 1: this can never hold, got '> 1.5'",
        ),
        (
            "RowCount < 0",
            20,
            "RowCount is always a whole number from 0 on: this can never hold, got '< 0'",
        ),
        (
            "RowCount between 3 and 4",
            20,
            (
                "RowCount is always a whole number from 0 on: this can never hold, "
                "got 'between 3 and 4'"
            ),
        ),
        (
            'ColumnValues "a" in [1] with threshold > 1',
            35,
            (
                "a threshold is always a number from 0 to 1: this can never hold, "
                "got 'with threshold > 1'"
            ),
        ),
        ("RowCount > last(5)", 22, "last(5) is a list: expected one number, for example "),
        ("RowCount > index(last(3), 3)", 37, "expected a whole number from 0, the newest of "),
        ('Mean "a" > tomorrow(3)', 22, "expected a function (abs, avg, index, last, max, median"),
        ('Mean "a" > 1 / 0', 22, "expected a divisor other than 0, got 0"),
        (
            'Completeness "a"',
            27,
            "expected a condition after Completeness, such as > 0.9, got none",
        ),
        ('IsUnique "a" > 3', 24, "expected no condition: IsUnique holds or does not, got '> 3'"),
        ('RowCount "a" > 3', 20, "expected no parameter after RowCount, got '\"a\"'"),
        ('Mean "a" "b" > 3', 20, "expected only a column name in double quotes after Mean"),
        ('Mean "a" matches "b"', 20, "expected a number to compare Mean with, got 'matches'"),
        ('ColumnValues "a" in [1, "b"]', 28, "expected values of one kind, got number and text"),
        ('ColumnValues "a" > NULL', 28, "expected '=', '!=', 'in' or 'not in' before NULL"),
        ('ColumnValues "a" = abc', 30, "expected a value, got 'abc': text stands in double quotes"),
        ('ColumnValues "a" = avg(last(3))', 28, "expected '>', '>=', '<', '<=' or 'between'"),
        ('ColumnValues "a" > 3 days', 28, "expected a value such as (now() - 3 days), got a"),
        ('ColumnDataType "a" = "Intege"', 32, "expected the name of a type in double quotes ("),
        ('ColumnDataType "a" > "DATE"', 30, "expected '=', '!=', 'in' or 'not in' and the name"),
        ('DataFreshness "a" < 3', 31, "expected a duration such as 24 hours or 3 days, got 3"),
        ('DataFreshness "a" < 3 MB', 33, "expected days, hours or minutes, got 'MB'"),
        ('IsComplete "a" with threshold > 0.5', 26, "expected no 'with threshold': it is for "),
        ('ColumnValues "a" = "b" with ignoreCase = "true"', 34, "expected 'with threshold', got "),
        ('CustomSql "x" > 3 with threshold > 0.4', 29, "expected either a condition, on a number"),
        ('ColumnCount > 3 where "a > 1"', 27, "expected no 'where': ColumnCount is not about a"),
        ('AllStatistics "a"', 11, "AllStatistics is an analyzer: it belongs in Analyzers = []"),
        ("CustomSql $sql > 3", 21, "expected a constant that is defined (none), got '$sql'"),
        ('ReferentialIntegrity "a" "b" > 0.5', 36, "expected another dataset and its columns, as"),
        ('ReferentialIntegrity "a,b" "c.d" = 1', 38, "expected as many columns on both sides, got"),
        ('AggregateMatch "max(a)" "sum(b)" = 1', 26, 'expected "sum(column)" or "avg(dataset.'),
        ('DetectAnomalies "IsUnique" "a"', 27, "expected a rule type that measures ("),
        ('RowCount > 1 labels=[""="b"]', 32, "expected a key of 1 to 128 characters, once, and"),
    ],
)
def test_a_mistake_in_a_rule_is_said_with_its_place(rule: str, column: int, problem: str) -> None:
    assert problem_of(f"Rules = [ {rule} ]").startswith(f"orders:1:{column}: {problem}")


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("", "1:1", "expected at least one rule or analyzer: Rules = [RowCount > 0]"),
        ("Rules = []", "1:1", "expected at least one rule or analyzer: Rules = [RowCount > 0]"),
        (
            "Rules = [ RowCount > 1",
            "1:23",
            "expected an operator such as +, ',', ']', a unit such ",
        ),
        ("Rules = [\n RowCount > \n]", "3:1", 'expected a value such as 10, "text", NULL or now()'),
        ("Rules = [ RowCount > 1, ]", "1:25", "expected a rule, got ']'"),
        ("Rules = [ RowCount > 1 RowCount > 2 ]", "1:24", "expected an operator such as +, ','"),
        ('Rules = [ IsComplete "a ]', "1:22", "text in double quotes begins here and never ends"),
        ("Rules = [ // rows\n]", "1:11", "expected a rule or ']', got '/': a comment begins"),
        ("rules = [ RowCount > 1 ]", "1:11", "expected text in double quotes, got 'RowCount': "),
        ('Rules = [ ColumnValues "a" not 3 ]', "1:32", "expected 'between', 'in' or 'matches'"),
        ("Rules = [ RowCount between 1, 3 ]", "1:29", "expected "),
        ('Rules = [ RowCount > 1 and IsComplete "a" ]', "1:24", "expected "),
        ("Rules = [ (RowCount > 1) and RowCount > 2 ]", "1:30", "expected '(', got 'RowCount': "),
        (
            'Rules = [ ColumnValues "a" in [1] with threshold > 0.5 where "b" ]',
            "1:56",
            "expected ',', ']' or 'with', got 'where': 'where' stands before 'with threshold'",
        ),
        ("Rules = [RowCount > 1]\nRules = [RowCount > 2]", "2:1", "expected one list of each kind"),
        ('a = "1"\na = "2"', "2:1", "expected each constant to be defined once, got 'a' again"),
        ("Analyzers = [ IsUnique a ]", "1:15", "IsUnique judges and does not measure: it belongs"),
        ("Analyzers = [ RowCount > 3 ]", "1:24", "expected ',' or ']': an analyzer measures and"),
    ],
)
def test_a_mistake_in_a_text_is_said_with_its_place(text: str, place: str, problem: str) -> None:
    assert problem_of(text).startswith(f"orders:{place}: {problem}")


@pytest.mark.parametrize(
    "rule", ["RowCount > 1 and RowCount > 2", "(RowCount > 1) and RowCount > 2"]
)
def test_combined_rules_without_parentheses_are_told_of_them(rule: str) -> None:
    assert "rules that are combined stand in parentheses" in problem_of(f"Rules = [ {rule} ]")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ('DetectPII "name" > 0.5', "cannot be run"),
        ('FileFreshness "s3://a" > "9:30 AM" with timeZone = "UTC"', "is about files"),
        ('FileMatch in ["abc"] with hashAlgorithm = "MD5"', "is about files"),
        ("FileSize > 5 MB", "is about files"),
        ('FileUniqueness "s3://a" > 0.9', "is about files"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(rule: str, reason: str) -> None:
    name = rule.split(maxsplit=1)[0]
    assert problem_of(f"Rules = [ {rule} ]").startswith(f"orders:1:11: {name} {reason}")


def test_an_error_knows_its_place() -> None:
    with pytest.raises(DqdlError) as caught:
        parse("Rules = [\n  RowCount > 0,\n  IsComplete 10\n]")
    assert (caught.value.line, caught.value.column) == (3, 14)
    assert str(caught.value) == "rules:3:14: expected a column name in double quotes, got '10'"


WORDS = (
    'Rules = [ ] ( ) , IsComplete RowCount Mean "a" "b" > < = between and or not in 1 0.5 '
    "with threshold where labels last(3) avg now() days NULL $x # matches Analyzers"
)
NAMES_OF_TERMINALS = {"LSQB", "RSQB", "LPAR", "RPAR", "DOLLAR", "NAME", "STRING", "$END"}


def error_of(text: str) -> DqdlError | None:
    try:
        parse(text)
    except DqdlError as error:
        return error
    return None


@settings(max_examples=150)
@given(st.lists(st.sampled_from(WORDS.split(" ")), max_size=14))
def test_whatever_is_no_ruleset_is_an_error_with_a_place(words: list[str]) -> None:
    error = error_of("Rules = [ " + " ".join(words))
    if error:
        assert str(error).startswith(f"rules:{error.line}:{error.column}: ")
        assert not NAMES_OF_TERMINALS & set(str(error).replace(",", " ").split())

"""Conditions, against AWS's documented operators.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.local_cloud.iam.statements import a_request, allow, decided

QUEUE = "arn:aws:sqs:eu-central-1:111122223333:orders"


def holds(condition: dict[str, dict[str, Any]], keys: dict[str, Any]) -> bool:
    """Whether a condition holds for a request with these keys."""
    return decided(allow(Condition=condition), request=a_request(keys=keys)).is_allowed


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "result"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", "a*", "ab", False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringNotEqualsIgnoreCase", "aB", "Ab", False),
        ("StringLike", "a*", "abc", True),
        ("StringLike", "a?", "abc", False),
        ("StringLike", "${*}", "x", False),
        ("StringNotLike", "a*", "abc", False),
        ("StringNotLike", ["a*", "b*"], "c", True),
        ("NumericEquals", "1.0", "1", True),
        ("NumericNotEquals", "1", "2", True),
        ("NumericLessThan", 1.2, "1.1", True),
        ("NumericLessThan", 1.2, "1.2", False),
        ("NumericLessThanEquals", 1.2, "1.2", True),
        ("NumericGreaterThan", "10", "9", False),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericEquals", "1", "one", False),
        ("DateLessThan", "2026-12-01T00:00:00Z", "2026-11-29T12:00:00Z", True),
        ("DateGreaterThan", "2026-12-01T00:00:00Z", "2026-11-29T12:00:00Z", False),
        ("DateEquals", "2026-11-29T12:00:00Z", "2026-11-29T13:00:00+01:00", True),
        ("DateGreaterThanEquals", "1700000000", "2026-11-29T12:00:00Z", True),
        ("Bool", "true", "true", True),
        ("Bool", False, "false", True),
        ("Bool", "true", "false", False),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("IpAddress", "203.0.113.0/24", "203.0.113.17", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.1", False),
        ("IpAddress", "2001:db8::/32", "203.0.113.17", False),
        ("NotIpAddress", ["203.0.113.0/24", "10.0.0.0/8"], "10.1.1.1", False),
        ("ArnLike", "arn:aws:sqs:*:111122223333:or*", QUEUE, True),
        ("ArnEquals", "arn:aws:sqs:*:*:orders", QUEUE, True),
        ("ArnLike", "arn:aws:sqs:*:orders", QUEUE, False),
        ("ArnLike", QUEUE, QUEUE.upper(), False),
        ("ArnNotLike", "arn:aws:sqs:*:*:orders", QUEUE, False),
        ("ArnNotEquals", "arn:aws:sqs:*:*:returns", QUEUE, True),
        ("Null", "true", "a", False),
        ("Null", "false", "a", True),
    ],
)
def test_operators(operator: str, wanted: Any, found: str, result: bool) -> None:
    assert holds({operator: {"aws:Some": wanted}}, {"aws:Some": found}) is result
    # Keys are compared without regard to case.
    assert holds({operator: {"AWS:SOME": wanted}}, {"aws:some": found}) is result


@pytest.mark.parametrize(
    ("operator", "result"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("NumericLessThan", False),
        ("ArnLike", False),
        ("StringNotEquals", True),
        ("StringNotLike", True),
        ("ArnNotEquals", True),
        ("NotIpAddress", True),
        ("StringEqualsIfExists", True),
        ("ArnLikeIfExists", True),
        ("NumericLessThanIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)
def test_a_key_that_the_request_lacks(operator: str, result: bool) -> None:
    wanted = "10.0.0.0/8" if "Ip" in operator else "1"
    assert holds({operator: {"k": wanted}}, {}) is result


@pytest.mark.parametrize(
    ("operator", "found", "result"),
    [
        ("ForAllValues:StringLike", ["a1", "b"], True),
        ("ForAllValues:StringLike", ["a1", "c"], False),
        ("ForAnyValue:StringLike", ["c", "a1"], True),
        ("ForAnyValue:StringLike", ["c", "d"], False),
        ("ForAnyValue:StringNotLike", ["a1", "c"], True),
        ("ForAnyValue:StringNotLike", ["a1", "b"], False),
        ("ForAllValues:StringNotLike", ["c", "d"], True),
        ("ForAllValues:StringNotLike", ["c", "b"], False),
        # The trap of the empty set: ForAllValues holds for a request without the key.
        ("ForAllValues:StringLike", [], True),
        ("ForAnyValue:StringLike", [], False),
    ],
)
def test_keys_with_several_values(operator: str, found: list[str], result: bool) -> None:
    assert holds({operator: {"k": ["a*", "b"]}}, {"k": found}) is result


def test_the_trap_of_the_empty_set_is_closed_by_asking_for_the_key() -> None:
    trap = {"ForAllValues:StringLike": {"k": "a*"}, "Null": {"k": "false"}}
    assert not holds(trap, {})
    assert holds(trap, {"k": ["ab"]})


def test_all_keys_and_operators_must_hold() -> None:
    both = {"StringEquals": {"a": "1", "b": "2"}, "Bool": {"c": "true"}}
    assert holds(both, {"a": "1", "b": "2", "c": "true"})
    for missing in "abc":
        keys = {"a": "1", "b": "2", "c": "true"}
        del keys[missing]
        assert not holds(both, keys)


def test_values_of_conditions_have_variables() -> None:
    own = {"StringLike": {"s3:prefix": "${aws:username}/*"}}
    assert holds(own, {"s3:prefix": "me/x", "aws:username": "me"})
    assert not holds(own, {"s3:prefix": "you/x", "aws:username": "me"})
    assert not holds(own, {"s3:prefix": "me/x"})
    same = {"ArnLike": {"aws:SourceArn": "arn:aws:sqs:*:${aws:SourceAccount}:orders"}}
    assert holds(same, {"aws:SourceArn": QUEUE, "aws:SourceAccount": "111122223333"})
    assert not holds(same, {"aws:SourceArn": QUEUE, "aws:SourceAccount": "9"})

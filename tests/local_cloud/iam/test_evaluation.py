"""Decisions, against AWS's documented evaluation logic.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.iam.errors import PolicyError
from local_cloud.iam.evaluation import Decision, Kind, Policies, evaluate
from local_cloud.iam.policies import Policy
from local_cloud.iam.requests import Caller
from local_cloud.iam.wording import refusal
from tests.local_cloud.iam.statements import (
    ACCOUNT,
    BUCKET,
    OBJECT,
    OTHER_ACCOUNT,
    ROLE,
    SESSION,
    Json,
    a_request,
    a_service,
    a_session,
    allow,
    decided,
    deny,
    policy,
)

EVERYBODY = {"AWS": "*"}
THE_ACCOUNT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def outcome(decision: Decision) -> tuple[str, Kind]:
    """The outcome, and the kind of the policies that led to it."""
    if decision.is_allowed:
        return "allowed", decision.kind
    return ("denied" if decision.statement else "not allowed"), decision.kind


@pytest.mark.parametrize(
    ("statements", "wanted"),
    [
        ([], ("not allowed", Kind.IDENTITY)),
        ([allow()], ("allowed", Kind.IDENTITY)),
        ([allow("s3:PutObject")], ("not allowed", Kind.IDENTITY)),
        ([allow(), deny()], ("denied", Kind.IDENTITY)),
        ([deny(), allow()], ("denied", Kind.IDENTITY)),
        ([allow(), deny("s3:PutObject")], ("allowed", Kind.IDENTITY)),
        # Actions, without regard to case.
        ([allow("S3:getobject")], ("allowed", Kind.IDENTITY)),
        ([allow("s3:Get*")], ("allowed", Kind.IDENTITY)),
        ([allow("s3:Get?bject")], ("allowed", Kind.IDENTITY)),
        ([allow("s3:GetObjec")], ("not allowed", Kind.IDENTITY)),
        ([allow("*")], ("allowed", Kind.IDENTITY)),
        ([allow(["s3:PutObject", "s3:GetObject"])], ("allowed", Kind.IDENTITY)),
        ([allow(None, NotAction="s3:PutObject")], ("allowed", Kind.IDENTITY)),
        ([allow(None, NotAction=["s3:GetObject"])], ("not allowed", Kind.IDENTITY)),
        ([allow(), deny(None, NotAction="s3:Get*")], ("allowed", Kind.IDENTITY)),
        ([allow(), deny(None, NotAction="s3:Put*")], ("denied", Kind.IDENTITY)),
        # Resources, with regard to case.
        ([allow(resource=OBJECT)], ("allowed", Kind.IDENTITY)),
        ([allow(resource=f"{BUCKET}/*")], ("allowed", Kind.IDENTITY)),
        ([allow(resource=BUCKET)], ("not allowed", Kind.IDENTITY)),
        ([allow(resource=OBJECT.upper())], ("not allowed", Kind.IDENTITY)),
        ([allow(resource=f"{BUCKET}/????/sales.csv")], ("allowed", Kind.IDENTITY)),
        ([allow(resource=f"{BUCKET}/???/sales.csv")], ("not allowed", Kind.IDENTITY)),
        ([allow(resource=["arn:aws:s3:::x", "arn:aws:s3:::rep*"])], ("allowed", Kind.IDENTITY)),
        ([allow(resource=None, NotResource="arn:aws:s3:::x/*")], ("allowed", Kind.IDENTITY)),
        ([allow(resource=None, NotResource=f"{BUCKET}/*")], ("not allowed", Kind.IDENTITY)),
        ([allow(), deny(resource=None, NotResource=OBJECT)], ("allowed", Kind.IDENTITY)),
        ([allow(), deny(resource=None, NotResource="x")], ("denied", Kind.IDENTITY)),
    ],
)
def test_identity_policies(statements: list[Json], wanted: tuple[str, Kind]) -> None:
    assert outcome(decided(*statements)) == wanted


@pytest.mark.parametrize(
    ("pattern", "found", "matches"),
    [
        # A wildcard stays in its part of an ARN, unless it ends the part.
        ("arn:aws:sqs:*:1:orders", "arn:aws:sqs:eu-central-1:1:orders", True),
        ("arn:aws:sqs:*-1:1:orders", "arn:aws:sqs:eu-central-1:1:orders", True),
        ("arn:aws:sqs:e*1:orders", "arn:aws:sqs:eu-central-1:1:orders", False),
        ("arn:aws:sqs:*", "arn:aws:sqs:eu-central-1:1:orders", True),
        ("arn:aws:logs:e:1:log-group:/a*b:*", "arn:aws:logs:e:1:log-group:/a:b:s", True),
        ("arn:aws:s3:::a/${*}", "arn:aws:s3:::a/*", True),
        ("arn:aws:s3:::a/${*}", "arn:aws:s3:::a/b", False),
        ("arn:aws:s3:::a/${?}${$}", "arn:aws:s3:::a/?$", True),
        ("arn:aws:s3:::a/$5", "arn:aws:s3:::a/$5", True),
        ("arn:aws:s3:::a/line*", "arn:aws:s3:::a/line\nend", True),
        ("arn:aws:s3:::a/[x]*", "arn:aws:s3:::a/[x]1", True),
        ("arn:aws:s3:::a/[x]", "arn:aws:s3:::a/x", False),
    ],
)  # fmt: skip
def test_patterns_of_resources(pattern: str, found: str, matches: bool) -> None:
    decision = decided(allow(resource=pattern), request=a_request(resource=found))
    assert decision.is_allowed is matches


def test_variables_are_filled_from_the_request() -> None:
    home = allow(resource=f"{BUCKET}/${{aws:username}}/*")
    assert decided(home, request=a_request(keys={"aws:username": "2026"})).is_allowed
    assert not decided(home, request=a_request(keys={"aws:username": "2025"})).is_allowed
    # A value is taken as it is, and one that is missing matches nothing.
    assert not decided(home, request=a_request(keys={"aws:username": "*"})).is_allowed
    assert not decided(home).is_allowed
    with_default = allow(resource=f"{BUCKET}/${{aws:username, '2026'}}/*")
    assert decided(with_default).is_allowed


def test_policies_of_the_older_version_have_no_variables() -> None:
    document = {"Statement": [allow(resource=f"{BUCKET}/${{aws:username}}/*")]}
    older = Policies(identity=(Policy.of(document),))
    request = a_request(keys={"aws:username": "2026"})
    assert not evaluate(request, older).is_allowed
    literal = a_request(resource=f"{BUCKET}/${{aws:username}}/x")
    assert evaluate(literal, older).is_allowed


@pytest.mark.parametrize(
    ("identity", "others", "wanted"),
    [
        # In one account, identity or resource is enough.
        ([], {"resource": [allow(Principal={"AWS": ROLE})]}, ("allowed", Kind.RESOURCE)),
        ([], {"resource": [allow(Principal="*")]}, ("allowed", Kind.RESOURCE)),
        ([], {"resource": [allow(Principal=EVERYBODY)]}, ("allowed", Kind.RESOURCE)),
        ([allow()], {"resource": [allow("x:y", Principal="*")]}, ("allowed", Kind.IDENTITY)),
        ([allow()], {"resource": [deny(Principal="*")]}, ("denied", Kind.RESOURCE)),
        # An account that is named leaves the decision to its own policies.
        ([], {"resource": [allow(Principal=THE_ACCOUNT)]}, ("not allowed", Kind.IDENTITY)),
        ([allow()], {"resource": [allow(Principal={"AWS": ACCOUNT})]}, ("allowed", Kind.IDENTITY)),
        ([], {"resource": [allow(Principal={"Service": "s3.amazonaws.com"})]},
         ("not allowed", Kind.IDENTITY)),
        # A deny that names the account is about everybody in it.
        ([allow()], {"resource": [deny(Principal=THE_ACCOUNT)]}, ("denied", Kind.RESOURCE)),
        ([allow()], {"resource": [deny(Principal={"AWS": OTHER_ACCOUNT})]},
         ("allowed", Kind.IDENTITY)),
        # Who is excepted from a deny must be so under each of its names.
        ([allow()], {"resource": [deny(NotPrincipal={"AWS": ROLE})]}, ("denied", Kind.RESOURCE)),
        ([allow()], {"resource": [deny(NotPrincipal={"AWS": [ACCOUNT, ROLE]})]},
         ("denied", Kind.RESOURCE)),
        ([allow()], {"resource": [deny(NotPrincipal={"AWS": [ACCOUNT, ROLE, SESSION]})]},
         ("allowed", Kind.IDENTITY)),
        # A boundary limits, and grants nothing.
        ([allow()], {"boundary": [allow("s3:*")]}, ("allowed", Kind.IDENTITY)),
        ([allow()], {"boundary": [allow("ec2:*")]}, ("not allowed", Kind.BOUNDARY)),
        ([allow()], {"boundary": []}, ("not allowed", Kind.BOUNDARY)),
        ([], {"boundary": [allow()]}, ("not allowed", Kind.IDENTITY)),
        ([allow()], {"boundary": [allow("*"), deny()]}, ("denied", Kind.BOUNDARY)),
        # So does a session policy.
        ([allow()], {"session": [allow("*")]}, ("allowed", Kind.IDENTITY)),
        ([allow()], {"session": [allow("s3:PutObject")]}, ("not allowed", Kind.SESSION)),
        ([], {"session": [allow()]}, ("not allowed", Kind.IDENTITY)),
        ([allow()], {"session": [allow("*"), deny()]}, ("denied", Kind.SESSION)),
        ([allow()], {"boundary": [allow()], "session": [allow("x:y")]},
         ("not allowed", Kind.SESSION)),
        # Both limit what a resource grants to a role, but not to the session itself.
        ([], {"resource": [allow(Principal={"AWS": ROLE})], "boundary": []},
         ("not allowed", Kind.BOUNDARY)),
        ([], {"resource": [allow(Principal={"AWS": ROLE})], "session": []},
         ("not allowed", Kind.SESSION)),
        ([], {"resource": [allow(Principal={"AWS": SESSION})], "boundary": [], "session": []},
         ("allowed", Kind.RESOURCE)),
        ([], {"resource": [allow(Principal={"AWS": SESSION})], "session": [deny()]},
         ("denied", Kind.SESSION)),
    ],
)  # fmt: skip
def test_kinds_of_policies_together(
    identity: list[Json], others: dict[str, Any], wanted: tuple[str, Kind]
) -> None:
    assert outcome(decided(*identity, **others)) == wanted


@pytest.mark.parametrize(
    ("identity", "key_policy", "is_allowed"),
    [
        ([allow("kms:Decrypt")], [allow("kms:*", Principal=THE_ACCOUNT)], True),
        ([], [allow("kms:*", Principal=THE_ACCOUNT)], False),
        ([allow("kms:Decrypt")], [], False),
        ([], [allow("kms:Decrypt", Principal={"AWS": ROLE})], True),
        ([allow("kms:Decrypt")], [allow("kms:*", Principal={"AWS": OTHER_ACCOUNT})], False),
    ],
)
def test_nothing_is_allowed_with_a_key_that_its_own_policy_does_not_allow(
    identity: list[Json], key_policy: list[Json], is_allowed: bool
) -> None:
    request = a_request("kms:Decrypt", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/k")
    decision = decided(*identity, request=request, resource=key_policy, resource_must_allow=True)
    assert decision.is_allowed is is_allowed


@pytest.mark.parametrize(
    ("identity", "resource", "is_allowed"),
    [
        ([allow()], [allow(Principal={"AWS": OTHER_ACCOUNT})], True),
        ([allow()], [], False),
        ([], [allow(Principal={"AWS": OTHER_ACCOUNT})], False),
        ([], [allow(Principal={"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:role/reader"})], False),
    ],
)
def test_across_accounts_both_sides_must_allow(
    identity: list[Json], resource: list[Json], is_allowed: bool
) -> None:
    request = a_request(caller=a_session(OTHER_ACCOUNT))
    assert decided(*identity, request=request, resource=resource).is_allowed is is_allowed


@pytest.mark.parametrize(
    ("principal", "caller", "is_allowed"),
    [
        ({"Service": "events.amazonaws.com"}, a_service(), True),
        ({"Service": ["x.amazonaws.com", "events.amazonaws.com"]}, a_service(), True),
        ({"Service": "lambda.amazonaws.com"}, a_service(), False),
        ({"AWS": "*"}, a_service(), False),
        ("*", a_service(), True),
        ({"Service": "events.amazonaws.com"}, a_session(), False),
    ],
)
def test_services_are_allowed_by_resources_alone(
    principal: Any, caller: Caller, is_allowed: bool
) -> None:
    decision = decided(request=a_request(caller=caller), resource=[allow(Principal=principal)])
    assert decision.is_allowed is is_allowed


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"Statement": {"Effect": "Permit", "Action": "x", "Resource": "*"}}, "Allow or Deny"),
        ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "Action or NotAction, got neither"),
        ({"Statement": allow(NotAction="x:y")}, "got both"),
        ({"Statement": allow(Condition={"StringSimilar": {"a": "b"}})}, "StringSimilar"),
        ({"Statement": allow(Condition={"ForSomeValues:Bool": {"a": "b"}})}, "ForSomeValues"),
        ({"Statement": allow(Condition={"NumericEquals": {"a": "b"}})}, "'b'"),
    ],
)
def test_a_policy_that_aws_would_refuse_is_an_error(document: Json, complaint: str) -> None:
    with pytest.raises(PolicyError, match=complaint):
        Policy.of(document)


def test_documents_may_be_texts_with_one_statement() -> None:
    policies = Policies(identity=(Policy.of(json.dumps({"Statement": allow()})),))
    assert evaluate(a_request(), policies).is_allowed


@pytest.mark.parametrize(
    ("identity", "others", "reason"),
    [
        ([], {}, "because no identity-based policy allows the s3:GetObject action"),
        ([allow()], {"session": []}, "because no session policy allows the s3:GetObject action"),
        (
            [allow()],
            {"boundary": []},
            "because no permissions boundary allows the s3:GetObject action",
        ),
        ([deny()], {}, "with an explicit deny in an identity-based policy"),
        (
            [],
            {"resource": [deny(Principal="*")]},
            "with an explicit deny in a resource-based policy",
        ),
    ],
)
def test_refusals_are_worded_as_aws_words_them(
    identity: list[Json], others: dict[str, Any], reason: str
) -> None:
    decision = decided(*identity, **others)
    assert refusal(a_request(), decision) == (
        f"User: {SESSION} is not authorized to perform: s3:GetObject on resource: {OBJECT} {reason}"
    )


CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"k": "a"}},
        {"StringNotLike": {"k": "a*"}},
        {"ForAllValues:StringLike": {"k": ["a*", "b"]}},
        {"ForAnyValue:StringNotLike": {"k": ["a*"]}},
        {"Null": {"k": "true"}},
        {"NumericLessThanIfExists": {"n": "5"}},
    ]
)
STATEMENTS = st.builds(
    lambda effect, action, resource, condition: effect(action, resource, Condition=condition),
    st.sampled_from([allow, deny]),
    st.sampled_from(["s3:GetObject", "s3:Get*", "s3:*", "*", "s3:PutObject"]),
    st.sampled_from(["*", OBJECT, f"{BUCKET}/*", BUCKET, "arn:aws:s3:::x*"]),
    CONDITIONS,
)
SEVERAL = st.lists(STATEMENTS, max_size=4)
REQUESTS = st.builds(
    lambda action, resource, keys: a_request(action, resource, keys=keys),
    st.sampled_from(["s3:GetObject", "s3:PutObject"]),
    st.sampled_from([OBJECT, BUCKET]),
    st.fixed_dictionaries(
        {},
        optional={
            "k": st.lists(st.sampled_from(["a", "ab", "b", "c"]), min_size=1, max_size=3),
            "n": st.sampled_from(["4", "5", "x"]),
        },
    ),
)


def allowed(*statements: Json, request: Any, **others: Any) -> bool:
    return decided(*statements, request=request, **others).is_allowed


@given(SEVERAL, STATEMENTS, REQUESTS)
def test_another_allow_takes_no_permission_and_another_deny_gives_none(
    statements: list[Json], other: Json, request: Any
) -> None:
    before = allowed(*statements, request=request)
    after = allowed(*statements, other, request=request)
    assert after >= before if other["Effect"] == "Allow" else after <= before


@given(SEVERAL, REQUESTS, st.randoms())
def test_the_order_of_statements_does_not_matter(
    statements: list[Json], request: Any, random: Any
) -> None:
    mixed = list(statements)
    random.shuffle(mixed)
    assert allowed(*mixed, request=request) == allowed(*statements, request=request)


@given(SEVERAL, SEVERAL, REQUESTS)
def test_boundaries_and_session_policies_only_take_away(
    statements: list[Json], limit: list[Json], request: Any
) -> None:
    for kind in ("boundary", "session"):
        limited = allowed(*statements, request=request, **{kind: limit})
        assert limited <= allowed(*statements, request=request)
        # What is left is what both allow.
        assert limited == (
            allowed(*statements, request=request) and allowed(*limit, request=request)
        )


@given(SEVERAL, REQUESTS)
def test_one_policy_of_many_statements_means_the_same_as_many_policies(
    statements: list[Json], request: Any
) -> None:
    many = Policies(identity=tuple(policy(one) for one in statements))
    assert evaluate(request, many).is_allowed == allowed(*statements, request=request)

"""Builders of policies, callers and requests, for tests of decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_cloud.iam.evaluation import Decision, Policies, evaluate
from local_cloud.iam.policies import Policy
from local_cloud.iam.requests import Caller, Context, Request

ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/one"
BUCKET = "arn:aws:s3:::reports"
OBJECT = f"{BUCKET}/2026/sales.csv"

Json = dict[str, Any]


def allow(action: Any = "s3:GetObject", resource: Any = "*", **others: Any) -> Json:
    """A statement that allows; `Condition`, `Principal` and the like are as in policies."""
    return _statement("Allow", action, resource, others)


def deny(action: Any = "s3:GetObject", resource: Any = "*", **others: Any) -> Json:
    return _statement("Deny", action, resource, others)


def _statement(effect: str, action: Any, resource: Any, others: Mapping[str, Any]) -> Json:
    given = {"Effect": effect, "Action": action, "Resource": resource, **others}
    return {name: value for name, value in given.items() if value is not None}


def policy(*statements: Json, version: str = "2012-10-17") -> Policy:
    return Policy.of({"Version": version, "Statement": list(statements)}, name="any")


def a_session(account: str = ACCOUNT) -> Caller:
    """A session of the role `reader` in an account."""
    return Caller(
        account=account,
        arn=f"arn:aws:sts::{account}:assumed-role/reader/one",
        role_arn=f"arn:aws:iam::{account}:role/reader",
    )


def a_service(name: str = "events.amazonaws.com") -> Caller:
    return Caller(account=ACCOUNT, arn=name, service=name)


def a_request(
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    *,
    caller: Caller | None = None,
    keys: Mapping[str, Any] | None = None,
) -> Request:
    """A request of the role `reader` to read an object, with these condition keys."""
    values = {
        key: tuple(given) if isinstance(given, list) else (given,)
        for key, given in (keys or {}).items()
    }
    return Request(
        caller=caller or a_session(),
        action=action,
        resource=resource,
        account=ACCOUNT,
        context=Context(values),
    )


def decided(
    *identity: Json,
    request: Request | None = None,
    resource: list[Json] | None = None,
    boundary: list[Json] | None = None,
    session: list[Json] | None = None,
    resource_must_allow: bool = False,
) -> Decision:
    """The decision about a request by statements of these kinds of policies."""
    policies = Policies(
        identity=(policy(*identity),),
        resource=() if resource is None else (policy(*resource),),
        boundary=None if boundary is None else (policy(*boundary),),
        session=None if session is None else (policy(*session),),
        resource_must_allow=resource_must_allow,
    )
    return evaluate(request or a_request(), policies)

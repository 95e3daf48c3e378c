"""How the policies of CDK's pipeline are narrowed."""

from __future__ import annotations

from delivery.precise_grants import narrowed


def a_policy(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions: str, on: object = "arn:aws:s3:::artifacts/*") -> dict[str, object]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on}


def test_wildcards_are_spelled_out_as_what_is_needed() -> None:
    (statement,) = narrowed(a_policy(allow("s3:GetObject*", "kms:ReEncrypt*")))["Statement"]
    assert statement["Action"] == [
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        "s3:GetObject",
        "s3:GetObjectVersion",
    ]


def test_what_is_exact_stays_as_it_is() -> None:
    policy = a_policy(allow("sts:AssumeRole", on="arn:aws:iam::1:role/one"))
    assert narrowed(policy) == policy


def test_a_denial_stays_as_wide_as_it_is() -> None:
    denial: dict[str, object] = {
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "*",
        "Principal": "*",
    }
    assert narrowed(a_policy(denial)) == a_policy(denial)


def test_reports_and_log_groups_that_are_never_made_are_left_out() -> None:
    idle = [
        allow("logs:CreateLogGroup", "logs:PutLogEvents"),
        allow("codebuild:CreateReport"),
        allow("codebuild:StartBuild", on="*"),
    ]
    assert narrowed(a_policy(*idle))["Statement"] == []


def test_starting_a_build_that_is_named_is_kept() -> None:
    (statement,) = narrowed(a_policy(allow("codebuild:StartBuild", on="arn:project")))["Statement"]
    assert statement["Resource"] == "arn:project"


def test_keys_of_other_regions_are_known_by_their_alias_and_no_other_key_is_open() -> None:
    policy = a_policy(allow("kms:Decrypt", on=["*", "arn:key"]))
    foreign, own = narrowed(policy)["Statement"]
    assert foreign["Condition"] == {
        "ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/*encryptionalias*"}
    }
    assert (foreign["Resource"], own["Resource"]) == ("*", ["arn:key"])
    assert "Condition" not in own

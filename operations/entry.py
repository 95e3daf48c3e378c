"""Access to an environment's account."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import ClientError

from config.environments import Environment
from operations.errors import NotEntered


def enter(environment: Environment, *, as_caller: bool = False, role: str = "") -> Any:
    """Return a session in the environment, in a role or with the caller's rights.

    Without `role` it is the checks role.

    Raises NotEntered if the role cannot be assumed.
    """
    region = environment.account.aws_region
    caller = boto3.Session(region_name=region)
    if as_caller:
        return caller
    role = role or environment.checks_role_arn
    try:
        answer = caller.client("sts").assume_role(RoleArn=role, RoleSessionName="checks")
    except ClientError as error:
        raise NotEntered(
            f"{role} cannot be taken ({error.response['Error']['Code']}). The infrastructure of "
            f"{environment.name} makes it: deploy that first. If it is deployed, run this as one "
            "of the roles that it trusts, or with --as-caller in the environment's own account."
        ) from error
    credentials = answer["Credentials"]
    return boto3.Session(
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )

"""Where commands go: AWS, or a local cloud; and what AWS's errors mean there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from config.environments import Environment
from operations.errors import OperationError, WrongUse

_ANY_KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}


@contextmanager
def reaching(local: str) -> Iterator[None]:
    """Lead all of AWS's clients in the block to a local cloud; "" leaves them as they are.

    Raises WrongUse for what is no address of an endpoint.
    """
    if not local:
        yield
        return
    if not re.fullmatch(r"https?://[^/\s]+/?", local):
        raise WrongUse(
            "expected --local with the endpoint that `python -m local_cloud up` prints, such as "
            f"http://127.0.0.1:5000, got {local!r}"
        )
    before = dict(os.environ)
    try:
        # Nothing of somebody's own settings: they may name another endpoint, or a proxy.
        for name in [name for name in before if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ |= {
            **_ANY_KEYS,
            "AWS_ENDPOINT_URL": local.rstrip("/"),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "*",
            # It answers at once, or is not there.
            "AWS_MAX_ATTEMPTS": "2",
        }
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def explained(environment: Environment) -> Iterator[None]:
    """Turn AWS's errors in the block into ones that say what to do.

    Raises OperationError.
    """
    place = f"{environment.name} (account {environment.account.aws_account_id})"
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        raise OperationError(
            f"expected {error.operation_name} to work in {place}, got {told['Code']}: "
            f"{told.get('Message', '')}. Use credentials of that account with the rights that "
            "docs/operations.md lists, and look whether it is deployed: "
            f"`python -m operations status --environment {environment.name}`"
        ) from error
    except BotoCoreError as error:
        raise OperationError(
            f"expected to reach {place}, got {error} Set credentials and region, or --local with "
            "the endpoint that `python -m local_cloud up` prints"
        ) from error

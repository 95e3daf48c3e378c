from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from connectors.errors import SecretError, SourceFailed
from connectors.secrets import Secrets, in_secrets_manager, secret_from, without_secrets
from tests.aws import REGION

MARK = "marked value/4711"


@pytest.fixture
def manager() -> Iterator[Any]:
    with mock_aws():
        keys = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "testing")
        yield boto3.client("secretsmanager", region_name=REGION, **keys)


def marked() -> Secrets:
    secrets = Secrets("mine", lambda: f'{{"token": "{MARK}", "user": "someone"}}')
    secrets.read()
    return secrets


def test_a_secret_is_read_by_its_name(manager: Any) -> None:
    manager.create_secret(Name="project/api", SecretString='{"token": "abc"}')
    assert in_secrets_manager(manager, "project/api").current.value("token") == "abc"


def test_a_secret_that_is_not_there_says_what_to_do(manager: Any) -> None:
    with pytest.raises(SecretError, match="ResourceNotFoundException: create it in this account"):
        in_secrets_manager(manager, "project/api").read()


def test_a_binary_secret_is_refused(manager: Any) -> None:
    manager.create_secret(Name="project/api", SecretBinary=b"abc")
    with pytest.raises(SecretError, match="it is binary"):
        in_secrets_manager(manager, "project/api").read()


@pytest.mark.parametrize("text", [MARK, f'["{MARK}"]', f'{{"a": ["{MARK}"]}}', f'{{"{MARK}'])
def test_a_secret_of_another_shape_is_told_without_it(text: str) -> None:
    with pytest.raises(SecretError, match="a JSON object of texts") as error:
        secret_from(text, "mine")
    assert MARK not in "".join(traceback.format_exception(error.value))


def test_a_field_that_is_missing_is_told_with_the_names_of_the_others() -> None:
    with pytest.raises(SecretError, match="the field key, it has token, user: add it"):
        marked().current.value("key")


@pytest.mark.parametrize(
    "spelled",
    [
        MARK,
        "marked%20value%2F4711",
        "marked+value%2F4711",
        "bWFya2VkIHZhbHVlLzQ3MTE=",
        "c29tZW9uZTptYXJrZWQgdmFsdWUvNDcxMQ==",
    ],
    ids=["plain", "quoted", "in a form", "base64", "basic"],
)
def test_a_value_is_hidden_however_a_request_spells_it(spelled: str) -> None:
    assert marked().hidden_in(f"<{spelled}>") == "<(hidden)>"


def test_a_secret_shows_nothing_when_it_is_printed() -> None:
    assert MARK not in repr(marked().current)
    assert MARK not in f"{marked().current}"


def fail_over_the_secret(secrets: Secrets, kind: type[Exception], text: str) -> None:
    """Raise an error whose cause shows the secret."""
    with without_secrets(secrets):
        try:
            int(MARK)
        except ValueError as cause:
            raise kind(text) from cause


@pytest.mark.parametrize(
    ("kind", "text", "becomes"),
    [(RuntimeError, f"no {MARK} here", SourceFailed), (SecretError, "wrong", SecretError)],
)
def test_an_error_comes_out_without_the_secret_and_its_causes(
    kind: type[Exception], text: str, becomes: type[Exception]
) -> None:
    with pytest.raises(becomes, match=r"no \(hidden\) here|wrong") as error:
        fail_over_the_secret(marked(), kind, text)
    assert MARK not in "".join(traceback.format_exception(error.value))


def test_other_errors_come_out_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), without_secrets(marked()):
        raise ZeroDivisionError

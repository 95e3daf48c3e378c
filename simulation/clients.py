"""boto3's clients, whose calls go to the played services instead of over a network.

Validation of parameters, paginators and the classes of errors are botocore's own; endpoints,
signatures and the wire itself are left out, as they cost ten times more than the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import boto3.session
from botocore.config import Config
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

from simulation.services.answers import NotPlayed, Refused
from simulation.tables import Client, Tables

Gateway = Callable[[str, str, dict[str, Any]], dict[str, Any]]
"""`gateway(service, operation, parameters)`; raises Refused, or an error of botocore's."""
REGION = "eu-central-1"
_validate = ParamValidator().validate


class Reached:
    """Where calls go: one simulation after the other."""

    gateway: Gateway


def client(service: str, **_: object) -> Any:
    """Return the process's client for a service."""
    return _client(service)


def resource(service: str, **_: object) -> Any:
    """Return the process's resource for DynamoDB."""
    return _resource(service)


class Session:
    """As much of a boto3 session as commands use."""

    region_name = REGION

    def client(self, service: str, **_: object) -> Any:
        return _client(service)

    def resource(self, service: str, **_: object) -> Any:
        return _resource(service)


@cache
def _session() -> Any:
    keys = {"aws_access_key_id": "simulated", "aws_secret_access_key": "simulated"}
    return boto3.session.Session(**keys, region_name=REGION)


@cache
def _client(service: str) -> Any:
    return _played(_session().client(service, config=Config(parameter_validation=True)))


@cache
def _resource(service: str) -> Tables:
    if service != "dynamodb":
        raise NotPlayed(f"resource {service}")

    def send(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return Reached.gateway(service, operation, params)

    return Tables(Client(send, _session().client(service).exceptions))


def _played(made: Any) -> Any:
    made._make_api_call = partial(_call, made)  # noqa: SLF001 - the seam below all methods
    if made.meta.service_model.service_name == "s3":
        made.upload_file = partial(_upload_file, made)
        made.download_file = partial(_download_file, made)
    return made


def _call(made: Any, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    service = made.meta.service_model.service_name
    model = made.meta.service_model.operation_model(operation)
    # boto3 takes a dictionary there, and spells it itself.
    spelled = {**params, "CopySource": "spelled"} if "CopySource" in params else params
    report = _validate(spelled, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    try:
        answer = Reached.gateway(service, operation, params)
    except Refused as refused:
        error = made.exceptions.from_code(refused.code)
        raise error(refused.answer(), operation) from None
    return {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


def _upload_file(made: Any, name: str, bucket: str, key: str) -> None:
    """Small files go in one request; boto3's own way uses threads."""
    made.put_object(Bucket=bucket, Key=key, Body=Path(name).read_bytes())


def _download_file(made: Any, bucket: str, key: str, name: str) -> None:
    body = made.get_object(Bucket=bucket, Key=key)["Body"].read()
    Path(name).write_bytes(body)

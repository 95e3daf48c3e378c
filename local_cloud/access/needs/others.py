"""Permissions that calls of the other services need, of which few are called."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import unquote

from local_cloud.access.call import AwsCall
from local_cloud.access.facts import Facts
from local_cloud.access.needs.need import Need, UnknownCall

_FILTERS = frozenset(
    {
        *(f"{change}DataCellsFilter" for change in ("Create", "Delete", "Get", "List", "Update")),
        "GrantPermissions",
        "ListPermissions",
        "RevokePermissions",
    }
)
_STACKS = frozenset({"DescribeStackEvents", "DescribeStacks", "UpdateTerminationProtection"})


def needs_of_stacks(call: AwsCall, facts: Facts) -> list[Need]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html"""
    if call.operation in ("ListExports", "ListStacks"):
        return [Need(action=f"cloudformation:{call.operation}", resource="*")]
    name = call.parameters.get("StackName")
    if call.operation not in _STACKS or not name:
        raise UnknownCall(call.operation)
    arn = name if name.startswith("arn:") else facts.stack_arn(name)
    return [Need(action=f"cloudformation:{call.operation}", resource=arn)]


def needs_of_filters(call: AwsCall, facts: Facts) -> list[Need]:  # noqa: ARG001 - as the others
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslakeformation.html"""
    operation = call.path.removeprefix("/")
    if operation not in _FILTERS:
        raise UnknownCall(operation)
    return [Need(action=f"lakeformation:{operation}", resource="*")]


def needs_of_key(call: AwsCall, facts: Facts) -> list[Need]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html"""
    name = str(call.parameters.get("KeyId", ""))
    arn = facts.key_arn(name)
    if not arn:
        raise UnknownCall(f"{call.operation} of key {name or 'unnamed'}")
    context = call.parameters.get("EncryptionContext", {})
    keys = {f"kms:EncryptionContext:{n}": (str(v),) for n, v in context.items()}
    return [Need(action=f"kms:{call.operation}", resource=arn, keys=keys)]


def needs_of_sessions(call: AwsCall, facts: Facts) -> list[Need]:  # noqa: ARG001 - as the others
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    if call.operation == "GetCallerIdentity":
        return []
    if call.operation != "AssumeRole":
        raise UnknownCall(call.operation)
    given = call.parameters
    keys = {"sts:RoleSessionName": given.get("RoleSessionName")}
    keys |= {"sts:ExternalId": given.get("ExternalId")}
    named = {key: (value,) for key, value in keys.items() if value is not None}
    return [Need(action="sts:AssumeRole", resource=str(given["RoleArn"]), keys=named)]


def needs_of_functions(call: AwsCall, facts: Facts) -> list[Need]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html"""
    path = call.path.split("/")
    if len(path) < 5 or path[2] != "functions" or path[4] != "invocations":
        raise UnknownCall(f"{call.method} {call.path}")
    name = unquote(path[3]).rpartition(":")[2]
    return [Need(action="lambda:InvokeFunction", resource=facts.arn("lambda", f"function:{name}"))]


def needs_of_metrics(call: AwsCall, facts: Facts) -> list[Need]:  # noqa: ARG001 - as the others
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html"""
    namespace = call.parameters.get("Namespace")
    if call.operation != "PutMetricData" or not namespace:
        raise UnknownCall(call.operation)
    keys = {"cloudwatch:namespace": (str(namespace),)}
    return [Need(action="cloudwatch:PutMetricData", resource="*", keys=keys)]


def needs_of_parameters(call: AwsCall, facts: Facts) -> list[Need]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html"""
    names = call.parameters.get("Names") or [call.parameters.get("Name")]
    if call.operation not in ("GetParameter", "GetParameters") or None in names:
        raise UnknownCall(call.operation)
    return [
        Need(
            action=f"ssm:{call.operation}",
            resource=facts.arn("ssm", f"parameter/{str(name).removeprefix('/')}"),
        )
        for name in names
    ]


def needs_of_secrets(call: AwsCall, facts: Facts) -> list[Need]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html"""
    name = call.parameters.get("SecretId")
    if call.operation != "GetSecretValue" or not name:
        raise UnknownCall(call.operation)
    return [Need(action="secretsmanager:GetSecretValue", resource=facts.secret_arn(str(name)))]


_OF_SHARDS = frozenset({"DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"})


def needs_of_streams(call: AwsCall, facts: Facts) -> list[Need]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesis.html"""
    if call.operation not in _OF_SHARDS:
        raise UnknownCall(call.operation)
    given = call.parameters
    # moto's iterators begin with the name of their stream.
    iterator = base64.b64decode(given.get("ShardIterator", "")).decode()
    name = given.get("StreamName") or str(given.get("StreamARN", iterator)).rpartition("/")[2]
    if iterator:
        name = iterator.partition(":")[0]
    return [
        Need(action=f"kinesis:{call.operation}", resource=facts.arn("kinesis", f"stream/{name}"))
    ]


Needs = Callable[[AwsCall, Facts], list[Need]]

"""Permissions that any call needs."""

from __future__ import annotations

from collections.abc import Mapping

from local_cloud.access.call import AwsCall
from local_cloud.access.facts import Facts
from local_cloud.access.needs import dynamodb, glue, s3
from local_cloud.access.needs.messages import needs_of_queue, needs_of_topic
from local_cloud.access.needs.need import Need, UnknownCall
from local_cloud.access.needs.others import (
    Needs,
    needs_of_filters,
    needs_of_functions,
    needs_of_key,
    needs_of_metrics,
    needs_of_parameters,
    needs_of_secrets,
    needs_of_sessions,
    needs_of_stacks,
    needs_of_streams,
)

_SERVICES: Mapping[str, Needs] = {
    "cloudformation": needs_of_stacks,
    "dynamodb": dynamodb.needs,
    "glue": glue.needs,
    "kinesis": needs_of_streams,
    "kms": needs_of_key,
    "lakeformation": needs_of_filters,
    "lambda": needs_of_functions,
    "monitoring": needs_of_metrics,
    "s3": s3.needs,
    "secretsmanager": needs_of_secrets,
    "sns": needs_of_topic,
    "sqs": needs_of_queue,
    "ssm": needs_of_parameters,
    "sts": needs_of_sessions,
}


def needs_of(call: AwsCall, facts: Facts) -> list[Need]:
    """Return what a call needs. Raises UnknownCall, which says where to add it."""
    try:
        return _SERVICES.get(call.service, _unknown)(call, facts)
    except UnknownCall as unknown:
        raise UnknownCall(
            f"a laptop does not know which permissions {call.service}:{unknown} needs, so it does "
            "not allow it to a role; add it to local_cloud/access/needs/"
        ) from None


def _unknown(call: AwsCall, facts: Facts) -> list[Need]:  # noqa: ARG001 - as the others
    raise UnknownCall(call.operation)

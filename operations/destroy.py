"""Takes an environment down; its data only if that is confirmed twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from config.environments import Environment
from operations.stacks import delete_stack

Say = Callable[[str], None]


def destroy(environment: Environment, session: Any, *, delete_data: str, say: Say) -> None:
    """Delete the application; delete infrastructure and data only if confirmed twice.

    The first confirmation is `retention.retainData: false` in config, deployed; the second is
    `delete_data`, which has to be the environment's name. Everything that is kept is reported.
    """
    names, formation = environment.names, session.client("cloudformation")
    if delete_stack(names.application_stack, formation):
        say(f"deleted stack {names.application_stack}: jobs, their logs and their permissions")
    else:
        say(f"there is no stack {names.application_stack}")
    missing = list(_missing_keys(environment, delete_data))
    if missing:
        say(f"kept stack {names.infrastructure_stack}, because {' and '.join(missing)}. In it:")
        for what in _data_of(environment):
            say(f"  {what}")
        return
    for bucket in names.buckets:
        say(f"emptied bucket {bucket}: {_empty(session, bucket)} object versions")
    if delete_stack(names.infrastructure_stack, formation):
        say(f"deleted stack {names.infrastructure_stack}, with its buckets, tables and databases")
    say("kept its key for 30 days, in which KMS can still take the deletion back")


def _missing_keys(environment: Environment, delete_data: str) -> list[str]:
    missing = []
    if environment.settings.retention.retain_data:
        missing.append(f"config says retention.retainData: true for {environment.name}")
    if delete_data != environment.name:
        missing.append(f"DELETE_DATA={environment.name} was not given")
    return missing


def _data_of(environment: Environment) -> list[str]:
    names = environment.names
    has_warehouse = environment.settings.redshift.enabled
    return [
        *(f"bucket {bucket}" for bucket in names.buckets),
        *(f"table {table}" for table in names.tables),
        *(f"database {database}" for database in names.databases),
        *([f"namespace {names.warehouse} of Redshift"] if has_warehouse else []),
        f"key alias/{names.of('data')}",
    ]


def _empty(session: Any, bucket: str) -> int:
    """Delete every version of everything in a bucket, and return how many there were."""
    s3 = session.client("s3")
    count = 0
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            if objects:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            count += len(objects)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
    return count

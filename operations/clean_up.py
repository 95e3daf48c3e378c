"""Removes the data of a check, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from config.environments import Environment
from operations.errors import CheckFailed
from wires.layout import dataset_owner


def clean_up(
    environment: Environment, session: Any, *, dataset: str, key: str, version: str
) -> None:
    """Remove table, files, ledger entries and the upload; load and run stay, as history.

    Every step is tried. Raises CheckFailed naming those that failed.
    """
    names = environment.names
    unlock = {"BypassGovernanceRetention": True} if environment.locks_uploads else {}
    s3, tables = session.client("s3"), session.resource("dynamodb")
    steps: dict[str, Callable[[], object]] = {
        "the table": partial(_drop, session.client("glue"), names.processed_database, dataset),
        "its files": partial(_empty, s3, names.processed_bucket, f"{dataset}/"),
        "its ledger entries": partial(_forget, tables.Table(names.objects_table), key),
        "the claim to its name": partial(
            tables.Table(names.state_table).delete_item, Key=dict(dataset_owner(dataset))
        ),
        "the upload": partial(
            s3.delete_object, Bucket=names.raw_bucket, Key=key, VersionId=version, **unlock
        ),
    }
    failed = []
    for what, step in steps.items():
        try:
            step()
        except ClientError as error:
            failed.append(f"{what} ({error.response['Error']['Code']})")
    if failed:
        raise CheckFailed(f"of {dataset} there is still {', '.join(failed)}: remove it by hand")


def _drop(glue: Any, database: str, table: str) -> None:
    with suppress(glue.exceptions.EntityNotFoundException):
        glue.delete_table(DatabaseName=database, Name=table)


def _empty(s3: Any, bucket: str, prefix: str) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", ()):
            s3.delete_object(Bucket=bucket, Key=item["Key"])


def _forget(table: Any, key: str) -> None:
    found = table.query(
        KeyConditionExpression="#key = :key",
        ExpressionAttributeNames={"#key": "key"},
        ExpressionAttributeValues={":key": key},
    )
    for item in found["Items"]:
        table.delete_item(Key={"key": key, "version_id": item["version_id"]})

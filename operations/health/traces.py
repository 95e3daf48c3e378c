"""Everything that a check's upload leaves in an environment, and its removal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from operations.errors import CheckFailed
from operations.recovery.estate import Estate
from wires.check_ledger import CheckLedger, CheckNote
from wires.layout import (
    dataset_owner,
    quarantined_object,
    quarantined_rows_of_dataset,
    table_folder,
)
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectStatus
from wires.quarantine import REASON

_Removed = int


@dataclass(frozen=True)
class Traces:
    """The traces of one check in one route: an upload, and what was made of it.

    The load and the runs that had it stay as history.
    """

    estate: Estate
    note: CheckNote

    def upload(self, body: bytes) -> str:
        """Put the upload into the raw bucket, after it is noted down. Returns its version id."""
        self._ledger.begin(self.note)
        answer = self.estate.s3.put_object(
            Bucket=self.estate.names.raw_bucket, Key=self.note.key, Body=body
        )
        return str(answer["VersionId"])

    def remove(self) -> int:
        """Remove everything and return how many things were there. Each step is tried.

        Raises CheckFailed naming the steps that failed.
        """
        removed, failed = 0, []
        for what, step in self._steps().items():
            try:
                removed += step()
            except ClientError as error:
                failed.append(f"{what} ({error.response['Error']['Code']})")
        if failed:
            raise CheckFailed(f"of {self.note.dataset} there is still {', '.join(failed)}")
        return removed

    def forget(self) -> None:
        """Forget the upload, once nothing of it is left and nothing more can come of it."""
        self._ledger.end(self.note.dataset)

    def _steps(self) -> Mapping[str, Callable[[], _Removed]]:
        names, s3, dataset = self.estate.names, self.estate.s3, self.note.dataset
        rows = quarantined_rows_of_dataset(dataset)
        return {
            "the table": self._drop,
            "its files": partial(_empty, s3, names.processed_bucket, table_folder(dataset)),
            "its quarantined rows": partial(_empty, s3, names.quality_bucket, rows),
            "its quarantined object": self._unquarantine,
            "the upload": self._delete_versions,
            # After the upload: an entry says where the rest of it is.
            "its ledger entries": self._forget_entries,
            "the claim to its name": self._give_up_name,
        }

    @property
    def _ledger(self) -> CheckLedger:
        return CheckLedger(self.estate.table(self.estate.names.state_table))

    def _drop(self) -> _Removed:
        glue = self.estate.glue
        with suppress(glue.exceptions.EntityNotFoundException):
            glue.delete_table(
                DatabaseName=self.estate.names.processed_database, Name=self.note.dataset
            )
            return 1
        return 0

    def _entries(self) -> list[Mapping[str, Any]]:
        found = self.estate.table(self.estate.names.objects_table).query(
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": "key"},
            ExpressionAttributeValues={":key": self.note.key},
            ConsistentRead=True,
        )
        return list(found["Items"])

    def _forget_entries(self) -> _Removed:
        table = self.estate.table(self.estate.names.objects_table)
        entries = self._entries()
        for entry in entries:
            table.delete_item(Key={"key": entry["key"], "version_id": entry["version_id"]})
        return len(entries)

    def _unquarantine(self) -> _Removed:
        """Remove the copy of an upload that was refused, with the reason beside it."""
        refused = [e for e in self._entries() if e.get("status") == ObjectStatus.REJECTED]
        for entry in refused:
            version = ObjectVersion(
                key=entry["key"],
                version_id=entry["version_id"],
                size=int(entry["size"]),
                uploaded_at=entry["uploaded_at"],
            )
            copy = quarantined_object(version.key, version.version_id, version.uploaded_on)
            for key in (copy, f"{copy}{REASON}"):
                self.estate.s3.delete_object(Bucket=self.estate.names.quality_bucket, Key=key)
        return len(refused)

    def _delete_versions(self) -> _Removed:
        s3, bucket, key = self.estate.s3, self.estate.names.raw_bucket, self.note.key
        unlock = (
            {"BypassGovernanceRetention": True} if self.estate.environment.locks_uploads else {}
        )
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        found = [
            version["VersionId"]
            for page in pages
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            if version["Key"] == key
        ]
        for version_id in found:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id, **unlock)
        return len(found)

    def _give_up_name(self) -> _Removed:
        answer = self.estate.table(self.estate.names.state_table).delete_item(
            Key=dict(dataset_owner(self.note.dataset)), ReturnValues="ALL_OLD"
        )
        return int("Attributes" in answer)


def _empty(s3: Any, bucket: str, prefix: str) -> _Removed:
    removed = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", ()):
            s3.delete_object(Bucket=bucket, Key=item["Key"])
            removed += 1
    return removed

"""The tables that hold the platform's state, as a job uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3

from wires.dataset_names import DatasetNames
from wires.job_arguments import LoadDefaults
from wires.lease import Leases
from wires.load_ledger import LoadLedger
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectLedger, ObjectStatus
from wires.run_ledger import RunLedger


@dataclass(frozen=True, kw_only=True)
class State:
    """One ledger per table; leases and dataset names share the state table."""

    objects: ObjectLedger
    loads: LoadLedger
    runs: RunLedger
    leases: Leases
    names: DatasetNames

    @classmethod
    def of(cls, settings: LoadDefaults) -> State:
        tables: Any = boto3.resource("dynamodb")
        state = tables.Table(settings.state_table)
        return cls(
            objects=ObjectLedger(tables.Table(settings.objects_table)),
            loads=LoadLedger(tables.Table(settings.loads_table)),
            runs=RunLedger(tables.Table(settings.runs_table)),
            leases=Leases(state),
            names=DatasetNames(state),
        )

    def claim_content(self, version: ObjectVersion, digest: str) -> str:
        """Return the version that owns this content under this key: the given one, if it may.

        A version that failed for good passes its content on, so that uploading the file again
        helps. One whose load was committed does not, because its rows are going to appear.
        """
        holder = self.objects.claim_content(version, digest)
        if holder == version.version_id or not self._is_lost(version.key, holder):
            return holder
        taken = self.objects.take_over_content(version, digest, holder=holder)
        return version.version_id if taken else holder

    def _is_lost(self, key: str, version_id: str) -> bool:
        item = self.objects.get(key, version_id)
        if item.get("status") != ObjectStatus.FAILED:
            return False
        load_id = item.get("load_id", "")
        return not (load_id and self.loads.get(load_id).commit)

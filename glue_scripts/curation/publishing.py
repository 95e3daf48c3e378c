"""Publishes an approved refresh to readers. Every step can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curation.refresh import Refresh
from curation.tables import MadeTables
from lake.publishing.quarantine_catalog import QuarantineCatalog


@dataclass(frozen=True, kw_only=True)
class RefreshPublisher:
    """Publishes one model's refresh."""

    tables: MadeTables
    quarantine: QuarantineCatalog
    quality_bucket: str

    def publish(self, refresh: Refresh, key: str, facts: Mapping[str, str]) -> str:
        """Publish all days at once, then the quarantined rows.

        Returns the id of the table's snapshot, "" for a dataset, which has no table of its own.
        """
        snapshot = ""
        if refresh.table:
            snapshot = str(self.tables.publish(refresh, key, facts).snapshot_id)
        if refresh.quarantine:
            location = f"s3://{self.quality_bucket}/{refresh.quarantine_prefix}"
            self.quarantine.add_partition(refresh.quarantine, location)
        return snapshot

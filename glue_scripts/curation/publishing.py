"""From an approved refresh to what readers see. Every step can be done again."""

from __future__ import annotations

from dataclasses import dataclass

from curation.catalog import CuratedCatalog
from curation.days import day_folder
from curation.refresh import DayWrite, Refresh
from lake.catalog import QuarantineCatalog
from lake.store import supersede


@dataclass(frozen=True, kw_only=True)
class RefreshPublisher:
    """Publishes one unit's refresh."""

    catalog: CuratedCatalog
    quarantine: QuarantineCatalog
    curated_bucket: str
    quality_bucket: str

    def publish(self, refresh: Refresh, *, facts: dict[str, str]) -> None:
        """Days one after the other, each at once and complete; then quarantined rows."""
        if refresh.table and refresh.by_day:
            self._publish_days(refresh, facts)
        elif refresh.table:
            self._publish_whole(refresh, facts)
        if refresh.quarantine:
            location = f"s3://{self.quality_bucket}/{refresh.quarantine_prefix}"
            self.quarantine.add_partition(refresh.quarantine, location)

    def _publish_whole(self, refresh: Refresh, facts: dict[str, str]) -> None:
        # An empty answer has written no file; its folder is as empty as the table is to be.
        prefix = refresh.days[0].prefix if refresh.days else f"{refresh.table}/empty/"
        location = self._location(prefix)
        self.catalog.put_table(
            refresh.table,
            refresh.columns,
            location=location,
            by_day=False,
            facts={"rows": str(refresh.rows), "refresh": refresh.refresh_id, **facts},
        )
        supersede(self.curated_bucket, f"{refresh.table}/", but=prefix)

    def _publish_days(self, refresh: Refresh, facts: dict[str, str]) -> None:
        standing_columns = self.catalog.columns(refresh.table)
        standing = {} if standing_columns is None else self.catalog.days(refresh.table)
        if standing_columns != refresh.columns or not self.catalog.is_by_day(refresh.table):
            self.catalog.put_table(
                refresh.table,
                refresh.columns,
                location=self._location(f"{refresh.table}/"),
                by_day=True,
            )
        for day in refresh.days:
            self._put(refresh, day, facts)
        gone = {day.day for day in refresh.days if not day.prefix}
        if refresh.whole:
            gone |= standing.keys() - {day.day for day in refresh.days}
        for gone_day in sorted(gone):
            self.catalog.drop_day(refresh.table, gone_day)
        for day in (*refresh.days, *(DayWrite(day=one, prefix="", rows=0) for one in sorted(gone))):
            supersede(
                self.curated_bucket, day_folder(refresh.table, day.day), but=day.prefix or None
            )
        # Of a time when the table had no days.
        supersede(self.curated_bucket, f"{refresh.table}/refresh=")

    def _put(self, refresh: Refresh, day: DayWrite, facts: dict[str, str]) -> None:
        if day.prefix:
            self.catalog.put_day(
                refresh.table,
                day.day,
                refresh.columns,
                location=self._location(day.prefix),
                facts={"rows": str(day.rows), "refresh": refresh.refresh_id, **facts},
            )

    def _location(self, prefix: str) -> str:
        return f"s3://{self.curated_bucket}/{prefix}"

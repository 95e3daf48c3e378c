"""One run of the maintenance job: compaction, expiry of snapshots, removal of leftovers.

Each step can be repeated, alongside readers and writers; a run that is killed leaves files that the
next one removes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby

from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyspark.sql import SparkSession

from curation.guarding import Failures
from curation.refresh import load_refresh
from iceberg.commits import Committer
from iceberg.errors import CommitLost, FileReplaced
from iceberg.manifests import live_files
from iceberg.publishing import Publication, publish
from iceberg.storage import place_of
from iceberg.tables import IcebergDatabase, is_by_day
from iceberg.types import columns_of
from iceberg.watermarks import watermark_of
from iceberg.written_file import WrittenFile
from lake.store import client, use_region
from maintenance.compaction import Merged, Merger, crowded, merge
from maintenance.leftovers import Leftovers, give_up_leftovers
from wires.errors import LeaseError
from wires.job_arguments import GlueRun, MaintenanceDefaults
from wires.layout import model_of, publisher, table_model
from wires.lease import Leases
from wires.refresh_ledger import RefreshLedger
from wires.run_ledger import RunLedger

_TURN_SECONDS = 900
_TURN_WAIT = 120.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The maintenance that was done to a table."""

    table: str
    files_before: int
    """Number of files that were merged."""
    files_after: int
    """Number of files that they were merged into."""
    snapshots: int
    """Number of snapshots that have expired."""
    leftovers: Leftovers


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """One run of the maintenance job, with its settings and services."""

    settings: MaintenanceDefaults
    glue_run: GlueRun
    spark: SparkSession
    refreshes: RefreshLedger
    leases: Leases
    runs: RunLedger
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def keep(self) -> list[Kept]:
        """Maintain all tables; return what was done to each.

        A table that fails does not stop the others; the errors are raised together at the end, as
        LakeError.
        """
        done: list[Kept] = []
        failed = Failures()
        for database in (self.settings.processed_database, self.settings.curated_database):
            tables = IcebergDatabase.of(client("glue"), database)
            for name in tables.names():
                with failed.guard(f"table {database}.{name}"):
                    done += self._kept(tables, name)
        self.runs.record(
            self.glue_run.JOB_NAME,
            self.glue_run.JOB_RUN_ID,
            {
                "tables": len(done),
                "files_merged": sum(kept.files_before for kept in done),
                "snapshots_expired": sum(kept.snapshots for kept in done),
                "leftovers": sum(kept.leftovers.objects for kept in done),
                "leftover_bytes": sum(kept.leftovers.size for kept in done),
            },
        )
        failed.tell()
        return done

    def _kept(self, database: IcebergDatabase, name: str) -> Iterator[Kept]:
        """Maintain a table, unless it was dropped since it was listed, as checks drop theirs."""
        try:
            yield self._keep(database, name)
        except NoSuchTableError:
            if database.table(name) is not None:
                raise
            logger.info("table %s is gone", name)

    def _keep(self, database: IcebergDatabase, name: str) -> Kept:
        before = after = expired = 0
        if not self._is_kept_by_glue(database, name):
            before, after = self._compact(database, name)
            committer = Committer(database.catalog, now=self.now.timestamp)
            expired = committer.expire((database.name, name))
        # Waiting files are looked up first: those published in between are in the table by then.
        awaited = self._awaited(database, name)
        leftovers = give_up_leftovers(
            database.must_have(name),
            older_than=self.now - timedelta(hours=self.settings.grace_hours),
            kept=awaited,
        )
        kept = Kept(
            table=f"{database.name}.{name}",
            files_before=before,
            files_after=after,
            snapshots=expired,
            leftovers=leftovers,
        )
        logger.info("%s", kept)
        return kept

    def _is_kept_by_glue(self, database: IcebergDatabase, name: str) -> bool:
        kept = self.settings.tables_kept_by_glue.split(",")
        return database.name == self.settings.curated_database and name in kept

    def _turn(self, database: IcebergDatabase, name: str) -> AbstractContextManager[None]:
        """Hold the lease of a table that loads publish to, which find out first what to replace."""
        if database.name != self.settings.processed_database:
            return nullcontext()
        return self.leases.held(
            publisher(name), owner=self.glue_run.JOB_RUN_ID, seconds=_TURN_SECONDS, wait=_TURN_WAIT
        )

    def _awaited(self, database: IcebergDatabase, name: str) -> set[str]:
        """Return keys of staged files that wait at the quality gate, for however long."""
        if database.name != self.settings.curated_database:
            return set()
        # A table's model has its name or, for a table of latest rows, that of its dataset's model.
        models = {table_model(name), model_of(watermark_of(database.must_have(name)))} - {""}
        staged = [state.staged for state in map(self.refreshes.get, models) if state.staged]
        refreshes = [load_refresh(self.settings.assets_bucket, key) for key in staged]
        return {file.key for refresh in refreshes for file in refresh.files}

    def _compact(self, database: IcebergDatabase, name: str) -> tuple[int, int]:
        """Compact a table; return how many files became how many.

        A table that others publish to all the time is left for the next run, and so is one whose
        holder has died: its lease lasts longer than this run, which is paid for, had best wait.
        """
        if self._awaited(database, name):
            # Waiting files, once approved, take the place of these very files.
            return 0, 0
        table = database.must_have(name)
        run = self.glue_run.JOB_RUN_ID[-12:]
        mergers = list(crowded(table, target_bytes=self.settings.target_file_bytes, run=run))
        before = after = 0
        for _, merged in groupby(self._merged(mergers), lambda one: one.merger.partition):
            day = list(merged)
            try:
                with self._turn(database, name):
                    replaced = self._replace(database, table, day)
            except LeaseError as error:
                logger.info("%s: %s; left for the next run", name, error)
                break
            if replaced:
                before += sum(len(one.merger.locations) for one in day)
                after += len(day)
        return before, after

    def _merged(self, mergers: Sequence[Merger]) -> Iterator[Merged]:
        if not mergers:
            return
        rdd = self.spark.sparkContext.parallelize(mergers, len(mergers))
        yield from rdd.map(partial(_merge_in, self.settings.region)).collect()

    def _replace(self, database: IcebergDatabase, table: Table, day: Sequence[Merged]) -> bool:
        """Publish merged files; return False if somebody else has replaced the old ones."""
        gone = {location for one in day for location in one.merger.locations}
        name = table.name()[-1]
        place = place_of(f"{table.location()}/")
        partition = day[0].merger.partition
        try:
            publish(
                database,
                Publication(
                    table=name,
                    bucket=place["Bucket"],
                    folder=place["Key"],
                    columns=columns_of(table.schema()),
                    by_day=is_by_day(table),
                    docs={field.name: field.doc for field in table.schema().fields if field.doc},
                    commit_id=f"compaction-{self.glue_run.JOB_RUN_ID}-{'-'.join(partition)}",
                    files=[
                        WrittenFile(
                            key=one.merger.key,
                            rows=one.rows,
                            values=one.values,
                            partition=partition,
                        )
                        for one in day
                    ],
                    replaced=partial(_standing, planned=table.schema(), gone=gone, day=day),
                    same_rows=True,
                ),
            )
        except (FileReplaced, CommitLost) as error:
            logger.info("%s: %s; left for the next run", name, error)
            return False
        return True


def _merge_in(region: str, merger: Merger) -> Merged:
    use_region(region)
    return merge(merger)


def _standing(
    table: Table, *, planned: Schema, gone: set[str], day: Sequence[Merged]
) -> list[DataFile]:
    if table.schema().fields != planned.fields:
        raise FileReplaced("the table has got other columns meanwhile")
    files = live_files(table, {day[0].merger.partition})
    found = [file for file in files if file.file_path in gone]
    if len(found) != len(gone):
        raise FileReplaced(
            f"{len(gone) - len(found)} files of {'/'.join(day[0].merger.partition)} that were "
            "merged are in the table no more"
        )
    return found

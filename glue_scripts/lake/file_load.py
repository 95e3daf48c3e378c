"""One run of the file processor: from its load's manifest to published tables.

    claim → survey → plan → write → count → commit → publish

Until the commit nothing is visible, and a killed run leaves only files that no table points
at. From the commit on, whichever attempt is at work carries the same commit out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from botocore.exceptions import BotoCoreError, ClientError
from pyspark.sql import SparkSession

from lake.catalog import QuarantineCatalog
from lake.commit import Commit, PartitionWrite, Stamp
from lake.conversion import start_converters
from lake.datasets import name_datasets
from lake.engine import Engine
from lake.errors import LakeError, LoadLost
from lake.isolation import USUAL_BUDGET, Budget, fault_of
from lake.lineage import Lineage
from lake.publishing import Publisher
from lake.state import State
from lake.store import client
from lake.surveying import Surveyed
from lake.table_columns import NO_TABLE, TableColumns
from lake.tables import ProcessedTables
from lake.waiting import each
from lake.writing import Places
from wires.contracts import DatasetContract, Evolution
from wires.job_arguments import GlueRun, LoadDefaults, LoadRun
from wires.layout import QUARANTINED_ROWS, commit_key, manifest_key, publisher
from wires.lineage import LineageRun
from wires.manifest import Manifest
from wires.quarantine import ROWS_TABLE

LEASE_SECONDS = 900
LEASE_WAIT_SECONDS = 1800
_ROUNDS = 3
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FileLoad:
    """Everything that a run knows."""

    settings: LoadDefaults
    run: LoadRun
    glue_run: GlueRun
    contracts: Mapping[str, DatasetContract]
    state: State
    spark: SparkSession
    budget: Budget = USUAL_BUDGET

    def process(self) -> Commit:
        """Publish the load. Raises LoadLost if another run has it; then nothing was written."""
        start_converters(self.spark)
        self._claim()
        manifest = self._manifest()
        self._lineage.started(manifest.objects)
        try:
            commit, snapshots = self._published(manifest)
        except LoadLost:
            raise
        except Exception as error:
            self._lineage.failed(error, manifest.objects)
            raise
        # Before the load is finished: a run that dies in between is followed by one that tells.
        self._lineage.completed(commit, manifest.objects, snapshots)
        self.state.loads.finish(self.run.load_id)
        self._publisher("clean-up", self._processed).clean_up(commit)
        self._record(commit)
        return commit

    def _published(self, manifest: Manifest) -> tuple[Commit, Mapping[str, str]]:
        """What the load has brought, and the snapshot of each dataset in which that is."""
        load = self.state.loads.get(self.run.load_id)
        return self._carry_on(load.commit) if load.commit else self._begin(manifest)

    def _claim(self) -> None:
        mine = self.state.loads.claim(
            self.run.load_id, attempt=self.run.attempt, run_id=self.glue_run.JOB_RUN_ID
        )
        if not mine:
            raise LoadLost(
                f"load {self.run.load_id} attempt {self.run.attempt} belongs to another run, "
                "or was withdrawn: nothing to do here"
            )

    def _carry_on(self, key: str) -> tuple[Commit, Mapping[str, str]]:
        logger.info("load %s was committed by an earlier attempt", self.run.load_id)
        body = client("s3").get_object(Bucket=self.settings.assets_bucket, Key=key)["Body"]
        commit = Commit.from_json(body.read())
        with self._leases(commit.datasets):
            publisher = self._publisher(f"attempt-{self.run.attempt}", self._processed.held())
            return commit, publisher.publish(commit, again=True)

    def _begin(self, manifest: Manifest) -> tuple[Commit, Mapping[str, str]]:
        engine = self._engine(f"attempt-{self.run.attempt}")
        surveyed = engine.look_at(manifest.objects)
        datasets = name_datasets(
            [item.version.key for item in surveyed], self.contracts, self.state.names.claim
        )
        changed = 0
        while changed < _ROUNDS:
            before, refused = self._tables(datasets.values(), self._processed)
            surveyed = [_hindered(item, datasets, refused) for item in surveyed]
            commit = engine.write(surveyed, datasets, before)
            with self._leases(commit.datasets):
                held = self._processed.held()
                if not self._still_fits(commit, before, held):
                    changed += 1
                    continue
                publisher = self._publisher(f"attempt-{self.run.attempt}", held)
                prepared = publisher.prepare_moves(commit)
                if not prepared.hindered:
                    return self._publish(replace(commit, moves=prepared.moves), publisher)
            surveyed = [_hindered(item, datasets, prepared.hindered) for item in surveyed]
        raise LakeError(
            f"other runs changed the tables of load {self.run.load_id} {_ROUNDS} times while it "
            "was being written; the next attempt tries again"
        )

    def _publish(self, commit: Commit, publisher: Publisher) -> tuple[Commit, Mapping[str, str]]:
        logger.info("load %s is written and counted: publishing it", self.run.load_id)
        self._commit(commit, f"attempt-{self.run.attempt}")
        return commit, publisher.publish(commit, again=False)

    def _still_fits(
        self, commit: Commit, before: Mapping[str, TableColumns], held: ProcessedTables
    ) -> bool:
        now, refused = self._tables(commit.datasets, held)
        return not refused and all(
            now.get(write.dataset) == before.get(write.dataset)
            or (self._may_widen(write.dataset) and _fits(write, now.get(write.dataset, NO_TABLE)))
            for write in commit.partitions
        )

    def _may_widen(self, dataset: str) -> bool:
        contract = self.contracts.get(dataset)
        return contract is None or contract.evolution is Evolution.EVOLVE

    def _commit(self, commit: Commit, attempt: str) -> None:
        key = commit_key(self.run.load_id, attempt)
        client("s3").put_object(
            Bucket=self.settings.assets_bucket, Key=key, Body=commit.to_json().encode()
        )
        run_id = self.glue_run.JOB_RUN_ID
        if not self.state.loads.commit(self.run.load_id, run_id=run_id, commit=key):
            raise LoadLost(f"load {self.run.load_id} passed to another run before the commit")

    def _manifest(self) -> Manifest:
        answer = client("s3").get_object(
            Bucket=self.settings.assets_bucket, Key=manifest_key(self.run.load_id)
        )
        return Manifest.from_json(answer["Body"].read())

    def _tables(
        self, datasets: Iterable[str], tables: ProcessedTables
    ) -> tuple[dict[str, TableColumns], dict[str, str]]:
        """The columns of each dataset that has a table, and why others cannot have one."""
        names = sorted(set(datasets))
        columns: dict[str, TableColumns] = {}
        refused: dict[str, str] = {}

        def look(name: str) -> None:
            try:
                table = tables.open(name)
            except (BotoCoreError, ClientError):
                raise
            except Exception as error:  # noqa: BLE001 - costs the dataset's objects of this load
                refused[name] = fault_of(error).reason
                return
            if table:
                columns[name] = table.columns

        each(look, names)
        return columns, refused

    def _leases(self, datasets: Iterable[str]) -> AbstractContextManager[None]:
        """Exclusive turns at the datasets. They belong to the load: the attempt after a killed one
        need not wait for them."""
        return self.state.leases.held_all(
            map(publisher, datasets),
            owner=self.run.load_id,
            seconds=LEASE_SECONDS,
            wait=LEASE_WAIT_SECONDS,
        )

    def _keep_lease(self, dataset: str) -> None:
        owner = self.run.load_id
        if not self.state.leases.keep(publisher(dataset), owner=owner, seconds=LEASE_SECONDS):
            raise LoadLost(f"the turn at dataset {dataset} ran out and passed to another run")

    @cached_property
    def _processed(self) -> ProcessedTables:
        return ProcessedTables.of(client("glue"), self.settings.processed_database)

    @cached_property
    def _places(self) -> Places:
        return Places(
            raw_bucket=self.settings.raw_bucket,
            processed_bucket=self.settings.processed_bucket,
            quality_bucket=self.settings.quality_bucket,
            assets_bucket=self.settings.assets_bucket,
        )

    @cached_property
    def _lineage(self) -> Lineage:
        return Lineage(
            settings=self.settings,
            run=LineageRun(
                job=self.glue_run.JOB_NAME,
                run_id=self.glue_run.JOB_RUN_ID,
                environment=self.settings.environment,
                code_version=self.settings.code_version,
            ),
            load_id=self.run.load_id,
            attempt=f"attempt-{self.run.attempt}",
        )

    @cached_property
    def _stamp(self) -> Stamp:
        return Stamp(
            load_id=self.run.load_id,
            processing_job=self.glue_run.JOB_NAME,
            processed_at=datetime.now(UTC).isoformat(),
        )

    def _engine(self, attempt: str) -> Engine:
        return Engine(
            spark=self.spark,
            places=self._places,
            stamp=self._stamp,
            attempt=attempt,
            target_bytes=self.settings.target_file_bytes,
            max_ratio=self.settings.max_expansion_ratio,
            isolate=self.run.last_attempt,
            contracts=self.contracts,
            claim_content=self.state.claim_content,
            budget=self.budget,
        )

    def _publisher(self, attempt: str, tables: ProcessedTables) -> Publisher:
        quarantine = QuarantineCatalog(
            client("glue"),
            self.settings.quality_database,
            table=ROWS_TABLE,
            location=f"s3://{self.settings.quality_bucket}/{QUARANTINED_ROWS}",
        )
        return Publisher(
            tables=tables,
            quarantine=quarantine,
            ledger=self.state.objects,
            loads=self.state.loads,
            writer=self._engine(attempt).writer(attempt),
            alerts_topic_arn=self.settings.alerts_topic_arn,
            keep_lease=self._keep_lease,
            facts={
                "run-id": self.glue_run.JOB_RUN_ID,
                "code-version": self.settings.code_version,
            },
        )

    def _record(self, commit: Commit) -> None:
        totals = {
            name: sum(getattr(outcome, name) for outcome in commit.outcomes)
            for name in ("rows_in", "rows_published", "rows_quarantined")
        }
        self.state.runs.record(
            self.glue_run.JOB_NAME,
            self.glue_run.JOB_RUN_ID,
            {**totals, "load_id": commit.load_id, "datasets": commit.datasets},
        )


def _fits(write: PartitionWrite, table: TableColumns) -> bool:
    """Whether files can stand in a table that has gone on meanwhile."""
    wider = table.schema.merge(write.schema)
    return write.schema.stored_as_in(wider) and (
        write.field_ids.items() <= table.field_ids(wider).items()
    )


def _hindered(item: Surveyed, datasets: Mapping[str, str], reasons: Mapping[str, str]) -> Surveyed:
    """An object whose dataset cannot take what the load brings."""
    reason = reasons.get(datasets[item.version.key])
    return Surveyed(version=item.version, failed=reason) if reason and item.survey else item

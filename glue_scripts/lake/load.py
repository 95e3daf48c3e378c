"""One run of the file processor: from its load's manifest to published tables.

    claim → inspection → plan → write → count → commit → publish

Until the commit nothing is visible, and a killed run leaves only files that no table points
at. From the commit on, whichever attempt is at work carries the same commit out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from lake.columns.table_columns import NO_TABLE, TableColumns
from lake.errors import LakeError, LoadLost
from lake.load_parts import LoadParts
from lake.planning.commit import Commit, PartitionWrite
from lake.planning.datasets import name_datasets
from lake.planning.inspection import Inspected, InspectedObject, Unread
from lake.publishing.processed_tables import ProcessedTables
from lake.publishing.publisher import Publisher
from lake.running.isolation import fault_of
from lake.running.waiting import each
from lake.store import client
from lake.writing.conversion import start_converters
from wires.contracts import Evolution
from wires.layout import commit_key, manifest_key
from wires.manifest import Manifest, ObjectVersion

_ROUNDS = 3
_MOST_WAITS = 100
"""Values that CloudWatch takes of one metric at once."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FileLoad:
    """One run of the file processor."""

    parts: LoadParts

    def process(self) -> Commit:
        """Publish the load. Raises LoadLost if another run has it; then nothing was written."""
        start_converters(self.parts.spark)
        self._claim()
        manifest = self._manifest()
        self.parts.lineage.started(manifest.objects)
        try:
            commit, snapshots = self._published(manifest)
        except LoadLost:
            raise
        except Exception as error:
            self.parts.lineage.failed(error, manifest.objects)
            raise
        # Before the load is finished: a run that dies in between is followed by one that tells.
        self.parts.lineage.completed(commit, manifest.objects, snapshots)
        self.parts.state.loads.finish(self.parts.run.load_id)
        self.parts.publisher(self.parts.processed, attempt="clean-up").clean_up(commit)
        self._record(commit, manifest)
        return commit

    def _published(self, manifest: Manifest) -> tuple[Commit, Mapping[str, str]]:
        """Publish the load; return its commit and the snapshot id of each dataset."""
        load = self.parts.state.loads.get(self.parts.run.load_id)
        return self._carry_on(load.commit) if load.commit else self._begin(manifest)

    def _claim(self) -> None:
        run, run_id = self.parts.run, self.parts.glue_run.JOB_RUN_ID
        if not self.parts.state.loads.claim(run.load_id, attempt=run.attempt, run_id=run_id):
            raise LoadLost(
                f"load {run.load_id} attempt {run.attempt} belongs to another run, "
                "or was withdrawn: nothing to do here"
            )

    def _carry_on(self, key: str) -> tuple[Commit, Mapping[str, str]]:
        logger.info("load %s was committed by an earlier attempt", self.parts.run.load_id)
        body = client("s3").get_object(Bucket=self.parts.settings.assets_bucket, Key=key)["Body"]
        commit = Commit.from_json(body.read())
        with self.parts.turns.held(commit.datasets):
            publisher = self.parts.publisher(self.parts.processed.held())
            return commit, publisher.publish(commit, again=True)

    def _begin(self, manifest: Manifest) -> tuple[Commit, Mapping[str, str]]:
        engine = self.parts.engine
        inspected = engine.inspect(manifest.objects)
        datasets = name_datasets(
            [item.version.key for item in inspected],
            self.parts.contracts,
            self.parts.state.names.claim,
        )
        changed = 0
        while changed < _ROUNDS:
            before, refused = self._tables(datasets.values(), self.parts.processed)
            inspected = [_hindered(item, datasets, refused) for item in inspected]
            commit = engine.write(inspected, datasets, before)
            with self.parts.turns.held(commit.datasets):
                held = self.parts.processed.held()
                if not self._still_fits(commit, before, held):
                    changed += 1
                    continue
                publisher = self.parts.publisher(held)
                prepared = publisher.prepare_moves(commit)
                if not prepared.hindered:
                    return self._publish(replace(commit, moves=prepared.moves), publisher)
            inspected = [_hindered(item, datasets, prepared.hindered) for item in inspected]
        raise LakeError(
            f"other runs changed the tables of load {self.parts.run.load_id} {_ROUNDS} times "
            "while it was being written; the next attempt tries again"
        )

    def _publish(self, commit: Commit, publisher: Publisher) -> tuple[Commit, Mapping[str, str]]:
        logger.info("load %s is written and counted: publishing it", self.parts.run.load_id)
        self._commit(commit)
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
        contract = self.parts.contracts.get(dataset)
        return contract is None or contract.evolution is Evolution.EVOLVE

    def _commit(self, commit: Commit) -> None:
        key = commit_key(self.parts.run.load_id, self.parts.attempt)
        client("s3").put_object(
            Bucket=self.parts.settings.assets_bucket, Key=key, Body=commit.to_json().encode()
        )
        run_id = self.parts.glue_run.JOB_RUN_ID
        if not self.parts.state.loads.commit(self.parts.run.load_id, run_id=run_id, commit=key):
            raise LoadLost(f"load {self.parts.run.load_id} passed to another run before the commit")

    def _manifest(self) -> Manifest:
        answer = client("s3").get_object(
            Bucket=self.parts.settings.assets_bucket, Key=manifest_key(self.parts.run.load_id)
        )
        return Manifest.from_json(answer["Body"].read())

    def _tables(
        self, datasets: Iterable[str], tables: ProcessedTables
    ) -> tuple[dict[str, TableColumns], dict[str, str]]:
        """Return the columns of existing tables, and why datasets cannot have one, by dataset."""
        names = sorted(set(datasets))
        columns: dict[str, TableColumns] = {}
        refused: dict[str, str] = {}

        def look(name: str) -> None:
            try:
                table = tables.open(name)
            except (BotoCoreError, ClientError):
                raise
            except Exception as error:  # noqa: BLE001 - fails the dataset's objects of this load
                refused[name] = fault_of(error).reason
                return
            if table:
                columns[name] = table.columns

        each(look, names)
        return columns, refused

    def _record(self, commit: Commit, manifest: Manifest) -> None:
        """Record with the run what became of rows and objects, and how long they have waited."""
        totals = {
            name: sum(getattr(outcome, name) for outcome in commit.outcomes)
            for name in ("rows_in", "rows_published", "rows_quarantined")
        }
        self.parts.state.runs.record(
            self.parts.glue_run.JOB_NAME,
            self.parts.glue_run.JOB_RUN_ID,
            {
                **totals,
                "bytes_in": sum(version.size for version in manifest.objects),
                "load_id": commit.load_id,
                "datasets": commit.datasets,
                "nulls": nulls_of(commit.partitions),
                "endings": dict(Counter(outcome.status.value for outcome in commit.outcomes)),
                "waits": waits(manifest.objects, datetime.now(UTC)),
            },
        )


def nulls_of(writes: Iterable[PartitionWrite]) -> dict[str, int]:
    """Return how many values of the rows are null, by dataset."""
    nulls: Counter[str] = Counter()
    for write in writes:
        filled = sum(sum(columns.values()) for columns in write.filled)
        nulls[write.dataset] += write.rows * len(write.schema.columns) - filled
    return dict(nulls)


def waits(versions: Iterable[ObjectVersion], now: datetime) -> list[int]:
    """Return seconds since each upload, in order; of more than a hundred, evenly chosen ones."""
    ages = sorted(
        round((now - datetime.fromisoformat(version.uploaded_at)).total_seconds())
        for version in versions
    )
    if len(ages) <= _MOST_WAITS:
        return ages
    last = len(ages) - 1
    return [ages[round(place * last / (_MOST_WAITS - 1))] for place in range(_MOST_WAITS)]


def _fits(write: PartitionWrite, table: TableColumns) -> bool:
    """Whether files still fit into a table that has changed meanwhile."""
    wider = table.schema.merge(write.schema)
    return write.schema.stored_as_in(wider) and (
        write.field_ids.items() <= table.field_ids(wider).items()
    )


def _hindered(
    item: InspectedObject, datasets: Mapping[str, str], reasons: Mapping[str, str]
) -> InspectedObject:
    """The object, or why its dataset cannot take what the load brings."""
    reason = reasons.get(datasets[item.version.key])
    return Unread.failed(item.version, reason) if reason and isinstance(item, Inspected) else item

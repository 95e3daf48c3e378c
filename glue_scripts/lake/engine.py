"""From objects to partitions: inspect, write, learn, write again what proved wrong, count.

What is presumed of a large object (its types, its encoding, that it is no duplicate) is confirmed
while it is written. If it proves wrong, the partition is written again with what is known by then,
so the result is the same as if everything had been read beforehand.

An object that fails does not stop the others: it is taken out with the reason, and the partitions
that it was part of are written again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pyspark.sql import SparkSession

from iceberg.field_ids import FieldIds
from lake.columns.schema import Schema
from lake.columns.table_columns import NO_TABLE, TableColumns
from lake.errors import AccountingError, Unavailable
from lake.planning.commit import Commit, Stamp
from lake.planning.datasets import contracts_by_key
from lake.planning.inspection import (
    Inspected,
    InspectedObject,
    Limits,
    Unread,
    confirmed,
    first_offender,
    inspect_objects,
    recoded,
)
from lake.planning.plan import ClaimContent, Plan, PlannedPartition, plan
from lake.running.isolation import USUAL_BUDGET, Blame, Budget, Fault
from lake.writing.duplicate_keys import Repeats, find_repeats
from lake.writing.partitions import Places, Writer, WrittenPartition
from lake.writing.quarantining import quarantine_all
from lake.writing.reconciliation import Quarantining, Reconciled, reconcile
from lake.writing.tasks import versions_of
from wires.contracts import DatasetContract
from wires.manifest import ObjectVersion

logger = logging.getLogger(__name__)
_ROUNDS = 8
"""Presumptions that can prove wrong one after the other: encoding, types, the same content, the
same keys."""
Place = tuple[str, str]
"""Dataset and day."""


@dataclass(kw_only=True)
class _Work:
    """The state of a load: findings about its objects, and partitions written so far."""

    known: dict[ObjectVersion, InspectedObject]
    datasets: Mapping[str, str]
    tables: Mapping[str, TableColumns]
    written: dict[Place, WrittenPartition] = field(default_factory=dict)

    @property
    def schemas(self) -> Mapping[str, Schema]:
        return {dataset: table.schema for dataset, table in self.tables.items()}

    def outdated(self, planned: Plan) -> list[tuple[PlannedPartition, FieldIds]]:
        """Partitions that are not written as they are planned."""
        found = []
        for partition in planned.partitions:
            table = self.tables.get(partition.dataset, NO_TABLE)
            ids = table.field_ids(partition.table)
            written = self.written.get(partition.place)
            if written is None or not written.is_right_for(partition, ids):
                found.append((partition, ids))
        return found

    def finished(self, planned: Plan) -> list[WrittenPartition]:
        """All partitions, each with the plan that it is right for."""
        return [replace(self.written[p.place], plan=p) for p in planned.partitions]

    def forget(self, versions: frozenset[ObjectVersion]) -> None:
        """Have everything written again in which one of these objects has a part."""
        for place, item in list(self.written.items()):
            if not versions.isdisjoint(planned.source.version for planned in item.plan.objects):
                del self.written[place]


@dataclass(frozen=True, kw_only=True)
class _Count:
    """The comparison of written partitions with what was read."""

    repeats: Repeats
    reconciled: Mapping[Place, Reconciled]
    """Nothing while rows that repeat a key are still among those that are written."""

    @property
    def suspects(self) -> Mapping[frozenset[ObjectVersion], str]:
        return {
            **{versions: fault.reason for versions, fault in self.repeats.faults.items()},
            **{v: why for own in self.reconciled.values() for v, why in own.suspects.items()},
        }

    def is_right_for(self, planned: Plan) -> bool:
        complete = self.reconciled.keys() == {p.place for p in planned.partitions}
        return complete and not self.suspects


@dataclass(kw_only=True)
class Engine:
    """Writes the objects of one attempt of one load."""

    spark: SparkSession
    places: Places
    stamp: Stamp
    attempt: str
    target_bytes: int
    max_ratio: int
    isolate: bool
    """Whether AWS's errors, too, fail the objects that they concern; otherwise they end the run,
    for another attempt to try again."""
    contracts: Mapping[str, DatasetContract]
    claim_content: ClaimContent
    budget: Budget = USUAL_BUDGET
    _folders: int = field(default=0)
    _alone: frozenset[ObjectVersion] = field(default=frozenset())
    _by_key: Mapping[str, DatasetContract] = field(default_factory=dict)

    def inspect(self, versions: Sequence[ObjectVersion]) -> list[InspectedObject]:
        """Inspect the objects of the load; to be called once, before `write`."""
        self._by_key = contracts_by_key([version.key for version in versions], self.contracts)
        found = inspect_objects(self.spark, versions, self._limits)
        return self._settled(versions, found)

    def write(
        self,
        inspected: Sequence[InspectedObject],
        datasets: Mapping[str, str],
        tables: Mapping[str, TableColumns],
    ) -> Commit:
        """Write everything and count it; nothing is visible yet. `tables` has the columns of those
        datasets that have a table already."""
        work = _Work(
            known={item.version: item for item in inspected}, datasets=datasets, tables=tables
        )
        left = _ROUNDS
        while True:
            planned = self._plan(work)
            before = dict(work.known)
            if todo := work.outdated(planned):
                progress = self._learn(work, self._write(work, todo))
            else:
                count = self._count(work.finished(planned))
                if count.is_right_for(planned):
                    return self._commit(planned, list(count.reconciled.values()))
                progress = self._suspect(work, count)
            # Taking objects out, or apart, comes to an end by itself; learning might not.
            left -= not progress
            if left < 0:
                self._give_up(work, before, [partition for partition, _ in todo])

    def writer(self, attempt: str) -> Writer:
        return Writer(
            spark=self.spark,
            places=self.places,
            stamp=self.stamp,
            attempt=attempt,
            target_bytes=self.target_bytes,
            max_ratio=self.max_ratio,
            budget=self.budget,
            alone=self._alone,
        )

    @property
    def _limits(self) -> Limits:
        return Limits(
            bucket=self.places.raw_bucket,
            contracts=self._by_key,
            max_ratio=self.max_ratio,
            target_bytes=self.target_bytes,
            parallelism=self.spark.sparkContext.defaultParallelism,
            budget=self.budget,
        )

    def _settled(
        self, versions: Sequence[ObjectVersion], found: Sequence[InspectedObject | Fault]
    ) -> list[InspectedObject]:
        """Return the inspected objects; in place of a fault, an object failed with its reason."""
        faults = [item for item in found if isinstance(item, Fault)]
        self._check_available(faults, all_of_them=len(faults) == len(found))
        return [
            Unread.failed(version, item.reason) if isinstance(item, Fault) else item
            for version, item in zip(versions, found, strict=True)
        ]

    def _check_available(self, faults: Iterable[Fault], *, all_of_them: bool) -> None:
        """Raise Unavailable if AWS or a machine is at fault, for another attempt to try again.

        Access that is denied only to some of the objects is the fault of these objects.
        """
        blamed = [
            fault
            for fault in faults
            if fault.blame.may_pass or (all_of_them and fault.blame is Blame.DENIAL)
        ]
        if not blamed or self.isolate:
            return
        if blamed[0].blame is Blame.MACHINE:
            raise Unavailable(f"a worker's machine fails: {blamed[0].reason}")
        raise Unavailable(f"AWS does not answer as it must: {blamed[0].reason}")

    def _plan(self, work: _Work) -> Plan:
        return plan(
            list(work.known.values()),
            work.datasets,
            work.schemas,
            self.contracts,
            claim=self.claim_content,
            offender=partial(first_offender, self._limits),
        )

    def _write(
        self, work: _Work, todo: Sequence[tuple[PlannedPartition, FieldIds]]
    ) -> list[WrittenPartition]:
        logger.info("%d partitions to write, %d are written", len(todo), len(work.written))
        self._folders += 1
        done = self.writer(f"{self.attempt}-{self._folders}").write(todo)
        work.written |= {item.plan.place: item for item in done}
        return done

    def _learn(self, work: _Work, written: Sequence[WrittenPartition]) -> bool:
        """Take down what writing has shown: all of it for sure, but for encodings that proved
        wrong. Returns whether objects were taken out, or apart."""
        known = work.known
        progress = False
        for item in written:
            known |= {v: Unread.rejected(v, reason) for v, reason in item.refused.items()}
            known |= {v: Unread.failed(v, reason) for v, reason in item.failed.items()}
            for task, fault in item.faults:
                self._check_available([fault], all_of_them=False)
                self._take_apart(work, versions_of(task.pieces), fault.reason)
            progress |= bool(item.refused or item.failed or item.faults)
        findings = {v: found for item in written for v, found in item.findings.items()}
        unsure = [
            item
            for item in known.values()
            if isinstance(item, Inspected)
            and not item.sure
            and item.version in findings
            and len(findings[item.version]) == len(item.spans)
        ]
        doubtful = [i for i in unsure if any(found.stray for found in findings[i.version])]
        recoding = recoded(self.spark, doubtful, self._limits)
        again = self._settled([item.version for item in doubtful], recoding)
        known |= {item.version: item for item in again}
        for looked in unsure:
            if known[looked.version] == looked:
                known[looked.version] = confirmed(looked, findings[looked.version])
        return progress

    def _take_apart(self, work: _Work, suspects: Iterable[ObjectVersion], reason: str) -> None:
        """Have each of several objects tried alone; one that was alone is at fault."""
        versions = set(suspects)
        if len(versions) == 1 or versions <= self._alone:
            work.known |= {version: Unread.failed(version, reason) for version in versions}
        self._alone |= versions

    def _suspect(self, work: _Work, count: _Count) -> bool:
        """Leave rows out that repeat a key, and take objects out, or apart, of which something
        else was written than was read. Returns whether there were such objects."""
        for version, places in count.repeats.places.items():
            work.known[version] = _with_repeats(work.known[version], places)
        suspects = count.suspects
        for versions, reason in suspects.items():
            self._take_apart(work, versions, reason)
        work.forget(frozenset().union(*suspects))
        return bool(suspects)

    def _give_up(
        self,
        work: _Work,
        before: Mapping[ObjectVersion, InspectedObject],
        todo: Sequence[PlannedPartition],
    ) -> None:
        """Take out the objects that come out differently every time; where none does, those whose
        partitions are never as they must be."""
        changed = {
            version
            for version, item in work.known.items()
            if isinstance(item, Inspected) and item != before[version]
        }
        stuck = {item.source.version for partition in todo for item in partition.objects}
        if not (changed or stuck):
            raise AccountingError(
                "what was written never agrees with what was read, and no object is to blame: "
                "this is a defect of the engine"
            )
        for version in changed or stuck:
            reason = "it came out differently each time: the reader contradicts itself"
            work.known[version] = Unread.failed(version, reason)

    def _count(self, written: Sequence[WrittenPartition]) -> _Count:
        repeats = self._repeats(written)
        to_do_again = repeats.places or repeats.faults
        return _Count(repeats=repeats, reconciled={} if to_do_again else self._reconciled(written))

    def _repeats(self, written: Sequence[WrittenPartition]) -> Repeats:
        """Find rows that repeat a key, in partitions whose contract has a unique key."""
        found = Repeats()
        for item in written:
            if item.plan.key:
                bucket = self.places.processed_bucket
                found |= find_repeats(
                    self.spark, item.converted, item.plan.key, bucket, self.budget
                )
        for fault in found.faults.values():
            self._check_available([fault], all_of_them=False)
        return found

    def _reconciled(self, written: Sequence[WrittenPartition]) -> dict[Place, Reconciled]:
        quarantining = Quarantining(
            raw_bucket=self.places.raw_bucket,
            quality_bucket=self.places.quality_bucket,
            stamp=self.stamp,
            attempt=f"{self.attempt}-{self._folders}",
            target_bytes=self.target_bytes,
            max_ratio=self.max_ratio,
            alone=self._alone,
        )
        tasks = [list(quarantining.tasks(item)) for item in written]
        every = [task for own in tasks for task in own]
        results = quarantine_all(self.spark, every, self.budget)
        faults = [one for one in results if isinstance(one, Fault)]
        self._check_available(faults, all_of_them=len(faults) == len(results))
        done = iter(results)
        return {
            item.plan.place: reconcile(
                item,
                [(task, next(done)) for task in own],
                processed_bucket=self.places.processed_bucket,
                quality_bucket=self.places.quality_bucket,
                quarantine_prefix=quarantining.prefix(item),
            )
            for item, own in zip(written, tasks, strict=True)
        }

    def _commit(self, planned: Plan, reconciled: Sequence[Reconciled]) -> Commit:
        return Commit(
            load_id=self.stamp.load_id,
            job=self.stamp.processing_job,
            processed_at=self.stamp.processed_at,
            outcomes=(*planned.settled, *(end for own in reconciled for end in own.outcomes)),
            partitions=tuple(own.write for own in reconciled),
        )


def _with_repeats(item: InspectedObject, places: Mapping[int, tuple[int, ...]]) -> InspectedObject:
    if isinstance(item, Unread):
        return item
    spans = tuple(
        replace(span, repeats=places.get(span.start, span.repeats)) for span in item.spans
    )
    # Not sure any more: what is found without these rows has to be recorded again.
    return replace(item, spans=spans, sure=item.sure and not places)

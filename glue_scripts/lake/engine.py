"""Objects to partitions: look, write, learn, write again what turned out otherwise, count.

What is presumed of a large object (its types, its encoding, that it is no duplicate) is
confirmed while it is written. Where it proves wrong, the partition is written anew with
what is known then; so the result is that of having read everything beforehand.

Whatever an object does on its way, the others go on without it: it is taken out with the reason,
and what it had a part in is written again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pyspark.sql import SparkSession

from iceberg.field_ids import FieldIds
from lake.accounting import Accounts, Aside, account
from lake.commit import Commit, Stamp
from lake.conversion import put_all_aside, versions_of
from lake.datasets import contracts_by_key
from lake.errors import AccountingError, Unavailable
from lake.isolation import USUAL_BUDGET, Blame, Budget, Fault
from lake.planning import ClaimContent, Plan, PlannedPartition, plan
from lake.repeats import Repeats, find_repeats
from lake.schema import Schema
from lake.surveying import (
    Look,
    Surveyed,
    confirmed,
    first_offender,
    recoded,
    survey_objects,
)
from lake.table_columns import NO_TABLE, TableColumns
from lake.writing import Places, Writer, WrittenPartition
from wires.contracts import DatasetContract
from wires.manifest import ObjectVersion

logger = logging.getLogger(__name__)
_ROUNDS = 8
"""Presumptions that can prove wrong one after the other: encoding, types, the same content, the
same keys."""
_Known = dict[ObjectVersion, Surveyed]


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
    """Whether AWS's refusals, too, cost the objects that they concern; otherwise they end the run,
    so that another attempt meets them."""
    contracts: Mapping[str, DatasetContract]
    claim_content: ClaimContent
    budget: Budget = USUAL_BUDGET
    _folders: int = field(default=0)
    _alone: frozenset[ObjectVersion] = field(default=frozenset())
    _by_key: Mapping[str, DatasetContract] = field(default_factory=dict)

    def look_at(self, versions: Sequence[ObjectVersion]) -> list[Surveyed]:
        """Survey the objects of the load; to be called once, before `write`."""
        self._by_key = contracts_by_key([version.key for version in versions], self.contracts)
        found = survey_objects(self.spark, versions, self._look)
        return self._settled(versions, found)

    def write(
        self,
        surveyed: Sequence[Surveyed],
        datasets: Mapping[str, str],
        tables: Mapping[str, TableColumns],
    ) -> Commit:
        """Write everything and count it; nothing is visible yet. `tables` has the columns of those
        datasets that have a table already."""
        schemas = {dataset: table.schema for dataset, table in tables.items()}
        written: dict[tuple[str, str], WrittenPartition] = {}
        known: _Known = {item.version: item for item in surveyed}
        left = _ROUNDS
        while True:
            planned = self._plan(known, datasets, schemas)
            before = dict(known)
            ids = {
                p.place: tables.get(p.dataset, NO_TABLE).field_ids(p.table)
                for p in planned.partitions
            }
            todo = [
                p for p in planned.partitions if not _stands(written.get(p.place), p, ids[p.place])
            ]
            if todo:
                logger.info(
                    "%d partitions to write, %d are as they must be",
                    len(todo),
                    len(planned.partitions) - len(todo),
                )
                self._folders += 1
                done = self.writer(f"{self.attempt}-{self._folders}").write(
                    [(p, ids[p.place]) for p in todo]
                )
                written |= {item.plan.place: item for item in done}
                progress = self._learn(known, done)
            else:
                fitting = [replace(written[p.place], plan=p) for p in planned.partitions]
                repeats = self._repeats(fitting)
                accounts = {} if repeats.places or repeats.faults else self._accounts(fitting)
                suspects = {
                    **{versions: fault.reason for versions, fault in repeats.faults.items()},
                    **_suspects(accounts.values()),
                }
                if accounts.keys() == {p.place for p in planned.partitions} and not suspects:
                    return self._commit(planned, list(accounts.values()))
                for version, places in repeats.places.items():
                    known[version] = _with_repeats(known[version], places)
                progress = self._suspect(known, suspects, written)
            # Taking objects out, or apart, comes to an end by itself; learning might not.
            left -= not progress
            if left < 0:
                self._give_up(known, before, todo)

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
    def _look(self) -> Look:
        return Look(
            bucket=self.places.raw_bucket,
            contracts=self._by_key,
            max_ratio=self.max_ratio,
            target_bytes=self.target_bytes,
            parallelism=self.spark.sparkContext.defaultParallelism,
            budget=self.budget,
        )

    def _settled(
        self, versions: Sequence[ObjectVersion], found: Sequence[Surveyed | Fault]
    ) -> list[Surveyed]:
        """What was found, and of each object that nothing was found of, why."""
        faults = [item for item in found if isinstance(item, Fault)]
        self._check_available(faults, all_of_them=len(faults) == len(found))
        return [
            Surveyed(version=version, failed=item.reason) if isinstance(item, Fault) else item
            for version, item in zip(versions, found, strict=True)
        ]

    def _check_available(self, faults: Iterable[Fault], *, all_of_them: bool) -> None:
        """Raises Unavailable where AWS is at fault, so that another attempt finds it better. What
        is denied to some objects alone, is these objects' fault."""
        blamed = {Blame.AWS, Blame.DENIAL} if all_of_them else {Blame.AWS}
        reasons = [fault.reason for fault in faults if fault.blame in blamed]
        if reasons and not self.isolate:
            raise Unavailable(f"AWS does not answer as it must: {reasons[0]}")

    def _plan(
        self, known: _Known, datasets: Mapping[str, str], tables: Mapping[str, Schema]
    ) -> Plan:
        return plan(
            list(known.values()),
            datasets,
            tables,
            self.contracts,
            claim=self.claim_content,
            offender=partial(first_offender, self._look),
        )

    def _learn(self, known: _Known, written: Sequence[WrittenPartition]) -> bool:
        """What is known after writing: all of it for sure, but for encodings that proved wrong.
        Returns whether objects were taken out, or apart."""
        progress = False
        for item in written:
            for version, reason in item.refused.items():
                known[version] = Surveyed(version=version, refused=reason)
            for version, reason in item.failed.items():
                known[version] = Surveyed(version=version, failed=reason)
            for task, fault in item.faults:
                self._check_available([fault], all_of_them=False)
                self._take_apart(known, versions_of(task.pieces), fault.reason)
            progress |= bool(item.refused or item.failed or item.faults)
        findings = {v: found for item in written for v, found in item.findings.items()}
        unsure = [
            item
            for item in known.values()
            if item.survey
            and not item.sure
            and item.version in findings
            and len(findings[item.version]) == len(item.spans)
        ]
        doubtful = [i for i in unsure if any(found.stray for found in findings[i.version])]
        recoding = recoded(self.spark, doubtful, self._look)
        again = self._settled([item.version for item in doubtful], recoding)
        known |= {item.version: item for item in again}
        for looked in unsure:
            if known[looked.version] == looked:
                known[looked.version] = confirmed(looked, findings[looked.version])
        return progress

    def _take_apart(self, known: _Known, suspects: Iterable[ObjectVersion], reason: str) -> None:
        """Of several objects each is to be tried alone; one that was alone is at fault."""
        versions = set(suspects)
        if len(versions) == 1 or versions <= self._alone:
            known |= {version: Surveyed(version=version, failed=reason) for version in versions}
        self._alone |= versions

    def _suspect(
        self,
        known: _Known,
        suspects: Mapping[frozenset[ObjectVersion], str],
        written: dict[tuple[str, str], WrittenPartition],
    ) -> bool:
        """Take out, or apart, objects of which something else was written than was read."""
        for versions, reason in suspects.items():
            self._take_apart(known, versions, reason)
        every = frozenset().union(*suspects)
        for place, item in list(written.items()):
            if not every.isdisjoint(source.source.version for source in item.plan.objects):
                del written[place]
        return bool(suspects)

    def _give_up(self, known: _Known, before: _Known, todo: Sequence[PlannedPartition]) -> None:
        """Take out the objects that come out differently every time; where none does, those whose
        partitions are never as they must be."""
        changed = {v for v, item in known.items() if item.survey and item != before[v]}
        stuck = {item.source.version for partition in todo for item in partition.objects}
        if not (changed or stuck):
            raise AccountingError(
                "what was written never agrees with what was read, and no object is to blame: "
                "this is a defect of the engine"
            )
        for version in changed or stuck:
            reason = "it came out differently each time: the reader contradicts itself"
            known[version] = Surveyed(version=version, failed=reason)

    def _repeats(self, written: Sequence[WrittenPartition]) -> Repeats:
        """Rows that repeat a key, where a contract says that there is one."""
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

    def _accounts(self, written: Sequence[WrittenPartition]) -> dict[tuple[str, str], Accounts]:
        aside = Aside(
            raw_bucket=self.places.raw_bucket,
            quality_bucket=self.places.quality_bucket,
            stamp=self.stamp,
            attempt=f"{self.attempt}-{self._folders}",
            target_bytes=self.target_bytes,
            max_ratio=self.max_ratio,
            alone=self._alone,
        )
        tasks = [list(aside.tasks(item)) for item in written]
        every = [task for own in tasks for task in own]
        done = iter(put_all_aside(self.spark, every, self.budget))
        return {
            item.plan.place: account(
                item,
                [(task, next(done)) for task in own],
                processed_bucket=self.places.processed_bucket,
                quality_bucket=self.places.quality_bucket,
                quarantine_prefix=aside.prefix(item),
            )
            for item, own in zip(written, tasks, strict=True)
        }

    def _commit(self, planned: Plan, accounts: Sequence[Accounts]) -> Commit:
        return Commit(
            load_id=self.stamp.load_id,
            job=self.stamp.processing_job,
            processed_at=self.stamp.processed_at,
            outcomes=(*planned.settled, *(end for own in accounts for end in own.outcomes)),
            partitions=tuple(own.write for own in accounts),
        )


def _suspects(accounts: Iterable[Accounts]) -> dict[frozenset[ObjectVersion], str]:
    return {versions: why for own in accounts for versions, why in own.suspects.items()}


def _stands(written: WrittenPartition | None, plan: PlannedPartition, field_ids: FieldIds) -> bool:
    """Whether a partition is written as it is planned."""
    return written is not None and written.is_right_for(plan, field_ids)


def _with_repeats(item: Surveyed, places: Mapping[int, tuple[int, ...]]) -> Surveyed:
    spans = tuple(
        replace(span, repeats=places.get(span.start, span.repeats)) for span in item.spans
    )
    # Not sure any more: what is found without these rows is taken down anew.
    return replace(item, spans=spans, sure=item.sure and not places)

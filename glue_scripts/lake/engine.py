"""Objects to partitions: look, write, learn, write again what turned out otherwise, count.

What is presumed of a large object (its types, its encoding, that it is no duplicate) is
confirmed while it is written. Where it proves wrong, the partition is written anew with
what is known then; so the result is that of having read everything beforehand.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pyspark.sql import SparkSession

from lake.accounting import Aside, account
from lake.commit import Commit, PartitionWrite, Stamp
from lake.conversion import put_all_aside
from lake.datasets import contracts_by_key
from lake.errors import LakeError
from lake.planning import ClaimContent, Plan, plan
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
from lake.writing import Places, Writer, WrittenPartition
from wires.contracts import DatasetContract
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome

logger = logging.getLogger(__name__)
_ROUNDS = 6
"""Presumptions that can prove wrong one after the other: encoding, types, the same content, the
same keys."""


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
    contracts: Mapping[str, DatasetContract]
    claim_content: ClaimContent
    _folders: int = field(default=0)
    _by_key: Mapping[str, DatasetContract] = field(default_factory=dict)

    def look_at(self, versions: Sequence[ObjectVersion]) -> list[Surveyed]:
        """Survey the objects of the load; to be called once, before `write`."""
        self._by_key = contracts_by_key([version.key for version in versions], self.contracts)
        return survey_objects(self.spark, versions, self._look)

    def write(
        self,
        surveyed: Sequence[Surveyed],
        datasets: Mapping[str, str],
        tables: Mapping[str, Schema],
    ) -> Commit:
        """Write everything and count it; nothing is visible yet."""
        written: dict[tuple[str, str], WrittenPartition] = {}
        known = list(surveyed)
        for _ in range(_ROUNDS):
            planned = plan(
                known,
                datasets,
                tables,
                self.contracts,
                claim=self.claim_content,
                offender=partial(first_offender, self._look),
            )
            wanted = {(p.dataset, p.day): p for p in planned.partitions}
            todo = [
                p for k, p in wanted.items() if k not in written or not written[k].is_right_for(p)
            ]
            logger.info(
                "%d partitions to write, %d are as they must be", len(todo), len(wanted) - len(todo)
            )
            if not todo:
                fitting = [replace(written[k], plan=p) for k, p in wanted.items()]
                repeats = self._repeats(fitting)
                if not repeats:
                    return self._commit(planned, fitting)
                known = [_with_repeats(item, repeats.get(item.version, {})) for item in known]
                continue
            self._folders += 1
            writer = self.writer(f"{self.attempt}-{self._folders}")
            done = writer.write(todo)
            written |= {(item.plan.dataset, item.plan.day): item for item in done}
            known = self._learned(known, done)
        raise LakeError(
            f"what is in the objects of load {self.stamp.load_id} came out differently "
            f"{_ROUNDS} times: the reader contradicts itself"
        )

    def writer(self, attempt: str) -> Writer:
        return Writer(
            spark=self.spark,
            places=self.places,
            stamp=self.stamp,
            attempt=attempt,
            target_bytes=self.target_bytes,
            max_ratio=self.max_ratio,
        )

    @property
    def _look(self) -> Look:
        return Look(
            bucket=self.places.raw_bucket,
            contracts=self._by_key,
            max_ratio=self.max_ratio,
            target_bytes=self.target_bytes,
            parallelism=self.spark.sparkContext.defaultParallelism,
            isolate=self.isolate,
        )

    def _learned(
        self, known: Sequence[Surveyed], written: Sequence[WrittenPartition]
    ) -> list[Surveyed]:
        """What is known after writing: all of it for sure, but for encodings that proved wrong."""
        refused = {v: reason for item in written for v, reason in item.refused.items()}
        known = [
            Surveyed(version=item.version, refused=refused[item.version])
            if item.version in refused
            else item
            for item in known
        ]
        findings = {v: found for item in written for v, found in item.findings.items()}
        unsure = [
            item for item in known if item.survey and not item.sure and item.version in findings
        ]
        doubtful = [i for i in unsure if any(found.stray for found in findings[i.version])]
        again = {item.version: item for item in recoded(self.spark, doubtful, self._look)}
        confirmable = {item.version for item in unsure if again.get(item.version, item) == item}
        return [
            confirmed(item, findings[item.version])
            if item.version in confirmable
            else again.get(item.version, item)
            for item in known
        ]

    def _repeats(self, written: Sequence[WrittenPartition]) -> Repeats:
        """Rows that repeat a key, where a contract says that there is one."""
        found: dict[ObjectVersion, Mapping[int, tuple[int, ...]]] = {}
        for item in written:
            contract = self.contracts.get(item.plan.dataset)
            if contract and contract.primary_key:
                bucket = self.places.processed_bucket
                found |= find_repeats(self.spark, item.converted, contract.primary_key, bucket)
        return found

    def _commit(self, planned: Plan, written: Sequence[WrittenPartition]) -> Commit:
        aside = Aside(
            raw_bucket=self.places.raw_bucket,
            quality_bucket=self.places.quality_bucket,
            stamp=self.stamp,
            attempt=f"{self.attempt}-{self._folders}",
            target_bytes=self.target_bytes,
            max_ratio=self.max_ratio,
        )
        tasks = [list(aside.tasks(item)) for item in written]
        done = iter(put_all_aside(self.spark, [task for own in tasks for task in own]))
        outcomes: list[ObjectOutcome] = list(planned.settled)
        writes: list[PartitionWrite] = []
        for item, own in zip(written, tasks, strict=True):
            write, ends = account(
                item,
                [(task, next(done)) for task in own],
                processed_bucket=self.places.processed_bucket,
                quality_bucket=self.places.quality_bucket,
                quarantine_prefix=aside.prefix(item),
            )
            writes.append(write)
            outcomes += ends
        return Commit(
            load_id=self.stamp.load_id,
            job=self.stamp.processing_job,
            processed_at=self.stamp.processed_at,
            outcomes=tuple(outcomes),
            partitions=tuple(writes),
        )


def _with_repeats(item: Surveyed, places: Mapping[int, tuple[int, ...]]) -> Surveyed:
    spans = tuple(
        replace(span, repeats=places.get(span.start, span.repeats)) for span in item.spans
    )
    # Not sure any more: what is found without these rows is taken down anew.
    return replace(item, spans=spans, sure=item.sure and not places)

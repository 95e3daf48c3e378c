"""From what was found in the objects to what is going to be written. Pure, but for `claim`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from lake.commit import Source, day_values
from lake.contract_terms import declared_schema, differences, rules_of, wanted_columns
from lake.findings import Survey
from lake.schema import Schema
from lake.surveying import Surveyed
from wires.contracts import DatasetContract
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus

ClaimContent = Callable[[ObjectVersion, str], str]
"""`claim(version, digest)` returns the version id that holds this content under this key."""
Offender = Callable[[Surveyed, Schema], str]
"""`offender(object, schema)` shows the first value that is none of its column's type, or ""."""


@dataclass(frozen=True, kw_only=True)
class PlannedObject:
    """An object whose rows are going to be written."""

    source: Source
    survey: Survey
    schema: Schema
    """The columns that it asks for."""
    sure: bool
    """Whether the survey is of every byte."""


@dataclass(frozen=True, kw_only=True)
class PlannedPartition:
    """The objects of one dataset that were uploaded on one day, and the columns they share."""

    dataset: str
    day: str
    schema: Schema
    objects: tuple[PlannedObject, ...]

    @property
    def values(self) -> tuple[str, str, str]:
        """year, month, day as the partition keys spell them."""
        return day_values(date.fromisoformat(self.day))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What becomes of every object of the load."""

    partitions: tuple[PlannedPartition, ...]
    settled: tuple[ObjectOutcome, ...]
    """Objects that bring no rows, with the reason."""


def plan(
    surveyed: Sequence[Surveyed],
    datasets: Mapping[str, str],
    tables: Mapping[str, Schema],
    contracts: Mapping[str, DatasetContract],
    *,
    claim: ClaimContent,
    offender: Offender,
) -> Plan:
    """Decide about each object, in the order of upload.

    `datasets` names the dataset of each key; `tables` has the columns of those that have a
    table already.
    """
    settled: list[ObjectOutcome] = []
    accepted: dict[tuple[str, str], list[PlannedObject]] = {}
    schemas = dict(tables)
    for item in sorted(surveyed, key=lambda item: (item.version.uploaded_at, item.version)):
        dataset = datasets[item.version.key]
        contract = contracts.get(dataset, DatasetContract(name=dataset))
        if contract.columns:
            declared = declared_schema(contract)
            schemas[dataset] = declared.merge(schemas.get(dataset, declared))
        refuse = partial(_refusal, table=schemas.get(dataset), contract=contract, offender=offender)
        outcome = _settle(item, dataset, refuse, claim)
        if outcome or item.survey is None:
            settled.extend(filter(None, [outcome]))
            continue
        own = wanted_columns(schema_of(item.survey), contract)
        schemas[dataset] = schemas.get(dataset, Schema()).merge(own)
        day = item.version.uploaded_on.date().isoformat()
        source = Source(
            version=item.version,
            layout=item.survey.layout,
            spans=item.spans,
            rules=rules_of(contract),
        )
        accepted.setdefault((dataset, day), []).append(
            PlannedObject(source=source, survey=item.survey, schema=own, sure=item.sure)
        )
    return Plan(partitions=tuple(_partitions(accepted, schemas)), settled=tuple(settled))


def schema_of(survey: Survey) -> Schema:
    """The columns that a file asks for: none if not a single row of it can be read."""
    if survey.rows_bad == survey.rows_in:
        return Schema()
    return Schema.of(survey.layout.columns, survey.types)


def _partitions(
    accepted: Mapping[tuple[str, str], list[PlannedObject]], schemas: Mapping[str, Schema]
) -> Iterator[PlannedPartition]:
    for (dataset, day), objects in accepted.items():
        own = Schema()
        for item in objects:
            own = own.merge(item.schema)
        yield PlannedPartition(
            dataset=dataset,
            day=day,
            schema=own.retyped(schemas[dataset]),
            objects=tuple(objects),
        )


def _settle(
    item: Surveyed,
    dataset: str,
    refuse: Callable[[Surveyed, Survey], str],
    claim: ClaimContent,
) -> ObjectOutcome | None:
    """The outcome of an object that brings no rows; None if it does."""

    def outcome(status: ObjectStatus, reason: str) -> ObjectOutcome:
        return ObjectOutcome(
            key=item.version.key,
            version_id=item.version.version_id,
            status=status,
            reason=reason,
            dataset=dataset,
            rows_in=0,
        )

    survey = item.survey
    if survey is None:
        status = ObjectStatus.REJECTED if item.refused else ObjectStatus.FAILED
        return outcome(status, item.refused or item.failed)
    if survey.rows_in == 0:
        kind = "a header and no rows" if survey.layout.columns else "no record, blank lines at most"
        return outcome(ObjectStatus.EMPTY, f"the file has {kind}")
    if refusal := refuse(item, survey):
        return outcome(ObjectStatus.REJECTED, refusal)
    if survey.rows_bad == survey.rows_in or not item.sure:
        return None
    holder = claim(item.version, survey.digest)
    if holder != item.version.version_id:
        return outcome(
            ObjectStatus.IGNORED, f"the same content as version {holder} of this key, taken already"
        )
    return None


def _refusal(
    item: Surveyed,
    survey: Survey,
    *,
    table: Schema | None,
    contract: DatasetContract,
    offender: Offender,
) -> str:
    changes = differences(schema_of(survey), table, contract)
    if not changes:
        return ""
    shown = offender(item, table) if table else ""
    return (
        f"{'; '.join(changes[:3])}{' …' if len(changes) > 3 else ''}"
        f"{f' ({shown})' if shown else ''}: the contract of dataset '{contract.name}' refuses "
        "changes of its table (evolution: strict)"
    )

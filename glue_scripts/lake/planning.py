"""From what was found in the objects to what is going to be written. Pure, but for `claim`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lake.commit import Source, day_values
from lake.csv_source import Survey
from lake.schema import Schema
from lake.surveying import Surveyed
from wires.contracts import DatasetContract, Evolution
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus

ClaimContent = Callable[[ObjectVersion, str], str]
"""`claim(version, digest)` returns the version id that holds this content under this key."""


@dataclass(frozen=True, kw_only=True)
class PlannedObject:
    """An object whose rows are going to be written."""

    source: Source
    survey: Survey
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
    claim: ClaimContent,
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
        outcome = _settle(item, dataset, schemas.get(dataset), contract, claim)
        if outcome or item.survey is None:
            settled.extend(filter(None, [outcome]))
            continue
        schemas[dataset] = schemas.get(dataset, Schema()).merge(schema_of(item.survey))
        day = item.version.uploaded_on.date().isoformat()
        source = Source(version=item.version, layout=item.survey.layout, spans=item.spans)
        accepted.setdefault((dataset, day), []).append(
            PlannedObject(source=source, survey=item.survey, sure=item.sure)
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
            own = own.merge(schema_of(item.survey))
        yield PlannedPartition(
            dataset=dataset,
            day=day,
            schema=own.retyped(schemas[dataset]),
            objects=tuple(objects),
        )


def _settle(
    item: Surveyed,
    dataset: str,
    table: Schema | None,
    contract: DatasetContract,
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
    if refusal := _refusal(survey, table, contract):
        return outcome(ObjectStatus.REJECTED, refusal)
    if survey.rows_bad == survey.rows_in or not item.sure:
        return None
    holder = claim(item.version, survey.digest)
    if holder != item.version.version_id:
        return outcome(
            ObjectStatus.IGNORED, f"the same content as version {holder} of this key, taken already"
        )
    return None


def _refusal(survey: Survey, table: Schema | None, contract: DatasetContract) -> str:
    if contract.evolution is Evolution.WIDEN or table is None:
        return ""
    changes = table.changes(table.merge(schema_of(survey)))
    if not changes:
        return ""
    return (
        f"{'; '.join(changes[:3])}{' …' if len(changes) > 3 else ''}: the contract of dataset "
        f"'{contract.name}' refuses changes of its table (evolution: refuse)"
    )

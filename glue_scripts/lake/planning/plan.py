"""From inspected objects to the plan of what is going to be written. Pure, except for `claim`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from lake.columns.schema import Column, Schema
from lake.planning.commit import Source
from lake.planning.contract_terms import (
    as_in,
    declared_schema,
    differences,
    overflowing,
    rules_of,
    told_once,
    untold_bytes,
    wanted_columns,
)
from lake.planning.inspection import Inspected, InspectedObject, Unread
from lake.reading.columnar.source import untold
from lake.reading.findings import Inspection
from lake.reading.row_rules import RowRules
from lake.running.isolation import fault_of
from wires.contracts import DatasetContract
from wires.layout import BY_DAY, Values
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus

ClaimContent = Callable[[ObjectVersion, str], str]
"""`claim(version, digest)` returns the version id that holds this content under this key."""
Offender = Callable[[Inspected, Schema], str]
"""`offender(object, schema)` shows the first value that is none of its column's type, or ""."""

_NUMBERED = re.compile(r"column_[0-9]+")


@dataclass(frozen=True, kw_only=True)
class PlannedObject:
    """An object whose rows are going to be written."""

    source: Source
    inspection: Inspection
    schema: Schema
    """The columns that it needs."""
    sure: bool
    """Whether the inspection covers every byte."""


@dataclass(frozen=True, kw_only=True)
class PlannedPartition:
    """The objects of one dataset that were uploaded on one day, and the columns they share."""

    dataset: str
    day: str
    schema: Schema
    table: Schema
    """All columns of the dataset's table, including these."""
    key: tuple[str, ...]
    """Names in the table of the columns whose combined values must be unique in a file."""
    objects: tuple[PlannedObject, ...]

    @property
    def place(self) -> tuple[str, str]:
        """Dataset and day."""
        return self.dataset, self.day

    @property
    def values(self) -> Values:
        """Values of the partition columns."""
        return BY_DAY.values(date.fromisoformat(self.day))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The decisions about all objects of the load."""

    partitions: tuple[PlannedPartition, ...]
    settled: tuple[ObjectOutcome, ...]
    """Outcomes of objects that bring no rows, with the reason."""


def plan(
    inspected: Sequence[InspectedObject],
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
    headed = _headed(inspected, datasets)
    planning = _Planning(contracts, claim, offender, dict(tables), headed)
    for item in sorted(inspected, key=lambda item: (item.version.upload_order, item.version)):
        planning.take(item, datasets[item.version.key])
    return Plan(partitions=tuple(planning.partitions()), settled=tuple(planning.settled))


@dataclass
class _Planning:
    """The decisions so far."""

    contracts: Mapping[str, DatasetContract]
    claim: ClaimContent
    offender: Offender
    schemas: dict[str, Schema]
    headed: frozenset[str]
    """Datasets for which some file of the load names the columns."""
    begun: set[str] = field(default_factory=set)
    """Datasets whose schema already has the declared columns and those of an object."""
    settled: list[ObjectOutcome] = field(default_factory=list)
    accepted: dict[tuple[str, str], list[tuple[Inspected, Schema]]] = field(default_factory=dict)

    def take(self, item: InspectedObject, dataset: str) -> None:
        """Decide about an object; an error in doing so fails that object alone."""
        try:
            outcome = self._decide(item, dataset)
        except (BotoCoreError, ClientError):
            raise
        except Exception as error:  # noqa: BLE001 - fails this object, not the others
            outcome = _outcome(item, dataset, ObjectStatus.FAILED, fault_of(error).reason)
        self.settled.extend(filter(None, [outcome]))

    def partitions(self) -> Iterator[PlannedPartition]:
        """Yield the planned partitions.

        Names and rules are determined last, because they follow from the columns of all objects.
        """
        for (dataset, day), objects in self.accepted.items():
            table, contract = self.schemas[dataset], self._contract(dataset)
            rules = rules_of(contract, table)
            own = Schema()
            for _, schema in objects:
                own = own.merge(schema)
            yield PlannedPartition(
                dataset=dataset,
                day=day,
                schema=own.retyped(table),
                table=table,
                key=tuple(_called(name, table) for name in told_once(contract)),
                objects=tuple(_planned(*of, rules) for of in objects),
            )

    def _contract(self, dataset: str) -> DatasetContract:
        return self.contracts.get(dataset, DatasetContract(name=dataset))

    def _decide(self, item: InspectedObject, dataset: str) -> ObjectOutcome | None:
        """The outcome of an object that brings no rows; None if it does."""
        if isinstance(item, Unread):
            return _outcome(item, dataset, item.status, item.reason)
        contract = self._contract(dataset)
        table = (
            self.schemas[dataset]
            if dataset in self.begun
            else declared_schema(contract).merge(self.schemas.get(dataset, Schema()))
        )
        refuse = partial(
            _refusal,
            table=table if dataset in self.schemas or contract.columns else None,
            contract=contract,
            offender=self.offender,
            headed=dataset in self.headed,
        )
        if outcome := _settle(item, dataset, refuse, self.claim):
            return outcome
        own = wanted_columns(schema_of(item.inspection), table, contract)
        self.schemas[dataset] = table.merge(own)
        self.begun.add(dataset)
        day = item.version.uploaded_on.date().isoformat()
        self.accepted.setdefault((dataset, day), []).append((item, own))
        return None


def _planned(item: Inspected, schema: Schema, rules: RowRules) -> PlannedObject:
    found = item.inspection
    source = Source(version=item.version, layout=found.layout, spans=item.spans, rules=rules)
    return PlannedObject(source=source, inspection=found, schema=schema, sure=item.sure)


def _called(name: str, table: Schema) -> str:
    column = table.called(name)
    return name if column is None else column.name


def _headed(inspected: Iterable[InspectedObject], datasets: Mapping[str, str]) -> frozenset[str]:
    return frozenset(
        datasets[item.version.key]
        for item in inspected
        if isinstance(item, Inspected) and item.inspection.layout.is_headed
    )


def schema_of(inspection: Inspection) -> Schema:
    """Return the columns that a file needs; none if not a single row of it can be read."""
    if inspection.rows_bad == inspection.rows_in:
        return Schema()
    return Schema.of(inspection.layout.fields, inspection.types)


def _settle(
    item: Inspected,
    dataset: str,
    refuse: Callable[[Inspected], str],
    claim: ClaimContent,
) -> ObjectOutcome | None:
    """The outcome of an object that brings no rows; None if it does."""
    outcome = partial(_outcome, item, dataset)
    inspection = item.inspection
    if inspection.rows_in == 0:
        kind = (
            "a header and no rows" if inspection.layout.fields else "no record, blank lines at most"
        )
        return outcome(ObjectStatus.EMPTY, f"the file has {kind}")
    if refusal := refuse(item):
        return outcome(ObjectStatus.REJECTED, refusal)
    if inspection.rows_bad == inspection.rows_in or not item.sure:
        return None
    holder = claim(item.version, inspection.digest)
    if holder != item.version.version_id:
        return outcome(
            ObjectStatus.IGNORED, f"the same content as version {holder} of this key, taken already"
        )
    return None


def _outcome(
    item: InspectedObject, dataset: str, status: ObjectStatus, reason: str
) -> ObjectOutcome:
    return ObjectOutcome(
        key=item.version.key,
        version_id=item.version.version_id,
        status=status,
        reason=reason,
        dataset=dataset,
        rows_in=0,
    )


def _refusal(
    item: Inspected,
    *,
    table: Schema | None,
    contract: DatasetContract,
    offender: Offender,
    headed: bool,
) -> str:
    inspection = item.inspection
    if reason := _without_names(inspection, table, contract, headed=headed):
        return reason
    if reason := _untold(inspection, contract):
        return reason
    found = schema_of(inspection)
    changes = differences(found, table, contract)
    shown = offender(item, as_in(table, found)) if changes and table else ""
    if not changes:
        over = overflowing(found, contract)
        shown = offender(item, over) if over.columns else ""
        changes = ["a value is none of its declared type"] if shown else []
    if not changes:
        return ""
    return (
        f"{'; '.join(changes[:3])}{' …' if len(changes) > 3 else ''}"
        f"{f' ({shown})' if shown else ''}: the contract of dataset '{contract.name}' refuses "
        "changes of its table (evolution: strict)"
    )


def _without_names(
    inspection: Inspection, table: Schema | None, contract: DatasetContract, *, headed: bool
) -> str:
    """Return why a file without column names cannot join a table with named columns, or "".

    The table may also get its names from another file of the load.
    """
    layout = inspection.layout
    if layout.is_headed or not layout.fields or contract.csv.header is False:
        return ""
    own = set(layout.fields)
    strange = [c.name for c in table.columns if not _is_numbered(c)] if table else []
    if not headed and (not strange or own <= {c.source for c in (table or Schema()).columns}):
        return ""
    known = f", such as '{strange[0]}'" if strange else ""
    return (
        f"the file has no header: its first record is a row like the others, and the columns of "
        f"dataset '{contract.name}' have names{known}. Put a header above the rows, or say "
        "'header: false' in the csv section of a contract"
    )


def _untold(inspection: Inspection, contract: DatasetContract) -> str:
    layout = inspection.layout
    columns = Schema.of(layout.fields, inspection.types)
    return next(map(untold, untold_bytes(columns, layout.untold, contract)), "")


def _is_numbered(column: Column) -> bool:
    """Whether a column is named by its position in files without a header."""
    return column.source is not None and bool(_NUMBERED.fullmatch(column.source))

"""From what was found in the objects to what is going to be written. Pure, but for `claim`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from lake.columnar_source import untold
from lake.commit import Source
from lake.contract_terms import (
    as_in,
    declared_schema,
    differences,
    overflowing,
    rules_of,
    told_once,
    untold_bytes,
    wanted_columns,
)
from lake.findings import Survey
from lake.isolation import fault_of
from lake.layout import CSV, Layout
from lake.row_rules import RowRules
from lake.schema import Column, Schema
from lake.surveying import Surveyed
from wires.contracts import DatasetContract
from wires.layout import BY_DAY, Values
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus

ClaimContent = Callable[[ObjectVersion, str], str]
"""`claim(version, digest)` returns the version id that holds this content under this key."""
Offender = Callable[[Surveyed, Schema], str]
"""`offender(object, schema)` shows the first value that is none of its column's type, or ""."""

_NUMBERED = re.compile(r"column_[0-9]+")


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
    table: Schema
    """All columns of the dataset's table, with these."""
    key: tuple[str, ...]
    """The columns whose values together stand once in a file, as the table calls them."""
    objects: tuple[PlannedObject, ...]

    @property
    def place(self) -> tuple[str, str]:
        """Dataset and day."""
        return self.dataset, self.day

    @property
    def values(self) -> Values:
        """Of the partition columns."""
        return BY_DAY.values(date.fromisoformat(self.day))


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
    headed = _headed(surveyed, datasets)
    planning = _Planning(contracts, claim, offender, dict(tables), headed)
    for item in sorted(surveyed, key=lambda item: (item.version.upload_order, item.version)):
        planning.take(item, datasets[item.version.key])
    return Plan(partitions=tuple(planning.partitions()), settled=tuple(planning.settled))


@dataclass
class _Planning:
    """What is decided so far."""

    contracts: Mapping[str, DatasetContract]
    claim: ClaimContent
    offender: Offender
    schemas: dict[str, Schema]
    headed: frozenset[str]
    """Datasets of which a file of the load names its columns."""
    begun: set[str] = field(default_factory=set)
    """Datasets whose schema has what is declared of it, and an object's columns, already."""
    settled: list[ObjectOutcome] = field(default_factory=list)
    accepted: dict[tuple[str, str], list[tuple[Surveyed, Survey, Schema]]] = field(
        default_factory=dict
    )

    def take(self, item: Surveyed, dataset: str) -> None:
        """Decide about an object. What goes wrong with that is its own fault."""
        try:
            outcome = self._decide(item, dataset)
        except (BotoCoreError, ClientError):
            raise
        except Exception as error:  # noqa: BLE001 - another object's turn comes whatever this one is
            outcome = _outcome(item, dataset, ObjectStatus.FAILED, fault_of(error).reason)
        self.settled.extend(filter(None, [outcome]))

    def partitions(self) -> Iterator[PlannedPartition]:
        """Names and rules are given last: they follow from the columns of all objects."""
        for (dataset, day), objects in self.accepted.items():
            table, contract = self.schemas[dataset], self._contract(dataset)
            rules = rules_of(contract, table)
            own = Schema()
            for _, _, schema in objects:
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

    def _decide(self, item: Surveyed, dataset: str) -> ObjectOutcome | None:
        """Its outcome if it brings no rows."""
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
        outcome = _settle(item, dataset, refuse, self.claim)
        if outcome or item.survey is None:
            return outcome
        own = wanted_columns(schema_of(item.survey), table, contract)
        self.schemas[dataset] = table.merge(own)
        self.begun.add(dataset)
        day = item.version.uploaded_on.date().isoformat()
        self.accepted.setdefault((dataset, day), []).append((item, item.survey, own))
        return None


def _planned(item: Surveyed, survey: Survey, schema: Schema, rules: RowRules) -> PlannedObject:
    source = Source(version=item.version, layout=survey.layout, spans=item.spans, rules=rules)
    return PlannedObject(source=source, survey=survey, schema=schema, sure=item.sure)


def _called(name: str, table: Schema) -> str:
    column = table.called(name)
    return name if column is None else column.name


def _headed(surveyed: Iterable[Surveyed], datasets: Mapping[str, str]) -> frozenset[str]:
    found = (item for item in surveyed if item.survey and _names_columns(item.survey.layout))
    return frozenset(datasets[item.version.key] for item in found)


def _names_columns(layout: Layout) -> bool:
    return bool(layout.fields) and (layout.format != CSV or bool(layout.header))


def schema_of(survey: Survey) -> Schema:
    """The columns that a file asks for: none if not a single row of it can be read."""
    if survey.rows_bad == survey.rows_in:
        return Schema()
    return Schema.of(survey.layout.fields, survey.types)


def _settle(
    item: Surveyed,
    dataset: str,
    refuse: Callable[[Surveyed, Survey], str],
    claim: ClaimContent,
) -> ObjectOutcome | None:
    """The outcome of an object that brings no rows; None if it does."""

    outcome = partial(_outcome, item, dataset)
    survey = item.survey
    if survey is None:
        status = ObjectStatus.REJECTED if item.refused else ObjectStatus.FAILED
        return outcome(status, item.refused or item.failed)
    if survey.rows_in == 0:
        kind = "a header and no rows" if survey.layout.fields else "no record, blank lines at most"
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


def _outcome(item: Surveyed, dataset: str, status: ObjectStatus, reason: str) -> ObjectOutcome:
    return ObjectOutcome(
        key=item.version.key,
        version_id=item.version.version_id,
        status=status,
        reason=reason,
        dataset=dataset,
        rows_in=0,
    )


def _refusal(
    item: Surveyed,
    survey: Survey,
    *,
    table: Schema | None,
    contract: DatasetContract,
    offender: Offender,
    headed: bool,
) -> str:
    if reason := _without_names(survey, table, contract, headed=headed):
        return reason
    if reason := _untold(survey, contract):
        return reason
    found = schema_of(survey)
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
    survey: Survey, table: Schema | None, contract: DatasetContract, *, headed: bool
) -> str:
    """Why a file that does not name its columns cannot join a table whose columns have names."""
    layout = survey.layout
    if _names_columns(layout) or not layout.fields or contract.csv.header is False:
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


def _untold(survey: Survey, contract: DatasetContract) -> str:
    layout = survey.layout
    columns = Schema.of(layout.fields, survey.types)
    return next(map(untold, untold_bytes(columns, layout.untold, contract)), "")


def _is_numbered(column: Column) -> bool:
    """Named by its place in files without a header."""
    return column.source is not None and bool(_NUMBERED.fullmatch(column.source))

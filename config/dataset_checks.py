"""Checks values of contracts against each other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from config.contract_sql import broken_sql
from config.dataset_document import ContractDocument
from config.errors import BrokenRule
from config.reader_checks import broken_readers
from wires.column_names import column_name_of
from wires.contracts import CuratedTable, DatasetContract, Evolution, OnFailure
from wires.relations import ways
from wires.routes import LEGISLATORS_TABLE


def broken_within(document: ContractDocument, *, file: str) -> Iterator[BrokenRule]:
    """Yield contradictions within one contract."""
    if document.name == LEGISLATORS_TABLE:
        yield _broken("name", document.name, "is the table of the batch job legislators")
    if document.name != file:
        yield _broken("name", document.name, f"must be the file's name, {file}")
    declared = [column.name for column in document.columns]
    if document.evolution is Evolution.DISCARD and not declared:
        yield _broken(
            "evolution", document.evolution.value, "needs columns: what is not declared is left out"
        )
    if not document.primary_key:
        yield from _without_key(document)
    if document.quality and document.quality.on_failure is OnFailure.QUARANTINE:
        yield _broken(
            "quality.on_failure",
            OnFailure.QUARANTINE.value,
            "is for curated tables; a dataset's rows are put aside by its `rules`",
        )
    if declared:
        yield from _undeclared(document, declared)


def _without_key(document: ContractDocument) -> Iterator[BrokenRule]:
    if document.latest_by:
        yield _broken(
            "latest_by", document.latest_by[0], "needs primary_key: the latest row of which key?"
        )
    for field in ("deleted_when", "latest_table"):
        if getattr(document, field):
            yield _broken(field, getattr(document, field), "needs primary_key: rows of which key?")


def _undeclared(document: ContractDocument, declared: Sequence[str]) -> Iterator[BrokenRule]:
    named = chain(
        (("primary_key", name) for name in document.primary_key),
        (("latest_by", name) for name in document.latest_by),
        (("references", name) for columns, _ in document.references for name in columns),
        (
            (f"curated[{position}].day", table.day)
            for position, table in enumerate(document.curated)
            if table.day
        ),
    )
    columns = {column_name_of(name) for name in declared}
    for field, name in named:
        if column_name_of(name) not in columns:
            yield _broken(field, name, f"must be among the columns: {', '.join(declared)}")
    days = {column_name_of(column.name) for column in document.columns if column.type == "date"}
    for position, table in enumerate(document.curated):
        if column_name_of(table.day) in columns - days:
            yield _broken(f"curated[{position}].day", table.day, "must be a column of type date")


def broken_across(
    contract: DatasetContract, contracts: Sequence[DatasetContract]
) -> Iterator[BrokenRule]:
    """Yield statements of a contract that contradict other contracts."""
    yield from _shared_patterns(contract, contracts)
    yield from _wrong_references(contract, contracts)
    yield from broken_sql(contract)
    yield from broken_readers(contract, contracts)
    yield from _wrong_latest(contract, contracts)
    for position, table in enumerate(contract.curated):
        yield from _wrong_table(f"curated[{position}]", table, contract, contracts)
    yield from _wrong_views(contract, contracts)


def _wrong_views(
    contract: DatasetContract, contracts: Sequence[DatasetContract]
) -> Iterator[BrokenRule]:
    makers: dict[str, list[str]] = {}
    for other in contracts:
        for view in other.views:
            makers.setdefault(view.name, []).append(other.name)
    known = {other.name for other in contracts}
    known |= {table.table for other in contracts for table in other.curated}
    for position, view in enumerate(contract.views):
        if len(makers[view.name]) > 1:
            rule = f"is the name of more than one view, of {', '.join(makers[view.name])}"
            yield _broken(f"views[{position}].name", view.name, rule)
        for name in view.uses:
            if name not in known:
                rule = f"must be a dataset or curated table; there are {', '.join(sorted(known))}"
                yield _broken(f"views[{position}].uses", name, rule)


def _shared_patterns(
    contract: DatasetContract, contracts: Sequence[DatasetContract]
) -> Iterator[BrokenRule]:
    taken = {
        pattern: other.name
        for other in reversed(contracts)
        if other.name < contract.name
        for pattern in other.keys
    }
    for position, pattern in enumerate(contract.keys):
        owner = taken.setdefault(pattern, "")
        if owner:
            rule = f"is claimed by {owner}.yaml already; a key has one dataset"
            yield _broken(f"keys[{position}]", pattern, rule)
        taken[pattern] = contract.name


def _wrong_references(
    contract: DatasetContract, contracts: Sequence[DatasetContract]
) -> Iterator[BrokenRule]:
    known = {other.name: other for other in contracts}
    for reference in contract.references:
        field = f"references.{', '.join(reference.columns)}"
        if reference.dataset not in known:
            yield _broken(field, reference.dataset, _one_of(known))
        elif len(reference.to) != len(reference.columns):
            key = ", ".join(reference.to) or "none"
            rule = f"its primary_key is {key}: name as many columns for it"
            yield _broken(field, reference.dataset, rule)


def _wrong_latest(
    contract: DatasetContract, contracts: Sequence[DatasetContract]
) -> Iterator[BrokenRule]:
    made = {
        **{table.table: "curated" for other in contracts for table in other.curated},
        **{
            other.latest: f"latest_table of {other.name}"
            for other in contracts
            if other.latest and other.name != contract.name
        },
    }
    if contract.latest in made:
        rule = f"is {made[contract.latest]} as well: set latest_table to another name"
        yield _broken("latest_table", contract.latest, rule)


def _wrong_table(
    field: str,
    table: CuratedTable,
    contract: DatasetContract,
    contracts: Sequence[DatasetContract],
) -> Iterator[BrokenRule]:
    known = {other.name: other for other in contracts}
    makers = [other.name for other in contracts for made in other.curated if made == table]
    makers += [
        other.name
        for other in contracts
        for made in other.curated
        if made.table == table.table and made != table
    ]
    if len(makers) > 1:
        rule = f"is made by more than one entry, of {', '.join(sorted(makers))}"
        yield _broken(f"{field}.table", table.table, rule)
    for name in table.uses:
        if name == contract.name or name not in known:
            rule = "must be another dataset" if name == contract.name else _one_of(known)
            yield _broken(f"{field}.uses", name, rule)
        elif table.day and not any(ways(_read_by(table, contract, known), name, contract.name)):
            rule = (
                f"no references lead from it to {contract.name} by way of what the SQL reads, so "
                f"nobody knows which days its changes touch: declare them, or leave out `day`"
            )
            yield _broken(f"{field}.uses", name, rule)
    if table.uses and not table.sql:
        yield _broken(f"{field}.uses", table.uses[0], "needs sql, which is to read it")


def _read_by(
    table: CuratedTable, contract: DatasetContract, known: dict[str, DatasetContract]
) -> dict[str, DatasetContract]:
    return {name: known[name] for name in (contract.name, *table.uses) if name in known}


def _one_of(known: dict[str, DatasetContract]) -> str:
    return f"must have a contract; there are those of {', '.join(sorted(known))}"


def _broken(field: str, value: object, rule: str) -> BrokenRule:
    return BrokenRule(field=field, value=value, rule=rule)

"""Checks what contracts say of groups of readers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from config.curated_columns import columns_of_curated
from config.errors import BrokenRule
from config.row_filters import WrongRows, row_filter
from config.table_columns import OF_THE_PLATFORM, PARTITIONS, column_in_table
from wires.column_names import METADATA_COLUMNS
from wires.contracts import CuratedTable, DatasetContract, Readers


def broken_readers(
    contract: DatasetContract, contracts: Sequence[DatasetContract]
) -> Iterator[BrokenRule]:
    """Yield what groups of readers cannot be given, with its place."""
    yield from _broken_in("readers", contract.readers, _columns_of(contract))
    for position, table in enumerate(contract.curated):
        columns = _columns_of_curated(table, contract, contracts)
        yield from _broken_in(f"curated[{position}].readers", table.readers, columns)


def _broken_in(
    field: str, every: Sequence[Readers], columns: Mapping[str, str]
) -> Iterator[BrokenRule]:
    seen: set[str] = set()
    is_dataset = field == "readers"
    for position, readers in enumerate(every):
        place = f"{field}[{position}]"
        if readers.group in seen:
            rule = "has an entry already; a group sees a table in one way"
            yield BrokenRule(field=f"{place}.name", value=readers.group, rule=rule)
        seen.add(readers.group)
        yield from _unknown_columns(f"{place}.columns", readers, columns)
        if readers.rows and (wrong := _wrong_rows(readers.rows, columns, is_dataset=is_dataset)):
            yield BrokenRule(field=f"{place}.rows", value=readers.rows, rule=wrong)


def _unknown_columns(
    field: str, readers: Readers, columns: Mapping[str, str]
) -> Iterator[BrokenRule]:
    for word, names in (("only", readers.only), ("except", readers.excluded)):
        for name in names:
            if columns and name not in columns:
                rule = f"must be among the columns: {', '.join(columns)}"
                yield BrokenRule(field=f"{field}.{word}", value=name, rule=rule)
            elif names.count(name) > 1:
                rule = "names a column twice"
                yield BrokenRule(field=f"{field}.{word}", value=name, rule=rule)
                break


def _wrong_rows(rows: str, columns: Mapping[str, str], *, is_dataset: bool) -> str | None:
    try:
        found = row_filter(rows, column_in_table if is_dataset else str)
    except WrongRows as reason:
        return str(reason)
    return found.misfit(columns) if columns else None


def _columns_of(contract: DatasetContract) -> Mapping[str, str]:
    """Return the declared columns with their types, and the platform's; {} without a declaration.

    Files may bring others, where `evolution` lets them: what a filter names has to be declared.
    """
    if not contract.columns:
        return {}
    declared = {column_in_table(one.name): one.type for one in contract.columns}
    return declared | {name: _type_of_own(name) for name in OF_THE_PLATFORM}


def _type_of_own(name: str) -> str:
    return "timestamp" if name == METADATA_COLUMNS[0] else "string"


def _columns_of_curated(
    table: CuratedTable, contract: DatasetContract, contracts: Sequence[DatasetContract]
) -> Mapping[str, str]:
    columns = {one.name: one.type for one in columns_of_curated(table, contract, contracts)}
    if not columns:
        return {}
    own = sorted(PARTITIONS) if table.day else []
    if not table.sql:
        own += METADATA_COLUMNS
    return columns | {name: _type_of_own(name) for name in own}

"""Groups of readers, and the filters that their tables are to have in Lake Formation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from config.environments import Environment
from config.errors import BrokenRule, ValueRuleError
from config.row_filters import RowFilter, row_filter
from config.table_columns import column_in_table
from wires.contracts import DatasetContract, Readers


@dataclass(frozen=True, kw_only=True)
class CellsFilter:
    """The columns and rows of one table that one group sees."""

    group: str
    database: str
    table: str
    only: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    rows: RowFilter | None = None

    @property
    def expression(self) -> str:
        """The condition as Lake Formation takes it; "" for all rows."""
        return self.rows.expression if self.rows else ""

    def shows(self, column: str) -> bool:
        """Return whether the group sees a column."""
        return column in self.only if self.only else column not in self.excluded

    def misfit(self, types: Mapping[str, str]) -> str | None:
        """Return why a table with columns of these types cannot have it; None if it can."""
        for name in (*self.only, *self.excluded):
            if name not in types:
                return f"names {name}, and the columns are {', '.join(types)}"
        return self.rows.misfit(types) if self.rows else None


def check_groups(contracts: Iterable[DatasetContract], environments: Iterable[Environment]) -> None:
    """Raise ValueRuleError for a contract that names a group which no environment has."""
    known = sorted({group for one in environments for group in one.settings.reading.groups})
    there = ", ".join(known) or "none"
    for contract in contracts:
        broken = [
            BrokenRule(
                field=f"{field}.name",
                value=readers.group,
                rule="must be a group in reading.groups of config/environments.yaml, where there "
                f"is {there}; an environment without it gives nobody those columns and rows",
            )
            for field, readers in _named(contract)
            if readers.group not in known
        ]
        if broken:
            raise ValueRuleError(f"datasets/{contract.name}.yaml", broken)


def _named(contract: DatasetContract) -> Iterator[tuple[str, Readers]]:
    for position, readers in enumerate(contract.readers):
        yield f"readers[{position}]", readers
    for place, table in enumerate(contract.curated):
        for position, readers in enumerate(table.readers):
            yield f"curated[{place}].readers[{position}]", readers


def cells_filters(
    contracts: Iterable[DatasetContract], environment: Environment
) -> Iterator[CellsFilter]:
    """Yield the filters of the groups that an environment has.

    Of a dataset: its processed table and its latest rows. None of quarantined rows, whose raw text
    has what a filter takes away, nor of the history of quality, which tells of all rows.
    """
    groups, names = environment.settings.reading.groups, environment.names
    for contract in contracts:
        tables = [(names.processed_database, contract.name)]
        if contract.latest:
            tables.append((names.curated_database, contract.latest))
        for readers in _known(contract.readers, groups):
            rows = row_filter(readers.rows, column_in_table) if readers.rows else None
            for database, table in tables:
                yield _filter(readers, database, table, rows)
        for curated in contract.curated:
            for readers in _known(curated.readers, groups):
                rows = row_filter(readers.rows, str) if readers.rows else None
                yield _filter(readers, names.curated_database, curated.table, rows)


def _known(every: Sequence[Readers], groups: Mapping[str, object]) -> Iterator[Readers]:
    return (one for one in every if one.group in groups)


def _filter(readers: Readers, database: str, table: str, rows: RowFilter | None) -> CellsFilter:
    return CellsFilter(
        group=readers.group,
        database=database,
        table=table,
        only=readers.only,
        excluded=readers.excluded,
        rows=rows,
    )

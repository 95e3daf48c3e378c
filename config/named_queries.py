"""Queries that Athena has ready for every table that a contract declares, as text. Pure.

Nothing in them has to be filled in: days are counted back from the day of the query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from config.athena_sql import for_athena
from config.errors import TooManyQueries
from config.naming import Names
from config.settings import NamedQueries
from wires.contracts import CuratedTable, DatasetContract
from wires.layout import BY_DAY, QUARANTINE_KEYS, dataset_model, table_model
from wires.quarantine import ROWS_TABLE

MOST_QUERIES = 250
"""A stack has 500 resources at most, of which the application's others take a third.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""
MOST_CHARACTERS = 128
"""Of a query's name: https://docs.aws.amazon.com/athena/latest/APIReference/API_NamedQuery.html"""
RUNS_TABLE = "quality_runs"


class Kind(StrEnum):
    """What a query tells of a table."""

    ROWS_BY_DAY = "rows by day"
    A_DAY = "rows of yesterday"
    PUT_ASIDE = "put aside"
    QUALITY = "quality"
    FRESHNESS = "freshness"
    AS_OF = "as of yesterday"
    CHANGED = "changed since"
    VIEW = "view"
    """Not of a table: a view that a contract declares."""


@dataclass(frozen=True, kw_only=True)
class NamedQuery:
    """A query by its name."""

    table: str
    kind: Kind
    database: str
    about: str
    sql: str
    """In the dialect of Athena, of tables that are named with their databases."""
    days_back: int | None = None
    """The day whose partition alone is read, counted back from today."""

    @property
    def name(self) -> str:
        return f"{self.table}: {self.kind}"


@dataclass(frozen=True, kw_only=True)
class _Table:
    """A table as queries about it have to know it."""

    name: str
    database: str
    has_days: bool
    has_load_columns: bool
    """Whether rows say when their load was published."""
    judged_as: str
    """Its model in the history of quality; "" if it is judged with another table."""

    @property
    def place(self) -> str:
        return f'"{self.database}"."{self.name}"'


def named_queries(
    contracts: Iterable[DatasetContract], names: Names, *, of: NamedQueries
) -> tuple[NamedQuery, ...]:
    """Return the queries of all tables, or of curated ones alone, as config says.

    Raises TooManyQueries.
    """
    every = list(contracts)
    tables = [table for contract in every for table in _tables(contract, names, of)]
    found = tuple(query for table in tables for query in _about(table, names))
    if of != "none":
        found += tuple(_views(every, names))
    if len(found) > MOST_QUERIES:
        raise TooManyQueries(
            f"expected at most {MOST_QUERIES} named queries, as a stack has room for no more; "
            f"{len(tables)} tables and their views make {len(found)}. Set reading.namedQueries in "
            f"config/environments.yaml to {_less_than(of)}"
        )
    return found


def _views(contracts: Sequence[DatasetContract], names: Names) -> Iterator[NamedQuery]:
    places = {
        **{contract.name: _current_rows(contract, names) for contract in contracts},
        **{
            table.table: (names.curated_database, table.table)
            for contract in contracts
            for table in contract.curated
        },
    }
    for contract in contracts:
        for view in contract.views:
            yield NamedQuery(
                table=view.name,
                kind=Kind.VIEW,
                database=names.curated_database,
                about=f"{view.source}, of the contract of {contract.name}.",
                sql=for_athena(view.sql, places),
            )


def _current_rows(contract: DatasetContract, names: Names) -> tuple[str, str]:
    if contract.latest:
        return names.curated_database, contract.latest
    return names.processed_database, contract.name


def _less_than(of: NamedQueries) -> str:
    return "`curated` or `none`" if of == "all" else "`none`"


def _tables(contract: DatasetContract, names: Names, of: NamedQueries) -> Iterator[_Table]:
    if of == "none":
        return
    if of == "all":
        yield _Table(
            name=contract.name,
            database=names.processed_database,
            has_days=True,
            has_load_columns=True,
            judged_as=dataset_model(contract.name),
        )
    if of == "all" and contract.latest:
        yield _Table(
            name=contract.latest,
            database=names.curated_database,
            has_days=True,
            has_load_columns=True,
            judged_as="",
        )
    yield from (_curated(table, names) for table in contract.curated)


def _curated(table: CuratedTable, names: Names) -> _Table:
    return _Table(
        name=table.table,
        database=names.curated_database,
        has_days=bool(table.day),
        has_load_columns=False,
        judged_as=table_model(table.table),
    )


def _about(table: _Table, names: Names) -> Iterator[NamedQuery]:
    if table.has_days:
        yield _query(
            table,
            Kind.ROWS_BY_DAY,
            "How many rows each day has; reads no column of the data.",
            f"SELECT {_DAY}, count(*) AS row_count\nFROM {table.place}\n"
            f"GROUP BY {_DAY}\nORDER BY {', '.join(f'{one} DESC' for one in BY_DAY.columns)}",
        )
        yield _query(
            table,
            Kind.A_DAY,
            "Rows of the day before today; reads the files of that day alone.",
            f"SELECT *\nFROM {table.place}\nWHERE {_on_the_day_before(1)}\nLIMIT 1000",
            days_back=1,
        )
    if table.judged_as:
        yield _put_aside(table, names)
        yield _quality(table, names)
    yield _query(
        table,
        Kind.FRESHNESS,
        "When rows were committed last; reads the table's snapshots, none of its files.",
        "SELECT max(committed_at) AS committed_at,\n"
        "  date_diff('minute', max(committed_at), current_timestamp) AS minutes_ago\n"
        # Upkeep replaces files by others with the same rows.
        f'FROM "{table.database}"."{table.name}$snapshots"\nWHERE operation <> \'replace\'',
    )
    yield _query(
        table,
        Kind.AS_OF,
        "Rows as they were a day ago; an error where the table is younger.",
        f"SELECT *\nFROM {table.place} {_A_DAY_AGO}\nLIMIT 1000",
    )
    yield _changed(table)


def _put_aside(table: _Table, names: Names) -> NamedQuery:
    dataset, *_ = QUARANTINE_KEYS
    return _query(
        table,
        Kind.PUT_ASIDE,
        "Rows that were put aside, by reason and file.",
        "SELECT reason, source_file, count(*) AS row_count, min(line) AS first_line,\n"
        "  max(quarantined_at) AS last_at\n"
        f'FROM "{names.quality_database}"."{ROWS_TABLE}"\n'
        f"WHERE {dataset} = '{table.name}'\nGROUP BY reason, source_file\n"
        "ORDER BY row_count DESC, reason, source_file",
    )


def _quality(table: _Table, names: Names) -> NamedQuery:
    return _query(
        table,
        Kind.QUALITY,
        "Verdict and score of each run of the quality gate, the last one first.",
        'SELECT "at", verdict, score, "rows", rules_failed, anomalies, run_id\n'
        f'FROM "{names.quality_database}"."{RUNS_TABLE}"\n'
        f"WHERE model = '{table.judged_as}'\nORDER BY \"at\" DESC\nLIMIT 100",
    )


def _changed(table: _Table) -> NamedQuery:
    if table.has_load_columns:
        return _query(
            table,
            Kind.CHANGED,
            "Rows of loads that were published since a day ago.",
            f"SELECT *\nFROM {table.place}\n"
            "WHERE processed_at > current_timestamp - INTERVAL '1' DAY\nLIMIT 1000",
        )
    return _query(
        table,
        Kind.CHANGED,
        "Rows that are there now and were not a day ago; an error where the table is younger.",
        f"SELECT *\nFROM {table.place}\nEXCEPT\nSELECT *\nFROM {table.place} {_A_DAY_AGO}",
    )


_DAY = ", ".join(BY_DAY.columns)
_A_DAY_AGO = "FOR TIMESTAMP AS OF (current_timestamp - INTERVAL '1' DAY)"


def _on_the_day_before(days: int) -> str:
    """Return a condition of constants, by which files of other days are not planned."""
    day = f"current_date - INTERVAL '{days}' DAY"
    return " AND ".join(
        f"{column} = date_format({day}, '{spelling}')" for column, spelling in BY_DAY.units
    )


def _query(
    table: _Table, kind: Kind, about: str, sql: str, *, days_back: int | None = None
) -> NamedQuery:
    return NamedQuery(
        table=table.name,
        kind=kind,
        database=table.database,
        about=about,
        sql=sql,
        days_back=days_back,
    )

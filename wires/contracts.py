"""The dataset contract as the job sees it. `config/datasets.py` reads and checks the YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Evolution(StrEnum):
    """What happens when a file's columns are not those of the table."""

    EVOLVE = "evolve"
    """Columns are added and types widened; older partitions are rebuilt to match."""
    STRICT = "strict"
    """The file is rejected and says which column differs, and by which value."""
    DISCARD = "discard"
    """Columns that are not declared are left out, and told; a row with a value that is none of
    its column's type is quarantined."""


@dataclass(frozen=True, kw_only=True)
class CsvDemands:
    """What a contract fixes about its files; what is empty here is found in each file."""

    delimiter: str = ""
    quote: str = ""
    escape: str = ""
    encoding: str = ""
    """`utf-8`, `utf-16-le`, `utf-16-be` or `cp1252`."""
    header: bool | None = None
    """Whether the first record names the columns."""


@dataclass(frozen=True, kw_only=True)
class DeclaredColumn:
    """A column that the table has from the start."""

    name: str
    """SQL-safe, as it is queried."""
    type: str
    """`string`, `bigint`, `decimal(p,s)`, `double`, `boolean`, `date`, `timestamp` or
    `timestamptz`, which is a timestamp with an offset, kept in UTC."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Rows of this dataset name rows of another by its primary key."""

    columns: tuple[str, ...]
    dataset: str
    to: tuple[str, ...]
    """The other dataset's primary key, column by column."""


@dataclass(frozen=True, kw_only=True)
class BusinessRule:
    """What each row has to keep to; one that does not is put aside before anything is made of
    the dataset."""

    name: str
    expect: str
    """A SQL condition on the dataset's columns. As with SQL's CHECK, null does not break it."""


class OnFailure(StrEnum):
    """What becomes of a table whose quality rules fail."""

    WARN = "warn"
    """It is published, and people are told."""
    QUARANTINE = "quarantine"
    """Rows that break a rule about rows are put aside; the others are published."""
    HALT = "halt"
    """Nothing is published, and people are told; what was published before stays."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What is measured before a table is published."""

    rules: str = ""
    """DQDL text."""
    source: str = ""
    """Where the text stands, for messages."""
    on_failure: OnFailure = OnFailure.WARN


@dataclass(frozen=True, kw_only=True)
class CuratedTable:
    """A business-ready table that is made of this dataset, and of others with it."""

    table: str
    sql: str = ""
    """One SELECT over datasets by their names; empty: the dataset's rows as they are."""
    source: str = ""
    """Where the SQL stands, for messages."""
    day: str = ""
    """Date column, of the dataset and of the answer: its days are the table's partitions, and
    those that new rows do not touch are left as they are. Empty: the table is made anew as a
    whole."""
    uses: tuple[str, ...] = ()
    """The other datasets that the SQL reads."""
    quality: Quality = Quality()


@dataclass(frozen=True, kw_only=True)
class DatasetContract:
    """What the owner of a dataset has laid down; a dataset without one is inferred."""

    name: str
    keys: tuple[str, ...] = ()
    """Shell patterns (`*`, `?`, `[…]`); an object key that matches one belongs to this dataset."""
    columns: tuple[DeclaredColumn, ...] = ()
    """All that are declared; none: the files say what there is."""
    primary_key: tuple[str, ...] = ()
    """Columns that have a value in every row, and whose values together stand once in a file."""
    evolution: Evolution = Evolution.EVOLVE
    csv: CsvDemands = CsvDemands()
    latest_by: tuple[str, ...] = ()
    """Columns that tell which row of a primary key is the latest, before the time of upload."""
    references: tuple[Reference, ...] = ()
    rules: tuple[BusinessRule, ...] = ()
    quality: Quality = Quality()
    """Of the dataset's current rows."""
    curated: tuple[CuratedTable, ...] = ()


def contracts_to_json(contracts: Iterable[DatasetContract]) -> str:
    return json.dumps([asdict(contract) for contract in contracts], indent=1)


def contracts_from_json(text: str) -> Mapping[str, DatasetContract]:
    """Contracts by dataset name."""
    contracts = map(_contract, json.loads(text))
    return {contract.name: contract for contract in contracts}


def _contract(item: Mapping[str, Any]) -> DatasetContract:
    return DatasetContract(
        name=item["name"],
        keys=tuple(item["keys"]),
        columns=tuple(DeclaredColumn(**column) for column in item["columns"]),
        primary_key=tuple(item["primary_key"]),
        evolution=Evolution(item["evolution"]),
        csv=CsvDemands(**item["csv"]),
        latest_by=tuple(item["latest_by"]),
        references=tuple(
            Reference(columns=tuple(r["columns"]), dataset=r["dataset"], to=tuple(r["to"]))
            for r in item["references"]
        ),
        rules=tuple(BusinessRule(**rule) for rule in item["rules"]),
        quality=_quality(item["quality"]),
        curated=tuple(
            CuratedTable(
                **{**table, "uses": tuple(table["uses"]), "quality": _quality(table["quality"])}
            )
            for table in item["curated"]
        ),
    )


def _quality(item: Mapping[str, Any]) -> Quality:
    return Quality(**{**item, "on_failure": OnFailure(item["on_failure"])})

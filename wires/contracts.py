"""The dataset contract as jobs read it. `config/datasets.py` reads and checks the YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from wires.errors import UnexpectedJson
from wires.typed_json import TypedJson

ONE_BYTE_ENCODINGS = (
    *(f"cp{number}" for number in range(1250, 1258)),
    *(f"iso-8859-{part}" for part in (1, 2, 5, 7, 9, 15)),
    *("koi8-r", "koi8-u", "mac-roman", "cp437", "cp850", "cp852", "cp866", "tis-620"),
)
"""One-byte encodings that spell ASCII's characters as ASCII does."""
UNICODE_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
EAST_ASIAN_ENCODINGS = (
    "shift_jis",
    "cp932",
    "euc-jp",
    "iso-2022-jp",
    "gb18030",
    "gbk",
    "big5",
    "euc-kr",
)
ENCODINGS = UNICODE_ENCODINGS + ONE_BYTE_ENCODINGS + EAST_ASIAN_ENCODINGS
"""All encodings of text files that can be read."""

CONTRACTS_PACKAGE, CONTRACTS_FILE = "dataset_contracts", "contracts.json"
"""Package of the jobs' library, and the file in it, that have the contracts of a deployment."""


class Evolution(StrEnum):
    """How to handle a file whose columns are not those of the table."""

    EVOLVE = "evolve"
    """Columns are added and types widened; older partitions are rebuilt to match."""
    STRICT = "strict"
    """The file is rejected; the reason names the column that differs, and a value."""
    DISCARD = "discard"
    """Columns that are not declared are left out, and reported.

    A row with a value that does not fit its column's type is quarantined.
    """


class QuotesInFields(StrEnum):
    """The meaning of a quote inside an unquoted field, such as in `5" pipe`."""

    QUARANTINE = "quarantine"
    """A sign of a damaged record, which is quarantined."""
    KEEP = "keep"
    """A character like any other."""


@dataclass(frozen=True, kw_only=True)
class CsvDemands:
    """CSV properties that a contract fixes; empty ones are detected in each file."""

    delimiter: str = ""
    quote: str = ""
    escape: str = ""
    encoding: str = ""
    """One of ENCODINGS."""
    header: bool | None = None
    """Whether the first record names the columns."""
    quotes_in_fields: QuotesInFields = QuotesInFields.QUARANTINE


@dataclass(frozen=True, kw_only=True)
class DeclaredColumn:
    """A column that the table has from the start."""

    name: str
    """SQL-safe name, as in queries."""
    type: str
    """A type name.

    `string`, `bigint`, `decimal(p,s)`, `double`, `boolean`, `date`, `timestamp` or `timestamptz`,
    which is a timestamp with an offset, kept in UTC.
    """


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Columns in which rows of this dataset name rows of another by its primary key."""

    columns: tuple[str, ...]
    dataset: str
    to: tuple[str, ...]
    """The other dataset's primary key, column by column."""


@dataclass(frozen=True, kw_only=True)
class BusinessRule:
    """A condition on each row of a dataset.

    A row that breaks it is quarantined before the dataset is used.
    """

    name: str
    expect: str
    """A SQL condition on the dataset's columns. As with SQL's CHECK, null does not break it."""


class OnFailure(StrEnum):
    """How to handle a table whose quality rules fail."""

    WARN = "warn"
    """It is published, and an alert is sent."""
    QUARANTINE = "quarantine"
    """Rows that break a rule about rows are quarantined; the others are published."""
    HALT = "halt"
    """Nothing is published, and an alert is sent; what was published before stays."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The rules that a table must pass before it is published."""

    rules: str = ""
    """DQDL text."""
    source: str = ""
    """Place of the rules, for messages."""
    on_failure: OnFailure = OnFailure.WARN


@dataclass(frozen=True, kw_only=True)
class Readers:
    """What a group of readers sees of a table; nothing, where a table has no entry for it."""

    group: str
    only: tuple[str, ...] = ()
    """The columns that it sees, by their names in the table."""
    excluded: tuple[str, ...] = ()
    """The columns that it does not see; with neither, it sees all."""
    rows: str = ""
    """A condition in the SQL of Lake Formation's row filters; empty: it sees all rows."""


@dataclass(frozen=True, kw_only=True)
class CuratedTable:
    """A business-ready table made from this dataset and possibly others."""

    table: str
    sql: str = ""
    """One SELECT over datasets by their names; empty: the dataset's rows as they are."""
    source: str = ""
    """Place of the SQL, for messages."""
    day: str = ""
    """Date column, both of the dataset and of the SQL's result, that partitions the table.

    Days that new rows do not affect are left as they are. Empty: the whole table is built again.
    """
    uses: tuple[str, ...] = ()
    """The other datasets that the SQL reads."""
    quality: Quality = Quality()
    readers: tuple[Readers, ...] = ()


@dataclass(frozen=True, kw_only=True)
class View:
    """A SELECT that people ask by its name; nothing is made of it."""

    name: str
    sql: str
    """One SELECT, in Spark's dialect, over datasets and curated tables by their names."""
    source: str = ""
    """Place of the SQL, for messages."""
    uses: tuple[str, ...] = ()
    """The other datasets and curated tables that the SQL reads."""


@dataclass(frozen=True, kw_only=True)
class DatasetContract:
    """Everything that the owner of a dataset declared; without a contract it is inferred."""

    name: str
    keys: tuple[str, ...] = ()
    """Shell patterns (`*`, `?`, `[…]`); an object key that matches one belongs to this dataset."""
    columns: tuple[DeclaredColumn, ...] = ()
    """The declared columns; if there are none, the files define them."""
    primary_key: tuple[str, ...] = ()
    """Columns that have a value in every row and together are unique in a file."""
    evolution: Evolution = Evolution.EVOLVE
    csv: CsvDemands = CsvDemands()
    latest_by: tuple[str, ...] = ()
    """Columns that order rows of a primary key, latest last, before the time of upload."""
    deleted_when: str = ""
    """A SQL condition on the dataset's columns; a row that fulfils it deletes its key."""
    latest_table: str = ""
    """The name of the table of latest rows, if it is not named after the dataset."""
    references: tuple[Reference, ...] = ()
    rules: tuple[BusinessRule, ...] = ()
    quality: Quality = Quality()
    """Quality rules for the dataset's current rows."""
    curated: tuple[CuratedTable, ...] = ()
    views: tuple[View, ...] = ()
    readers: tuple[Readers, ...] = ()
    """Groups that see some of the dataset's table and of its latest rows."""
    refused: str = ""
    """The reason, for people, why the contract cannot be used.

    Then nothing is made from the dataset: it was not meant to be inferred.
    """

    @property
    def latest(self) -> str:
        """The table of the latest row of each key, in the curated database; "" without a key."""
        return (self.latest_table or f"{self.name}_latest") if self.primary_key else ""


def contracts_to_json(contracts: Iterable[DatasetContract]) -> str:
    return json.dumps([asdict(contract) for contract in contracts], indent=1)


def contracts_from_json(text: str) -> Mapping[str, DatasetContract]:
    """Return contracts by dataset name; an unreadable one is included and says so."""
    contracts = [_read(item, place) for place, item in enumerate(json.loads(text))]
    return {contract.name: contract for contract in contracts}


def _read(item: Any, place: int) -> DatasetContract:
    try:
        contract = TypedJson().read(DatasetContract, {"refused": "", **item})
    except (TypeError, UnexpectedJson) as error:
        return _unreadable(item if isinstance(item, dict) else {}, place, str(error))
    return contract if contract.name else _unreadable(item, place, "it has no name")


def _unreadable(item: Mapping[str, Any], place: int, why: str) -> DatasetContract:
    """Return a refused contract, with the name and keys that can be read.

    So it still claims its objects.
    """
    name, keys = item.get("name"), item.get("keys")
    own = name if isinstance(name, str) and name else f"contract_{place}"
    return DatasetContract(
        name=own,
        keys=tuple(key for key in keys if isinstance(key, str)) if isinstance(keys, list) else (),
        refused=f"the contract of dataset '{own}' cannot be read as it was deployed ({why}): "
        "deploy it again",
    )

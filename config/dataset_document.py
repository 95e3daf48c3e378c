"""The format of a file in `datasets/`; docs/contracts.md is generated from this definition."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from config.rules import readers_group
from config.validation import Frozen
from wires.contracts import ENCODINGS, DeclaredColumn, Evolution, OnFailure, QuotesInFields

_TYPE = re.compile(
    r"string|bigint|double|boolean|date|timestamp|timestamptz|decimal\((\d{1,2}),(\d{1,2})\)"
)
_LISTED = re.compile(r"\s*`([^`]*)`\s*,|([^,]*),")
LONGEST_NAME = 255
"""Glue's limit, in bytes of UTF-8."""
TYPES = (
    "string, bigint, decimal(p,s) with s ≤ p ≤ 38, double, boolean, date, timestamp or timestamptz"
)


def _name(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch("[a-z][a-z0-9_]{0,99}", value):
        raise ValueError("must be lower snake case, such as sales_orders")
    return value


def _column_name(value: object) -> object:
    """Check a column's name in the files or in the table, in any script."""
    if not isinstance(value, str):
        raise ValueError(f"names a column {value!r}, expected text: put it in quotes")
    if not value.strip() or len(value.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        raise ValueError(f"names a column {value!r}, expected 1 to {LONGEST_NAME} bytes of text")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in value):
        raise ValueError(f"names a column {value!r}, expected text without control characters")
    return value


def _evolution(value: object) -> object:
    known = [mode.value for mode in Evolution]
    if value not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return Evolution(value)


def _on_failure(value: object) -> object:
    known = [action.value for action in OnFailure]
    if value not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return OnFailure(value)


def _keys(value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(k, str) and k.strip() for k in value):
        raise ValueError("must be a list of key patterns, such as [orders/*]")
    return tuple(value)


def _columns(value: object) -> object:
    if not isinstance(value, dict) or not value:
        raise ValueError("must name columns with their types, such as order_id: bigint")
    for name, kind in value.items():
        _column_name(name)
        found = _TYPE.fullmatch(str(kind))
        if not found or (found[1] and not int(found[2]) <= int(found[1]) <= 38):
            raise ValueError(f"gives '{name}' the type '{kind}', expected {TYPES}")
    return tuple(DeclaredColumn(name=name, type=kind) for name, kind in value.items())


def _column_names(value: object) -> object:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of columns, such as [order_id]")
    return tuple(_column_name(name) for name in value)


def _entries(value: object) -> object:
    """Return a list as pydantic's strict mode takes it."""
    return tuple(value) if isinstance(value, list) else value


def _datasets(value: object) -> object:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of datasets, such as [customers]")
    return tuple(_name(name) for name in value)


def _references(value: object) -> object:
    """Parse `{"order_id, line": "order_lines"}` to pairs of columns and dataset.

    A comma between backticks is part of a name.
    """
    if not isinstance(value, dict) or not value:
        raise ValueError("must name a dataset for columns, such as customer_id: customers")
    return tuple(
        (tuple(map(_column_name, _listed(columns))), _name(dataset))
        for columns, dataset in value.items()
    )


def _listed(columns: object) -> list[object]:
    if not isinstance(columns, str):
        return [columns]
    return [found[1] or found[2].strip() for found in _LISTED.finditer(f"{columns},")]


def _rules(value: object) -> object:
    if not isinstance(value, dict) or not value:
        raise ValueError("must give conditions names, such as amount_is_positive: amount > 0")
    for name, condition in value.items():
        _name(name)
        if not isinstance(condition, str) or not condition.strip():
            raise ValueError(f"gives '{name}' no SQL condition, expected one such as amount > 0")
    return tuple((name, condition.strip()) for name, condition in value.items())


def _one_character(value: object) -> object:
    if not isinstance(value, str) or len(value.encode()) != 1:
        raise ValueError("must be one ASCII character")
    return value


def _encoding(value: object) -> object:
    if value not in ENCODINGS:
        raise ValueError(f"must be one of {', '.join(ENCODINGS)}")
    return value


def _quotes_in_fields(value: object) -> object:
    known = [what.value for what in QuotesInFields]
    if value not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return QuotesInFields(value)


Name = Annotated[str, BeforeValidator(_name)]
OneCharacter = Annotated[str, BeforeValidator(_one_character)]
ColumnNames = Annotated[tuple[str, ...], BeforeValidator(_column_names)]
Group = Annotated[str, BeforeValidator(readers_group)]


class Written(Frozen):
    """Base of documents whose keys are snake case, like column names."""

    model_config = ConfigDict(alias_generator=None)


class Csv(Written):
    """Properties of CSV files; those not set here are detected in each file."""

    delimiter: OneCharacter = Field(default="", description="one character between fields")
    quote: OneCharacter = Field(default="", description="one character around fields")
    escape: OneCharacter = Field(
        default="", description="one character before a quote that is part of a field"
    )
    encoding: Annotated[str, BeforeValidator(_encoding)] = Field(
        default="", description="one of " + ", ".join(f"`{name}`" for name in ENCODINGS)
    )
    header: bool | None = Field(
        default=None, description="whether the first record names the columns"
    )
    quotes_in_fields: Annotated[QuotesInFields, BeforeValidator(_quotes_in_fields)] = Field(
        default=QuotesInFields.QUARANTINE,
        description='a record with a quote inside an unquoted field, such as `5" pipe`: '
        "`quarantine` it, or `keep` it and take the quote for a character",
    )


class QualityRules(Written):
    """Rules that a table must pass before it is published."""

    rules: str = Field(
        description="a file of DQDL rules beside the contract, such as `orders.dqdl`"
    )
    on_failure: Annotated[OnFailure, BeforeValidator(_on_failure)] = Field(
        default=OnFailure.WARN,
        description="`warn`: publish and tell; `quarantine`: put the rows aside that break rules "
        "about rows (curated tables only); `halt`: publish nothing and tell",
    )


class SeenColumns(Written):
    """Columns that a group of readers sees."""

    only: ColumnNames = Field(default=(), description="it sees these, and no others")
    excluded: ColumnNames = Field(
        default=(),
        alias="except",
        description="it sees all but these, and with them whatever columns the table gets later",
    )

    @model_validator(mode="after")
    def _one_way(self) -> SeenColumns:
        if bool(self.only) is bool(self.excluded):
            raise ValueError("must have either only or except, such as only: [order_id, status]")
        return self


class ReadersOfTable(Written):
    """What a group of readers sees of a table."""

    name: Group = Field(
        description="the group; who is in it stands in `reading.groups` of "
        "`config/environments.yaml`, for each environment"
    )
    columns: SeenColumns | None = Field(
        default=None, description="the columns that it sees; without it, all"
    )
    rows: str = Field(
        default="",
        description="a condition in the SQL of Lake Formation's row filters, such as "
        "`country = 'DE' AND amount < 1000`: columns on the left, constants on the right of `=`, "
        "`<>`, `<`, `<=`, `>`, `>=`, `IN`, `LIKE`, `BETWEEN`, `IS NULL`, with `AND`, `OR` and "
        "`NOT`; no functions, no dates. Without it, all rows",
    )


Readers = Annotated[tuple[ReadersOfTable, ...], BeforeValidator(_entries)]


class Curated(Written):
    """A business-ready table."""

    table: Name = Field(description="its name in the curated database")
    sql: str = Field(
        default="",
        description="a file with one SELECT beside the contract; without it the table has the "
        "dataset's current rows as they are",
    )
    day: Annotated[str, BeforeValidator(_column_name)] = Field(
        default="",
        description="date column of the dataset, which the SELECT passes on: the table is "
        "partitioned by its days, and only days that new rows touch are made again; without it "
        "the whole table is",
    )
    uses: Annotated[tuple[str, ...], BeforeValidator(_datasets)] = Field(
        default=(), description="the other datasets that the SELECT reads"
    )
    quality: QualityRules | None = Field(
        default=None, description="rules about the table as it is going to be"
    )
    readers: Readers = Field(
        default=(), description="groups that see some columns and rows of the table"
    )


class ViewOfTables(Written):
    """A SELECT that people ask by its name."""

    name: Name = Field(description="what people find it by")
    sql: str = Field(
        description="a file with one SELECT beside the contract, in Spark's dialect like that of "
        "curated tables. A dataset's name stands for its latest rows, or for all rows of one "
        "without a `primary_key`; curated tables go by theirs"
    )
    uses: Annotated[tuple[str, ...], BeforeValidator(_datasets)] = Field(
        default=(), description="the other datasets and curated tables that the SELECT reads"
    )


class ContractDocument(Written):
    """The contract of one dataset."""

    name: Name = Field(description="of the dataset, and of the file; the table's name")
    keys: Annotated[tuple[str, ...], BeforeValidator(_keys)] = Field(
        default=(),
        description="patterns of object keys that belong here: `*` any text, also `/`; `?` one "
        "character; `[…]` one of several. Without them the first folder or the file's name decides",
    )
    columns: Annotated[tuple[DeclaredColumn, ...], BeforeValidator(_columns)] = Field(
        default=(),
        description="columns that the table has from the start, by their names in the files or "
        f"in the table, each with a type: {TYPES}",
    )
    primary_key: ColumnNames = Field(
        default=(),
        description="columns that must have a value, and whose values together stand once in a "
        "file, unless `latest_by` says which row is the later; of a key's rows the latest counts "
        "in curated tables",
    )
    latest_by: ColumnNames = Field(
        default=(),
        description="columns that tell which row of a key is the latest, so that a file may bring "
        "several states of it (a feed of changes); where they are equal, or without them, the "
        "later upload is, and within one file the row that stands later",
    )
    deleted_when: str = Field(
        default="",
        description="a SQL condition, such as `op = 'D'`: where a row that it holds for is the "
        "latest of its key, the key has no row in `latest_table` and in curated tables",
    )
    latest_table: Annotated[str, BeforeValidator(_name)] = Field(
        default="",
        description="what the table of the latest row of each key is called in the curated "
        "database; without it `<name>_latest`, for datasets that have a `primary_key`",
    )
    evolution: Annotated[Evolution, BeforeValidator(_evolution)] = Field(
        default=Evolution.EVOLVE,
        description="`evolve`: new columns are added and types widened; `strict`: a file that "
        "differs is refused; `discard`: what is not declared is left out, and a row with a value "
        "that does not fit is quarantined",
    )
    references: Annotated[tuple[tuple[tuple[str, ...], str], ...], BeforeValidator(_references)] = (
        Field(
            default=(),
            description="columns (several: `order_id, line`; a name with a comma stands in "
            "backticks) that hold another dataset's primary key, and that dataset. They tell which "
            "days of a table a change elsewhere touches",
        )
    )
    rules: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_rules)] = Field(
        default=(),
        description="business rules: a name and a SQL condition for each. Rows that break one are "
        "put aside; null breaks none, as in SQL's CHECK",
    )
    quality: QualityRules | None = Field(
        default=None, description="rules about the dataset's current rows"
    )
    curated: tuple[Curated, ...] = Field(
        default=(), description="tables that are made of this dataset"
    )
    views: tuple[ViewOfTables, ...] = Field(
        default=(), description="queries that Athena has ready beside those of every table"
    )
    readers: Readers = Field(
        default=(),
        description="groups that see some columns and rows of the dataset's table and of its "
        "latest rows",
    )
    csv: Csv = Field(default=Csv(), description="how CSV files are written")

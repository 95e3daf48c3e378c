"""The dataset contract as the job sees it. `config/datasets.py` reads and checks the YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

ONE_BYTE_ENCODINGS = (
    *(f"cp{number}" for number in range(1250, 1258)),
    *(f"iso-8859-{part}" for part in (1, 2, 5, 7, 9, 15)),
    *("koi8-r", "koi8-u", "mac-roman", "cp437", "cp850", "cp852", "cp866", "tis-620"),
)
"""Those in which ASCII's characters are spelled as in ASCII."""
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
"""That text files are known in."""


class Evolution(StrEnum):
    """What happens when a file's columns are not those of the table."""

    EVOLVE = "evolve"
    """Columns are added and types widened; older partitions are rebuilt to match."""
    STRICT = "strict"
    """The file is rejected and says which column differs, and by which value."""
    DISCARD = "discard"
    """Columns that are not declared are left out, and told; a row with a value that is none of
    its column's type is quarantined."""


class QuotesInFields(StrEnum):
    """What a quote inside an unquoted field is, such as in `5" pipe`."""

    QUARANTINE = "quarantine"
    """A sign that the record is not what it seems: it is no row."""
    KEEP = "keep"
    """A character like any other."""


@dataclass(frozen=True, kw_only=True)
class CsvDemands:
    """What a contract fixes about its files; what is empty here is found in each file."""

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
    deleted_when: str = ""
    """A SQL condition on the dataset's columns: such a row says that its key is there no more."""
    latest_table: str = ""
    """What the table of latest rows is called, if not after the dataset."""
    references: tuple[Reference, ...] = ()
    rules: tuple[BusinessRule, ...] = ()
    quality: Quality = Quality()
    """Of the dataset's current rows."""
    curated: tuple[CuratedTable, ...] = ()
    refused: str = ""
    """Why it cannot be gone by, for people. Then nothing is made of the dataset: it was not meant
    to be inferred."""

    @property
    def latest(self) -> str:
        """The table of the latest row of each key, in the curated database; "" without a key."""
        return (self.latest_table or f"{self.name}_latest") if self.primary_key else ""


def contracts_to_json(contracts: Iterable[DatasetContract]) -> str:
    return json.dumps([asdict(contract) for contract in contracts], indent=1)


def contracts_from_json(text: str) -> Mapping[str, DatasetContract]:
    """Contracts by dataset name. One that cannot be read is among them, and says so."""
    contracts = [_read(item, place) for place, item in enumerate(json.loads(text))]
    return {contract.name: contract for contract in contracts}


def _read(item: Any, place: int) -> DatasetContract:
    try:
        return _contract(item)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        return _unreadable(item if isinstance(item, dict) else {}, place, why)


def _unreadable(item: Mapping[str, Any], place: int, why: str) -> DatasetContract:
    """What can be told still claims its objects."""
    name, keys = item.get("name"), item.get("keys")
    own = name if isinstance(name, str) and name else f"contract_{place}"
    return DatasetContract(
        name=own,
        keys=tuple(key for key in keys if isinstance(key, str)) if isinstance(keys, list) else (),
        refused=f"the contract of dataset '{own}' cannot be read as it was deployed ({why}): "
        "deploy it again",
    )


def _contract(item: Mapping[str, Any]) -> DatasetContract:
    return DatasetContract(
        name=_text(item["name"]),
        keys=_texts(item["keys"]),
        columns=tuple(DeclaredColumn(**column) for column in item["columns"]),
        primary_key=_texts(item["primary_key"]),
        evolution=Evolution(item["evolution"]),
        csv=_csv(item["csv"]),
        latest_by=_texts(item["latest_by"]),
        deleted_when=_text_or_none(item["deleted_when"]),
        latest_table=_text_or_none(item["latest_table"]),
        references=tuple(
            Reference(columns=_texts(r["columns"]), dataset=r["dataset"], to=_texts(r["to"]))
            for r in item["references"]
        ),
        rules=tuple(BusinessRule(**rule) for rule in item["rules"]),
        quality=_quality(item["quality"]),
        curated=tuple(
            CuratedTable(
                **{**table, "uses": _texts(table["uses"]), "quality": _quality(table["quality"])}
            )
            for table in item["curated"]
        ),
    )


def _csv(item: Mapping[str, Any]) -> CsvDemands:
    return CsvDemands(**{**item, "quotes_in_fields": QuotesInFields(item["quotes_in_fields"])})


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a name, got {value!r}")
    return value


def _text_or_none(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {value!r}")
    return value


def _texts(items: Any) -> tuple[str, ...]:
    if not isinstance(items, list) or not all(isinstance(text, str) for text in items):
        raise ValueError(f"expected a list of names, got {items!r}")
    return tuple(items)


def _quality(item: Mapping[str, Any]) -> Quality:
    return Quality(**{**item, "on_failure": OnFailure(item["on_failure"])})

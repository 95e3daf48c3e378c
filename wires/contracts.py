"""The dataset contract as the job sees it. `config/datasets.py` reads and checks the YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum


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


def contracts_to_json(contracts: Iterable[DatasetContract]) -> str:
    return json.dumps([asdict(contract) for contract in contracts], indent=1)


def contracts_from_json(text: str) -> Mapping[str, DatasetContract]:
    """Contracts by dataset name."""
    contracts = (
        DatasetContract(
            name=item["name"],
            keys=tuple(item["keys"]),
            columns=tuple(DeclaredColumn(**column) for column in item["columns"]),
            primary_key=tuple(item["primary_key"]),
            evolution=Evolution(item["evolution"]),
            csv=CsvDemands(**item["csv"]),
        )
        for item in json.loads(text)
    )
    return {contract.name: contract for contract in contracts}

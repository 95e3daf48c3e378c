"""The dataset that an object belongs to, and its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib.resources import files

from lake.planning.contract_terms import declared_schema
from lake.planning.dataset_names import snake_case
from wires.column_names import short_hash
from wires.contracts import (
    CONTRACTS_FILE,
    CONTRACTS_PACKAGE,
    DatasetContract,
    contracts_from_json,
)
from wires.routes import LEGISLATORS_TABLE, incoming_path

Claim = Callable[[str, str], str]
"""`claim(name, owner)` gives the name to the owner if it is free, and returns who has it."""


def shipped_contracts() -> Mapping[str, DatasetContract]:
    """Return the contracts that were deployed with this library, by dataset.

    An invalid contract carries the reason, and affects only its own dataset.
    """
    text = files(CONTRACTS_PACKAGE).joinpath(CONTRACTS_FILE).read_text(encoding="utf-8")
    return {name: _checked(one) for name, one in contracts_from_json(text).items()}


def _checked(contract: DatasetContract) -> DatasetContract:
    try:
        declared_schema(contract)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        why = f"the contract of dataset '{contract.name}' declares a type that there is not"
        return replace(contract, columns=(), refused=f"{why}: {error}")
    return contract


def source_name(key: str) -> str:
    """Return the uploader's name for the dataset: the first folder, else the file's stem.

    `sales/2026/a.csv` → `sales`, `Kunden 2026.csv.gz` → `Kunden 2026`.
    """
    incoming = incoming_path(key)
    path = key if incoming is None else incoming
    segments = [segment for segment in path.split("/") if segment]
    if len(segments) > 1:
        return segments[0]
    file_name = segments[0] if segments else key
    return file_name.lstrip("._").split(".", 1)[0] or file_name


def contract_for(key: str, contracts: Iterable[DatasetContract]) -> DatasetContract | None:
    """Return the first contract, in the order of names, that has a pattern for the key."""
    for contract in sorted(contracts, key=lambda contract: contract.name):
        if any(fnmatchcase(key, pattern) for pattern in contract.keys):
            return contract
    return None


def contracts_by_key(
    keys: Iterable[str], contracts: Mapping[str, DatasetContract]
) -> dict[str, DatasetContract]:
    """Return the contract of each key; keys without one are left out."""
    claimed = (
        (key, contract_for(key, contracts.values()) or contracts.get(source_name(key)))
        for key in keys
    )
    return {key: contract for key, contract in claimed if contract}


def name_datasets(
    keys: Iterable[str], contracts: Mapping[str, DatasetContract], claim: Claim
) -> dict[str, str]:
    """Return the dataset of each key, as a SQL-safe name.

    A contract that claims a key names its dataset. Otherwise the name is the uploader's in snake
    case. If the names of two uploaders become the same, the first one to arrive keeps the plain
    name for good, and the other gets a hash of its own, so that their data never mix.
    """
    named: dict[str, str] = {}
    unclaimed = []
    for key in keys:
        contract = contract_for(key, contracts.values())
        if contract:
            named[key] = contract.name
        else:
            unclaimed.append(key)
    # Within a batch, names that need no change come first.
    for key in sorted(unclaimed, key=lambda key: (_respelled(source_name(key)), key)):
        named[key] = _claimed(source_name(key), contracts, claim)
    return named


def _respelled(name: str) -> bool:
    return snake_case(name, digit_prefix="d_") != name


def _claimed(owner: str, contracts: Mapping[str, DatasetContract], claim: Claim) -> str:
    plain = snake_case(owner, digit_prefix="d_")
    own = f"{plain or 'dataset'}_{short_hash(owner)}"
    if plain in ("", LEGISLATORS_TABLE) or (plain in contracts and plain != owner):
        return own
    return plain if claim(plain, owner) == owner else own

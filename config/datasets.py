"""Dataset contracts: the files of `datasets/`, checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from config.errors import BrokenRule, ValueRuleError
from config.validation import Frozen, broken_rules
from config.yaml_source import read_mapping
from wires.contracts import CsvDemands, DatasetContract, DeclaredColumn, Evolution

DATASETS_FOLDER = Path(__file__).with_name("datasets")


def _name(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch("[a-z][a-z0-9_]{0,99}", value):
        raise ValueError("must be lower snake case, such as sales_orders")
    return value


def _evolution(value: object) -> object:
    known = [mode.value for mode in Evolution]
    if value not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return Evolution(value)


def _keys(value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(k, str) and k.strip() for k in value):
        raise ValueError("must be a list of key patterns, such as [orders/*]")
    return tuple(value)


_TYPE = re.compile(
    r"string|bigint|double|boolean|date|timestamp|timestamptz|decimal\((\d{1,2}),(\d{1,2})\)"
)


def _columns(value: object) -> object:
    if not isinstance(value, dict) or not value:
        raise ValueError("must name columns with their types, such as order_id: bigint")
    for name, kind in value.items():
        _name(name)
        found = _TYPE.fullmatch(str(kind))
        if not found or (found[1] and not int(found[2]) <= int(found[1]) <= 38):
            raise ValueError(
                f"gives '{name}' the type '{kind}', expected string, bigint, decimal(p,s) with "
                "s ≤ p ≤ 38, double, boolean, date, timestamp or timestamptz"
            )
    return tuple(DeclaredColumn(name=name, type=kind) for name, kind in value.items())


def _column_names(value: object) -> object:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of columns, such as [order_id]")
    return tuple(_name(name) for name in value)


def _one_character(value: object) -> object:
    if not isinstance(value, str) or len(value.encode()) != 1:
        raise ValueError("must be one ASCII character")
    return value


def _encoding(value: object) -> object:
    known = ("utf-8", "utf-16-le", "utf-16-be", "cp1252")
    if value not in known:
        raise ValueError(f"must be one of {', '.join(known)}")
    return value


OneCharacter = Annotated[str, BeforeValidator(_one_character)]


class _Csv(Frozen):
    delimiter: OneCharacter = Field(default="")
    quote: OneCharacter = Field(default="")
    escape: OneCharacter = Field(default="")
    encoding: Annotated[str, BeforeValidator(_encoding)] = Field(default="")
    header: bool | None = None


class _Document(Frozen):
    name: Annotated[str, BeforeValidator(_name)]
    keys: Annotated[tuple[str, ...], BeforeValidator(_keys)] = ()
    columns: Annotated[tuple[DeclaredColumn, ...], BeforeValidator(_columns)] = ()
    primary_key: Annotated[tuple[str, ...], BeforeValidator(_column_names)] = ()
    evolution: Annotated[Evolution, BeforeValidator(_evolution)] = Field(default=Evolution.EVOLVE)
    csv: _Csv = Field(default=_Csv())


def load_contracts(folder: Path = DATASETS_FOLDER) -> tuple[DatasetContract, ...]:
    """All contracts, by name. A folder that does not exist holds none.

    Raises SourceError, or ValueRuleError naming file and field.
    """
    contracts = [_load(path) for path in sorted(folder.glob("*.yaml"))]
    _refuse_shared_patterns(contracts)
    return tuple(contracts)


def _load(path: Path) -> DatasetContract:
    content = read_mapping(path)
    try:
        document = _Document.model_validate(content)
    except ValidationError as error:
        raise ValueRuleError(f"datasets/{path.name}", broken_rules(error, _Document)) from error
    if document.name != path.stem:
        rule = BrokenRule(
            field="name", value=document.name, rule=f"must be the file's name, {path.stem}"
        )
        raise ValueRuleError(f"datasets/{path.name}", [rule])
    _refuse_contradictions(document, path)
    return DatasetContract(
        name=document.name,
        keys=document.keys,
        columns=document.columns,
        primary_key=document.primary_key,
        evolution=document.evolution,
        csv=CsvDemands(**document.csv.model_dump()),
    )


def _refuse_contradictions(document: _Document, path: Path) -> None:
    declared = [column.name for column in document.columns]
    unknown = [name for name in document.primary_key if declared and name not in declared]
    broken = None
    if unknown:
        rule = f"must be among the columns: {', '.join(declared)}"
        broken = BrokenRule(field="primary_key", value=unknown[0], rule=rule)
    if document.evolution is Evolution.DISCARD and not declared:
        rule = "needs columns: what is not declared is left out"
        broken = BrokenRule(field="evolution", value=document.evolution.value, rule=rule)
    if broken:
        raise ValueRuleError(f"datasets/{path.name}", [broken])


def _refuse_shared_patterns(contracts: list[DatasetContract]) -> None:
    owners: dict[str, str] = {}
    for contract in contracts:
        for position, pattern in enumerate(contract.keys):
            owner = owners.setdefault(pattern, contract.name)
            if (owner, contract.keys.index(pattern)) != (contract.name, position):
                rule = f"is claimed by {owner}.yaml already; a key has one dataset"
                broken = BrokenRule(field=f"keys[{position}]", value=pattern, rule=rule)
                raise ValueRuleError(f"datasets/{contract.name}.yaml", [broken])

"""Dataset contracts: the files of `datasets/`, checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from config.errors import BrokenRule, ValueRuleError
from config.validation import Frozen, broken_rules
from config.yaml_source import read_mapping
from wires.contracts import DatasetContract, Evolution

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


class _Document(Frozen):
    name: Annotated[str, BeforeValidator(_name)]
    keys: Annotated[tuple[str, ...], BeforeValidator(_keys)] = ()
    evolution: Annotated[Evolution, BeforeValidator(_evolution)] = Field(default=Evolution.WIDEN)


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
    return DatasetContract(name=document.name, keys=document.keys, evolution=document.evolution)


def _refuse_shared_patterns(contracts: list[DatasetContract]) -> None:
    owners: dict[str, str] = {}
    for contract in contracts:
        for position, pattern in enumerate(contract.keys):
            owner = owners.setdefault(pattern, contract.name)
            if (owner, contract.keys.index(pattern)) != (contract.name, position):
                rule = f"is claimed by {owner}.yaml already; a key has one dataset"
                broken = BrokenRule(field=f"keys[{position}]", value=pattern, rule=rule)
                raise ValueRuleError(f"datasets/{contract.name}.yaml", [broken])

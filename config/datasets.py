"""Loads and checks dataset contracts: the files of `datasets/`, with their SQL and rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from config.dataset_checks import broken_across, broken_within
from config.dataset_document import (
    ContractDocument,
    Curated,
    QualityRules,
    ReadersOfTable,
    ViewOfTables,
)
from config.errors import BrokenRule, ValueRuleError
from config.table_columns import column_in_table
from config.validation import broken_rules
from config.yaml_source import read_mapping
from dqdl import DqdlError, parse
from wires.contracts import (
    BusinessRule,
    CsvDemands,
    CuratedTable,
    DatasetContract,
    Quality,
    Readers,
    Reference,
    View,
)

DATASETS_FOLDER = Path(__file__).with_name("datasets")


def load_contracts(folder: Path = DATASETS_FOLDER) -> tuple[DatasetContract, ...]:
    """Return all contracts, sorted by name; none for a folder that does not exist.

    Raises SourceError, or ValueRuleError naming file and field.
    """
    documents = [_document(path) for path in sorted(folder.glob("*.yaml"))]
    keys = {document.name: document.primary_key for document in documents}
    contracts = tuple(_contract(document, folder, keys) for document in documents)
    for contract in contracts:
        _refuse(contract.name, broken_across(contract, contracts))
    return contracts


def _document(path: Path) -> ContractDocument:
    content = read_mapping(path)
    for listed in ("curated", "views"):
        if isinstance(content.get(listed), list):
            content[listed] = tuple(content[listed])  # pydantic's strict mode refuses lists here
    try:
        document = ContractDocument.model_validate(content)
    except ValidationError as error:
        found = broken_rules(error, ContractDocument)
        raise ValueRuleError(f"datasets/{path.name}", found) from error
    _refuse(path.stem, broken_within(document, file=path.stem))
    return document


def _refuse(name: str, broken: Iterator[BrokenRule]) -> None:
    found = list(broken)
    if found:
        raise ValueRuleError(f"datasets/{name}.yaml", found)


def _contract(
    document: ContractDocument, folder: Path, keys: Mapping[str, Sequence[str]]
) -> DatasetContract:
    beside = _Beside(document.name, folder)
    return DatasetContract(
        name=document.name,
        keys=document.keys,
        columns=document.columns,
        primary_key=document.primary_key,
        evolution=document.evolution,
        csv=CsvDemands(**document.csv.model_dump()),
        latest_by=document.latest_by,
        deleted_when=document.deleted_when.strip(),
        latest_table=document.latest_table,
        references=tuple(
            Reference(columns=columns, dataset=dataset, to=tuple(keys.get(dataset, ())))
            for columns, dataset in document.references
        ),
        rules=tuple(BusinessRule(name=name, expect=text) for name, text in document.rules),
        quality=beside.quality(document.quality, "quality"),
        curated=tuple(
            beside.table(table, f"curated[{position}]")
            for position, table in enumerate(document.curated)
        ),
        views=tuple(
            beside.view(view, f"views[{position}]") for position, view in enumerate(document.views)
        ),
        readers=tuple(_readers(one, column_in_table) for one in document.readers),
    )


def _readers(written: ReadersOfTable, named: Callable[[str], str]) -> Readers:
    """Return what a group sees; `named` gives a column its name in the table."""
    seen = written.columns
    return Readers(
        group=written.name,
        only=tuple(map(named, seen.only)) if seen else (),
        excluded=tuple(map(named, seen.excluded)) if seen else (),
        rows=written.rows.strip(),
    )


class _Beside:
    """Reads the files that a contract names."""

    def __init__(self, dataset: str, folder: Path) -> None:
        self._dataset = dataset
        self._folder = folder

    def table(self, written: Curated, field: str) -> CuratedTable:
        return CuratedTable(
            table=written.table,
            sql=self._text(written.sql, f"{field}.sql").strip().removesuffix(";"),
            source=written.sql,
            day=written.day,
            uses=written.uses,
            quality=self.quality(written.quality, f"{field}.quality"),
            readers=tuple(_readers(one, str) for one in written.readers),
        )

    def view(self, written: ViewOfTables, field: str) -> View:
        return View(
            name=written.name,
            sql=self._text(written.sql, f"{field}.sql").strip().removesuffix(";"),
            source=written.sql,
            uses=written.uses,
        )

    def quality(self, written: QualityRules | None, field: str) -> Quality:
        if written is None:
            return Quality()
        text = self._text(written.rules, f"{field}.rules")
        try:
            parse(text, source=written.rules)
        except DqdlError as error:
            self._say(f"{field}.rules", written.rules, str(error))
        return Quality(
            rules=text,
            source=written.rules,
            on_failure=written.on_failure,
        )

    def _text(self, name: str, field: str) -> str:
        if not name:
            return ""
        path = self._folder / name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
            self._say(field, name, f"must be a file beside the contract; {path.name}: {why}")
        if not text.strip():
            self._say(field, name, "the file is empty")
        return text

    def _say(self, field: str, value: str, rule: str) -> NoReturn:
        broken = BrokenRule(field=field, value=value, rule=rule)
        raise ValueRuleError(f"datasets/{self._dataset}.yaml", [broken])

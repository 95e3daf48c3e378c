"""Loads and checks sources: the files of `sources/`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.api_document import ApiDocument
from config.database_document import DatabaseDocument
from config.datasets import DATASETS_FOLDER, load_contracts
from config.errors import ValueRuleError
from config.jobs import SOURCES_FOLDER
from config.source_checks import broken_source
from config.source_document import CursorDocument, SourceDocument
from config.validation import broken_rules
from config.yaml_source import read_mapping
from wires.api_sources import ApiLimits, ApiSource, Authentication, GraphQl, Pagination
from wires.contracts import DatasetContract
from wires.database_sources import DatabaseSource, KeyRanges
from wires.positions import position_of
from wires.sources import Cursor, Kind, Limits, Source

_ROWS_OF_PARQUET = 1_000_000
"""Of one file, where nobody says otherwise."""


def load_sources(
    folder: Path = SOURCES_FOLDER, datasets: Path = DATASETS_FOLDER
) -> tuple[SourceDocument, ...]:
    """Return what all files say, sorted by name; none for a folder that does not exist.

    Raises SourceError, or ValueRuleError naming file and field.
    """
    files = sorted(folder.glob("*.yaml"))
    contracts = load_contracts(datasets) if files else ()
    return tuple(_document(path, contracts) for path in files)


def _document(path: Path, contracts: Iterable[DatasetContract]) -> SourceDocument:
    try:
        document = SourceDocument.model_validate(read_mapping(path))
    except ValidationError as error:
        found = broken_rules(error, SourceDocument)
        raise ValueRuleError(f"sources/{path.name}", found) from error
    by_name = {contract.name: contract for contract in contracts}
    broken = list(broken_source(document, file=path.stem, contracts=by_name))
    if broken:
        raise ValueRuleError(f"sources/{path.name}", broken)
    return document


def source_of(document: SourceDocument) -> Source:
    """Return what the job of a source reads."""
    return Source(
        name=document.name,
        kind=document.kind,
        dataset=document.dataset,
        secret=document.secret,
        mode=document.mode,
        cursor=_cursor(document.cursor) if document.cursor else None,
        repeats=document.repeats,
        limits=_limits(document),
        api=_api(document.api) if document.api else None,
        database=_database(document.database) if document.database else None,
    )


def _limits(document: SourceDocument) -> Limits:
    usual = _ROWS_OF_PARQUET if document.kind is Kind.DATABASE else Limits.rows_per_file
    given = document.limits.model_dump()
    return Limits(**{**given, "rows_per_file": document.limits.rows_per_file or usual})


def _cursor(document: CursorDocument) -> Cursor:
    cursor = Cursor(**document.model_dump())
    start = position_of(cursor.start, cursor.type) if cursor.start else ""
    return Cursor(**{**document.model_dump(), "start": start})


def _api(document: ApiDocument) -> ApiSource:
    """Return the section for the job: the same fields, in classes that a job has."""
    sections: dict[str, Any] = {
        "pagination": Pagination(**document.pagination.model_dump()),
        "authentication": Authentication(**document.authentication.model_dump()),
        "graphql": GraphQl(**document.graphql.model_dump()) if document.graphql else None,
        "limits": ApiLimits(**document.limits.model_dump()),
    }
    return ApiSource(**{**document.model_dump(), **sections})


def _database(document: DatabaseDocument) -> DatabaseSource:
    ranges = KeyRanges(**document.ranges.model_dump()) if document.ranges else None
    return DatabaseSource(**{**document.model_dump(), "ranges": ranges})

"""Rules of a source that more than one value is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.api_checks import broken_api
from config.database_checks import broken_database
from config.errors import BrokenRule
from config.source_document import CursorDocument, SourceDocument
from config.stream_checks import broken_stream, without_stream
from wires.contracts import DatasetContract
from wires.errors import PositionError
from wires.positions import position_of
from wires.routes import CHECKS_PREFIX, LEGISLATORS_TABLE
from wires.sources import CursorType, Kind, Mode, Repeats

_DAY = 86_400


def broken_source(
    document: SourceDocument, *, file: str, contracts: Mapping[str, DatasetContract]
) -> Iterator[BrokenRule]:
    """Yield every contradiction within a source, and between it and its dataset's contract."""
    if document.name != file:
        yield BrokenRule(field="name", value=document.name, rule=f"must be {file}, as the file is")
    yield from _broken_dataset(document)
    if document.kind.is_stream:
        yield from broken_stream(document)
        return
    yield from without_stream(document)
    yield from _broken_mode(document)
    if document.cursor:
        yield from _broken_cursor(document.cursor)
    yield from _broken_repeats(document, contracts)
    yield from _broken_kind(document)


def _broken_kind(document: SourceDocument) -> Iterator[BrokenRule]:
    """Yield what is wrong in the section of the source's kind, or that it is missing."""
    for kind, section in ((Kind.API, document.api), (Kind.DATABASE, document.database)):
        if document.kind is kind and section is None:
            yield BrokenRule(field=kind.value, absent=True, rule=f"needed for the kind {kind}")
        if document.kind is not kind and section is not None:
            yield BrokenRule(field=kind.value, value="…", rule=f"is for the kind {kind}")
    if document.api:
        yield from broken_api(document, document.api)
    if document.database:
        yield from broken_database(document, document.database)


def _broken_dataset(document: SourceDocument) -> Iterator[BrokenRule]:
    name = document.dataset
    if name.startswith(CHECKS_PREFIX) or name == LEGISLATORS_TABLE:
        yield BrokenRule(
            field="dataset", value=name, rule="must be another name: the platform has this one"
        )


def _broken_mode(document: SourceDocument) -> Iterator[BrokenRule]:
    if document.mode is Mode.INCREMENTAL and document.cursor is None:
        yield BrokenRule(
            field="cursor",
            absent=True,
            rule="needed where mode is incremental, which is the default",
        )
    if document.mode.is_whole and document.cursor is not None:
        yield BrokenRule(
            field="mode",
            value=document.mode.value,
            rule="must be incremental where there is a cursor",
        )
    if document.mode is Mode.CHANGED and document.kind is not Kind.DATABASE:
        yield BrokenRule(field="mode", value="changed", rule="is for the kind database")


def _broken_cursor(cursor: CursorDocument) -> Iterator[BrokenRule]:
    opaque = cursor.type is CursorType.OPAQUE
    if bool(cursor.field) is opaque:
        rule = "must be left out for an opaque cursor" if opaque else "needed, such as updated_at"
        yield BrokenRule(field="cursor.field", value=cursor.field, rule=rule)
    if cursor.start and (opaque or not _is_position(cursor)):
        rule = "left out for an opaque cursor" if opaque else f"a position of type {cursor.type}"
        yield BrokenRule(field="cursor.start", value=cursor.start, rule=f"must be {rule}")
    if opaque and cursor.overlap:
        yield BrokenRule(
            field="cursor.overlap", value=cursor.overlap, rule="must be 0 for an opaque cursor"
        )
    if bool(cursor.then) is not (cursor.type is CursorType.TIMESTAMP_AND_INTEGER):
        rule = "must be there for timestamp_and_integer, and only then"
        yield BrokenRule(field="cursor.then", value=cursor.then, rule=rule)
    yield from _broken_times(cursor)


def _broken_times(cursor: CursorDocument) -> Iterator[BrokenRule]:
    for name in ("lag_seconds", "window_seconds"):
        value = getattr(cursor, name)
        of_pair = cursor.type is CursorType.TIMESTAMP_AND_INTEGER and name == "lag_seconds"
        if value and not cursor.type.is_clock and not of_pair:
            rule = "must be 0 for a cursor whose positions are no times"
            yield BrokenRule(field=f"cursor.{name}", value=value, rule=rule)
    if cursor.window_seconds and not cursor.start:
        rule = "needs cursor.start, where the first window begins"
        yield BrokenRule(field="cursor.window_seconds", value=cursor.window_seconds, rule=rule)
    for name in ("overlap", "window_seconds"):
        value = getattr(cursor, name)
        if cursor.type is CursorType.DATE and value % _DAY:
            rule = f"must be whole days of {_DAY} seconds for a cursor of dates"
            yield BrokenRule(field=f"cursor.{name}", value=value, rule=rule)


def _is_position(cursor: CursorDocument) -> bool:
    try:
        return bool(position_of(cursor.start, cursor.type))
    except PositionError:
        return False


def _broken_repeats(
    document: SourceDocument, contracts: Mapping[str, DatasetContract]
) -> Iterator[BrokenRule]:
    comes_again = document.mode.is_whole or (document.cursor and document.cursor.overlap)
    contract = contracts.get(document.dataset)
    if document.repeats is Repeats.KEEP or not comes_again or (contract and contract.primary_key):
        return
    why = f"mode is {document.mode}" if document.mode.is_whole else "cursor.overlap is not 0"
    yield BrokenRule(
        field="repeats",
        value="by_key",
        rule=f"{why}, so rows come again: give config/datasets/{document.dataset}.yaml a "
        "primary_key, or set repeats to keep if each is a row of its own",
    )

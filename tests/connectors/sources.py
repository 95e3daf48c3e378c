"""Sources for tests of the core, and a list of rows that plays what they read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.fetch import TURN_SECONDS, Fetch
from connectors.landing import Place
from connectors.pages import Page, Row
from tests.aws import ASSETS, RAW, STATE, SmallAws
from wires.lease import Leases
from wires.positions import Span, is_before, position_of
from wires.source_ledger import SourceLedger
from wires.sources import Cursor, CursorType, Kind, Limits, Mode, Repeats, Source

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def any_source(**changes: Any) -> Source:
    """A source of events whose rows have a time."""
    values: dict[str, Any] = {
        "name": "events_api",
        "kind": Kind.API,
        "dataset": "events",
        "cursor": Cursor(
            type=CursorType.TIMESTAMP, field="at", start="2026-01-15T00:00:00.000000Z"
        ),
        "repeats": Repeats.KEEP,
        "limits": Limits(rows_per_file=3),
    }
    return Source(**{**values, **changes})


def full_source(**changes: Any) -> Source:
    return any_source(cursor=None, mode=Mode.FULL, **changes)


def event(id: int, at: datetime) -> dict[str, Any]:
    return {"id": id, "at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}


def hourly_events(count: int = 12) -> list[dict[str, Any]]:
    """Events of the day, at half past each hour."""
    begin = datetime(2026, 1, 15, 0, 30, tzinfo=UTC)
    return [event(n, begin + timedelta(hours=n)) for n in range(count)]


@dataclass
class ListedRows:
    """A source that is a list: what a server would answer, page by page."""

    source: Source
    rows: list[dict[str, Any]]
    page_size: int = 2
    asked: list[Span] = field(default_factory=list)
    ignores_until: bool = False
    state: str = ""
    before_page: Callable[[], None] = lambda: None

    def pages(self, span: Span) -> Generator[Page, None, None]:
        self.asked.append(span)
        rows = [row for row in self._all() if self._is_in(row, span)]
        for start in range(0, len(rows), self.page_size):
            self.before_page()
            yield Page(rows=rows[start : start + self.page_size], state=self.state)

    def _all(self) -> Iterator[Row]:
        cursor = self.source.cursor
        for row in self.rows:
            value = row.get(cursor.field) if cursor else None
            position = position_of(value, cursor.type) if cursor and value is not None else ""
            yield Row(line=json.dumps(row).encode(), position=position)

    def _is_in(self, row: Row, span: Span) -> bool:
        cursor = self.source.cursor
        if cursor is None or not row.position:
            return True
        if is_before(row.position, span.asked_from, cursor.type):
            return False
        return (
            self.ignores_until or not span.until or is_before(row.position, span.until, cursor.type)
        )


def fetch_of(
    aws: SmallAws, connector: ListedRows, *, now: datetime = NOON, later_runs: int = 0, **own: Any
) -> Fetch:
    """A fetch at a time; `later_runs` are the turns of killed runs that have run out."""
    source = connector.source
    at = now.timestamp() + later_runs * 2 * TURN_SECONDS
    return Fetch(
        source=source,
        connector=connector,
        ledger=SourceLedger(aws.tables.Table(STATE), source.name),
        leases=Leases(aws.tables.Table(STATE), now=lambda: at),
        place=Place(s3=aws.s3, raw_bucket=RAW, assets_bucket=ASSETS),
        say=lambda _: None,
        **{"now": lambda: now, **own},
    )


def landed_versions(aws: SmallAws, *, dataset: str = "") -> list[tuple[str, str]]:
    """Every version in the raw bucket: a second one under a key would be data as well."""
    pages = aws.s3.get_paginator("list_object_versions").paginate(Bucket=RAW)
    found = [(one["Key"], one["VersionId"]) for page in pages for one in page.get("Versions", ())]
    return [pair for pair in found if not dataset or f"/{dataset}/" in pair[0]]


def landed_rows(aws: SmallAws, *, dataset: str = "") -> list[dict[str, Any]]:
    """The rows of all versions, in the order of their keys."""
    bodies = [
        aws.s3.get_object(Bucket=RAW, Key=key, VersionId=version)["Body"].read()
        for key, version in sorted(landed_versions(aws, dataset=dataset))
    ]
    return [json.loads(line) for body in bodies for line in gzip.decompress(body).splitlines()]


def ids(rows: Sequence[dict[str, Any]]) -> list[int]:
    return sorted(row["id"] for row in rows)

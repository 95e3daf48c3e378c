"""Asks a source and lands nothing: what would come, and what its rows look like."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.order import Order
from connectors.pages import Connector, Page, Row
from wires.positions import Span, is_before, later, next_span
from wires.sources import Cursor, CursorType, Source

_KINDS: Mapping[type, str] = {
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "number",
    list: "list",
    str: "text",
    type(None): "null",
}


@dataclass(kw_only=True)
class Preview:
    """Rows that came, counted."""

    source: str
    span: Span
    rows: int = 0
    bytes: int = 0
    first: str = ""
    last: str = ""
    """The lowest and the highest position."""
    is_all: bool = True
    members: dict[str, Counter[str]] = field(default_factory=dict)
    """By name of a member of rows: how often it is of which kind."""

    def lines(self) -> Iterator[str]:
        """Yield what came, for people; no values of rows."""
        begin, end = self.span.asked_from or "the beginning", self.span.until or "the end"
        yield f"{self.source}, from {begin} to {end}: {self.rows:,} rows, {self.bytes:,} bytes"
        if not self.is_all:
            yield "  there are more"
        if self.first:
            yield f"  positions {self.first} to {self.last}"
        for name, kinds in self.members.items():
            yield f"  {name}: " + ", ".join(f"{n:,} x {kind}" for kind, n in kinds.most_common())
        yield "nothing has landed: this was a dry run"

    def facts(self) -> Mapping[str, Any]:
        return {
            "source": self.source,
            "since": self.span.asked_from,
            "until": self.span.until,
            "rows": self.rows,
            "bytes": self.bytes,
            "first": self.first,
            "last": self.last,
            "is_all": self.is_all,
            "members": {name: dict(kinds) for name, kinds in self.members.items()},
        }

    def add_batch(self, batch: Any) -> None:
        """Count rows that have types, of Arrow."""
        self.rows += len(batch)
        self.bytes += batch.nbytes
        for column, values in zip(batch.schema, batch.columns, strict=True):
            kinds = self.members.setdefault(column.name, Counter())
            if len(values) > values.null_count:
                kinds[str(column.type)] += len(values) - values.null_count
            if values.null_count:
                kinds["null"] += values.null_count

    def add(self, row: Row, kind: CursorType | None) -> None:
        self.rows += 1
        self.bytes += len(row.line) + 1
        for name, value in json.loads(row.line).items():
            self.members.setdefault(name, Counter())[_KINDS.get(type(value), "number")] += 1
        if kind and row.position:
            is_first = not self.first or is_before(row.position, self.first, kind)
            self.first = row.position if is_first else self.first
            self.last = later(self.last, row.position, kind)


def preview(
    source: Source, connector: Connector, order: Order, *, say: Callable[[str], Any]
) -> Preview:
    """Ask for what the first run would land, or for a range; at most for as many as the limit.

    Raises ConnectorError as a run does.
    """
    seen = Preview(source=source.name, span=_span(source.cursor, order))
    with closing(connector.pages(seen.span)) as pages:
        for page in pages:
            _look_at(seen, page, source, order.limit)
            if order.limit and seen.rows == order.limit:
                seen.is_all = False
                return seen
            say(f"{seen.rows:,} rows so far")
    return seen


def _look_at(seen: Preview, page: Page, source: Source, limit: int) -> None:
    """Count the rows of a page, up to the limit of all."""
    if page.batch is not None:
        left = limit - seen.rows if limit else len(page.batch)
        seen.add_batch(page.batch.slice(0, left))
    for row in page.rows:
        seen.add(row, source.cursor.type if source.cursor else None)
        if seen.rows == limit:
            return


def _span(cursor: Cursor | None, order: Order) -> Span:
    if cursor is None:
        return Span(since="", until="", asked_from="")
    span = next_span(cursor, "", now=datetime.now(UTC), begin=order.since, end=order.until)
    return span or Span(since=order.since, until=order.since, asked_from=order.since)

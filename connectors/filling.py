"""Which of the rows that come belong to a landing, and where its range ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connectors.pages import Page, Row
from wires.positions import after, is_before, later, time_position
from wires.source_ledger import Landing
from wires.sources import Source


class Filling:
    """Passes on the rows of a range, and takes down where it ends."""

    def __init__(self, source: Source, landing: Landing, *, limit: int) -> None:
        self._cursor = source.cursor
        self._landing = landing
        self._limit = limit
        self._highest = ""
        self._state = landing.since
        self._end = ""
        self.left_for_later = 0

    @property
    def position(self) -> str:
        """Where the stream stands when these rows have landed."""
        cursor, landing = self._cursor, self._landing
        if cursor is None:
            return time_position(datetime.fromisoformat(landing.planned_at))
        if self._end:
            return later(landing.since, self._end, cursor.type)
        if landing.until:
            return landing.until
        if not self._highest:
            return self._state
        return later(landing.since, after(self._highest, cursor.type), cursor.type)

    def batches_of(self, pages: Iterator[Page]) -> Iterator[Any]:
        """Yield the batches that land, of a source that keeps to the range by itself."""
        left = self._limit
        for page in pages:
            self._end = page.end or self._end
            if page.batch is None:
                continue
            batch = page.batch.slice(0, left) if self._limit else page.batch
            yield batch
            left -= len(batch)
            if self._limit and not left:
                return

    def rows_of(self, pages: Iterator[Page]) -> Iterator[Row]:
        """Yield the rows that land."""
        passed = 0
        for page in pages:
            self._state = page.state or self._state
            for row in page.rows:
                if self._is_later(row):
                    self.left_for_later += 1
                    continue
                self._note(row)
                yield row
                passed += 1
                if passed == self._limit:
                    return

    def _is_later(self, row: Row) -> bool:
        cursor, until = self._cursor, self._landing.until
        return bool(
            cursor and until and row.position and not is_before(row.position, until, cursor.type)
        )

    def _note(self, row: Row) -> None:
        if self._cursor and row.position:
            self._highest = later(self._highest, row.position, self._cursor.type)

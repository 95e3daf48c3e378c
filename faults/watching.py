"""A reader that polls tables all the time, and keeps what it saw of each snapshot."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from faults.reading import Published, TableReader

_PAUSE = 0.1


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One snapshot of a table, as the reader saw it first."""

    at: float
    """On the monotonic clock."""
    table: str
    rows: Published


@dataclass
class Poller:
    """Looks at tables again and again, from a thread of its own."""

    tables: Sequence[tuple[TableReader, str]]
    sights: list[Sight] = field(default_factory=list)
    looks: int = 0
    troubles: list[str] = field(default_factory=list)
    """What a reader could not read: a snapshot without one of its files, for one."""
    _seen: dict[str, str] = field(default_factory=dict)
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Poll until the block ends, and once after."""
        thread = threading.Thread(target=self._poll, name="poller", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()
            self._look()

    def rows_after(self, moment: float) -> Counter[str]:
        """Return how many rows each table had at a moment, by what was seen until then."""
        seen: Counter[str] = Counter()
        for sight in self.sights:
            if sight.at <= moment:
                seen[sight.table] = sum(sight.rows.values())
        return seen

    def _poll(self) -> None:
        while not self._end.wait(_PAUSE):
            self._look()

    def _look(self) -> None:
        self.looks += 1
        for reader, table in self.tables:
            try:
                location = reader.location(table)
                if location == self._seen.get(table, ""):
                    continue
                rows = reader.at(location)
            except Exception as error:  # noqa: BLE001 - whatever a reader meets is a finding
                self.troubles.append(f"table {table}: {type(error).__name__}: {error}")
                continue
            self._seen[table] = location
            self.sights.append(Sight(at=time.monotonic(), table=table, rows=rows))

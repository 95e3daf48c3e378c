"""A large table in parts, by several connections that see the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from queue import Full, Queue
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from connectors.database.session import Session
from connectors.database.spelled_rows import Column
from connectors.database.statements import Condition, Statements, named
from wires.database_sources import KeyRanges

_LOOK_EVERY = 0.2
"""Seconds after which a part looks whether it is still wanted."""
OpenAt = Callable[[str], Session]


def ranged_batches(
    ranges: KeyRanges,
    session: Session,
    statements: Statements,
    *,
    columns: Sequence[Column],
    conditions: Sequence[Condition],
    open_at: OpenAt,
) -> Generator[pa.RecordBatch, None, None]:
    """Yield the rows of all ranges, as they come.

    Raises what the first part raises that fails; the others are given up.
    """
    parts = list(_parts(ranges, session, statements))
    moment = session.export_moment()  # type: ignore[attr-defined]  # config allows no others
    asked = [statements.rows(columns, [*conditions, part]) for part in parts]
    crew = _Crew(lambda: open_at(moment), columns, parts=len(asked))
    with crew.at_work(asked):
        yield from crew.batches()


def _parts(ranges: KeyRanges, session: Session, statements: Statements) -> Iterator[Condition]:
    """Yield conditions of which each row fulfils exactly one, those without a number too."""
    lowest, highest = session.row(statements.bounds(ranges.column))
    column = named(ranges.column)
    cuts = _cuts(int(lowest), int(highest or lowest), ranges.at_once) if lowest else []
    if not cuts:
        yield sa.true()
        return
    yield sa.or_(column.is_(None), column < _number(cuts[0]))
    for begin, end in zip(cuts, [*cuts[1:], None], strict=True):
        from_begin = column >= _number(begin)
        yield from_begin if end is None else sa.and_(from_begin, column < _number(end))


def _cuts(lowest: int, highest: int, parts: int) -> list[int]:
    """Return where one range ends and the next one begins."""
    size = highest - lowest + 1
    return sorted({lowest + size * n // parts for n in range(1, parts)} - {lowest})


def _number(value: int) -> sa.ColumnElement[Any]:
    return sa.literal_column(str(value))


class _Crew:
    """Threads that read one part each, held back by a queue with room for two batches of each."""

    def __init__(
        self, open_one: Callable[[], Session], columns: Sequence[Column], *, parts: int
    ) -> None:
        self._open_one = open_one
        self._columns = columns
        self._parts = parts
        self._queue: Queue[pa.RecordBatch | BaseException | None] = Queue(maxsize=2 * parts)
        self._ended = threading.Event()

    @contextmanager
    def at_work(self, asked: Sequence[sa.Select[Any]]) -> Iterator[None]:
        """Read all parts; at the end those that nobody waits for any more are given up."""
        threads = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in asked]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def batches(self) -> Iterator[pa.RecordBatch]:
        left = self._parts
        while left:
            found = self._queue.get()
            if isinstance(found, BaseException):
                raise found
            if found is None:
                left -= 1
            else:
                yield found

    def _work(self, statement: sa.Select[Any]) -> None:
        try:
            with closing(self._open_one()) as session:
                for batch in session.batches(statement, self._columns):
                    if not self._is_put(batch):
                        return
            self._is_put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where the rows are awaited
            self._is_put(error)

    def _is_put(self, what: pa.RecordBatch | BaseException | None) -> bool:
        """Hand something over, once there is room; False if nobody waits for it any more."""
        while not self._ended.is_set():
            try:
                self._queue.put(what, timeout=_LOOK_EVERY)
            except Full:
                continue
            return True
        return False

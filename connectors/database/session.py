"""What every kind of database gives: one moment of it, asked by statements."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa
import sqlalchemy as sa

from connectors.database.spelled_rows import Column


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Up to when the moment that is read has everything."""

    at: datetime
    """By the server's clock; of a replica what it has replayed."""
    lag_seconds: float | None = 0
    """How far a replica is behind; None if it does not say, because it gets nothing any more."""


class Session(Protocol):
    """One connection, in one transaction that only reads."""

    dialect: Any
    """SQLAlchemy's."""

    def standing(self) -> Standing: ...

    def columns(self, relation: sa.Select[Any]) -> Sequence[Column]:
        """Return what a statement would give, without asking for rows."""
        ...

    def row(self, statement: sa.Select[Any]) -> Sequence[str | None]:
        """Return the only row of a result, in the server's spelling; empty if there is none."""
        ...

    def batches(
        self, statement: sa.Select[Any], columns: Sequence[Column]
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the columns of all rows that a statement chooses.

        It raises SourceFailed if they do not come whole.
        """
        ...

    def time_literal(self, at: datetime) -> sa.ColumnElement[Any]: ...

    def close(self) -> None: ...

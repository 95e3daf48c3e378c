"""The state after a load, as readers of catalog, tables, quarantine and ledger see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fuzz.meaning import Value


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The ledger's entry about an object."""

    status: str
    reason: str = ""
    rows_in: int = 0
    rows_published: int = 0
    rows_quarantined: int = 0


@dataclass(frozen=True, kw_only=True)
class Aside:
    """A record in quarantine."""

    line: int | None
    reason: str
    raw: str


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of a table that came from one object."""

    columns: Mapping[str, Sequence[Value]]
    texts: frozenset[str]
    """The columns that are of text."""
    count: int


@dataclass(frozen=True, kw_only=True)
class Table:
    comments: Mapping[str, str]
    """Comments by column, as far as the catalog has any."""
    rows: Mapping[str, Rows]
    """Rows by the key of their object."""
    complaints: tuple[str, ...] = ()
    """Differences between its files and the catalog."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything after the last load of a case."""

    outcomes: Mapping[str, Outcome]
    """Outcomes by key."""
    tables: Mapping[str, Table]
    """Tables by the dataset's name in the program."""
    aside: Mapping[str, Sequence[Aside]] = field(default_factory=dict)
    """Records in quarantine by key."""
    died: str = ""
    """The error that ended the run; empty if none did."""

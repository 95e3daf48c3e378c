"""What is there after a load: as readers of catalog, tables, quarantine and ledger see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fuzz.meaning import Value


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The ledger's word about an object."""

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
    """Of a table those that came from one object."""

    columns: Mapping[str, Sequence[Value]]
    texts: frozenset[str]
    """The columns that are of text there."""
    count: int


@dataclass(frozen=True, kw_only=True)
class Table:
    comments: Mapping[str, str]
    """By column, as far as the catalog has any."""
    rows: Mapping[str, Rows]
    """By key of the object."""
    complaints: tuple[str, ...] = ()
    """What its files and the catalog do not agree about."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything after the last load of a case."""

    outcomes: Mapping[str, Outcome]
    """By key."""
    tables: Mapping[str, Table]
    """By the dataset's name as the program has it."""
    aside: Mapping[str, Sequence[Aside]] = field(default_factory=dict)
    """By key."""
    died: str = ""
    """How the run ended, if not well."""

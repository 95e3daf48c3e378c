"""What every connector gives: rows as lines of JSON or as Arrow batches, page by page."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from wires.positions import Span


class Row(NamedTuple):
    """One row."""

    line: bytes
    """A JSON object in UTF-8, without a line end."""
    position: str = ""
    """Where it stands by the source's cursor; "" if it does not say."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Rows that came together, and that are in memory together."""

    rows: Sequence[Row]
    state: str = ""
    """The source's own state after this page, for an opaque cursor."""
    batch: Any = None
    """Rows as Arrow's RecordBatch, of a source whose rows have types."""
    end: str = ""
    """Where the range ends, if the source says so: not after what it was asked for."""


class Connector(Protocol):
    """Reads one kind of source."""

    def pages(self, span: Span) -> Generator[Page, None, None]:
        """Yield all rows of a range, in any order, each once.

        Rows outside the range may be among them. Raises SourceFailed if they cannot be had whole.
        """
        ...

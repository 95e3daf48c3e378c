"""What a run has fetched and landed, for people and for the run's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Landed:
    """One landing that this run has brought to its end."""

    number: int
    since: str
    position: str
    rows: int
    left_for_later: int
    keys: tuple[str, ...]
    is_resumed: bool
    """Whether an earlier run had fetched it, and ended before it had landed."""

    def line(self) -> str:
        """Return one line for people."""
        files = "1 file" if len(self.keys) == 1 else f"{len(self.keys):,} files"
        parts = [
            f"landing {self.number}: {self.rows:,} rows in {files}",
            f"from {self.since or 'the beginning'} to {self.position or 'the end'}",
            "fetched by an earlier run" if self.is_resumed else "",
            f"{self.left_for_later:,} rows are of a later range" if self.left_for_later else "",
        ]
        return ", ".join(filter(None, parts))


@dataclass(frozen=True, kw_only=True)
class FetchReport:
    """All landings of a run, or why there is none."""

    source: str
    stream: str
    landed: tuple[Landed, ...] = ()
    note: str = ""

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.landed)

    def lines(self) -> Iterator[str]:
        """Yield what came, for people."""
        yield f"{self.source}, {self.stream}: {self.rows:,} rows landed"
        for one in self.landed:
            yield f"  {one.line()}"
            yield from (f"    {key}" for key in one.keys)
        if self.note:
            yield f"  {self.note}"

    def facts(self) -> Mapping[str, Any]:
        """Return facts for the run's record."""
        return {
            "fetched": {
                "source": self.source,
                "stream": self.stream,
                "rows": self.rows,
                "landings": len(self.landed),
                "position": self.landed[-1].position if self.landed else "",
                "note": self.note,
            },
        }

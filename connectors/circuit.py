"""A source that fails run after run is left alone for a while, and then asked once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.errors import CircuitOpen
from wires.source_ledger import SourceLedger, Trouble

OPENS_AFTER = 3
"""Failed runs in a row."""
_FIRST, _LONGEST = timedelta(minutes=30), timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """Counts failed runs, over all that the schedule starts."""

    ledger: SourceLedger
    now: Callable[[], datetime]

    def demand_closed(self) -> Trouble:
        """Return what has failed so far. Raises CircuitOpen while the source is left alone."""
        trouble = self.ledger.trouble()
        if trouble.until and self.now() < datetime.fromisoformat(trouble.until):
            raise CircuitOpen(
                f"{trouble.failures} runs in a row have failed, so the source is left alone until "
                f"{trouble.until}; the last one: {trouble.why} --again asks it at once"
            )
        return trouble

    def note_failure(self, before: Trouble, why: str) -> None:
        """Count a failed run; from the third in a row on, for twice as long each time."""
        failures = before.failures + 1
        until = ""
        if failures >= OPENS_AFTER:
            pause = min(_LONGEST, _FIRST * 2 ** min(failures - OPENS_AFTER, 10))
            until = (self.now() + pause).isoformat(timespec="seconds")
        self.ledger.note_trouble(Trouble(failures=failures, until=until, why=why))

    def note_success(self, before: Trouble) -> None:
        """Forget what has failed."""
        if before.failures:
            self.ledger.note_trouble(Trouble())

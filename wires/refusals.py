"""Why a load cannot go on: a start that is refused, an end that cannot be taken down.

No attempt of the load is used up: the same is tried again, after pauses that grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

_LONGEST_PAUSE = timedelta(minutes=60)
_LONGEST_PAUSE_OF_A_JOB = timedelta(minutes=5)
"""A release mends most of these, and the check after it waits for half an hour. Since one load
alone tries for all of its route, often is not much."""
_LONGEST_REASON = 1000


class RefusalKind(StrEnum):
    """What is in the way. Some of it concerns a job, and so all of its loads."""

    MISSING = "missing"
    DENIED = "denied"
    UNAVAILABLE = "unavailable"
    INVALID = "invalid"
    MANIFEST = "manifest"
    SETTLING = "settling"
    UNEXPECTED = "unexpected"

    @property
    def is_of_the_job(self) -> bool:
        """Whether other loads would meet the same."""
        return self in (self.MISSING, self.DENIED, self.UNAVAILABLE)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The last refusal, and how many there were in a row."""

    kind: RefusalKind
    reason: str
    since: str
    """ISO 8601, UTC: the first one in a row."""
    until: str
    """ISO 8601, UTC: the next try is not made before."""
    times: int = 1

    def is_over(self, at: datetime) -> bool:
        """Whether it may be tried again."""
        return at >= datetime.fromisoformat(self.until)

    def lasts(self, at: datetime) -> timedelta:
        return at - datetime.fromisoformat(self.since)

    def to_item(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_item(cls, item: Mapping[str, Any] | None) -> Refusal | None:
        """Undo `to_item`; None if there is none."""
        if not item:
            return None
        return cls(**{**item, "kind": RefusalKind(item["kind"]), "times": int(item["times"])})


def refused(before: Refusal | None, kind: RefusalKind, reason: str, *, at: datetime) -> Refusal:
    """Return the refusal that follows another one, or none, with a pause twice as long."""
    times = before.times + 1 if before else 1
    longest = _LONGEST_PAUSE_OF_A_JOB if kind.is_of_the_job else _LONGEST_PAUSE
    pause = min(timedelta(minutes=2 ** min(times - 1, 10)), longest)
    return Refusal(
        kind=kind,
        reason=reason[:_LONGEST_REASON],
        since=before.since if before else at.isoformat(),
        until=(at + pause).isoformat(),
        times=times,
    )

"""Points in time and spans, as people write them."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta

_SPAN = re.compile(r"(\d+)\s*(m|h|d)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def span(text: str) -> timedelta:
    """Return the span that a text such as `90m`, `6h` or `2d` means, for argparse."""
    found = _SPAN.fullmatch(text.strip())
    if not found:
        raise argparse.ArgumentTypeError(
            f"expected a number with m, h or d, such as 90m, 6h or 2d, got {text!r}"
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(text: str) -> datetime | timedelta:
    """Return a time in UTC, or how long ago it is, for argparse."""
    if _SPAN.fullmatch(text.strip()):
        return span(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            "expected a time such as 2026-01-31 or 2026-01-31T18:00:00+00:00, or how long ago it "
            f"is, such as 6h, got {text!r}"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def since(at: datetime | timedelta | None, now: datetime) -> datetime | None:
    """Return the point in time that `moment` has read."""
    return now - at if isinstance(at, timedelta) else at


def time_of(text: object) -> datetime:
    """Return a time from a ledger; what is none is the beginning of time."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)

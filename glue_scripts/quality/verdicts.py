"""Verdicts on rules, and how those of rules within a rule are combined."""

from __future__ import annotations

from enum import Enum, StrEnum, auto


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """The rule could not be judged, and somebody has to do something about it."""
    NOT_JUDGED = "not_judged"
    """There is not enough history to say what is usual; time will do something about it."""


class Composites(Enum):
    """Ways to judge the rules within `(…) or (…)`."""

    BY_TABLE = auto()
    """Each of them about the table: its verdicts are combined."""
    BY_ROW = auto()
    """Each of them about a row, where all of them can be: `or` needs one of them in each row."""

"""Where an upload of a check stands, and what a check says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """Steps of an upload, in their order."""

    REGISTERING = "registering"
    """The trigger has not entered it into the ledger."""
    WAITING = "waiting"
    """It is pending: no load has it."""
    LOADING = "loading"
    """A load has it."""
    DECIDING = "deciding"
    """It has ended, and not as it should."""
    WORKFLOW = "workflow"
    """Its rows are published; the workflow's run goes on."""
    TABLE = "table"
    """A reader compares the table with what was uploaded."""
    REMOVING = "removing"
    """What the check has made is removed."""


class Course(StrEnum):
    """Whether an upload gets on."""

    GOES_ON = "goes on"
    WELL = "well"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far an upload has come."""

    step: Step
    said: str
    """Goes on after `files: `."""
    look_at: str = ""
    """Where to look if it comes no further."""
    course: Course = Course.GOES_ON

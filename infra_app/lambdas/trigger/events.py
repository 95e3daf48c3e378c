"""Parses SQS messages to events. Keys in EventBridge events are raw, not URL-encoded.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wires.manifest import ObjectVersion
from wires.redrives import REASON

from .errors import UnreadableEvent


@dataclass(frozen=True, kw_only=True)
class ObjectUploaded:
    """One object version has arrived."""

    bucket: str
    version: ObjectVersion
    again: bool = False
    """Whether people have sent the event, for another decision."""


@dataclass(frozen=True, kw_only=True)
class RunEnded:
    """A Glue run has reached a final state."""

    job: str
    run_id: str


@dataclass(frozen=True, kw_only=True)
class WorkflowDue:
    """The workflow's schedule is due: it is to run, even if nothing has arrived."""


@dataclass(frozen=True, kw_only=True)
class Tick:
    """The regular tick, at which waiting objects are dispatched."""


def parse(body: str) -> ObjectUploaded | RunEnded | WorkflowDue | Tick:
    """Parse a message. Raises UnreadableEvent with the expected and the given content."""
    try:
        event = json.loads(body)
        kind = event["detail-type"]
        match kind:
            case "Object Created":
                return _uploaded(event)
            case "Glue Job State Change":
                detail = event["detail"]
                return RunEnded(job=detail["jobName"], run_id=detail["jobRunId"])
            case "Workflow Due":
                return WorkflowDue()
            case "Scheduled Event":
                return Tick()
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableEvent(f"not an EventBridge event: {error!r} in {body[:500]}") from error
    raise UnreadableEvent(
        f"detail-type {kind!r} is none of 'Object Created', 'Glue Job State Change', "
        "'Workflow Due', 'Scheduled Event'; look at the rules that target this queue"
    )


def _uploaded(event: dict[str, Any]) -> ObjectUploaded:
    item = event["detail"]["object"]
    if not item.get("version-id"):
        raise UnreadableEvent(
            f"bucket {event['detail']['bucket']['name']} is not versioned: the event for "
            f"{item['key']!r} has no version-id; switch versioning on"
        )
    return ObjectUploaded(
        bucket=event["detail"]["bucket"]["name"],
        version=ObjectVersion(
            key=item["key"],
            version_id=item["version-id"],
            size=int(item["size"]),
            uploaded_at=_utc(event["time"]),
            sequencer=item.get("sequencer", ""),
        ),
        again=event["detail"].get("reason") == REASON,
    )


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()

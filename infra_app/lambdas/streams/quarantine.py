"""Keeps records that are no rows, each under a key that its place in the stream alone decides.

So it does not matter how often a record comes, nor with which others: the same object is written.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wires.layout import quarantined_record

from .calls import AT_ONCE, side_by_side
from .records import Record


@dataclass(frozen=True, kw_only=True)
class Poison:
    """A record that is no row, and why."""

    record: Record
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecordQuarantine:
    """Writes records of one source to the quality bucket."""

    s3: Any
    bucket: str
    source: str
    at_once: int = AT_ONCE

    def keep(self, poison: Sequence[Poison]) -> None:
        """Keep records; on return all of them are kept."""
        side_by_side(self._keep, poison, at_once=self.at_once)

    def _keep(self, one: Poison) -> None:
        record = one.record
        self.s3.put_object(
            Bucket=self.bucket,
            Key=quarantined_record(self.source, record.line, record.sequence, record.came_at),
            Body=json.dumps(self._note(one), indent=1).encode(),
            ContentType="application/json",
        )

    def _note(self, one: Poison) -> dict[str, Any]:
        stream, _, shard = one.record.line.partition("/")
        return {
            "source": self.source,
            "stream": stream,
            "shard": shard,
            "sequence": one.record.sequence,
            "came_at": one.record.came_at.isoformat(),
            "reason": one.reason,
            "data_base64": _in_base64(one.record.data),
            "key_base64": _in_base64(one.record.key),
            "headers": dict(one.record.headers),
        }


def _in_base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()

"""The ledger of lines: how far each shard or partition of a stream has been taken in.

A line is what a stream delivers in order: a shard of Kinesis, a partition of Kafka. Its landings
are numbered. The key of each is fixed here before anything lands under it, and nothing is ever put
over another object; so of all that is put under that key, by whomever, the first is the landing,
and says itself how far it goes. Afterwards the line moves to there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from wires.layout import source_state


@dataclass(frozen=True, kw_only=True)
class LineState:
    """Where a line stands."""

    number: int = 0
    """Of the last landing that was closed."""
    position: str = ""
    """Sequence number up to which, inclusively, everything has been taken in; "" for nothing."""
    taken_at: str = ""
    """Time in UTC at which that was said; "" before."""
    key: str = ""
    """Key of the next landing, once it is fixed. Something may lie under it already."""

    def has_taken(self, sequence: str) -> bool:
        """Whether a record has been taken in."""
        return bool(self.position) and int(sequence) <= int(self.position)


FIRST_SEQUENCE, LAST_SEQUENCE = "first-sequence", "last-sequence"
"""Metadata of a landed file: the first and the last sequence number of what it was made from."""
REDRIVEN = "redriven"
"""Field of a delivery that a person sends again: the sequence number at which its batch begins."""


def shard_line(stream: str, shard: str) -> str:
    """Return the line of a shard of Kinesis."""
    return f"{stream}/{shard}"


def landing_prefix(source: str, line: str) -> str:
    """Return how names of a line's landed files begin, and those of its redriven batches."""
    return f"{source}-{line.replace('/', '-')}-"


def redriven_line(line: str, first: str) -> str:
    """Return the line of a batch that Lambda has given up and a person sends again.

    The shard's own line has gone on meanwhile, and passes over what comes before.
    """
    return f"{line}/redriven-{first}"


class LineLedger:
    """Reads and writes the lines of one source through a DynamoDB `Table` resource."""

    def __init__(self, table: Any, source: str) -> None:
        self._table = table
        self._source = source
        self._conflict = table.meta.client.exceptions.ConditionalCheckFailedException

    def state(self, line: str) -> LineState:
        """Return where a line stands, read consistently."""
        found = self._table.get_item(Key=self._key(line), ConsistentRead=True).get("Item", {})
        return LineState(
            number=int(found.get("number", 0)),
            position=str(found.get("position", "")),
            taken_at=str(found.get("taken_at", "")),
            key=str(found.get("key", "")),
        )

    def fix(self, line: str, seen: LineState, key: str) -> LineState | None:
        """Fix the key of the next landing; None if the line is no longer as it was seen."""
        return self._moved(line, seen, replace(seen, key=key))

    def close(self, line: str, seen: LineState, *, position: str, at: str) -> LineState | None:
        """Say that what lies under the fixed key goes up to a position.

        The line never goes back. None if it is no longer as it was seen.
        """
        if seen.has_taken(position):
            position = seen.position
        after = LineState(number=seen.number + 1, position=position, taken_at=at)
        return self._moved(line, seen, after)

    def pass_over(self, line: str, seen: LineState, *, position: str, at: str) -> LineState | None:
        """Say that up to a position nothing is to land; None if the line is not as it was seen."""
        return self._moved(line, seen, replace(seen, position=position, taken_at=at))

    def _moved(self, line: str, seen: LineState, after: LineState) -> LineState | None:
        try:
            self._table.put_item(
                Item={
                    **self._key(line),
                    "number": after.number,
                    "position": after.position,
                    "taken_at": after.taken_at,
                    "key": after.key,
                },
                **_as_seen(seen),
            )
        except self._conflict:
            return None
        return after

    def _key(self, line: str) -> dict[str, str]:
        return dict(source_state(self._source, line))


def _as_seen(seen: LineState) -> Mapping[str, Any]:
    if seen == LineState():
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#number = :number AND #position = :position AND #key = :key",
        "ExpressionAttributeNames": {"#number": "number", "#position": "position", "#key": "key"},
        "ExpressionAttributeValues": {
            ":number": seen.number,
            ":position": seen.position,
            ":key": seen.key,
        },
    }

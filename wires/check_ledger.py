"""Notes of health checks, by which a later one removes what a killed one has left.

Items of the state table, one for each upload of a check, written before the upload is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Key

from wires.layout import CHECKS, PARTITION_KEY, SORT_KEY, check_note
from wires.paging import items_of


@dataclass(frozen=True, kw_only=True)
class CheckNote:
    """An upload of a check, of which something may be there."""

    dataset: str
    key: str
    begun_at: datetime


class CheckLedger:
    """Reads and writes the notes through a DynamoDB `Table` resource."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def begin(self, note: CheckNote) -> None:
        self._table.put_item(
            Item={
                **check_note(note.dataset),
                "key": note.key,
                "begun_at": note.begun_at.isoformat(),
            }
        )

    def end(self, dataset: str) -> None:
        """Forget a check of which nothing is left."""
        self._table.delete_item(Key=dict(check_note(dataset)))

    def all_notes(self) -> Iterator[CheckNote]:
        ours = Key(PARTITION_KEY).eq(CHECKS)
        for item in items_of(
            self._table, "query", KeyConditionExpression=ours, ConsistentRead=True
        ):
            yield CheckNote(
                dataset=item[SORT_KEY],
                key=item["key"],
                begun_at=datetime.fromisoformat(item["begun_at"]),
            )

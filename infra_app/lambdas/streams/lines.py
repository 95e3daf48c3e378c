"""Lands the records of a line, which come in order: those of a shard, or of a partition.

1. What the ledger says has been taken in is passed over.
2. Records that are no rows are kept in quarantine, under keys of their own.
3. The key of the line's next landing is fixed in the ledger.
4. The rows are put under that key, if nothing is there. The object says itself how far it goes.
5. The ledger moves to there, and what is left of the records begins anew at 1.

Whoever is cut off leaves a line whose key is fixed, or that has a landing which the ledger does not
know of. Whoever comes next looks under the key first. Two at once put under the same key, and the
second one finds that it was second: so a record is in one landing only, however often it comes, and
with whichever others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from wires.routes import landed_object
from wires.s3_errors import GONE
from wires.stream_ledger import (
    FIRST_SEQUENCE,
    LAST_SEQUENCE,
    LineLedger,
    LineState,
    landing_prefix,
)

from .errors import LineBusy
from .files import Sorted, sort
from .metrics import Counts
from .quarantine import Poison, RecordQuarantine
from .records import Record
from .rows import RowMaker

_TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
_ATTEMPTS = 20
"""Times that a line may have moved under an invocation before it leaves its records to later."""
_CLOCKS_DIFFER = timedelta(minutes=15)
_BEGUN_ANEW = (
    "its sequence number comes before what has been taken in, though it came later: the stream or "
    "topic was made anew under its old name. Give the source another name"
)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Lands records of one source, line by line."""

    source: str
    dataset: str
    s3: Any
    bucket: str
    ledger: LineLedger
    quarantine: RecordQuarantine
    maker: RowMaker
    now: Callable[[], datetime]

    def take(self, line: str, records: Sequence[Record], counts: Counts) -> None:
        """Take in records of a line, in their order. On return all of them have been.

        Raises LineBusy if others move the line all the time.
        """
        for _ in range(_ATTEMPTS):
            state = self.ledger.state(line)
            if state.key and (last := self._last_under(state.key)):
                self._close(line, state, last)
                continue
            if self._go_on(line, state, records, counts):
                return
        raise LineBusy(
            f"{self.source}, {line}: expected to move the line, and others did each of {_ATTEMPTS} "
            "times; the records come again"
        )

    def left(self, line: str, records: Sequence[Record]) -> list[Record]:
        """Return the records that the ledger does not have yet."""
        state = self.ledger.state(line)
        return [record for record in records if not state.has_taken(record.sequence)]

    def _go_on(
        self, line: str, state: LineState, records: Sequence[Record], counts: Counts
    ) -> bool:
        """Take in what is left; False if the line has moved meanwhile."""
        left = [record for record in records if not state.has_taken(record.sequence)]
        self._keep_strangers(state, records, counts)
        if not left:
            counts.repeated += len(records)
            return True
        found = sort(left, self.maker)
        self.quarantine.keep(found.poison)
        last = left[-1].sequence
        if found.rows:
            moved = self._landed(line, state, found, left)
        else:
            moved = bool(self.ledger.pass_over(line, state, position=last, at=self._time()))
        if moved:
            counts.landed += found.records
            counts.quarantined += len(found.poison)
            counts.repeated += len(records) - len(left)
        return moved

    def _landed(
        self, line: str, state: LineState, found: Sorted, records: Sequence[Record]
    ) -> bool:
        """Put rows under the line's next key; False if others have put theirs, or moved it."""
        fixed = state if state.key else self.ledger.fix(line, state, self._key(line, state))
        if fixed is None or not self._put(fixed.key, found, records):
            return False
        # Who has moved the line meanwhile has found what was put.
        self._close(line, fixed, records[-1].sequence)
        return True

    def _put(self, key: str, found: Sorted, records: Sequence[Record]) -> bool:
        try:
            self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=found.body,
                IfNoneMatch="*",
                Metadata={
                    FIRST_SEQUENCE: records[0].sequence,
                    LAST_SEQUENCE: records[-1].sequence,
                    "rows": str(found.rows),
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TAKEN:
                raise
            return False
        return True

    def _last_under(self, key: str) -> str:
        """Return how far a landing goes; "" if there is none under the key yet."""
        try:
            found = self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
            return ""
        return str(found["Metadata"][LAST_SEQUENCE])

    def _close(self, line: str, state: LineState, last: str) -> None:
        self.ledger.close(line, state, position=last, at=self._time())

    def _keep_strangers(self, state: LineState, records: Sequence[Record], counts: Counts) -> None:
        """Keep what cannot have been taken in, though its number says so."""
        if not state.taken_at:
            return
        latest = datetime.fromisoformat(state.taken_at) + _CLOCKS_DIFFER
        strangers = [
            Poison(record=record, reason=_BEGUN_ANEW)
            for record in records
            if state.has_taken(record.sequence) and record.came_at > latest
        ]
        self.quarantine.keep(strangers)
        counts.quarantined += len(strangers)

    def _key(self, line: str, state: LineState) -> str:
        name = f"{landing_prefix(self.source, line)}{state.number + 1:09d}.jsonl.gz"
        return landed_object(self.now().date(), self.dataset, name)

    def _time(self) -> str:
        return self.now().astimezone(UTC).isoformat(timespec="seconds")

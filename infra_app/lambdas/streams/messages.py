"""Lands messages of a queue, which come in no order and some of them twice.

1. A landing is opened in the ledger, and each message is claimed for it. What another landing has
   is left out: it has landed, or lands now, or comes again while nobody knows.
2. Messages that are no rows are kept in quarantine.
3. The rows are staged, and the landing is sealed: from now on it lands, whoever is cut off.
4. The staged file is put under its key, unless it is there, and the landing is closed.

A landing that is open for longer than any invocation lasts is abandoned by whoever meets it. If its
invocation was at work all the same, it cannot seal any more, and its messages come again.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from connectors.landing import Place
from connectors.manifest import LandingManifest, StagedFile
from wires.layout import staged_landing_of_messages
from wires.message_ledger import MessageLanding, MessageLedger, Stage
from wires.routes import landed_object

from .calls import AT_ONCE, side_by_side
from .errors import LandingLost
from .files import Sorted, sort
from .metrics import Counts
from .quarantine import RecordQuarantine
from .records import Record
from .rows import RowMaker


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, kw_only=True)
class Messages:
    """Lands messages of one source."""

    source: str
    dataset: str
    place: Place
    ledger: MessageLedger
    quarantine: RecordQuarantine
    maker: RowMaker
    now: Callable[[], datetime]
    invocation_seconds: int
    """After so many an invocation is over."""
    new_id: Callable[[], str] = _new_id
    at_once: int = AT_ONCE
    """Calls of the ledger side by side."""

    def take(self, records: Sequence[Record], counts: Counts) -> set[str]:
        """Take in messages; returns the ids of those that must come again.

        Raises LandingLost if another invocation took this one for dead.
        """
        by_id = {record.sequence: record for record in records}
        landing = self.new_id()
        self.ledger.begin(landing, at=self._seconds())
        owners = self._claimed(by_id, landing)
        ours = [by_id[id] for id, owner in owners.items() if owner == landing]
        if ours:
            self._land(landing, ours, counts)
        else:
            self.ledger.abandon(landing)
        busy = {id for id, owner in owners.items() if owner == ""}
        counts.repeated += len(records) - len(ours) - len(busy)
        return busy

    def _claimed(self, ids: Iterable[str], landing: str) -> dict[str, str]:
        """Return the landing that has each message; "" where nobody knows yet whether it lands."""
        wanted = list(ids)
        claim = partial(self.ledger.claim, landing=landing, at=self._seconds())
        answers = side_by_side(claim, wanted, at_once=self.at_once)
        owners = dict(zip(wanted, answers, strict=True))
        fates = {owner: self._fate(owner) for owner in sorted({*owners.values()} - {landing})}
        return {id: self._settled(id, landing, owner, fates) for id, owner in owners.items()}

    def _settled(self, id: str, landing: str, owner: str, fates: dict[str, Stage]) -> str:
        if owner == landing or fates[owner] is Stage.LANDED:
            return owner
        if fates[owner] is Stage.OPEN:
            return ""
        now_of = self.ledger.claim(id, landing, at=self._seconds(), instead_of=owner)
        return landing if now_of == landing else ""

    def _fate(self, id: str) -> Stage:
        """Return what has become of another landing, after doing for it what is left to do."""
        other = self.ledger.landing(id)
        if other.stage is Stage.OPEN and self._is_over(other):
            self.ledger.abandon(id)
            other = self.ledger.landing(id)
        if other.stage is Stage.SEALED:
            self._finish(id, other.file)
            return Stage.LANDED
        if other.stage is not Stage.OPEN:
            self._clear(id)
        return other.stage

    def _is_over(self, landing: MessageLanding) -> bool:
        return self._seconds() > landing.begun + self.invocation_seconds

    def _land(self, landing: str, records: Sequence[Record], counts: Counts) -> None:
        found = sort(records, self.maker)
        self.quarantine.keep(found.poison)
        file = self._staged(landing, found) if found.rows else {}
        if not self.ledger.seal(landing, file):
            raise LandingLost(
                f"{self.source}: expected landing {landing} to be open, and another invocation has "
                "taken it for dead; its messages come again"
            )
        self._finish(landing, file)
        counts.landed += found.records
        counts.quarantined += len(found.poison)

    def _staged(self, landing: str, found: Sorted) -> dict[str, Any]:
        staged = staged_landing_of_messages(self.source, landing)
        self.place.s3.put_object(Bucket=self.place.assets_bucket, Key=staged, Body=found.body)
        name = f"{self.source}-{landing}.jsonl.gz"
        file = StagedFile(
            staged=staged,
            key=landed_object(self.now().date(), self.dataset, name),
            rows=found.rows,
            bytes=len(found.body),
            sha256=hashlib.sha256(found.body).hexdigest(),
        )
        return asdict(file)

    def _finish(self, landing: str, file: Any) -> None:
        """Land what is staged, unless it has landed; doing it again changes nothing."""
        if file:
            numbers = {name: int(file[name]) for name in ("rows", "bytes")}
            staged = StagedFile(**{**file, **numbers})
            whole = LandingManifest(
                position="", rows=staged.rows, left_for_later=0, files=(staged,)
            )
            self.place.land(whole)
        self.ledger.close(landing)
        # After the ledger: what is gone must be known to have landed.
        self._clear(landing)

    def _clear(self, landing: str) -> None:
        staged = staged_landing_of_messages(self.source, landing)
        self.place.s3.delete_object(Bucket=self.place.assets_bucket, Key=staged)

    def _seconds(self) -> int:
        return int(self.now().timestamp())

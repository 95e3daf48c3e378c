"""Everything that needs a person: uploads, loads and messages that do not go on by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from config.source_document import SourceDocument
from operations.console import table
from operations.progress import Progress
from operations.recovery.dead_letters import DeadLetters, Letter
from operations.recovery.entries import FINISHED_BADLY, Entry, kept_at, told, waiting_since
from operations.recovery.estate import Estate
from operations.recovery.given_up import GivenUp
from wires.load_ledger import LoadState
from wires.object_ledger import ObjectStatus
from wires.printable import printable

OBJECTS, WAITING = "objects", "waiting"
GIVEN_UP, REFUSED = "loads_given_up", "loads_refused"
LETTERS, BATCHES = "dead_letters", "batches_given_up"


@dataclass(kw_only=True)
class Troubles:
    """Counts of each kind, and the first ones of it."""

    limit: int
    counts: Counter[str] = field(default_factory=Counter)
    shown: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {kind: [] for kind in _SECTIONS}
    )

    def add(self, kind: str, what: dict[str, Any]) -> None:
        self.counts[kind] += 1
        if len(self.shown[kind]) < self.limit:
            self.shown[kind].append(what)

    def to_json(self) -> dict[str, Any]:
        return {"counts": {kind: self.counts[kind] for kind in self.shown}, **self.shown}

    def lines(self) -> Iterator[str]:
        if not sum(self.counts.values()):
            yield "nothing needs a person"
            return
        for kind, (title, columns) in _SECTIONS.items():
            if not self.counts[kind]:
                continue
            yield f"{self.counts[kind]:,} {title}"
            rows = ([printable(str(one.get(c, ""))) for c in columns] for one in self.shown[kind])
            yield from (f"  {line}" for line in table(columns, rows))
            if self.counts[kind] > len(self.shown[kind]):
                yield "  … and more: --limit shows them"


_SECTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    OBJECTS: (
        "uploads ended badly: redrive has them tried again",
        ("key", "version_id", "status", "load_id", "load", "finished_at", "kept_at", "reason"),
    ),
    WAITING: (
        "uploads wait for too long: reconcile says for what",
        ("key", "version_id", "status", "load_id", "since"),
    ),
    GIVEN_UP: (
        "loads were given up: redrive --load has their uploads tried again",
        ("load_id", "job", "attempt", "is_committed", "reason"),
    ),
    REFUSED: (
        "loads cannot be started or settled: mend the reason, they are tried again by themselves",
        ("load_id", "job", "state", "since", "times", "reason"),
    ),
    LETTERS: (
        "messages could not be handled: redrive --dead-letters sends them again",
        ("message_id", "sent_at", "about"),
    ),
    BATCHES: (
        "batches of streams were given up: redrive --given-up sends them again",
        ("source", "message_id", "sent_at", "about"),
    ),
}


def find_troubles(
    estate: Estate,
    *,
    waiting: timedelta,
    limit: int,
    progress: Progress,
    streams: Sequence[SourceDocument] = (),
) -> Troubles:
    """Read both ledgers, and look at dead letters and given-up batches without taking any away."""
    troubles = Troubles(limit=limit)
    states = _loads(estate, troubles)
    overdue = estate.now() - waiting
    seen = progress.counter("entries read")
    for entry in estate.objects.all_objects():
        seen.add(1)
        if entry["status"] in FINISHED_BADLY:
            troubles.add(OBJECTS, _ended(entry, states, estate.names.quality_bucket))
        elif entry["status"] == ObjectStatus.PENDING and waiting_since(entry) < overdue:
            since = waiting_since(entry).isoformat()
            troubles.add(WAITING, {**told(entry), "since": since})
    letters = DeadLetters(estate).box
    shown: list[Letter] = letters.peek(limit)
    for letter in shown:
        troubles.add(LETTERS, letter.told())
    troubles.counts[LETTERS] = max(len(shown), letters.count())
    for stream in streams:
        given_up = GivenUp(estate, stream)
        if given_up.is_deployed():
            add_batches(given_up, troubles)
    return troubles


def add_batches(stream: GivenUp, troubles: Troubles) -> None:
    """Add what Lambda has given up of a stream."""
    box = stream.box()
    shown = box.peek(troubles.limit)
    before = troubles.counts[BATCHES]
    for letter in shown:
        about = stream.about(letter)
        troubles.add(BATCHES, {**letter.told(), "source": stream.name, "about": about})
    troubles.counts[BATCHES] = before + max(len(shown), box.count())


def _loads(estate: Estate, troubles: Troubles) -> Mapping[str, str]:
    """Add loads; return the states of those that are not published."""
    states: dict[str, str] = {}
    for item in estate.loads.all_loads():
        state = str(item.get("state", ""))
        if state != LoadState.PUBLISHED:
            states[item["load_id"]] = state
        shown = {
            "load_id": str(item["load_id"]),
            "job": str(item.get("job", "")),
            "state": state,
            "attempt": int(item.get("attempt", 0)),
            "reason": str(item.get("reason", "")),
            "is_committed": bool(item.get("commit_key")),
        }
        refusal = item.get("refusal")
        if state == LoadState.FAILED:
            troubles.add(GIVEN_UP, shown)
        elif isinstance(refusal, Mapping):
            times, since = int(refusal.get("times", 1)), str(refusal.get("since", ""))
            reason = str(refusal.get("reason", shown["reason"]))
            troubles.add(REFUSED, {**shown, "since": since, "times": times, "reason": reason})
    return states


def _ended(entry: Entry, states: Mapping[str, str], quality_bucket: str) -> dict[str, Any]:
    """Return an entry with the state of its load, unless that is published."""
    return {
        **told(entry),
        "load": states.get(str(entry.get("load_id", "")), ""),
        "kept_at": kept_at(entry, quality_bucket=quality_bucket),
    }

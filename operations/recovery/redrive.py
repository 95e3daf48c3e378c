"""Second tries of what has ended badly, on a person's word.

Each step is one conditional write, or a message after it; a step that comes again does nothing, or
sends a message again that is handled once. So it can be killed anywhere, and repeated.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import chain
from typing import Any

from config.source_document import SourceDocument
from operations.console import table
from operations.progress import Progress
from operations.recovery.dead_letters import DeadLetters
from operations.recovery.entries import Entry, Selection
from operations.recovery.estate import Estate
from operations.recovery.given_up import GivenUp
from wires.errors import LoadStateError
from wires.load_ledger import Load, LoadState
from wires.object_ledger import ObjectStatus
from wires.printable import printable
from wires.redrives import event_of


class Action(StrEnum):
    """What is done about an upload, a load or a message."""

    WAITS = "waits again"
    DECIDED = "is decided again"
    REOPENED = "its load goes on"
    SENT = "is sent again"
    LEFT = "is left alone"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What somebody wants to be tried again."""

    objects: Selection | None = None
    letters: bool = False
    key: str = ""
    """Shell pattern: letters about other uploads stay where they are."""
    streams: Sequence[SourceDocument] = ()
    """Those whose given-up batches are sent again."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was done, or would be."""

    action: Action
    what: str
    version_id: str = ""
    load_id: str = ""
    why: str = ""

    def told(self) -> dict[str, str]:
        return {
            "action": self.action.value,
            "what": self.what,
            "version_id": self.version_id,
            "load_id": self.load_id,
            "why": self.why,
        }


@dataclass(kw_only=True)
class Redriven:
    """Counts of what was done, and the first steps."""

    dry_run: bool
    limit: int
    counts: Counter[str] = field(default_factory=Counter)
    shown: list[Step] = field(default_factory=list)

    def add(self, step: Step) -> None:
        self.counts[step.action.value] += 1
        if len(self.shown) < self.limit:
            self.shown.append(step)

    def to_json(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry_run,
            "counts": {action.value: self.counts[action.value] for action in Action},
            "steps": [step.told() for step in self.shown],
        }

    def lines(self) -> Iterator[str]:
        if not self.shown:
            yield "nothing that was chosen has ended badly"
            return
        yield "this would be done:" if self.dry_run else "done:"
        head = ("what", "version", "load", "", "why")
        names = ("what", "version_id", "load_id", "action", "why")
        rows = ([printable(step.told()[name]) for name in names] for step in self.shown)
        yield from (f"  {line}" for line in table(head, rows))
        yield ", ".join(f"{n:,} {action}" for action, n in sorted(self.counts.items()))


@dataclass(frozen=True, kw_only=True)
class Redrive:
    """One redrive of one environment."""

    estate: Estate
    progress: Progress
    dry_run: bool = False
    limit: int = 100

    def run(self, choice: Choice) -> Redriven:
        """Have the chosen uploads and messages tried again; report what was done."""
        done = Redriven(dry_run=self.dry_run, limit=self.limit)
        counter = self.progress.counter("uploads and messages")
        for step in chain(self._objects(choice), self._letters(choice), self._batches(choice)):
            done.add(step)
            counter.add(1)
        return done

    def _letters(self, choice: Choice) -> Iterator[Step]:
        if not choice.letters:
            return
        letters = DeadLetters(self.estate)
        if self.dry_run:
            found: Iterable[Any] = letters.box.peek(max(self.limit, letters.box.count()))
            found = [one for one in found if _matches(one.key, choice.key)]
        else:
            found = letters.move(lambda one: _matches(one.key, choice.key))
        for letter in found:
            yield Step(action=Action.SENT, what=letter.about, why="a dead letter")

    def _batches(self, choice: Choice) -> Iterator[Step]:
        for document in choice.streams:
            stream = GivenUp(self.estate, document)
            if not stream.is_deployed():
                why = f"{self.estate.names.environment} has no such stream: deploy it first"
                yield Step(action=Action.LEFT, what=stream.name, why=why)
                continue
            found = stream.planned(self.limit) if self.dry_run else stream.redriven()
            for what, is_done, why in found:
                yield Step(action=Action.SENT if is_done else Action.LEFT, what=what, why=why)

    def _objects(self, choice: Choice) -> Iterator[Step]:
        if choice.objects is None:
            return
        by_load: defaultdict[str, list[Entry]] = defaultdict(list)
        seen = self.progress.counter("entries read")
        for entry in self.estate.objects.all_objects():
            seen.add(1)
            if choice.objects.has(entry):
                by_load[str(entry.get("load_id", ""))].append(entry)
        for load_id, entries in sorted(by_load.items()):
            yield from self._of_load(load_id, entries)

    def _of_load(self, load_id: str, entries: Sequence[Entry]) -> Iterator[Step]:
        load = self._load(load_id)
        if load and load.state in (LoadState.READY, LoadState.RUNNING):
            why = f"load {load_id} is {load.state}: wait for its end, or `release {load_id}`"
            yield from (_step(Action.LEFT, entry, why) for entry in entries)
        elif load and load.state is LoadState.FAILED and load.commit:
            yield from self._reopened(load, entries)
        else:
            # Those that no load has had were never decided: the trigger could not read them.
            waiting = [e for e in entries if load_id and e["status"] == ObjectStatus.FAILED]
            yield from self._put_back(waiting)
            for entry in entries:
                if entry not in waiting:
                    yield self._decided(entry)

    def _load(self, load_id: str) -> Load | None:
        try:
            return self.estate.loads.get(load_id) if load_id else None
        except LoadStateError:
            return None

    def _reopened(self, load: Load, entries: Sequence[Entry]) -> Iterator[Step]:
        """Let a load go on whose content is fixed: tables may have some of it already."""
        if not self.dry_run and not self.estate.loads.reopen(load):
            yield from (_step(Action.LEFT, entry, _MOVED) for entry in entries)
            return
        why = f"load {load.load_id} had written everything, and publishes it as a whole"
        yield from (_step(Action.REOPENED, entry, why) for entry in entries)

    def _put_back(self, entries: Sequence[Entry]) -> Iterator[Step]:
        if not entries:
            return
        if self.dry_run:
            moved = len(entries)
        else:
            moved = self.estate.redrives.put_back(entries, now=self.estate.timestamp)
        for entry in entries:
            if moved == len(entries) or (moved and self._waits(entry)):
                yield _step(Action.WAITS, entry, str(entry.get("reason", "")))
            else:
                yield _step(Action.LEFT, entry, _MOVED)

    def _waits(self, entry: Entry) -> bool:
        now = self.estate.objects.get(entry["key"], entry["version_id"])
        return int(now.get("redriven", 0)) > int(entry.get("redriven", 0))

    def _decided(self, entry: Entry) -> Step:
        """Have the trigger decide anew: first the mark, then the event, which can come again."""
        if not self.dry_run:
            if not self.estate.redrives.mark(entry, now=self.estate.timestamp):
                return _step(Action.LEFT, entry, _MOVED)
            self.estate.sqs.send_message(
                QueueUrl=self.estate.uploads_queue,
                MessageBody=event_of(entry, bucket=entry["bucket"]),
            )
        return _step(Action.DECIDED, entry, str(entry.get("reason", "")))


_MOVED = "somebody else has moved it meanwhile"


def _step(action: Action, entry: Entry, why: str) -> Step:
    return Step(
        action=action,
        what=str(entry["key"]),
        version_id=str(entry["version_id"]),
        load_id=str(entry.get("load_id", "")),
        why=why,
    )


def _matches(key: str, pattern: str) -> bool:
    return not pattern or fnmatchcase(key, pattern)

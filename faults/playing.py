"""A session: faults are played one after the other, and each is judged."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from faults.breaking_machines import MACHINES
from faults.changing import CHANGES
from faults.clusters import CLUSTER
from faults.corrupting import CORRUPTION
from faults.judging import Sums
from faults.killing import KILLS, rehearsal
from faults.refusing import OUTAGES
from faults.scene import Fault, Scene, seen_of
from faults.stage import Stage

FAULTS: tuple[Fault, ...] = (*KILLS, *MACHINES, *OUTAGES, *CORRUPTION, *CLUSTER, *CHANGES)
_NOTHING = Sums(
    objects=0, rows_in=0, published=0, quarantined=0, refused=0, superseded=0, lost=0, doubled=0
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One playing of one fault."""

    fault: str
    turn: int
    """Counted from 1 within the fault."""
    sums: Sums
    alerts: tuple[str, ...]
    """Subjects of the alerts that people got."""
    after: str
    seconds: float
    """From the fault until everything had ended; of all for one without a moment."""
    looks: int
    """How often the reader looked while it was played."""
    snapshots: int
    """How many snapshots it saw."""
    notes: tuple[str, ...]
    wrong: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Session:
    """Plays faults on a stage."""

    stage: Stage
    seed: str
    say: Callable[[str], object]
    _played: int = 0
    _usual: Mapping[str, int] = field(default_factory=dict)

    def run(self, faults: Sequence[Fault], times: int) -> Iterator[Outcome]:
        """Yield the outcome of each playing. A run without a fault comes first: it tells how many
        calls there are to choose from."""
        jobs = frozenset(fault.strikes for fault in faults)
        yield self.play(rehearsal(jobs), 1)
        self._usual = seen_of(self.stage)
        for fault in faults:
            for turn in range(1, 2 if fault.once else times + 1):
                yield self.play(fault, turn)

    def play(self, fault: Fault, turn: int) -> Outcome:
        """Play a fault once, and judge what became of its files."""
        self._played += 1
        # By the fault alone: a fault that is played on its own strikes at the same points.
        dice = Random(f"{self.seed}/{fault.name}/{turn}")  # noqa: S311 - no secret
        scene = Scene(self.stage, dice, self._played, self._usual)
        told = len(self.stage.recorder.subjects)
        poller = scene.poller()
        wrong: list[str] = []
        sums = _NOTHING
        began = time.monotonic()
        self.say(f"fault {fault.name}, {turn}")
        try:
            with poller.at_work():
                fault.play(scene)
            ended = time.monotonic()
            judged = scene.judge(poller)
            sums = judged.sums
            wrong += judged.wrong
        except Exception as error:  # noqa: BLE001 - the next fault is played all the same
            ended = time.monotonic()
            self.say(traceback.format_exc())
            wrong.append(f"{type(error).__name__}: {error}")
        subjects = self.stage.recorder.subjects[told:]
        wrong += poller.troubles
        wrong += _wrong_alerts(fault, subjects)
        return Outcome(
            fault=fault.name,
            turn=turn,
            sums=sums,
            alerts=tuple(subjects),
            after=scene.after,
            seconds=ended - (scene.struck[0] if scene.struck else began),
            looks=poller.looks,
            snapshots=len(poller.sights),
            notes=tuple(scene.notes),
            wrong=tuple(wrong),
        )


def chosen_faults(only: str) -> list[Fault]:
    """Return the faults whose name begins with one of some texts, separated by commas.

    Raises ValueError if there is none.
    """
    starts = tuple(text.strip() for text in only.split(",") if text.strip())
    found = [fault for fault in FAULTS if not starts or fault.name.startswith(starts)]
    found.sort(key=lambda fault: _place(fault.name, starts))
    if not found:
        names = ", ".join(fault.name for fault in FAULTS)
        raise ValueError(f"expected the start of a fault's name, got {only!r}; there are {names}")
    return found


def _place(name: str, starts: Sequence[str]) -> int:
    """Return which of the texts a name begins with: they tell the order as well."""
    return next((place for place, start in enumerate(starts) if name.startswith(start)), 0)


def _wrong_alerts(fault: Fault, subjects: Sequence[str]) -> Iterator[str]:
    left = Counter(subjects)
    missing = []
    for start in fault.alerts:
        found = next((subject for subject in +left if subject.startswith(start)), None)
        if found is None:
            missing.append(start)
        else:
            left[found] -= 1
    if missing:
        yield f"people were not told: {', '.join(missing)}"
    if +left:
        yield f"people were told for nothing: {', '.join((+left).elements())}"

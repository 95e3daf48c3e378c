"""Makes a failing day small: fewer uploads, acts of people and faults, the same violation."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from simulation.simulation import Choice, Outcome, simulate

_One = TypeVar("_One")
_NUMBERS = re.compile(r"[0-9a-f]{16}|v?\d+|'[^']*'|/\S+")


def shrunk(outcome: Outcome, *, seconds: float) -> Outcome:
    """Return the smallest day that was found in time and ends with the same kind of violation."""
    deadline = time.perf_counter() + seconds
    wanted = kind_of(outcome.violation)
    best = outcome

    def fails(choice: Choice) -> bool:
        nonlocal best
        if time.perf_counter() > deadline:
            return False
        found = simulate(choice)
        if found.violation and kind_of(found.violation) == wanted:
            best = found
            return True
        return False

    choice = replace(
        outcome.choice,
        uploads=tuple(one.number for one in outcome.scenario.uploads),
        acts=tuple(one.number for one in outcome.scenario.acts),
        faults=frozenset(outcome.injected),
    )
    if not fails(choice):
        return outcome
    for _ in range(3):
        before = best.choice
        acts = fewest(before.acts or (), lambda left: fails(replace(best.choice, acts=left)))
        uploads = fewest(
            before.uploads or (), lambda left: fails(replace(best.choice, uploads=left))
        )
        faults = fewest(
            tuple(best.injected), lambda left: fails(replace(best.choice, faults=frozenset(left)))
        )
        if (acts, uploads, frozenset(faults)) == (before.acts, before.uploads, before.faults):
            break
    return best


def kind_of(violation: str) -> str:
    """Return a violation without names and numbers, which differ from day to day."""
    return _NUMBERS.sub("…", violation)[:60]


def fewest(items: Sequence[_One], fails: Callable[[tuple[_One, ...]], bool]) -> tuple[_One, ...]:
    """Leave out parts, halves first, as long as it still fails."""
    kept = tuple(items)
    if kept and fails(()):
        return ()
    size = max(1, len(kept) // 2)
    while kept:
        start = 0
        while start < len(kept):
            left = kept[:start] + kept[start + size :]
            if left != kept and fails(left):
                kept = left
            else:
                start += size
        if size == 1:
            return kept
        size //= 2
    return kept

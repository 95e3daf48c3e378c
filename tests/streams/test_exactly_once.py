"""Whatever is delivered again, split, or cut off: each record lands once, or is in quarantine."""

from __future__ import annotations

import pytest

from tests.streams.worlds import WORLDS

_QUICK = range(12)
_MANY = range(12, 400)


@pytest.mark.parametrize("kind", WORLDS)
def test_each_record_lands_once_in_any_weather(kind: str) -> None:
    kinds = set()
    for seed in _QUICK:
        world = WORLDS[kind](f"{kind} {seed}")
        world.run()
        kinds |= set(world.faults.counts)
    assert len(kinds) >= 7, "of each kind of fault there must have been one"


@pytest.mark.slow
@pytest.mark.parametrize("kind", WORLDS)
def test_each_record_lands_once_in_much_weather(kind: str) -> None:
    for seed in _MANY:
        WORLDS[kind](f"{kind} {seed}").run()

"""Which parameters of a test with many are tried: a few always, others in turn."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import pytest

ALL_OF_THEM = "TEST_ALL_PARAMETERS"
"""Environment variable: if it is set, nothing is left to other runs."""


def mark_all_but_a_few(items: Iterable[pytest.Item]) -> None:
    """Mark parameters as slow, of tests marked `few(n)`: all but n that stand apart.

    Which ones depends on the order in which they are written alone.
    """
    for chosen in _tests(items, "few").values():
        few = _argument(chosen, "few")
        for place, item in enumerate(chosen):
            if place * few % len(chosen) >= few:
                item.add_marker(pytest.mark.slow)


def all_are_wanted(arguments: Iterable[str]) -> bool:
    """Whether somebody asks for all parameters, or for some of them by their names."""
    return bool(os.environ.get(ALL_OF_THEM)) or any("[" in one for one in arguments)


def left_to_other_runs(items: Sequence[pytest.Item], *, seed: int) -> set[pytest.Item]:
    """Return the slow parameters, of tests marked `in_turn(n)`, that a run leaves out.

    The n that it tries follow from its seed, so that in time all of them have their turn.
    """
    left: set[pytest.Item] = set()
    for test, chosen in _tests(items, "in_turn").items():
        slow = [item for item in chosen if item.get_closest_marker("slow")]
        tried = min(_argument(chosen, "in_turn"), len(slow))
        left |= {*slow} - {*random.Random(f"{seed} {test}").sample(slow, tried)}  # noqa: S311
    return left


def _tests(items: Iterable[pytest.Item], mark: str) -> Mapping[str, list[pytest.Function]]:
    """Return the items of each test with a mark, in the order of their parameters."""
    tests: defaultdict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker(mark):
            tests[item.nodeid.partition("[")[0]].append(item)
    return {name: sorted(found, key=_place) for name, found in tests.items()}


def _place(item: pytest.Function) -> tuple[int, ...]:
    return tuple(item.callspec.indices.values())


def _argument(items: Sequence[pytest.Function], mark: str) -> int:
    found = items[0].get_closest_marker(mark)
    assert found, "chosen by it"
    return int(found.args[0])

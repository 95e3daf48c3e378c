"""Of a test with many parameters, a few are tried by `make test`, and the others are slow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest


def mark_all_but_a_few(items: Iterable[pytest.Item]) -> None:
    """Mark parameters as slow, of tests marked `few(n)`: all but n that stand apart.

    Which ones depends on the order in which they are written alone.
    """
    tests: defaultdict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("few"):
            tests[f"{item.path}::{item.originalname}"].append(item)
    for chosen in tests.values():
        _mark(sorted(chosen, key=lambda item: tuple(item.callspec.indices.values())))


def _mark(items: list[pytest.Function]) -> None:
    mark = items[0].get_closest_marker("few")
    assert mark, "chosen by it"
    (few,) = mark.args
    for place, item in enumerate(items):
        if place * few % len(items) >= few:
            item.add_marker(pytest.mark.slow)

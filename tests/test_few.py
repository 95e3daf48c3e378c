"""Of the parameters of a test marked `few`, the same ones stay in the quick suite each time; of one
marked `in_turn`, each run of the slow suite tries others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.few import ALL_OF_THEM, left_to_other_runs

QUICK = {0, 4}


@pytest.mark.parametrize("number", range(7))
@pytest.mark.few(2)
def test_a_few_are_quick_and_all_others_are_slow(
    number: int, request: pytest.FixtureRequest
) -> None:
    is_slow = request.node.get_closest_marker("slow") is not None
    assert is_slow == (number not in QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(40))
@pytest.mark.in_turn(3)
def test_some_of_many(number: int) -> None:
    """What the tests below choose from."""
    assert number in range(40)


class Run:
    """As much of a run's configuration as the choice is made by."""

    def __init__(self, seed: int, *args: str) -> None:
        self.args = list(args)
        self.option = type("Options", (), {"randomly_seed": seed})()


@pytest.fixture
def items(request: pytest.FixtureRequest) -> list[pytest.Item]:
    """All parameters of the test above, as they are collected."""
    module = request.node.getparent(pytest.Module)
    found = [item for item in module.collect() if item.name.startswith("test_some_of_many")]
    assert len(found) == 40
    return found


def tried(items: list[pytest.Item], run: Any) -> set[str]:
    return {item.name for item in {*items} - left_to_other_runs(items, run)}


def test_each_run_tries_as_many_and_the_same_seed_the_same(items: list[pytest.Item]) -> None:
    runs = [tried(items, Run(seed)) for seed in range(60)]
    assert {len(run) for run in runs} == {3}
    assert tried(items[::-1], Run(7)) == runs[7], "whatever their order"
    assert len(set.union(*runs)) == 40, "in time all have their turn"


def test_those_asked_for_by_name_and_all_on_demand_are_run(
    items: list[pytest.Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not left_to_other_runs(items, Run(1, "tests/test_few.py::test_some_of_many[3]"))  # type: ignore[arg-type]
    monkeypatch.setenv(ALL_OF_THEM, "1")
    assert not left_to_other_runs(items, Run(1))  # type: ignore[arg-type]

"""Of the parameters of a test marked `few`, the same ones stay in the quick suite each time; of one
marked `in_turn`, each run of the slow suite tries others."""

from __future__ import annotations

import pytest

from tests.few import ALL_OF_THEM, all_are_wanted, left_to_other_runs

QUICK = {0, 4}
MANY, TRIED = 40, 3


@pytest.mark.parametrize("number", range(7))
@pytest.mark.few(2)
def test_a_few_are_quick_and_all_others_are_slow(
    number: int, request: pytest.FixtureRequest
) -> None:
    is_slow = request.node.get_closest_marker("slow") is not None
    assert is_slow == (number not in QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(MANY))
@pytest.mark.in_turn(TRIED)
def test_a_run_tries_some_of_many(
    number: int,  # noqa: ARG001 - a parameter like any other
    request: pytest.FixtureRequest,
) -> None:
    if not all_are_wanted(request.config.args):
        names = [item.name for item in request.session.items]
        assert sum(name.startswith("test_a_run_tries_some_of_many[") for name in names) == TRIED


@pytest.fixture
def items(request: pytest.FixtureRequest) -> list[pytest.Item]:
    """All parameters of the test above, as they are collected."""
    module = request.node.getparent(pytest.Module)
    found = [item for item in module.collect() if item.name.startswith("test_a_run_tries")]
    assert len(found) == MANY
    return found


def tried(items: list[pytest.Item], seed: int) -> set[str]:
    return {item.name for item in {*items} - left_to_other_runs(items, seed=seed)}


def test_each_run_tries_as_many_and_the_same_seed_the_same(items: list[pytest.Item]) -> None:
    runs = [tried(items, seed) for seed in range(60)]
    assert {len(run) for run in runs} == {TRIED}
    assert tried(items[::-1], 7) == runs[7], "whatever their order"
    assert len(set.union(*runs)) == MANY, "in time all have their turn"


def test_those_asked_for_by_name_and_all_on_demand_are_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert all_are_wanted(["tests/test_few.py::test_a_run_tries_some_of_many[3]"])
    monkeypatch.delenv(ALL_OF_THEM, raising=False)
    assert not all_are_wanted(["tests/test_few.py"])
    monkeypatch.setenv(ALL_OF_THEM, "1")
    assert all_are_wanted(["tests/test_few.py"])

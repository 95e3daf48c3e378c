"""Some seeds, and that a seed is always the same day."""

from __future__ import annotations

import re

import pytest

from tests.simulation.conftest import Simulate


def test_a_handful_of_days_ends_well(simulate: Simulate) -> None:
    done = simulate("--seeds", "6", "--base", "quick")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 seeds" in done.stdout
    assert re.search(r"\d+ × event (late|twice|lost)", done.stdout)


@pytest.mark.slow
def test_a_seed_is_the_same_day_call_by_call(simulate: Simulate) -> None:
    first, second = (simulate("--seed", "quick-3").stdout for _ in range(2))
    assert "nothing is wrong" in first
    assert first == second


@pytest.mark.slow
def test_a_seed_is_the_same_day_whatever_was_played_before(simulate: Simulate) -> None:
    """What a day leaves in the process, as an object that is collected later, is a defect."""
    done = simulate("--seeds", "40", "--base", "same", "--twice")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 seeds" in done.stdout

"""A failing day is made small, and still fails in the same way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.shrinking import fewest, kind_of
from tests.simulation.conftest import ROOT, Simulate

_PLANTED = ("--plant", "load-id-reused")
_SMALL = re.compile(r"Made small: (\d+) uploads, (\d+) acts of people, (\d+) faults: (.+)")


@given(st.data())
def test_what_is_needed_is_left_and_nothing_else(data: st.DataObject) -> None:
    items = range(data.draw(st.integers(min_value=0, max_value=60)))
    needed = data.draw(st.sets(st.sampled_from(items))) if items else set()
    assert fewest(items, lambda left: needed <= set(left)) == tuple(sorted(needed))


def test_violations_of_one_kind_differ_in_names_and_numbers_only() -> None:
    first = "table orders: rows [1, 2] are visible twice, by loads ['63e6d6fe87a7fdf4']"
    second = "table orders: rows [17, 4] are visible twice, by loads ['02fd83e7a3da9b4c']"
    assert kind_of(first) == kind_of(second)
    assert kind_of(first) != kind_of("table orders: rows [1] were visible and are no more")


@pytest.mark.slow
def test_a_day_with_a_planted_defect_is_made_small_and_fails_alike(simulate: Simulate) -> None:
    found = simulate("--seeds", "60", "--base", "small", *_PLANTED, "--until-one-fails")
    [(seed, violation)] = re.findall(r"^Seed (small-\d+): (.+)$", found.stdout, re.MULTILINE)
    whole = simulate("--seed", seed, *_PLANTED, "--as-it-is")
    small = simulate("--seed", seed, *_PLANTED)
    assert whole.returncode == small.returncode == 1
    *before, as_it_is = _SMALL.findall(whole.stdout)[-1]
    *after, made_small = _SMALL.findall(small.stdout)[-1]
    assert as_it_is == violation
    assert kind_of(made_small) == kind_of(violation)
    assert all(int(few) <= int(many) for few, many in zip(after, before, strict=True))
    assert sum(map(int, after)) * 2 < sum(map(int, before))
    trace = Path(ROOT / "build" / "simulation" / f"{seed}.txt").read_text(encoding="utf-8")
    assert f"VIOLATION: {made_small}" in trace

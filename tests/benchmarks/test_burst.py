"""A small burst through queue, trigger and real runs, and the model that it stands beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.burst import as_markdown, measure, model

OBJECTS = 300
MOST_RUNS = 6
MOST_CALLS = 12.0
"""Of trigger and jobs, for an object: with so few, a run's own calls count for much."""


def test_one_run_per_file_pays_for_a_minute_each_and_waits_for_its_turn() -> None:
    found = model(objects=9, seconds_of_run=10.0)
    assert found.dpu_hours == 9 * 60 * 2 / 3600
    assert (found.latency.p50, found.latency.most, found.seconds) == (60.0, 90.0, 90.0)


@pytest.mark.slow
def test_a_burst_is_published_once_by_few_runs_and_few_calls(tmp_path: Path) -> None:
    burst, alone = measure(OBJECTS, work=tmp_path, datasets=5)
    assert burst.wrong == ()
    assert len(burst.runs) <= MOST_RUNS
    assert burst.calls_per_object <= MOST_CALLS
    assert 0 < burst.latency.p50 <= burst.latency.p95 <= burst.latency.most <= burst.seconds
    page = as_markdown(burst, model(OBJECTS, alone), date="2026-01-01", machine=[("cores", "2")])
    assert "all published once" in page

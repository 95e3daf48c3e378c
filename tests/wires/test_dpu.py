from __future__ import annotations

from typing import Any, get_args

import pytest

from config.settings import WorkerType
from wires.dpu import DPU_OF, DpuPrices, DpuSeconds, dpu_seconds


@pytest.mark.parametrize(
    ("run", "seconds"),
    [
        ({"WorkerType": "G.1X", "NumberOfWorkers": 2, "ExecutionTime": 63}, "126"),
        ({"WorkerType": "G.025X", "NumberOfWorkers": 3, "ExecutionTime": 10}, "7.5"),
        ({"WorkerType": "G.16X", "NumberOfWorkers": 10, "ExecutionTime": 7200}, "1152000"),
        ({"WorkerType": "R.2X", "NumberOfWorkers": 2, "ExecutionTime": 1}, "4"),
        ({"WorkerType": "G.2X", "NumberOfWorkers": 2, "MaxCapacity": 4.0}, "0"),
        ({"MaxCapacity": 0.0625, "ExecutionTime": 100}, "6.25"),
    ],
)
def test_what_glue_does_not_measure_is_computed_from_the_run_s_size(
    run: dict[str, Any], seconds: str
) -> None:
    assert dpu_seconds(run) == DpuSeconds(seconds, "computed")


def test_what_glue_measures_counts() -> None:
    run = {"WorkerType": "G.1X", "NumberOfWorkers": 10, "ExecutionTime": 60, "DPUSeconds": 137.5}
    assert dpu_seconds(run) == DpuSeconds("137.5", "measured")
    assert dpu_seconds({**run, "DPUSeconds": 0.0}) == DpuSeconds("0", "measured")


@pytest.mark.parametrize("run", [{"ExecutionTime": 5}, {"WorkerType": "new", "NumberOfWorkers": 2}])
def test_of_a_run_of_unknown_size_nothing_is_said(run: dict[str, Any]) -> None:
    assert dpu_seconds(run) == DpuSeconds()


def test_every_worker_that_a_job_can_be_configured_with_has_its_dpu() -> None:
    assert set(get_args(WorkerType)) <= set(DPU_OF)


PRICES = DpuPrices(standard=0.44, flex=0.29, memory=0.52)


@pytest.mark.parametrize(
    ("facts", "usd"),
    [
        ({"WorkerType": "G.2X", "NumberOfWorkers": 3, "ExecutionTime": 600}, 6 * 600 / 3600 * 0.44),
        # A minute is billed at least.
        ({"WorkerType": "G.1X", "NumberOfWorkers": 2, "ExecutionTime": 20}, 2 * 60 / 3600 * 0.44),
        ({"WorkerType": "R.1X", "NumberOfWorkers": 2, "ExecutionTime": 60}, 2 * 60 / 3600 * 0.52),
        (
            {
                "WorkerType": "G.1X",
                "NumberOfWorkers": 10,
                "ExecutionTime": 120,
                "DPUSeconds": 700.0,
                "ExecutionClass": "FLEX",
            },
            700 / 3600 * 0.29,
        ),
        ({"WorkerType": "G.1X", "NumberOfWorkers": 2, "ExecutionTime": 0}, 0.0),
    ],
)
def test_a_run_costs_its_dpu_at_the_price_of_its_kind(facts: dict[str, Any], usd: float) -> None:
    assert float(PRICES.usd(facts, dpu_seconds(facts))) == pytest.approx(usd, abs=1e-6)


def test_a_run_that_does_not_tell_its_size_has_no_price() -> None:
    assert PRICES.usd({"ExecutionTime": 60}, DpuSeconds()) == ""

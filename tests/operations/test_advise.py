"""`advise`: what it says of a history, and what that rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from config.environments import Environment
from config.jobs import DATA_QUALITY, FILE_PROCESSOR, JOBS, TABLE_MAINTENANCE, JobSpec
from operations.advice.rules import FEWEST_RUNS
from operations.cli import SUCCESS, WRONG_USE, main
from tests.aws import make_table
from wires.dpu import DPU_OF
from wires.run_ledger import DRIVER_PEAK, WORKER_PEAK, RunLedger
from wires.worker_memory import WORKER_GIB

GIB = 1024**3
Said = pytest.CaptureFixture[str]


@pytest.fixture
def ledger(aws: None, dev: Environment) -> RunLedger:  # noqa: ARG001 - for what it does
    tables = boto3.resource("dynamodb")
    make_table(tables, dev.names.runs_table, ("job", "run_id"))
    return RunLedger(tables.Table(dev.names.runs_table))


class Past:
    """Runs of a job, each after those before it."""

    def __init__(self, ledger: RunLedger, environment: Environment) -> None:
        self._ledger, self._names = ledger, environment.names
        self._count = 0

    def add(self, spec: JobSpec, times: int = 1, **facts: Any) -> None:
        for _ in range(times):
            self._count += 1
            known = {
                "state": "SUCCEEDED",
                "started_at": f"2026-01-15T10:{self._count:02}:00+00:00",
                "seconds": 600,
                "timeout_minutes": 120,
                "worker_type": "G.1X",
                "workers": 2,
                "execution_class": "STANDARD",
                "dpu_seconds": "1200",
                "usd": "0.146667",
            }
            self._ledger.record(self._names.job(spec), f"jr_{self._count}", known | facts)


@pytest.fixture
def past(ledger: RunLedger, dev: Environment) -> Past:
    return Past(ledger, dev)


def told(said: Said, *arguments: str) -> Iterator[Any]:
    assert main(["advise", "--env", "dev", "--json", *arguments]) == SUCCESS
    yield from json.loads(said.readouterr().out)["jobs"]


def of(said: Said, spec: JobSpec, *arguments: str) -> Any:
    (found,) = told(said, "--job", spec.name, *arguments)
    return found


def rules(found: Any) -> dict[str, str]:
    return {one["rule"]: one["do"] for one in found["advice"]}


def test_the_numbers_are_those_of_the_last_runs(past: Past, capsys: Said) -> None:
    past.add(FILE_PROCESSOR, 3, seconds=9000)  # longer ago than asked for
    past.add(FILE_PROCESSOR, 4, rows_in=60_000, bytes_in=3_000_000_000)
    past.add(FILE_PROCESSOR, 1, rows_in=0, bytes_in=0, state="FAILED", dpu_seconds="2400")
    found = of(capsys, FILE_PROCESSOR, "--runs", "5")
    assert found["runs"] == 5
    assert found["median_seconds"] == 600
    assert found["rows_per_dpu_second"] == pytest.approx(4 * 60_000 / (4 * 1200 + 2400), abs=0.1)
    assert found["bytes_per_dpu_second"] == pytest.approx(4 * 3e9 / (4 * 1200 + 2400), abs=0.1)
    assert found["usd_per_run"] == pytest.approx(0.146667, abs=1e-4)
    assert found["usd_per_gb"] == pytest.approx(4 * 0.146667 / 12, abs=1e-4)
    assert found["timeout_share"] == pytest.approx(600 / 7200, abs=1e-3)
    assert found["memory_share"] is None


def test_a_size_that_fits_gets_no_advice(past: Past, capsys: Said) -> None:
    past.add(DATA_QUALITY, 10, **{DRIVER_PEAK: 8 * GIB})
    assert of(capsys, DATA_QUALITY)["advice"] == []
    assert main(["advise", "--env", "dev", "--job", "data_quality"]) == SUCCESS
    assert "its size fits" in capsys.readouterr().out


def test_few_runs_say_nothing(past: Past, capsys: Said) -> None:
    past.add(FILE_PROCESSOR, FEWEST_RUNS - 1, **{DRIVER_PEAK: 16 * GIB})
    found = of(capsys, FILE_PROCESSOR)
    assert (found["enough_runs"], found["advice"]) == (False, [])
    assert main(["advise", "--env", "dev", "--job", "file_processor"]) == SUCCESS
    assert f"too few runs to say: {FEWEST_RUNS - 1} of {FEWEST_RUNS}" in capsys.readouterr().out


def test_runs_of_another_size_say_nothing_about_this_one(past: Past, capsys: Said) -> None:
    past.add(FILE_PROCESSOR, 6, **{DRIVER_PEAK: 16 * GIB})
    past.add(FILE_PROCESSOR, 2, worker_type="G.2X")
    found = of(capsys, FILE_PROCESSOR)
    assert (found["runs"], found["runs_of_this_size"], found["enough_runs"]) == (8, 2, False)


def test_runs_that_have_not_ended_or_never_begun_are_none(past: Past, capsys: Said) -> None:
    past.add(FILE_PROCESSOR, 3, state="RUNNING")
    past.add(FILE_PROCESSOR, 3, state="FAILED", seconds=0)
    assert of(capsys, FILE_PROCESSOR)["runs"] == 0
    assert main(["advise", "--env", "dev", "--job", "file_processor"]) == SUCCESS
    assert "no run has ended yet" in capsys.readouterr().out


@pytest.mark.parametrize("of_whom", [DRIVER_PEAK, WORKER_PEAK])
def test_little_memory_left_asks_for_larger_workers(past: Past, capsys: Said, of_whom: str) -> None:
    past.add(FILE_PROCESSOR, 7, **{of_whom: 8 * GIB})
    past.add(FILE_PROCESSOR, 2, **{of_whom: 14 * GIB})
    assert "memory-is-short" not in rules(of(capsys, FILE_PROCESSOR))
    past.add(FILE_PROCESSOR, 1, **{of_whom: 15 * GIB})
    (advice,) = of(capsys, FILE_PROCESSOR)["advice"]
    assert advice["do"] == "workerType: G.2X"
    assert "3 of the last 10 runs" in advice["because"]
    assert "94%" in advice["because"]


def test_much_memory_left_asks_for_smaller_ones(past: Past, capsys: Said) -> None:
    past.add(FILE_PROCESSOR, 6, worker_type="G.4X", **{DRIVER_PEAK: 10 * GIB})
    assert rules(of(capsys, FILE_PROCESSOR))["memory-is-plenty"].startswith("workerType: G.2X")
    past.add(FILE_PROCESSOR, 1, worker_type="G.4X", **{DRIVER_PEAK: 30 * GIB})
    assert "memory-is-plenty" not in rules(of(capsys, FILE_PROCESSOR))


@pytest.mark.parametrize("facts", [{"seconds": 6000}, {"state": "TIMEOUT", "seconds": 7200}])
def test_a_run_near_its_timeout_asks_for_workers_or_time(
    past: Past, capsys: Said, facts: dict[str, Any]
) -> None:
    past.add(FILE_PROCESSOR, 5)
    past.add(FILE_PROCESSOR, 1, **facts)
    assert rules(of(capsys, FILE_PROCESSOR)) == {
        "time-is-short": "workers: 4, or timeoutMinutes: 240"
    }


def test_short_runs_of_many_workers_ask_for_fewer(past: Past, capsys: Said) -> None:
    past.add(FILE_PROCESSOR, 6, workers=10, seconds=80)
    assert rules(of(capsys, FILE_PROCESSOR)) == {"runs-are-short": "workers: 5"}


def test_runs_of_less_than_a_minute_ask_for_more_to_do(past: Past, capsys: Said) -> None:
    past.add(FILE_PROCESSOR, 6, seconds=40)
    past.add(DATA_QUALITY, 6, seconds=40)
    assert set(rules(of(capsys, FILE_PROCESSOR))) == {"a-minute-is-billed"}
    assert not rules(of(capsys, DATA_QUALITY))  # it takes what the workflow brings


def test_work_of_all_sizes_asks_for_auto_scaling(past: Past, capsys: Said) -> None:
    past.add(FILE_PROCESSOR, 5, workers=10, seconds=200)
    past.add(FILE_PROCESSOR, 2, workers=10, seconds=1200)
    assert rules(of(capsys, FILE_PROCESSOR)) == {"work-varies": "autoScaling: true"}


def test_what_the_clock_starts_may_wait_for_spare_capacity(
    past: Past, capsys: Said, dev: Environment
) -> None:
    glue = dev.prices.glue
    past.add(TABLE_MAINTENANCE, 5)
    (advice,) = of(capsys, TABLE_MAINTENANCE)["advice"]
    assert (advice["rule"], advice["do"]) == ("nobody-waits", "executionClass: FLEX")
    assert (
        f"{5 * 0.146667 * (1 - glue.flex_dpu_hour / glue.dpu_hour):.2f} USD of 0.73 less"
        in advice["because"]
    )
    past.add(TABLE_MAINTENANCE, 5, execution_class="FLEX")
    assert not rules(of(capsys, TABLE_MAINTENANCE))


@pytest.mark.usefixtures("ledger")
def test_all_jobs_are_told_of_unless_one_is_named(capsys: Said) -> None:
    assert [one["runs"] for one in told(capsys)] == [0] * len(JOBS)
    assert main(["advise", "--env", "dev", "--job", "nothing"]) == WRONG_USE
    assert "expected --job of file_processor" in capsys.readouterr().err


def test_every_worker_that_can_be_configured_has_a_size() -> None:
    assert set(WORKER_GIB) == set(DPU_OF) - {"Standard", "G.025X"}

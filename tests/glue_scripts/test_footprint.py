"""What a run tells about the memory that it has taken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pyspark.sql import SparkSession

from lake.running import footprint
from lake.running.footprint import footprint_recorded, peaks_of, resident_peak
from tests.aws import make_table
from wires.job_arguments import GlueRun
from wires.run_ledger import DRIVER_PEAK, RunLedger

RUNS = "some-runs"
RUN = GlueRun(JOB_NAME="job", JOB_RUN_ID="jr_1")
SETTINGS: Any = SimpleNamespace(runs_table=RUNS)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunLedger]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        tables = boto3.resource("dynamodb")
        make_table(tables, RUNS, ("job", "run_id"))
        yield RunLedger(tables.Table(RUNS))


def test_a_process_that_takes_memory_is_seen_to_have_taken_it() -> None:
    before = resident_peak("self")
    taken = bytearray(os.urandom(1) * (before + 64 * 2**20))
    assert resident_peak("self") >= len(taken)
    assert resident_peak("self") >= before + 64 * 2**20


def test_a_driver_is_its_java_and_its_python(spark: SparkSession) -> None:
    spark.range(10).count()
    peaks = peaks_of(spark)
    java = int(spark.sparkContext._jvm.java.lang.Runtime.getRuntime().totalMemory())  # type: ignore[union-attr]
    assert resident_peak("self") < peaks[DRIVER_PEAK]
    assert peaks[DRIVER_PEAK] < java + 64 * 2**30
    assert set(peaks) == {DRIVER_PEAK}  # there is no other worker here


@pytest.mark.usefixtures("spark")
def test_a_run_that_fails_tells_it_too(ledger: RunLedger) -> None:
    ledger.record("job", "jr_1", {"rows_in": 3})
    with pytest.raises(ZeroDivisionError), footprint_recorded(SETTINGS, RUN):
        raise ZeroDivisionError
    item = ledger.get("job", "jr_1")
    assert item[DRIVER_PEAK] > 0
    assert item["rows_in"] == 3


@pytest.mark.usefixtures("spark")
def test_a_ledger_that_refuses_it_keeps_no_run_from_its_end(
    ledger: RunLedger,  # noqa: ARG001 - an AWS without that table
    caplog: pytest.LogCaptureFixture,
) -> None:
    with footprint_recorded(SimpleNamespace(runs_table="another"), RUN):  # type: ignore[arg-type]
        pass
    assert "the memory of this run is not recorded" in caplog.text


def test_where_the_system_does_not_tell_nothing_is_told(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(footprint, "_PROCESSES", tmp_path)
    assert peaks_of(spark) == {}

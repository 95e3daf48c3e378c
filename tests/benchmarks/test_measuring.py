"""A contender runs in a process of its own, and its output is judged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.datasets import Dataset, Recipe, prepare
from benchmarks.measuring import Bench, end
from benchmarks.processes import tree_memory

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="holds processes to cores and reads /proc"
)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return prepare(Recipe(megabytes=0.2, quoted=True), tmp_path / "data")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(work=tmp_path / "work", timeout=120)


def test_a_right_output_is_measured_and_called_right(bench: Bench, dataset: Dataset) -> None:
    found = bench.measure(dataset, "duckdb_copy", cores=1, round_number=0)
    assert (found.failure, found.wrong, found.output_files) == ("", (), 1)
    assert found.output_bytes > 0


def test_a_wrong_output_is_called_wrong(bench: Bench, dataset: Dataset) -> None:
    """Polars takes codes with leading zeros for numbers."""
    found = bench.measure(dataset, "polars_sink", cores=1, round_number=0)
    assert found.failure == ""
    assert found.wrong == ("customer_code, postal_code: changed by becoming int64",)


def test_a_contender_that_fails_is_reported_with_its_error(bench: Bench, dataset: Dataset) -> None:
    found = bench.measure(dataset, "no_such_contender", cores=1, round_number=0)
    assert found.failure.startswith("ModuleNotFoundError: No module named")


def test_memory_counts_what_a_process_has_started() -> None:
    """A shell and the Python below it: the sum is more than the shell's own."""
    inner = f"{sys.executable} -c \"b = b'x' * 60_000_000; print(1, flush=True); input()\"; true"
    process = subprocess.Popen(
        ["sh", "-c", inner],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        memory = tree_memory(process.pid)
        end(process)
    assert memory.resident > 60_000_000
    assert memory.private > 60_000_000

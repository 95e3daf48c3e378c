"""Whatever an object does, at whatever step: it alone does not get through."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from pyspark.sql import SparkSession

from lake.errors import BudgetExceeded, InputRefused
from lake.running.isolation import Budget, Fault, Guarded, reason_of, within
from lake.running.parallel_map import parallel_map_guarded
from tests.aws import SmallAws
from tests.glue_scripts.sabotage import LIES, STEPS, Sabotaged
from tests.lakes import Lake
from wires.manifest import ObjectVersion

GOOD = "id,n,note\n1,a,x\n2,b,y\nbad\n"
ENTRANCES = (
    "lake.planning.inspection._inspect",
    "lake.writing.conversion._convert",
    "lake.writing.quarantining._quarantine",
)


@pytest.fixture
def lake(aws: SmallAws, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Lake:
    for name in ENTRANCES:
        monkeypatch.setattr(name, Sabotaged(name))
    made = Lake(aws, spark)
    made.budget = Budget(least_seconds=3)
    return made


def uploads(lake: Lake, *names: str) -> tuple[list[ObjectVersion], list[ObjectVersion]]:
    """Sabotaged objects, and good ones of the same datasets and of another."""
    bad = [lake.upload(f"orders/{name}.csv", GOOD) for name in names]
    good = [
        lake.upload(f"{folder}/good-{i}.csv", GOOD) for i in (1, 2) for folder in ("orders", "x")
    ]
    return bad, good


def check_untouched(lake: Lake, good: list[ObjectVersion]) -> None:
    told = [(*lake.outcome(version), lake.reason(version)) for version in good]
    assert [found[:4] for found in told] == [("published", 3, 2, 1)] * 4, told
    rows = [("1", "a", "x"), ("2", "b", "y")]
    assert lake.rows("x", "id", "n", "note") == sorted([(int(i), *r) for i, *r in rows] * 2)
    assert lake.rows("orders", "id", "n", "note") == sorted([(int(i), *r) for i, *r in rows] * 2)
    assert len(lake.quarantined()) == 4


def test_an_object_at_which_the_reader_raises_or_lies_fails_alone_in_the_same_attempt(
    lake: Lake,
) -> None:
    steps, lies = [f"{step}-raise" for step in STEPS], [f"lie-{lie}" for lie in LIES]
    bad, good = uploads(lake, *steps, *lies)
    lake.process(*bad, *good)
    check_untouched(lake, good)
    assert [lake.outcome(version)[0] for version in bad] == ["failed"] * len(bad)
    for version in bad[: len(steps)]:
        assert lake.reason(version) == "unexpected ValueError: sabotaged"
    rows, values, blank = (lake.reason(version) for version in bad[len(steps) :])
    assert "values were read" in rows
    assert "column 'note': 2 values were read and 1 came out" in values
    assert "column 'note': 2 values were read and 0 came out" in blank


def test_an_object_at_which_the_reader_hangs_costs_its_time_and_nothing_else(lake: Lake) -> None:
    bad, good = uploads(lake, "detect-hang", "shape-hang")
    lake.process(*bad, *good)
    check_untouched(lake, good)
    for version in bad:
        assert lake.outcome(version)[0] == "failed"
        assert lake.reason(version).startswith("it took longer than 3 seconds")


@pytest.mark.slow
@pytest.mark.parametrize("deed", ["die", "wait"])
def test_an_object_that_ends_its_worker_is_found_and_fails_alone(lake: Lake, deed: str) -> None:
    lake.budget = Budget(least_seconds=10)
    bad, good = uploads(lake, *(f"{step}-{deed}" for step in ("detect", "shape", "aside")))
    lake.process(*bad, *good)
    check_untouched(lake, good)
    for version in bad:
        assert lake.outcome(version)[0] == "failed"
        assert "it was tried alone" in lake.reason(version)


def _for_ever() -> None:
    while True:
        pass


def test_what_takes_too_long_is_interrupted_also_inside_of_what_may_take_longer() -> None:
    with within(60), pytest.raises(BudgetExceeded, match="longer than 0 seconds"), within(0.05):
        _for_ever()


def test_an_alarm_of_somebody_else_goes_on_and_ends_no_process() -> None:
    """As a test's own time limit is: no call of ours is being waited for when it comes."""
    program = (
        "import signal, time; from lake.running.isolation import within; rung = []\n"
        "signal.signal(signal.SIGALRM, lambda *_: rung.append(1))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.3)\n"
        "with within(0.1): pass\n"
        "time.sleep(0.9); print(rung)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "[1]\n"), done.stderr


def _caused(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (_caused(RuntimeError("outside"), KeyError("x")), "unexpected KeyError: 'x'"),
        (ValueError("two\nlines"), "unexpected ValueError: two lines"),
        (ValueError(), "unexpected ValueError: no message"),
        (InputRefused("not so"), "not so"),
        (
            MemoryError(),
            "it takes more memory than a worker has: split it into smaller files",
        ),
    ],
)
def test_reasons_are_the_innermost_cause_in_words(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def _half(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def _seconds(_: int) -> float:
    return 30


def test_faults_stand_where_results_would(spark: SparkSession) -> None:
    found = parallel_map_guarded(spark, Guarded(_half, _seconds), [4, 3, 8], weight=int)
    assert found == [2, Fault("unexpected ValueError: 3 is odd"), 4]

from __future__ import annotations

from pathlib import Path

from benchmarks.cloud.measuring import CloudRun, Phase
from benchmarks.cloud.plan import CASES, QUICK, Case, prepared
from benchmarks.cloud.report import Results, as_markdown

CASE = Case(name="many objects", objects=4000, datasets=20)
RUN = CloudRun(
    case=CASE,
    seconds=100.0,
    processor_seconds=150.0,
    phases=(
        Phase(name="upload", seconds=4.0, first=1.0, last=1.1),
        Phase(name="report", seconds=2.0),
    ),
    job_runs=9,
    tables=20,
    calls={"job": {"s3 GetObject": 8000}, "function": {"dynamodb PutItem": 4000}},
    wrong=(),
)


def report(run: CloudRun) -> str:
    results = Results(date="2026-01-15", machine=[("processor", "two")], load=0.1, runs=[run])
    return as_markdown(results)


def test_phases_are_told_with_how_much_slower_they_become() -> None:
    assert "| upload | 4.0 | 1.00 | 1.10 | 1.10 |" in report(RUN)
    assert "| report | 2.0 |  |  |  |" in report(RUN)


def test_calls_are_told_for_each_object_and_each_table() -> None:
    assert "| the job | s3 GetObject | 8,000 | 2.000 | 400.000 |" in report(RUN)
    assert "| all |  | 12,000 | 3.00 | 600.00 |" in report(RUN)


def test_a_result_that_is_not_right_is_said_to_be_wrong() -> None:
    wrong = CloudRun(**{**vars(RUN), "wrong": ("3 of 4000 objects are not published",)})
    assert "**wrong**: 3 of 4000 objects" in report(wrong)
    assert "all of them right" in report(RUN)


def test_files_are_of_about_a_kilobyte_and_the_same_each_time(tmp_path: Path) -> None:
    case = Case(name="few", objects=40, datasets=20)
    first, second = prepared(case, tmp_path / "a"), prepared(case, tmp_path / "b")
    assert [p.read_bytes() for _, p in first.files] == [p.read_bytes() for _, p in second.files]
    assert len({key.partition("/")[0] for key, _ in first.files}) == 20
    assert all(900 < path.stat().st_size < 1200 for _, path in first.files)
    lines = sum(len(path.read_text().splitlines()) - 1 for _, path in first.files)
    assert first.rows == lines


def test_a_step_is_at_most_a_quarter_of_the_objects() -> None:
    assert all(4 * case.step <= case.objects or case.step == 1 for case in (*CASES, *QUICK))

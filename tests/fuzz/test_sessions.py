"""What a session tells and keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz import programs
from fuzz.findings import Finding, Wrong
from fuzz.keeping import as_python, keep, shown
from fuzz.kinds import Kind
from fuzz.making import make_case, neighbour
from fuzz.programs import Case, Format
from fuzz.session import Session, written_files
from fuzz.stage import Stage
from tests.fuzz.conftest import Findings
from tests.fuzz.fixed import column, dataset, file

_FINDING = Finding(wrong=Wrong.LOST, key="a.csv", form="csv", detail="line 2")


@pytest.mark.slow
@pytest.mark.parametrize("wave", [0, 1])
def test_files_of_every_format_are_run_and_found_to_be_right(findings: Findings, wave: int) -> None:
    columns = [
        column("id", 1, Kind.INTEGER),
        column("name", 2, (3, Kind.BLANK), Kind.WORD),
        column("moment", 3, Kind.TIMESTAMP),
        column("good", 4, Kind.TRUTH),
    ]
    sets = [
        dataset(
            file(form, *columns),
            file(form, *reversed(columns), number=1, wave=wave),
            name=form.name.lower(),
        )
        for form in Format
    ]
    assert findings(*sets) == []


@pytest.mark.slow
def test_cases_come_one_after_the_other_until_the_time_is_up(here: Stage, tmp_path: Path) -> None:
    session = Session(stage=here, seed="13", folder=tmp_path, seconds=60)
    session.run(first=9, last=10)
    assert session.cases == 2
    assert session.files >= 6
    late = Session(stage=here, seed="13", folder=tmp_path, seconds=0)
    late.run()
    assert late.cases == 0


def test_failing_files_are_kept_with_their_program_and_what_is_wrong(tmp_path: Path) -> None:
    case = Case(datasets=(neighbour(0),))
    written = written_files(case)
    keep(tmp_path / "kept", case, written, [_FINDING], "SEED=1 CASE=2")
    for key, item in written.items():
        assert (tmp_path / "kept" / key).read_bytes() == item.body
    assert (tmp_path / "kept" / "program.txt").read_text() == f"{as_python(case)}\n"
    told = (tmp_path / "kept" / "findings.txt").read_text()
    assert told == "SEED=1 CASE=2\n\na record is nowhere [a.csv] line 2\n"


@pytest.mark.parametrize("number", [0, 1, 3, 4])
def test_a_program_is_spelled_as_python_reads_it(number: int) -> None:
    case = make_case("spelled", number)
    assert eval(as_python(case), vars(programs) | {"Kind": Kind}) == case  # noqa: S307


def test_what_is_printed_has_the_finding_and_the_bytes() -> None:
    text = shown(written_files(Case(datasets=(neighbour(0),))), [_FINDING])
    assert "a record is nowhere [a.csv] line 2" in text
    assert "b'id,name\\n1000000,w2r0\\n" in text

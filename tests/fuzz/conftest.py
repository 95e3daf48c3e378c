from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fuzz.comparing import judge
from fuzz.findings import Finding
from fuzz.programs import Case, Dataset
from fuzz.session import written_files
from fuzz.stage import Stage, stage

Findings = Callable[..., list[Finding]]


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    """The engine with its tasks in this process: what is tested is what becomes of files."""
    with stage() as made:
        yield made


@pytest.fixture(scope="module")
def findings(here: Stage) -> Findings:
    """What is wrong after datasets came in one case."""

    def of(*datasets: Dataset) -> list[Finding]:
        case = Case(datasets=datasets)
        written = written_files(case)
        return judge(case, written, here.run(case, written))

    return of

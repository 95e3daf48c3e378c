"""A few faults with real Spark; `make faults` plays all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from faults.playing import Session, chosen_faults
from faults.stage import staged
from operations.progress import Progress

pytestmark = pytest.mark.slow
QUICK = "kill/write,kill/commit,memory/worker killed,busy/aside"


def test_loads_that_are_broken_lose_and_double_nothing(tmp_path: Path) -> None:
    with staged(tmp_path, progress=Progress()) as stage:
        session = Session(stage, "1", print)
        outcomes = list(session.run(chosen_faults(QUICK), times=1))
    assert len(outcomes) == 5
    assert {outcome.fault: outcome.wrong for outcome in outcomes if outcome.wrong} == {}
    assert all(outcome.sums.rows_in and outcome.looks for outcome in outcomes)


def test_an_unknown_fault_is_wrong_use() -> None:
    with pytest.raises(ValueError, match="expected the start of a fault's name"):
        chosen_faults("nothing")

"""The simulation finds defects that are planted, within a number of seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulation.planting import defects
from tests.simulation.conftest import ROOT, Simulate

_SEEDS = 600
"""So many are enough for those that need two things at once; most are found within ten."""
_QUICK = ("registered-again", "ledger-before-tables")


@pytest.mark.parametrize("name", defects())
def test_what_is_to_be_replaced_is_there_once(name: str) -> None:
    defect = defects()[name]
    relative = defect.module.replace(".", "/") + ".py"
    places = [ROOT / relative, ROOT / "glue_scripts" / relative]
    [path] = [place for place in places if place.exists()]
    assert Path(path).read_text(encoding="utf-8").count(defect.was) == 1
    compile(Path(path).read_text("utf-8").replace(defect.was, defect.becomes), name, "exec")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in _QUICK else pytest.mark.slow) for name in defects()],
)
@pytest.mark.few(2)
@pytest.mark.in_turn(5)
def test_a_planted_defect_is_found(simulate: Simulate, name: str) -> None:
    found = ("--base", "planted", "--plant", name, "--until-one-fails")
    done = simulate("--seeds", str(_SEEDS), *found)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Seed planted-" in done.stdout

"""The simulation finds defects that are planted, within a number of seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulation.planting import defects
from tests.simulation.conftest import ROOT, Simulate

_SEEDS: dict[str, int] = {}
"""Seeds within which a defect is found, if it is not found within the usual number."""
_USUAL = 60
_QUICK = ("registered-again", "failed-messages-not-returned")


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
def test_a_planted_defect_is_found(simulate: Simulate, name: str) -> None:
    seeds = _SEEDS.get(name, _USUAL)
    done = simulate(
        "--seeds", str(seeds), "--base", "planted", "--plant", name, "--until-one-fails"
    )
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Seed planted-" in done.stdout

"""Actors hand over to each other, whatever they hold while they do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from simulation import scheduler
from simulation.scheduler import Actor, Scheduler, StoodStill
from tests.simulation.conftest import ROOT

WORKED_OUT_AT_ONCE = """
import functools
from simulation import border
border.install()
from simulation.scheduler import Actor, Scheduler

day, said = Scheduler(0.0), []

class Part:
    @functools.cached_property
    def value(self):
        day.sleep(1.0)
        said.append("worked out")
        return len(said)

def work():
    part = Part()
    assert part.value == part.value

for name in "ab":
    day.start(Actor(name=name, work=work, ended=lambda actor: said.append(str(actor.error))))
day.run(10.0)
print(said)
"""


def test_an_actor_that_works_a_value_out_keeps_nobody_from_theirs() -> None:
    path = os.pathsep.join((str(ROOT / "glue_scripts"), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WORKED_OUT_AT_ONCE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.strip() == "['worked out', 'None', 'worked out', 'None']", done.stderr


def test_an_actor_that_does_not_hand_over_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "_LONGEST_STEP_SECONDS", 0.1)
    day, never = Scheduler(0.0), threading.Event()

    def wait() -> None:
        never.wait()

    day.start(Actor(name="monitor-1", work=wait, ended=lambda _: None))
    with pytest.raises(StoodStill, match="monitor-1 has not come to its next call"):
        day.run(10.0)
    day.kill_all()
    never.set()

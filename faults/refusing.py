"""A service that answers with errors: for a while, or for so long that people must see to it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from faults.breaking import Striker
from faults.killing import load_files, redrive
from faults.points import KINDS, Kind
from faults.scene import Fault, NotStruckError, Scene
from local_cloud.glue.jobs import LocalJobRun
from local_cloud.http.watching import Answer, WatchedCall
from local_cloud.platform import Platform

_BUSY = Answer(
    "503 Slow Down",
    "application/xml",
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>busy</Message></Error>",
)


@dataclass
class Outage(Striker):
    """Has S3 answer that it is busy, to all calls of a kind, in the first runs that make one."""

    platform: Platform
    kind: Kind
    runs: int
    struck: list[str] = field(default_factory=list)
    """Ids of the runs for which it was busy."""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def before(self, run: LocalJobRun | None, call: WatchedCall) -> Answer | None:
        if run is None or not self.kind.has(run.job_name, call, self.platform.names):
            return None
        with self._turn:
            if run.job_run_id not in self.struck:
                if len(self.struck) >= self.runs:
                    return None
                self.struck.append(run.job_run_id)
        return _BUSY

    def after(self, run: LocalJobRun | None, call: WatchedCall) -> None:
        """Nothing: what is refused is not served."""


def _played(scene: Scene, kind: Kind, *, runs: int) -> None:
    outage = Outage(scene.stage.platform, kind, runs)
    with scene.striking(outage):
        scene.send(*load_files(scene))
        scene.settle()
    if len(outage.struck) < runs:
        raise NotStruckError(f"expected {runs} runs with a {kind.what}, got {len(outage.struck)}")
    scene.notes.append(f"S3 is busy for each {kind.what}, in {runs} runs")


def _for_one_run(kind: Kind) -> Fault:
    def play(scene: Scene) -> None:
        _played(scene, kind, runs=1)

    return Fault(name=f"busy/{kind.name}", family="busy", play=play)


def _for_good(kind: Kind) -> Fault:
    def play(scene: Scene) -> None:
        _played(scene, kind, runs=3)
        scene.after = f"given up: {scene.state()}"
        scene.notes.append("in every attempt; then redriven by a person")
        redrive(scene)

    return Fault(
        name=f"busy/{kind.name} for good", family="busy", play=play, alerts=("Uploads failed",)
    )


_KINDS = {kind.name: kind for kind in KINDS}
OUTAGES = (
    *(_for_one_run(_KINDS[name]) for name in ("read", "write", "aside")),
    _for_good(_KINDS["write"]),
)

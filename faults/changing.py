"""Contracts and libraries that are exchanged while a load is in flight, and a Glue that refuses."""

from __future__ import annotations

import time

from faults.breaking import Refusing
from faults.making import Made
from faults.scene import Fault, Scene
from faults.tree import assemblies
from local_cloud.glue.jobs import RunState
from local_cloud.settling import Work

_ROWS = 30
_SECONDS = 120.0


def _files(scene: Scene, dataset: str, turn: int) -> list[Made]:
    """Return files of which some rows fit the later contract alone."""
    files = []
    for number in range(3):
        ids = [f"{scene.name}-{turn}{number}-{row:05d}" for row in range(_ROWS)]
        lines = [f"{one},{row if row % 5 else f'{row}x'}" for row, one in enumerate(ids)]
        content = "".join(f"{line}\n" for line in ("id,amount", *lines)).encode()
        key = f"{dataset}/{scene.name}-{turn}-{number}.csv"
        files.append(Made(key=key, content=content, good=frozenset(ids)))
    return files


def _check_whole(scene: Scene) -> str:
    """Return which contract each load was judged by. Raises AssertionError for a mixture."""
    judged: dict[str, set[str]] = {}
    for entry in scene.stage.entries(scene.sent):
        by = "the later" if not entry["rows_quarantined"] else "the former"
        judged.setdefault(str(entry["load_id"]), set()).add(by)
    mixed = {load: by for load, by in judged.items() if len(by) > 1}
    if mixed:
        raise AssertionError(f"expected each load to be judged by one contract: {mixed}")
    return ", then ".join(next(iter(by)) for by in judged.values())


def changed_in_flight(scene: Scene) -> None:
    """Deploy another contract, and take the former library away, while a run reads."""
    scene.may_differ = True
    assemblies(scene.stage.work, later=True)
    with scene.deployed_at(scene.point("read")):
        scene.send(*_files(scene, "prices", 0))
        scene.settle()
        scene.send(*_files(scene, "prices", 1))
        scene.settle()
    judged = _check_whole(scene)
    scene.notes.append(f"the contract that counted: {judged}")
    if judged != "the former, then the later":
        raise AssertionError(f"expected a load to keep the contract of its run, got {judged}")


def refused_expired_changed_killed(scene: Scene) -> None:
    """Refuse and expire runs of a load, exchange its contract in flight, and kill that run."""
    scene.may_differ = True
    assemblies(scene.stage.work, later=True)
    cloud = scene.stage.cloud
    refusing = Refusing({"StartJobRun"}, "ResourceNumberLimitExceededException", times=2)
    with scene.striking(refusing):
        with cloud.jobs_wait():
            scene.send(*_files(scene, "tariffs", 0))
            _expire_first(scene)
        with scene.deployed_at(scene.point("read"), killing=True):
            scene.settle()
    if refusing.refused < 2:
        raise AssertionError(f"expected two refusals of StartJobRun, got {refusing.refused}")
    judged = _check_whole(scene)
    scene.notes.append(
        f"refused twice, expired once, killed once; the contract that counted: {judged}"
    )


def _expire_first(scene: Scene) -> None:
    """Work until a run waits for workers, and let it expire."""
    cloud = scene.stage.cloud
    until = time.monotonic() + _SECONDS
    while not (waiting := [run for run in cloud.active_runs if run.state is RunState.STARTING]):
        if time.monotonic() > until:
            raise TimeoutError("expected a run to be started in spite of refusals, none was")
        if cloud.work_once() is Work.NONE:
            for schedule in cloud.schedules:
                if "minute" in schedule.expression:
                    cloud.come_round(schedule)
    scene.after = f"expired: {scene.state()}"
    cloud.expire(waiting[0])


CHANGES = (
    Fault(name="contract/changed in flight", family="contract", play=changed_in_flight, once=True),
    Fault(
        name="contract/with refused, expired and killed runs",
        family="contract",
        play=refused_expired_changed_killed,
        once=True,
    ),
)

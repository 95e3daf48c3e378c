"""Runs that are killed by SIGKILL, at calls that are chosen at random."""

from __future__ import annotations

from faults.making import Made, made, rows_of
from faults.points import INGESTION, JUDGING, KINDS, LOAD, MERGING, UPKEEP, Kind
from faults.scene import Fault, Scene

_LAYERED = "data/incoming/2026/01/15/accounts"
_FORMATS = ("csv", "json", "parquet", "orc", "avro")
_FILES = 4
_TURNS = 3
"""Times that files are sent for a run to be struck: what a merge or a gate has to do, and so how
many calls it makes, depends on what others have left."""
_FAILED_AND_OVER = ("Job failed", "Job works")


def load_files(scene: Scene) -> list[Made]:
    """Return CSV files of a dataset of their own, with rows that belong into quarantine."""
    return [
        made(
            f"{scene.dataset}/{number}.{'csv.gz' if number % 2 else 'csv'}",
            rows_of(f"{scene.name}-{number}", scene.dice.randint(5, 200)),
            ragged=[] if number % 2 else rows_of(f"{scene.name}-{number}-bad", 2),
        )
        for number in range(_FILES)
    ]


def account_files(scene: Scene, *, turn: int = 0) -> list[Made]:
    """Return files of five formats with states of the same accounts: later files have later ones.

    Each file has accounts of its own as well, so that the latest rows come from every file.
    """
    base = scene.number * 10_000
    return [
        made(
            f"{_LAYERED}/{scene.name}-{turn}-{number}.{ending}",
            rows_of(
                f"{scene.name}-{turn}{number}",
                20,
                account=base + (turn * len(_FORMATS) + number) * 7,
                seq=turn * len(_FORMATS) + number,
            ),
        )
        for number, ending in enumerate(_FORMATS)
    ]


def whole_load(scene: Scene) -> None:
    """Load files with no fault at all."""
    scene.send(*load_files(scene))
    scene.settle()


def rehearsal(jobs: frozenset[str]) -> Fault:
    """Return a run without a fault, of loads and of the jobs at which faults strike."""

    def play(scene: Scene) -> None:
        whole_load(scene)
        if jobs & {INGESTION, MERGING, JUDGING}:
            # Twice: a table that is there already takes other calls than one that is made.
            for turn in range(2):
                scene.send(*account_files(scene, turn=turn))
                scene.settle()
        if UPKEEP in jobs:
            many_loads(scene)
            upkeep(scene)

    return Fault(name="none", family="none", play=play)


def many_loads(scene: Scene) -> None:
    """Load as many files of one day, one after the other, as upkeep merges."""
    for number in range(5):
        scene.send(
            made(f"{scene.dataset}/many-{number}.csv", rows_of(f"{scene.name}-m{number}", 10))
        )
        scene.settle()


def upkeep(scene: Scene) -> None:
    """Have tables maintained, and wait for the end."""
    cloud = scene.stage.cloud
    cloud.client("glue").start_job_run(JobName=scene.stage.platform.names.of(UPKEEP))
    scene.settle()


def _killed(kind: Kind) -> Fault:
    def play(scene: Scene) -> None:
        point = scene.point(kind.name)
        if kind.job == LOAD:
            with scene.struck_at(point, scene.kill, ends_caller=True):
                whole_load(scene)
            return
        for turn in range(_TURNS):
            must = turn == _TURNS - 1
            with scene.struck_at(point, scene.kill, ends_caller=True, must=must) as striker:
                scene.send(*account_files(scene, turn=turn))
                scene.settle()
            if striker.struck:
                return
            point = scene.within_reach(point)

    # A load has attempts of its own, and only when they are used up people hear of it.
    alerts = () if kind.job in {LOAD, INGESTION} else _FAILED_AND_OVER
    return Fault(
        name=f"kill/{kind.name}",
        family="killed",
        play=play,
        alerts=alerts,
        strikes=kind.job,
    )


def _killed_upkeep(kind: Kind) -> Fault:
    def play(scene: Scene) -> None:
        many_loads(scene)
        with scene.struck_at(scene.point(kind.name), scene.kill, ends_caller=True):
            upkeep(scene)
        upkeep(scene)

    return Fault(
        name=f"kill/{kind.name}",
        family="killed",
        play=play,
        alerts=_FAILED_AND_OVER,
        strikes=kind.job,
    )


def _killed_always() -> Fault:
    def play(scene: Scene) -> None:
        point = scene.point("commit")
        with scene.struck_at(point, scene.kill, ends_caller=True, times=3):
            scene.send(*load_files(scene))
            scene.settle()
        scene.notes.append("in each of three attempts; then redriven by a person")
        scene.after = f"{scene.after}; given up: {scene.state()}"
        redrive(scene)

    return Fault(name="kill/every attempt", family="killed", play=play, alerts=("Load failed",))


def redrive(scene: Scene) -> None:
    """Have what failed tried again, with the command that people use."""
    scene.stage.operate("redrive", "--key", f"{scene.dataset}/*")
    scene.settle()


KILLS = (
    *(_killed(kind) for kind in KINDS if kind.job != UPKEEP),
    *(_killed_upkeep(kind) for kind in KINDS if kind.job == UPKEEP),
    _killed_always(),
)

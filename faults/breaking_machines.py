"""Machines that have no room on their disk, no memory, or go away in the middle."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from faults.breaking import Striker
from faults.killing import load_files, redrive
from faults.machine import caller_at, command_of, descendants, kill
from faults.making import made, rows_of
from faults.points import LOAD
from faults.scene import Fault, Scene
from local_cloud.glue.jobs import LocalJobRun
from local_cloud.http.watching import Answer, WatchedCall

_DISK_MB = 96
_BLOCK = 1 << 20


class NoDiskError(Exception):
    """This machine lets nobody mount a small disk."""


@dataclass(frozen=True)
class Disk:
    """A small disk for the scratch folders of Spark and Python."""

    folder: Path

    def fill(self) -> None:
        """Take all of its room."""
        with suppress(OSError), (self.folder / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(_BLOCK))
        # The last block was written in part, or not at all: fill what is left byte by byte.
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            try:
                while ballast.write(bytes(512)):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)


@contextmanager
def small_disk(scene: Scene) -> Iterator[Disk]:
    """Give runs of the block a tmpfs for scratch. Raises NoDiskError where mounting is refused."""
    folder = Path(tempfile.mkdtemp(prefix="faults-disk-"))
    size = f"size={_DISK_MB}m"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        folder.rmdir()
        raise NoDiskError(
            "expected to mount a tmpfs for a disk that is full, which root may; mount said: "
            f"{mounted.stderr.strip()}. Run as root, or leave the faults 'disk' out"
        )
    scratch = scene.stage.cloud.work / "scratch"
    scratch.mkdir(exist_ok=True)
    aside = scratch.rename(scratch.with_name("scratch-aside"))
    scratch.symlink_to(folder)
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield Disk(folder)
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
        scratch.unlink()
        aside.rename(scratch)
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def disk_full_for_one_run(scene: Scene) -> None:
    """Fill the disk in the middle of a task; it has room again when that run has ended."""
    with small_disk(scene) as disk:
        freed: list[str] = []

        def fill(run: LocalJobRun, _: WatchedCall) -> None:
            disk.fill()
            freed.append(run.job_run_id)

        with scene.struck_at(scene.point("read"), fill), scene.striking(_FreeAfter(disk, freed)):
            scene.send(*load_files(scene))
            scene.settle()


@dataclass
class _FreeAfter(Striker):
    """Makes room once another run calls than those for which the disk was full."""

    disk: Disk
    full_for: list[str]

    def before(self, run: LocalJobRun | None, call: WatchedCall) -> Answer | None:  # noqa: ARG002 - any call of another run
        if self.full_for and run is not None and run.job_run_id not in self.full_for:
            self.disk.free()
        return None

    def after(self, run: LocalJobRun | None, call: WatchedCall) -> None:
        """Nothing: room is made before the other run's first call."""


def disk_full_for_good(scene: Scene) -> None:
    """Fill the disk in the first run, and leave it full until all attempts are used up."""
    with small_disk(scene) as disk:
        with scene.struck_at(scene.point("read"), lambda *_: disk.fill()):
            scene.send(*load_files(scene))
            scene.settle()
        scene.after = f"{scene.after}; given up: {scene.state()}"
        disk.free()
        scene.notes.append("in every attempt; then room, and redriven by a person")
        redrive(scene)


def worker_killed(scene: Scene) -> None:
    """End one Python worker in a task, as the kernel does when memory runs out."""

    def strike(run: LocalJobRun, call: WatchedCall) -> None:
        _kill_caller(run, call)

    with scene.struck_at(scene.point("read", when="before"), strike, ends_caller=True):
        scene.send(*load_files(scene))
        scene.settle()


def object_that_kills(scene: Scene) -> None:
    """End each process that reads one object, as one does that takes all memory."""
    scene.send(*load_files(scene))
    rows = rows_of(f"{scene.name}-poison", 5)
    poison = made(f"{scene.dataset}/poison.csv", rows)
    killer = _KillReaders(f"{scene.stage.platform.names.raw_bucket}/{poison.key}")
    with scene.striking(killer):
        scene.send(replace(poison, is_broken=True))
        scene.settle()
    scene.notes.append(f"{len(killer.killed)} processes were ended that read one object of five")
    if not killer.killed:
        raise AssertionError("expected processes to read the object, none did")
    scene.after = "its neighbours are published"


@dataclass
class _KillReaders(Striker):
    """Ends each process that reads an object; the driver never does."""

    path: str
    killed: list[int] = field(default_factory=list)

    def before(self, run: LocalJobRun | None, call: WatchedCall) -> Answer | None:
        if run is None or call.operation != "GetObject" or call.path != self.path:
            return None
        self.killed.append(_kill_caller(run, call))
        return Answer("503 Service Unavailable", "text/plain", b"the caller has been ended")

    def after(self, run: LocalJobRun | None, call: WatchedCall) -> None:
        """Nothing: all is done before."""


def _kill_caller(run: LocalJobRun, call: WatchedCall) -> int:
    """End the process of a run that makes a call. Raises ValueError for the run's driver."""
    caller = caller_at(call.port, descendants(run.process_id))
    if not caller or ("daemon" not in command_of(caller) and "serve()" not in command_of(caller)):
        raise ValueError(f"expected a Python worker at port {call.port}, got {command_of(caller)}")
    kill([caller])
    return caller


def heap_too_small(scene: Scene) -> None:
    """Give the driver's Java so little memory that it runs out, until it is given more."""
    conf = scene.stage.conf(
        LOAD,
        "spark.driver.memory=24m",
        # Spark refuses to start with so little, unless it believes that there is more.
        "spark.testing.memory=2147480000",
    )
    with scene.stage.changed_arguments(LOAD, **{"--conf": conf}):
        scene.send(*load_files(scene))
        scene.settle()
    scene.after = f"given up: {scene.state()}"
    scene.notes.append("a heap of 24 MB in three attempts; then enough, and redriven by a person")
    redrive(scene)


MACHINES = (
    Fault(name="disk/full for one run", family="disk", play=disk_full_for_one_run),
    Fault(
        name="disk/full for good",
        family="disk",
        play=disk_full_for_good,
        alerts=("Load failed",),
    ),
    Fault(name="memory/worker killed", family="memory", play=worker_killed),
    Fault(
        name="memory/object that kills its readers",
        family="memory",
        play=object_that_kills,
        alerts=("Uploads failed",),
    ),
    Fault(
        name="memory/heap too small",
        family="memory",
        play=heap_too_small,
        alerts=("Load failed",),
    ),
)

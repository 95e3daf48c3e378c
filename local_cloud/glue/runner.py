"""Runs Glue scripts: one spark-submit per run, in a process group of its own."""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from local_cloud.access.sessions import Session
from local_cloud.calls import CALLER_VARIABLE
from local_cloud.glue.bytecode import with_bytecode
from local_cloud.glue.jobs import LocalJob, LocalJobRun, RunState
from local_cloud.glue.spark_command import (
    NOT_RUN_HERE,
    SparkCommand,
    failure_message,
    laptop_properties,
)
from local_cloud.glue.spark_home import java_options, libraries, spark_environment, spark_home
from local_cloud.glue.wheels import check_wheels
from local_cloud.processes import end_group

_DRIVER = Path(__file__).with_name("driver")
"""Folder of the module that Spark's driver imports before the script."""
MINUTE = 60.0
"""Seconds."""

Announce = Callable[[LocalJobRun], None]
"""Called when a run has ended, with its final state set."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The parts of the cloud that the runner needs."""

    enter: Callable[[LocalJob, LocalJobRun], Session]
    """Opens the session of a run. Raises RoleRefused."""
    environment: Callable[[Session], dict[str, str]]
    """Returns the environment of a child process that uses this AWS in a session."""
    download: Callable[[str, Path, Session], None]
    """Copies an `s3://` location to a file, if the session may read it."""
    buckets: Callable[[], dict[str, Path]]
    """Returns each bucket's folder."""
    folders_in_use: Callable[[], AbstractContextManager[None]]


class GlueRunner:
    """Starts runs, and sets their states as their processes start and end.

    Only as many run side by side as the machine has room for; the others stay STARTING, as runs
    do on AWS until their workers are there.
    """

    def __init__(
        self, *, work: Path, around: Surroundings, announce: Announce, places: int | None = None
    ) -> None:
        """Take how many runs the machine has room for; by default half as many as it has cores."""
        self._work = work
        self._around = around
        self._announce = announce
        self._places = places or max(1, (os.cpu_count() or 2) // 2)
        self._room = threading.Semaphore(self._places)
        self._active: dict[str, LocalJobRun] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()

    @property
    def active(self) -> list[LocalJobRun]:
        return list(self._active.values())

    @contextmanager
    def full(self) -> Iterator[None]:
        """Take all the room, so that runs wait until the block ends."""
        for _ in range(self._places):
            self._room.acquire()
        try:
            yield
        finally:
            self._room.release(self._places)

    def log_of(self, run_id: str) -> Path:
        """Return the log with all of a run's output."""
        return self._folder(run_id) / "run.log"

    def start(self, job: LocalJob, run: LocalJobRun) -> None:
        self._active[run.job_run_id] = run
        thread = threading.Thread(target=self._live, args=(job, run), daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self, run_id: str) -> None:
        """Stop a run; do nothing to one that has ended."""
        run = self._active.get(run_id)
        if run is None:
            return
        run.move(RunState.STOPPING)
        process = self._processes.get(run_id)
        if process is not None:
            end_group(process)

    def expire(self, run: LocalJobRun) -> None:
        """End a run that waits for its turn. Raises ValueError if it has started."""
        if run.state is not RunState.STARTING:
            raise ValueError(f"expected a run that waits, run {run.job_run_id} is {run.state}")
        run.move(RunState.EXPIRED, "Job run expired while it waited for resources")

    def close(self) -> None:
        """End all runs at work. Nothing is announced any more."""
        self._closing.set()
        for process in list(self._processes.values()):
            end_group(process)
        for thread in self._threads:
            thread.join()

    def _live(self, job: LocalJob, run: LocalJobRun) -> None:
        # Those that wait for others would keep their places from them.
        with nullcontext() if job.waits_for_runs else self._room:
            state, error = self._outcome(job, run)
        run.move(state, error)
        try:
            if not self._closing.is_set():
                self._announce(run)
        finally:
            # Only now: whoever sees no active run must also see the event of its end.
            del self._active[run.job_run_id]
            run.ended.set()

    def _outcome(self, job: LocalJob, run: LocalJobRun) -> tuple[RunState, str]:
        if run.state.is_final:
            return run.state, run.error
        if self._closing.is_set() or run.state is RunState.STOPPING:
            return RunState.STOPPED, ""
        try:
            with self._around.folders_in_use():
                return self._run(job, run)
        except Exception as error:  # noqa: BLE001 - whatever it is, it ended this run
            return RunState.FAILED, f"{type(error).__name__}: {error}"

    def _run(self, job: LocalJob, run: LocalJobRun) -> tuple[RunState, str]:
        session = self._around.enter(job, run)
        run.access_key = session.access_key
        folder = self._folder(run.job_run_id)
        folder.mkdir(parents=True)
        command = self._command(job, run, folder, session)
        argv = command.argv(spark_home() / "bin" / "spark-submit")
        with self.log_of(run.job_run_id).open("wb") as log:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                # spark-submit puts the script's standard error among its standard output anyway.
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=self._environment(run.job_run_id, session),
                start_new_session=True,
            )
        self._processes[run.job_run_id] = process
        run.process_id = process.pid
        if run.state is RunState.STARTING:
            run.move(RunState.RUNNING)
        if self._closing.is_set() or run.state is RunState.STOPPING:
            end_group(process)
        return self._end_of(process, run)

    def _end_of(self, process: subprocess.Popen[bytes], run: LocalJobRun) -> tuple[RunState, str]:
        minutes = int(run.timeout or 0)
        try:
            code = process.wait(timeout=minutes * MINUTE or None)
        except subprocess.TimeoutExpired:
            end_group(process)
            return RunState.TIMEOUT, f"Job run exceeded its timeout of {minutes} minutes"
        finally:
            del self._processes[run.job_run_id]
            end_group(process)
        if run.state is RunState.STOPPING or self._closing.is_set():
            return RunState.STOPPED, ""
        if code == 0:
            return RunState.SUCCEEDED, ""
        return RunState.FAILED, failure_message(_tail(self.log_of(run.job_run_id)), code)

    def _command(
        self, job: LocalJob, run: LocalJobRun, folder: Path, session: Session
    ) -> SparkCommand:
        arguments = dict(run.arguments or {})
        missing = sorted(NOT_RUN_HERE & arguments.keys())
        if missing:
            raise NotImplementedError(f"{', '.join(missing)}: not brought to a laptop's Spark")
        fetched = partial(self._downloaded, folder=folder, session=session)
        check_wheels(arguments, fetched)
        script = str(job.command["ScriptLocation"])  # type: ignore[index]  # moto calls it a str
        locations = [*filter(None, arguments.get("--extra-py-files", "").split(","))]
        properties = folder / "spark.properties"
        settings = laptop_properties(
            buckets=self._around.buckets(),
            work=folder,
            memory=_driver_memory(),
            java_options=[*java_options(), f"-Dlog4j2.configurationFile={_log_settings(folder)}"],
        )
        properties.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        return SparkCommand(
            script=fetched(script),
            libraries=[with_bytecode(fetched(location), libraries()) for location in locations],
            properties=properties,
            arguments=arguments,
            job=run.job_name,
            run_id=run.job_run_id,
        )

    def _downloaded(self, location: str, folder: Path, session: Session) -> Path:
        target = folder / location.rpartition("/")[2]
        self._around.download(location, target, session)
        return target

    def _environment(self, run_id: str, session: Session) -> dict[str, str]:
        inherited = self._around.environment(session)
        return {
            **{name: value for name, value in inherited.items() if not name.startswith("SPARK_")},
            **spark_environment(),
            "PYTHONPATH": str(_DRIVER),
            CALLER_VARIABLE: "job",
            "SPARK_LOCAL_DIRS": str(self._work / "scratch" / run_id),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
            "TZ": "UTC",
        }

    def _folder(self, run_id: str) -> Path:
        return self._work / "runs" / run_id


_QUIET = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
"""


def _log_settings(folder: Path) -> str:
    settings = folder / "log4j2.properties"
    settings.write_text(_QUIET)
    return settings.resolve().as_uri()


def _driver_memory() -> str:
    """Return a quarter of the machine's memory, from 1 to 4 GB, to leave room for other work."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(4096, max(1024, total // 4 // 2**20))}m"


def _tail(path: Path) -> Iterator[str]:
    with path.open(errors="replace") as lines:
        yield from deque(lines, maxlen=2000)

"""The platform of the suite: its templates, what was sent, and what a second deployment changes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.glue.models import glue_backends

from config.environments import Environment
from faults.breaking import Recorder
from faults.making import Made
from faults.points import INGESTION, LOAD
from faults.reading import TableReader
from faults.tree import assemblies
from local_cloud.assembly import Stack, stacks_of
from local_cloud.cloud import LocalCloud
from local_cloud.deployment import zipped
from local_cloud.glue.jobs import LocalJob
from local_cloud.platform import Platform, boundaries_of, configured
from local_cloud.synthesis import ROOT
from local_cloud.work_folder import new_work_folder
from operations.progress import Progress

_ENVIRONMENT = "dev"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A file that was uploaded."""

    made: Made
    version_id: str


@dataclass
class Stage:
    """One cloud in which one fault after the other is played."""

    platform: Platform
    recorder: Recorder
    work: Path
    """Folder of the suite."""
    sent: list[Sent] = field(default_factory=list)

    @property
    def cloud(self) -> LocalCloud:
        return self.platform.cloud

    def send(self, *files: Made) -> list[Sent]:
        """Upload files, of which each is an event."""
        done = []
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            for number, made in enumerate(files):
                path = Path(folder, str(number))
                path.write_bytes(made.content)
                done.append(Sent(made=made, version_id=self.platform.upload(made.key, path)))
        self.sent += done
        return done

    def entries(self, sent: Sequence[Sent]) -> list[Mapping[str, Any]]:
        """Return what the object ledger says of files; {} where it has nothing yet."""
        objects = self.platform.objects
        return [objects.get(one.made.key, one.version_id) for one in sent]

    def processed(self) -> TableReader:
        return self._reader(self.platform.names.processed_database)

    def curated(self) -> TableReader:
        return self._reader(self.platform.names.curated_database)

    def job(self, name: str) -> LocalJob:
        """Return a job by the last part of its name."""
        jobs = glue_backends[self.cloud.account][self.cloud.region].jobs
        job = jobs[self.platform.names.of(name)]
        if not isinstance(job, LocalJob):
            raise TypeError(f"expected a LocalJob for {name}, the template made a {type(job)}")
        return job

    @contextmanager
    def changed_arguments(self, name: str, **changes: str) -> Iterator[None]:
        """Have a job's runs start with other default arguments for the block."""
        job = self.job(name)
        before = dict(job.default_arguments)
        job.default_arguments = {**before, **changes}
        try:
            yield
        finally:
            job.default_arguments = before

    def conf(self, name: str, *settings: str) -> str:
        """Return a job's `--conf` with further settings, as Glue takes several."""
        given = self.job(name).default_arguments.get("--conf", "")
        return " --conf ".join(filter(None, (given, *settings)))

    def operate(self, command: str, *options: str) -> str:
        """Run a command of `operations` against this cloud; return what it says.

        Raises RuntimeError if it ends badly.
        """
        environment = ("--env", _ENVIRONMENT, "--local", self.cloud.endpoint)
        done = subprocess.run(
            [sys.executable, "-m", "operations", command, *environment, *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"expected `operations {command}` to end well: {done.stderr}")
        return done.stdout

    def deploy_later(self) -> None:
        """Have jobs start with the later contracts from now on, and remove the former library.

        What a deployment does to jobs: new assets, and new default arguments that name them.
        """
        application = self.platform.names.application_stack
        (before,), (after,) = (
            [
                stack
                for stack in _stacks(assemblies(self.work, later=later))
                if stack.name == application
            ]
            for later in (False, True)
        )
        s3 = self.cloud.client("s3")
        replaced = {asset.key for asset in before.assets} - {asset.key for asset in after.assets}
        added = [asset for asset in after.assets if asset.key not in {a.key for a in before.assets}]
        old = next(a.key for a in before.assets if a.key in replaced and a.is_folder)
        new = next(a for a in added if a.is_folder)
        s3.put_object(Bucket=new.bucket, Key=new.key, Body=zipped(new.source))
        for name in (LOAD, INGESTION):
            job = self.job(name)
            job.default_arguments = {
                argument: value.replace(old, new.key)
                for argument, value in job.default_arguments.items()
            }
        s3.delete_object(Bucket=new.bucket, Key=old)

    def restore_library(self) -> None:
        """Put the libraries back that `deploy_later` has taken away."""
        s3 = self.cloud.client("s3")
        for stack in _stacks(assemblies(self.work)):
            for asset in stack.assets:
                if stack.name == self.platform.names.application_stack and asset.is_folder:
                    s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=zipped(asset.source))

    def _reader(self, database: str) -> TableReader:
        glue, s3 = self.cloud.client("glue"), self.cloud.client("s3")
        return TableReader(glue, s3, database)


@contextmanager
def staged(work: Path, *, progress: Progress) -> Iterator[Stage]:
    """Deploy the platform with the suite's contracts, in a cloud that ends with the context."""
    work.mkdir(parents=True, exist_ok=True)
    environment = configured(_ENVIRONMENT)
    with progress.step("synthesizing both apps with the suite's contracts"):
        stacks = _stacks(assemblies(work))
    cloud = _cloud(stacks, environment, progress)
    with cloud:
        with progress.step("deploying"):
            cloud.deploy(stacks)
        platform = Platform(cloud, environment.names)
        recorder = Recorder(platform)
        with cloud.watched(recorder):
            yield Stage(platform, recorder, work)
        cloud.keep_logs = True


def _cloud(stacks: Sequence[Stack], environment: Environment, progress: Progress) -> LocalCloud:
    return LocalCloud.for_stacks(
        stacks,
        work=new_work_folder(),
        say=progress.say,
        boundaries=boundaries_of(environment),
    )


def _stacks(found: Sequence[Path]) -> list[Stack]:
    return [stack for path in found for stack in stacks_of(path, environment=_ENVIRONMENT)]

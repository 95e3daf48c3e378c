"""The cloud on a laptop: templates deployed, functions and scripts at work."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from local_cloud.assembly import Stack
from local_cloud.aws import InProcessAws
from local_cloud.deployment import Deployment
from local_cloud.door import moto_lock
from local_cloud.errors import AssemblyError
from local_cloud.events.bus import EventBus, LocalRule, bus_of
from local_cloud.events.shapes import run_state_change
from local_cloud.functions.poller import QueuePoller
from local_cloud.functions.registry import FunctionRegistry
from local_cloud.glue.jobs import LocalJob, LocalJobRun, RunState
from local_cloud.glue.runner import GlueRunner, Surroundings
from local_cloud.inventory import Inventory, kept
from local_cloud.patience import Patience
from local_cloud.settling import Say, Settling, Unfinished, Work

__all__ = ["LocalCloud", "Work"]


def _say_nothing(_: str) -> None:
    """For a cloud that nobody watches."""


class LocalCloud:
    """One account in one region. Everything in it ends with the context.

    with LocalCloud.for_stacks(stacks) as cloud:
        cloud.deploy(stacks)
        cloud.upload(bucket, "orders/1.csv", Path("1.csv"))
        cloud.settle()
    """

    def __init__(
        self,
        *,
        account: str,
        region: str,
        port: int = 0,
        work: Path | None = None,
        say: Say = _say_nothing,
    ) -> None:
        self.work = work or Path(tempfile.mkdtemp(prefix="local_cloud-"))
        self.keep_logs = False
        """Leave the logs where they are when the cloud ends."""
        self._say = say
        self._aws = InProcessAws(account=account, region=region, work=self.work, port=port)
        self._functions = FunctionRegistry(
            work=self.work, environment=self._aws.child_environment, fetch=self._read
        )
        self._runner = GlueRunner(work=self.work, around=self._surroundings())
        self._inventory = Inventory(functions=self._functions, runs=self._runner)
        self._settling = Settling(functions=self._functions, runner=self._runner, say=say)
        self._exit = ExitStack()

    @classmethod
    def for_stacks(cls, stacks: Sequence[Stack], **options: Any) -> LocalCloud:
        """A cloud in the account and the region that the stacks are for."""
        places = {(stack.account, stack.region) for stack in stacks}
        if len(places) != 1:
            raise AssemblyError(f"expected stacks for one account and region, got {sorted(places)}")
        account, region = places.pop()
        return cls(account=account, region=region, **options)

    def __enter__(self) -> LocalCloud:
        with ExitStack() as stack:
            stack.callback(self._clear_work)
            stack.enter_context(self._aws)
            stack.enter_context(kept(self._inventory))
            stack.callback(self._functions.close)
            stack.callback(self._runner.close)
            self._exit = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    @property
    def endpoint(self) -> str:
        return self._aws.endpoint

    @property
    def region(self) -> str:
        return self._aws.region

    @property
    def account(self) -> str:
        return self._aws.account

    @property
    def logs(self) -> Path:
        """Of the functions; those of a run are where `log_of_run` says."""
        return self.work / "logs"

    def log_of_run(self, run_id: str) -> Path:
        return self._runner.log_of(run_id)

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud."""
        return self._aws.client(service)

    def table(self, name: str) -> Any:
        """A DynamoDB table, as boto3's resource."""
        return self._aws.resource("dynamodb").Table(name)

    def child_environment(self) -> dict[str, str]:
        """Environment variables with which another program finds this cloud."""
        return self._aws.child_environment()

    def deploy(self, stacks: Iterable[Stack]) -> None:
        """Raises DeploymentError; nothing that a template says is left out in silence."""
        Deployment(self._aws).deploy(stacks)
        self._settling.pollers = [
            QueuePoller(
                mapping,
                sqs=self._aws.client("sqs"),
                region=self.region,
                invoke=self._functions.invoke,
            )
            for mapping in self._inventory.mappings
            if mapping.enabled
        ]

    def upload(self, bucket: str, key: str, path: Path) -> str:
        """Put a file into a bucket, with the event that this brings. Returns its version id."""
        return self._aws.put_file(bucket, key, path)

    def invoke(self, function: str, event: Any) -> Any:
        """Raises FunctionError if the function fails."""
        return self._functions.invoke(function, event)

    @property
    def bus(self) -> EventBus:
        return bus_of(self.account, self.region)

    def _tick_all(self) -> bool:
        """Let every schedule come round. False if the templates have none."""
        rules = self.bus.scheduled_rules
        for rule in rules:
            self.tick_rule(rule)
        return bool(rules)

    def tick_rule(self, rule: LocalRule) -> None:
        with moto_lock:
            self.bus.tick(rule)

    def work_once(self) -> Work:
        """Hand each queue's next batch to its function."""
        return self._settling.work_once()

    @property
    def active_runs(self) -> list[LocalJobRun]:
        return self._runner.active

    def settle(self, unfinished: Unfinished = lambda: 0, patience: Patience | None = None) -> None:
        """Work until nothing moves and nothing is unfinished.

        When the cloud is idle and something is unfinished, its schedules come round at once
        instead of in their own time. Gives up, with things unfinished, when that has moved
        nothing for as long as `patience` lasts, or when nobody takes the schedules' events in.
        """
        waiting = patience or Patience(say=self._say)
        self._settling.settle(self._tick_all, unfinished, waiting)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            environment=self._aws.child_environment,
            download=self._download,
            buckets=lambda: {
                name: self._aws.folders.folder(name) for name in self._aws.folders.buckets
            },
            folders_in_use=self._aws.folders_in_use,
            announce=self._announce,
        )

    def _announce(self, job: LocalJob, run: LocalJobRun) -> None:
        self._say(f"run {run.job_run_id[:11]} of {job.name}: {run.state} in {run.seconds:.1f} s")
        if run.state not in (RunState.SUCCEEDED, RunState.STOPPED):
            self._say(f"  {run.error} (log: {self.log_of_run(run.job_run_id)})")
        with moto_lock:
            self.bus.publish(
                run_state_change(
                    job=job.name,
                    run_id=run.job_run_id,
                    state=run.state.value,
                    message=run.error or "Job run succeeded",
                    account=self.account,
                    region=self.region,
                )
            )

    def _read(self, bucket: str, key: str) -> bytes:
        body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def _download(self, location: str, target: Path) -> None:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        target.write_bytes(self._read(bucket, key))

    def _clear_work(self) -> None:
        for folder in self._folders_to_clear():
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # Not empty: the logs stay.
            self.work.rmdir()

    def _folders_to_clear(self) -> Iterator[Path]:
        yield from (self.work / name for name in ("buckets", "bytes", "functions", "scratch"))
        if not self.keep_logs:
            yield from (self.work / name for name in ("logs", "runs"))

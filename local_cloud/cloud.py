"""The cloud on a laptop: templates deployed, functions and scripts at work."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from local_cloud.access.control import AccessControl
from local_cloud.access.service_roles import ServiceRoles
from local_cloud.access.sessions import Session
from local_cloud.assembly import Stack
from local_cloud.aws import InProcessAws
from local_cloud.calls import Call
from local_cloud.deployment import Deployment
from local_cloud.errors import AssemblyError
from local_cloud.events.bus import EventBus, bus_of
from local_cloud.events.schedules import Schedule, most_frequent
from local_cloud.events.shapes import Event
from local_cloud.functions.poller import QueuePoller
from local_cloud.functions.registry import FunctionRegistry, Invocation
from local_cloud.functions.sources import make_sources
from local_cloud.functions.stream_poller import StreamPoller
from local_cloud.glue.jobs import LocalJobRun
from local_cloud.glue.runner import Surroundings
from local_cloud.glue.service import GlueService
from local_cloud.http.watching import Watcher
from local_cloud.iam.policies import Document
from local_cloud.inventory import Inventory, kept
from local_cloud.moto_lock import moto_lock
from local_cloud.settling import Say, Settling, Unfinished, Work
from local_cloud.stall_timeout import StallTimeout
from local_cloud.work_folder import clear

__all__ = ["LocalCloud", "Work"]


def _say_nothing(_: str) -> None:
    """Do nothing, for a cloud that nobody watches."""


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
        boundaries: Mapping[str, Document | str] | None = None,
        runs_at_once: int | None = None,
    ) -> None:
        """Take an account and a region, and documents of permissions boundaries by their ARNs.

        The documents of managed policies in the templates need not be given. `runs_at_once` is how
        many runs of jobs the machine has room for; by default half as many as it has cores.
        """
        self.work = work or Path(tempfile.mkdtemp(prefix="local_cloud-"))
        self.keep_logs = False
        """Leave the logs where they are when the cloud ends."""
        self._say = say
        self.access = AccessControl(account=account, region=region, boundaries=boundaries, say=say)
        self._aws = InProcessAws(
            account=account, region=region, work=self.work, port=port, access=self.access
        )
        self._roles = ServiceRoles(self.access, client=self._aws.client)
        self._functions = FunctionRegistry(
            work=self.work,
            environment=self._aws.child_environment,
            fetch=self._read,
            credentials=self._roles.credentials_of_function,
        )
        self._glue = GlueService(
            account=account,
            region=region,
            work=self.work,
            around=self._surroundings(),
            enter_crawl=self._roles.clients_of_crawler,
            publish=self._publish,
            say=say,
            runs_at_once=runs_at_once,
        )
        self._inventory = Inventory(
            functions=self._functions,
            runs=self._glue.runs,
            crawls=self._glue.crawls,
            flows=self._glue.flows,
            access=self.access,
        )
        self._settling = Settling(functions=self._functions, moving=self._glue.moving, say=say)
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
            stack.callback(self._glue.close)
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
    def calls(self) -> Counter[Call]:
        """Number of calls of AWS so far, by caller and kind."""
        return self._aws.calls.counts()

    @property
    def handed_over(self) -> int:
        """Messages that functions have taken in so far."""
        return self._settling.handed_over

    @property
    def invocations(self) -> Sequence[Invocation]:
        """Invocations of functions so far, in the order of their ends."""
        return tuple(self._functions.invocations)

    @property
    def logs(self) -> Path:
        """Folder of the functions' logs; a run's log is where `log_of_run` says."""
        return self.work / "logs"

    def log_of_run(self, run_id: str) -> Path:
        return self._glue.runs.log_of(run_id)

    def client(self, service: str, *, role: str = "") -> Any:
        """Return a boto3 client of this cloud.

        It acts in a session of a role that is named by its ARN, or else as an administrator.
        """
        return self._aws.client(service, self._session(role))

    def table(self, name: str) -> Any:
        """Return a DynamoDB table as boto3's resource."""
        return self._aws.resource("dynamodb").Table(name)

    def child_environment(self, *, role: str = "") -> dict[str, str]:
        """Return environment variables with which another program finds this cloud.

        It acts in a role that is named by its ARN, or else as an administrator.
        """
        return self._aws.child_environment(self._session(role))

    def deploy(self, stacks: Iterable[Stack]) -> None:
        """Deploy the stacks, leaving nothing out silently. Raises DeploymentError."""
        Deployment(self._aws).deploy(stacks)
        make_sources(self._inventory, self._aws.client)
        queues = [
            QueuePoller(
                mapping,
                sqs=self._aws.client("sqs"),
                sqs_in_role=self._roles.queues_for(mapping, self._functions.spec(mapping.function)),
                region=self.region,
                invoke=self._functions.invoke,
                has_messages=self._aws.has_messages,
            )
            for mapping in self._inventory.mappings
            if mapping.enabled
        ]
        streams = [
            StreamPoller(
                mapping,
                client_in_role=self._roles.streams_for(self._functions.spec(mapping.function)),
                region=self.region,
                invoke=self._functions.invoke,
                records_sent=self._aws.records_sent,
            )
            for mapping in self._inventory.streams
        ]
        self._settling.pollers = [*streams, *queues]

    def upload(self, bucket: str, key: str, path: Path) -> str:
        """Put a file into a bucket, and send the event of it. Returns its version id."""
        return self._aws.put_file(bucket, key, path)

    def invoke(self, function: str, event: Any) -> Any:
        """Return the function's answer. Raises FunctionError if the function fails."""
        return self._functions.invoke(function, event)

    @property
    def bus(self) -> EventBus:
        return bus_of(self.account, self.region)

    @property
    def schedules(self) -> list[Schedule]:
        """Return the schedules of rules, of Glue's activated triggers and of its crawlers."""
        return [*self.bus.schedules(), *self._glue.schedules()]

    def come_round(self, schedule: Schedule) -> None:
        with moto_lock:
            schedule.come_round()

    def _tick(self) -> bool:
        """Fire the schedules with the shortest period. False if there are none.

        Waiting for the next tick would take a minute at most. A workflow that runs once a night
        would not run in that minute, so it must not run at each tick here.
        """
        schedules = most_frequent(self.schedules)
        for schedule in schedules:
            self.come_round(schedule)
        return bool(schedules)

    def work_once(self) -> Work:
        """Hand each queue's next batch to its function."""
        return self._settling.work_once()

    @property
    def active_runs(self) -> list[LocalJobRun]:
        return self._glue.runs.active

    def jobs_wait(self) -> AbstractContextManager[None]:
        """Hold back runs of jobs until the block ends."""
        return self._glue.runs.full()

    def watched(self, watcher: Watcher) -> AbstractContextManager[None]:
        """Have a watcher see each call of AWS for the block."""
        return self._aws.watching.by(watcher)

    def expire(self, run: LocalJobRun) -> None:
        """Let a run that waits for its workers expire, as one does that waits for too long.

        Raises ValueError if it has started.
        """
        self._glue.runs.expire(run)

    def settle(
        self, unfinished: Unfinished = lambda: 0, stall_timeout: StallTimeout | None = None
    ) -> None:
        """Work until nothing moves and nothing is unfinished.

        When the cloud is idle and something is unfinished, its most frequent schedules fire at once
        instead of at their own time. Gives up, with things unfinished, when that has moved nothing
        for as long as `stall_timeout` lasts, or when no function takes in the schedules' events.
        """
        waiting = stall_timeout or StallTimeout(say=self._say)
        self._settling.settle(self._tick, unfinished, waiting)

    def _publish(self, event: Event) -> None:
        with moto_lock:
            self.bus.publish(event)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            enter=self._roles.session_of_run,
            environment=self._aws.child_environment,
            download=self._download,
            buckets=lambda: {
                name: self._aws.folders.folder(name) for name in self._aws.folders.buckets
            },
            folders_in_use=self._aws.folders_in_use,
        )

    def _read(self, bucket: str, key: str) -> bytes:
        body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def _session(self, role: str) -> Session | None:
        return self.access.sessions.open(role, name="laptop") if role else None

    def _download(self, location: str, target: Path, session: Session) -> None:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        self._roles.check_reading(session, bucket, key)
        target.write_bytes(self._read(bucket, key))

    def _clear_work(self) -> None:
        clear(self.work, keep_logs=self.keep_logs)

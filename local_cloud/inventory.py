"""Lists what the templates have created beyond what moto keeps: one list per running cloud.

moto calls the classes of CloudFormation's resource types without any context; here they find the
cloud that is being deployed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from local_cloud.errors import DeploymentError


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """A Lambda function as its template describes it."""

    name: str
    arn: str
    role: str
    """ARN of the role in which it runs."""
    handler: str
    code_bucket: str
    code_key: str
    environment: dict[str, str]
    timeout: int
    memory: int


@dataclass(frozen=True, kw_only=True)
class QueueMapping:
    """An event-source mapping: this queue's messages go to this function."""

    queue: str
    queue_arn: str
    function: str
    batch_size: int
    reports_batch_item_failures: bool
    enabled: bool


@dataclass(frozen=True, kw_only=True)
class StreamMapping:
    """An event-source mapping: this stream's records go to this function."""

    stream: str
    stream_arn: str
    function: str
    function_arn: str
    role_arn: str
    """Of the role in which the function runs."""
    start: str
    """`TRIM_HORIZON` or `LATEST`."""
    batch_size: int
    bisects: bool
    retries: int
    """Times that a batch comes again; -1 without end."""
    destination: str
    """ARN of the queue that is told of what is given up; "" for none."""
    reports_batch_item_failures: bool


class Functions(Protocol):
    """Runs functions."""

    def add(self, spec: FunctionSpec) -> None: ...

    def spec(self, name: str) -> FunctionSpec: ...

    def invoke_now(self, name: str, body: str) -> tuple[str, bool]:
        """Return the payload, and whether it is an error."""

    def invoke_later(self, name: str, body: str) -> None:
        """Invoke asynchronously: nobody waits for the answer."""


class Runs(Protocol):
    """Runs Glue scripts."""

    def start(self, job: Any, run: Any) -> None: ...

    def stop(self, run_id: str) -> None: ...


class Crawls(Protocol):
    """Runs crawls."""

    def start(self, crawler: Any, crawl: Any) -> None: ...


class Access(Protocol):
    """Judges what services do, and keeps the policies of resources."""

    def attach(self, resource_arn: str, document: Mapping[str, Any]) -> None: ...

    def permit(self, resource_arn: str, statement: Mapping[str, Any]) -> None:
        """Add a statement to the policy of a resource."""

    def refusal_of_delivery(self, target_arn: str, *, rule_arn: str) -> str:
        """Return why a rule may not send to a target; "" if it may."""


class Flows(Protocol):
    """Fires triggers, and those that follow."""

    def start(self, workflow: Any, properties: Mapping[str, str]) -> str:
        """Start a run of a workflow and return its id."""

    def stop(self, run: Any) -> None: ...

    def fire(self, trigger: Any) -> None: ...


@dataclass(kw_only=True)
class Inventory:
    """The parts of one running cloud."""

    functions: Functions
    runs: Runs
    crawls: Crawls
    flows: Flows
    access: Access
    mappings: list[QueueMapping] = field(default_factory=list)
    streams: list[StreamMapping] = field(default_factory=list)


_inventories: list[Inventory] = []


def inventory() -> Inventory:
    """Return the inventory of the cloud that is up. Raises DeploymentError if none is."""
    if not _inventories:
        raise DeploymentError("no cloud is up: enter a LocalCloud before using its parts")
    return _inventories[-1]


@contextmanager
def kept(entries: Inventory) -> Iterator[Inventory]:
    _inventories.append(entries)
    try:
        yield entries
    finally:
        _inventories.remove(entries)

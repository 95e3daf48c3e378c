"""The roles in which services act for what they run: functions, queues' mappings, runs, crawls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from local_cloud.access.control import AccessControl
from local_cloud.access.needs.messages import on_queue
from local_cloud.access.needs.need import Need
from local_cloud.access.needs.s3 import decrypting, reading
from local_cloud.access.sessions import Session
from local_cloud.errors import RoleRefused
from local_cloud.inventory import FunctionSpec, QueueMapping

_LAMBDA, _GLUE = "lambda.amazonaws.com", "glue.amazonaws.com"


class Job(Protocol):
    """A Glue job, as moto has it."""

    @property
    def name(self) -> str: ...

    @property
    def role(self) -> str: ...


class Run(Protocol):
    """A run of a job."""

    session_policy: str
    security_configuration: str | None


class Crawler(Protocol):
    """A Glue crawler, as moto has it."""

    @property
    def name(self) -> str: ...

    @property
    def role(self) -> str: ...


class ServiceRoles:
    """Opens sessions, each after its role's trust policy has been asked."""

    def __init__(self, access: AccessControl, *, client: Callable[..., Any]) -> None:
        """Take what returns a boto3 client for a service and a session."""
        self._access = access
        self._client = client
        self._turn = threading.Lock()
        self._queues: dict[str, Any] = {}
        self._readers: dict[str, Session] = {}

    def credentials_of_function(self, spec: FunctionSpec) -> Mapping[str, str]:
        """Return the credentials of a function's new process. Raises RoleRefused."""
        return self._session_of_function(spec).credentials

    def queues_for(self, mapping: QueueMapping, spec: FunctionSpec) -> Callable[[], Any]:
        """Return what makes the client, once, with which Lambda works off a function's queue.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
        """
        return partial(self._queue_client, mapping, spec)

    def streams_for(self, spec: FunctionSpec) -> Callable[[str], Any]:
        """Return what makes clients in which Lambda reads a function's stream, and gives up."""

        def client(service: str) -> Any:
            with self._turn:
                if spec.name not in self._readers:
                    self._readers[spec.name] = self._session_of_function(spec)
            return self._client(service, self._readers[spec.name])

        return client

    def session_of_run(self, job: Job, run: Run) -> Session:
        """Return the session of a job's run.

        Raises RoleRefused, or PermissionError for what Glue does itself before the script starts.
        """
        session = self._access.session_for_service(
            self._role_arn(job.role),
            service=_GLUE,
            name="GlueJobRunnerSession",
            source_arn=self._access.facts.arn("glue", f"job/{job.name}"),
            policy=run.session_policy,
        )
        if run.security_configuration:
            need = Need(action="glue:GetSecurityConfiguration", resource="*")
            self._check(session, [need])
        return session

    def clients_of_crawler(self, crawler: Crawler) -> Callable[[str], Any]:
        """Return what makes clients that act in a crawler's role. Raises RoleRefused."""
        session = self._access.session_for_service(
            self._role_arn(crawler.role),
            service=_GLUE,
            name="AWS-Crawler",
            source_arn=self._access.facts.arn("glue", f"crawler/{crawler.name}"),
        )
        return lambda service: self._client(service, session)

    def check_reading(self, session: Session, bucket: str, key: str) -> None:
        """Raises PermissionError if a session may not read an object."""
        facts = self._access.facts
        self._check(session, [*reading(bucket, key, facts), *decrypting(bucket, key, facts)])

    def _queue_client(self, mapping: QueueMapping, spec: FunctionSpec) -> Any:
        with self._turn:
            if mapping.queue not in self._queues:
                session = self._session_of_function(spec)
                needs = on_queue("GetQueueAttributes", mapping.queue, self._access.facts)
                refused = self._access.refusal_of(session, needs)
                if refused is not None:
                    raise RoleRefused(f"the mapping of {mapping.queue}: {refused.message}")
                self._queues[mapping.queue] = self._client("sqs", session)
            return self._queues[mapping.queue]

    def _session_of_function(self, spec: FunctionSpec) -> Session:
        return self._access.session_for_service(
            self._role_arn(spec.role), service=_LAMBDA, name=spec.name, source_arn=spec.arn
        )

    def _check(self, session: Session, needs: Iterable[Need]) -> None:
        refused = self._access.refusal_of(session, needs)
        if refused is not None:
            raise PermissionError(f"AccessDenied: {refused.message}")

    def _role_arn(self, role: str) -> str:
        """Return the ARN of a role, which Glue takes by its name as well."""
        if role.startswith("arn:"):
            return role
        facts = self._access.facts
        return f"arn:{facts.partition}:iam::{facts.account}:role/{role}"

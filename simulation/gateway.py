"""The way of a call from an actor to a service, with everything that can happen on it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import ReadTimeoutError

from simulation.faults import Fault, Faults
from simulation.scheduler import Actor, Killed, Scheduler
from simulation.services.answers import Answer, Params, Refused
from simulation.services.dynamodb import cancelled

_QUICK_SECONDS = 0.2
_SLOW_SECONDS = (3.0, 30.0, 200.0, 1200.0)
_FULL = (
    "ConcurrentRunsExceededException",
    "ResourceNumberLimitExceededException",
    "ThrottlingException",
)
_REFUSALS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "s3": (("InternalError", 500), ("SlowDown", 503)),
    "dynamodb": (("InternalServerError", 500), ("ProvisionedThroughputExceededException", 400)),
    "glue": (("InternalServiceException", 500), ("ThrottlingException", 400)),
    "sqs": (("InternalFailure", 500),),
    "sns": (("InternalError", 500), ("Throttled", 429)),
}
_TOLD = ("TableName", "Bucket", "Key", "Name", "DatabaseName", "JobName", "RunId")


class Service(Protocol):
    def call(self, operation: str, params: Params) -> Answer: ...


@dataclass
class Trace:
    """What happened, for people to read; a digest of it says whether two runs were the same."""

    is_kept: bool = False
    lines: list[str] = field(default_factory=list)
    digest: int = 0
    calls: int = 0

    def note(self, now: float, who: str, what: str) -> None:
        self.digest = zlib.crc32(f"{now:.6f} {who} {what}".encode(), self.digest)
        if self.is_kept:
            self.lines.append(f"{_moment(now)} {who:<28} {what}")


@dataclass
class Gateway:
    """Brings calls to services."""

    scheduler: Scheduler
    services: Mapping[str, Service]
    faults: Faults
    trace: Trace

    def __call__(self, service: str, operation: str, params: dict[str, Any]) -> Answer:
        actor = self.scheduler.current
        if actor is None:
            return self.services[service].call(operation, params)
        if actor.is_doomed:
            raise Killed
        actor.calls += 1
        self.trace.calls += 1
        number = actor.calls
        fault = self.faults.of_call(actor.name, number, operation)
        if fault is Fault.KILLED_BEFORE:
            self._kill(actor, operation, fault)
        self._wait(actor, number, fault is Fault.SLOW)
        self.trace.note(
            self.scheduler.now,
            actor.name,
            f"{number} {operation} {_shown(params)}{f'  <{fault}>' if fault else ''}",
        )
        if code := self._refusal(service, actor, fault):
            raise Refused(*code)
        if fault is Fault.CONFLICT:
            raise cancelled(["TransactionConflict"] * len(params["TransactItems"]))
        answer = self._served(self.services[service], operation, params, fault)
        if fault is Fault.KILLED_AFTER:
            self._kill(actor, operation, fault)
        if fault is Fault.SLOW_ANSWER:
            self._wait(actor, number, is_slow=True)
        return answer

    def _refusal(
        self, service: str, actor: Actor, fault: Fault | None
    ) -> tuple[str, str, int] | None:
        """Return code, message and status of a fault that is a refusal without an effect."""
        unit = self.faults.unit(actor.name, actor.calls, "code")
        if fault is Fault.REFUSED:
            code, status = _REFUSALS[service][int(unit * len(_REFUSALS[service]))]
            return code, "told to fail", status
        if fault is Fault.FULL:
            return _FULL[int(unit * len(_FULL))], "told to be full", 400
        if fault is Fault.NEVER:
            return "InvalidInputException", "told to refuse for good", 400
        return None

    def _served(
        self, service: Service, operation: str, params: dict[str, Any], fault: Fault | None
    ) -> Answer:
        """Have the service do what is asked; the answer may be lost, or that to a second call."""
        if fault is Fault.NO_ANSWER:
            with suppress(Refused):
                service.call(operation, params)
            raise ReadTimeoutError(endpoint_url=f"https://{operation}")
        if fault is Fault.TWICE:
            service.call(operation, params)
        return service.call(operation, params)

    def _wait(self, actor: Actor, number: int, is_slow: bool) -> None:
        unit = self.faults.unit(actor.name, number, "time")
        seconds = unit * _QUICK_SECONDS
        if is_slow:
            seconds = _SLOW_SECONDS[int(unit * len(_SLOW_SECONDS))]
        if self.scheduler.now + seconds > actor.deadline:
            # The service that runs it ends it before the answer comes.
            self.scheduler.pause(max(0.0, actor.deadline - self.scheduler.now))
            actor.is_doomed = True
            self.trace.note(self.scheduler.now, actor.name, "is out of time")
            raise Killed
        self.scheduler.pause(seconds)

    def _kill(self, actor: Actor, operation: str, fault: Fault) -> None:
        actor.is_doomed = True
        self.trace.note(self.scheduler.now, actor.name, f"<{fault}> {operation}")
        raise Killed


def _shown(params: Mapping[str, Any]) -> str:
    found = [_short(params[name]) for name in _TOLD if name in params]
    if "UpdateExpression" in params:
        found.append(str(params["UpdateExpression"]))
    if "TableInput" in params:
        found.append(str(params["TableInput"]["Name"]))
    if "Item" in params:
        found.append(_short(params["Item"]))
    if "Arguments" in params:
        found.append(_short(params["Arguments"]))
    for item in params.get("TransactItems", ()):
        [(kind, one)] = item.items()
        found.append(f"{kind} {_short(one.get('Key') or one.get('Item'))}")
    return " ".join(found)[:400]


def _short(value: Any) -> str:
    if isinstance(value, dict):
        plain = {
            name: next(iter(one.values())) if isinstance(one, dict) and len(one) == 1 else one
            for name, one in value.items()
        }
        return "{" + ", ".join(f"{name}: {one}" for name, one in plain.items()) + "}"
    return str(value)


def _moment(now: float) -> str:
    days, seconds = divmod(int(now), 86_400)
    hours, rest = divmod(seconds, 3600)
    return (
        f"{days % 1000:03d}d {hours:02d}:{rest // 60:02d}:{rest % 60:02d}.{int(now % 1 * 1000):03d}"
    )

"""The trigger function: fed from its queue, in containers that last, cut off after its time."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from infra_app.lambdas.trigger.handler import Trigger
from infra_app.lambdas.trigger.settings import TriggerSettings
from simulation.cloud import Cloud
from simulation.scheduler import Actor
from simulation.services.messages import Message

TIMEOUT_SECONDS = 120.0
_AT_ONCE = 2
_BATCH = 2
_WINDOW_SECONDS = 5.0


@dataclass
class Container:
    """A runtime that serves one invocation after the other, with a clock of its own."""

    skew: float
    trigger: Trigger | None = None


@dataclass
class Functions:
    """Invokes the trigger for what is in its queue."""

    cloud: Cloud
    settings: TriggerSettings
    free: list[Container] = field(default_factory=list)
    at_work: int = 0
    invocations: int = 0
    _is_due: bool = False

    def __post_init__(self) -> None:
        self.cloud.sqs.arrived = self.arrived
        self.cloud.sqs.chosen = self._shuffled

    @property
    def queue(self) -> str:
        return self.cloud.names.uploads_queue

    def arrived(self, queue: str) -> None:
        if queue == self.queue:
            self.look_in(_WINDOW_SECONDS)

    def look_in(self, seconds: float) -> None:
        """Look into the queue after a while; earlier looks are as good."""
        scheduler = self.cloud.scheduler
        scheduler.at(scheduler.now + seconds, self._look)

    def _look(self) -> None:
        if self.at_work >= _AT_ONCE:
            return
        messages = self.cloud.sqs.receive(self.queue, _BATCH)
        if not messages:
            return
        self._invoke(messages)
        # Another poller may find more.
        self._look()

    def _invoke(self, messages: list[Message]) -> None:
        self.at_work += 1
        self.invocations += 1
        scheduler, faults = self.cloud.scheduler, self.cloud.faults
        name = f"trigger-{self.invocations}"
        skew = (faults.unit("skew", name) - 0.5) * 2 * faults.weather.skew
        container = self.free.pop() if self.free else Container(skew)
        failed: list[str] = []
        deadline = scheduler.now + TIMEOUT_SECONDS

        def work() -> None:
            if container.trigger is None:
                container.trigger = Trigger(self.settings)
            left = SimpleNamespace(
                aws_request_id=name,
                get_remaining_time_in_millis=lambda: int((deadline - scheduler.now) * 1000),
            )
            context: Any = left
            answer = container.trigger.handle({"Records": list(map(_record, messages))}, context)
            failed.extend(one["itemIdentifier"] for one in answer["batchItemFailures"])

        def ended(actor: Actor) -> None:
            self.at_work -= 1
            if not actor.was_killed and actor.error is None:
                self.free.append(container)
                for message in messages:
                    if message.message_id not in failed:
                        self.cloud.sqs.delete(self.queue, message.handle)
            if actor.was_killed or actor.error or failed:
                self.cloud.trace.note(
                    scheduler.now, name, f"ends: {actor.error or failed or 'killed'}"
                )
                self.look_in(max(0.0, messages[0].visible_at - scheduler.now) + 1)
            self._look()

        scheduler.start(Actor(name, work, ended, skew=container.skew, deadline=deadline))

    def _shuffled(self, messages: list[Message]) -> list[Message]:
        faults, now = self.cloud.faults, self.cloud.scheduler.now
        return sorted(messages, key=lambda m: faults.unit("order", m.message_id, f"{now:.3f}"))


def _record(message: Message) -> dict[str, Any]:
    return {
        "messageId": message.message_id,
        "receiptHandle": message.handle,
        "body": message.body,
        "eventSource": "aws:sqs",
        "attributes": {"ApproximateReceiveCount": str(message.receives)},
        "messageAttributes": {},
    }

"""The default event bus: which rules an event matches, and what their targets receive."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from moto.events.models import EventsBackend, Rule, events_backends
from moto.events.utils import EventTemplateParser
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local_cloud.errors import UnsupportedResourceError
from local_cloud.events.schedules import Schedule
from local_cloud.events.shapes import Event, scheduled
from local_cloud.inventory import inventory

_NOT_DELIVERED = ("DeadLetterConfig", "RetryPolicy", "RoleArn", "Id", "Arn")
"""Parts of a target that matter only when a delivery fails, or is not allowed."""
_INPUTS = ("Input", "InputPath", "InputTransformer")


class LocalRule(Rule):
    """A rule whose targets get what they would get on AWS. A scheduled rule matches no event."""

    def send_to_targets(self, original_event: Any, transform_input: bool = True) -> None:  # noqa: ARG002 - moto's own signature
        if self.state == "ENABLED" and self._matches(original_event):
            self.deliver(original_event)

    def is_created(self) -> bool:
        return True

    def deliver(self, event: Event) -> None:
        """Send an event to every target, whatever the rule's pattern says.

        Where the target's policy does not let the rule send, the event becomes a dead letter.
        """
        for target in self.targets:
            refused = self._refused(target["Arn"])
            if refused:
                self._give_up(target, event, refused)
            else:
                send = _sender_of(target["Arn"])
                send(target["Arn"], _input_of(target, event))

    def _refused(self, arn: str) -> str:
        return inventory().access.refusal_of_delivery(arn, rule_arn=self.arn)

    def _give_up(self, target: dict[str, Any], event: Event, why: str) -> None:
        """Keep an event among the dead letters, if the target has some that the rule may send to.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        """
        arn = target.get("DeadLetterConfig", {}).get("Arn", "")
        if arn and not self._refused(arn):
            _send_to_queue(
                arn,
                json.dumps(event),
                RULE_ARN=self.arn,
                TARGET_ARN=target["Arn"],
                ERROR_CODE="NO_PERMISSIONS",
                ERROR_MESSAGE=why,
            )

    def _matches(self, event: Event) -> bool:
        has_pattern = bool(self.event_pattern.get_pattern())
        return has_pattern and self.event_pattern.matches_event(event)  # type: ignore[arg-type]


class EventBus:
    """The default bus of an account in a region."""

    def __init__(self, backend: EventsBackend) -> None:
        self._backend = backend

    @property
    def rules(self) -> list[LocalRule]:
        rules = self._backend.event_buses["default"].rules.values()
        return [rule for rule in rules if isinstance(rule, LocalRule)]

    def publish(self, event: Event) -> None:
        for rule in self.rules:
            rule.send_to_targets(event)

    def tick(self, rule: LocalRule) -> None:
        """Send the targets of `rule` the event of its schedule."""
        rule.deliver(scheduled(rule_arn=rule.arn, account=rule.account_id, region=rule.region_name))

    def schedules(self) -> list[Schedule]:
        """Return the schedules of the enabled rules that have one."""
        return [
            Schedule(
                name=f"rule {rule.name}",
                expression=rule.scheduled_expression,
                come_round=partial(self.tick, rule),
            )
            for rule in self.rules
            if rule.scheduled_expression and rule.state == "ENABLED"
        ]


def bus_of(account: str, region: str) -> EventBus:
    return EventBus(events_backends[account][region])


def check_target(target: dict[str, Any], *, rule: str) -> None:
    """Raises UnsupportedResourceError for a target that would get nothing, or another input."""
    unknown = target.keys() - {*_NOT_DELIVERED, *_INPUTS}
    if unknown:
        raise UnsupportedResourceError(
            f"rule {rule}: {', '.join(sorted(unknown))} of a target has no effect on a laptop; "
            "add it to local_cloud/events/bus.py or do without it"
        )
    _sender_of(target["Arn"])


def _sender_of(arn: str) -> Callable[[str, str], None]:
    service = arn.split(":")[2]
    senders = {"sqs": _send_to_queue, "lambda": _send_to_function, "sns": _send_to_topic}
    if service not in senders:
        raise UnsupportedResourceError(
            f"a rule sends events to {arn}: on a laptop events go to {', '.join(senders)}; "
            "add the service to local_cloud/events/bus.py"
        )
    return senders[service]


def _input_of(target: dict[str, Any], event: Event) -> str:
    if "Input" in target:
        return str(target["Input"])
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        made = EventTemplateParser.parse(
            input_template=transformer["InputTemplate"],
            input_paths_map=transformer.get("InputPathsMap", {}),
            event={**event, "ingestion-time": event["time"]},  # type: ignore[typeddict-item]
        )
        return json.dumps(made)
    if "InputPath" in target:
        return json.dumps(_at_path(event, target["InputPath"]))
    return json.dumps(event)


def _at_path(event: Any, path: str) -> Any:
    for name in path.removeprefix("$").split("."):
        event = event[name] if name else event
    return event


def _send_to_queue(arn: str, body: str, **attributes: str) -> None:
    _, _, _, region, account, name = arn.split(":")
    sqs_backends[account][region].send_message(
        queue_name=name,
        message_body=body,
        message_attributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )


def _send_to_topic(arn: str, body: str) -> None:
    _, _, _, region, account, _ = arn.split(":")
    sns_backends[account][region].publish(message=body, arn=arn)


def _send_to_function(arn: str, body: str) -> None:
    inventory().functions.invoke_later(arn.split(":")[6], body)

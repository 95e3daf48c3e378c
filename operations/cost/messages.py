"""What queues, topics and events cost."""

from __future__ import annotations

from collections.abc import Iterator

from operations.cost import usage
from operations.cost.charges import (
    MINUTES,
    Charge,
    Resource,
    Service,
    Situation,
    Unpriced,
    text_of,
)


def rule(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield what it costs to send a rule's events to queues; matching them is free."""
    events = usage.events_of(resource, situation)
    for target in resource.properties.get("Targets", ()):
        to = situation.resources[situation.referred(resource, target["Arn"])]
        if to.type == "AWS::SQS::Queue":
            yield from _requests(resource, situation, "sent", events)


def mapping(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield what it costs to ask a queue, and to take messages from it.

    Reading Kinesis and Kafka costs nothing. Of a queue that others have made, only the asking is
    counted: nobody here knows its messages.
    """
    if usage.is_of_a_stream(resource, situation):
        if ":sqs:" in text_of(resource.properties.get("EventSourceArn")):
            asked = usage.Events(fixed=usage.POLLERS * usage.POLLS_OF_A_MINUTE * MINUTES)
            yield from _requests(resource, situation, "received", asked)
        return
    events = usage.events_to(
        situation.referred(resource, resource.properties["EventSourceArn"]), situation
    )
    polls = usage.Events(fixed=usage.POLLERS * usage.POLLS_OF_A_MINUTE * MINUTES)
    yield from _requests(resource, situation, "received", events + polls)
    yield from _requests(resource, situation, "deleted", events)


def _requests(
    resource: Resource, situation: Situation, what: str, events: usage.Events
) -> Iterator[Charge]:
    for fixed, count in ((True, events.fixed), (False, events.variable)):
        if count:
            yield Charge(
                service=Service.SQS,
                resource=resource.id,
                what=f"messages {what}",
                quantity=count / 1e6,
                price=situation.prices.sqs.million_requests,
                fixed=fixed,
            )


def topic(resource: Resource, situation: Situation) -> Iterator[Charge]:
    yield Charge(
        service=Service.SNS,
        resource=resource.id,
        what="messages",
        quantity=situation.workload.alerts_per_month / 1e6,
        price=situation.prices.sns.million_publishes,
    )


def subscription(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield deliveries. Raises Unpriced for a protocol without a price."""
    protocol, prices = resource.properties["Protocol"], situation.prices.sns.million_deliveries
    if protocol in ("lambda", "sqs"):
        return
    if protocol not in prices:
        raise Unpriced(
            f"{resource.id} delivers by {protocol}, for which config/prices has no price; it has "
            f"{', '.join(prices)}"
        )
    yield Charge(
        service=Service.SNS,
        resource=resource.id,
        what=f"deliveries by {protocol}",
        quantity=situation.workload.alerts_per_month / 1e6,
        price=prices[protocol],
    )

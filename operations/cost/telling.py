"""What queues, topics, keys, alarms, dashboards, networks and pipelines cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from operations.cost import usage
from operations.cost.charges import (
    DAYS,
    HOURS,
    MINUTES,
    Charge,
    Resource,
    Service,
    Situation,
    Unpriced,
)
from operations.cost.storing import contents_of

_FREE_DASHBOARDS, _METRICS_OF_A_FREE_ONE = 3, 50
_BUCKET_KEY_SHARE = 0.01
"""Of S3's requests, those that reach KMS all the same."""
_KEY_MINUTES = 5.0
"""For so long a queue or a table uses a data key."""


def rule(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield what it costs to send a rule's events to queues; matching them is free."""
    events = usage.events_of(resource, situation)
    for target in resource.properties.get("Targets", ()):
        to = situation.resources[situation.referred(resource, target["Arn"])]
        if to.type == "AWS::SQS::Queue":
            yield from _requests(resource, situation, "sent", events)


def mapping(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield what it costs to ask a queue, and to take messages from it."""
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


def key(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield a key, and its requests if it is that of the data."""
    prices = situation.prices.kms
    rotates = resource.properties.get("EnableKeyRotation", False)
    yield Charge(
        service=Service.KMS,
        resource=resource.id,
        what="key, after two rotations" if rotates else "key",
        quantity=1,
        price=prices.rotated_key_month if rotates else prices.key_month,
        fixed=True,
    )
    for fixed, count in (
        (True, _asked_anyway(resource, situation)),
        (False, _asked(resource, situation)),
    ):
        yield Charge(
            service=Service.KMS,
            resource=resource.id,
            what="requests",
            quantity=count / 1e6,
            price=prices.million_requests,
            fixed=fixed,
        )


def _asked_anyway(resource: Resource, situation: Situation) -> float:
    """Return requests of queues and tables that ticks keep busy: two for each key that they use."""
    queues = [
        one
        for one in situation.of_type("AWS::SQS::Queue")
        if situation.referred(one, one.properties.get("KmsMasterKeyId")) == resource.id
        and usage.events_to(one.id, situation).fixed
    ]
    tables = [
        one
        for one in situation.of_type("AWS::DynamoDB::Table")
        if situation.referred(one, one.properties.get("SSESpecification", {}).get("KMSMasterKeyId"))
        == resource.id
    ]
    return (2 * len(queues) + len(tables)) * MINUTES / _KEY_MINUTES


def _asked(resource: Resource, situation: Situation) -> float:
    """Return requests for objects, of which a bucket's own key spares ninety-nine in a hundred."""
    found = 0.0
    for one in situation.of_type("AWS::S3::Bucket"):
        (rule,) = one.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        wanted = rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID")
        if situation.referred(one, wanted) == resource.id:
            share = _BUCKET_KEY_SHARE if rule.get("BucketKeyEnabled") else 1.0
            contents = contents_of(one, situation)
            found += share * (contents.puts + contents.gets)
    return found


def alarm(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield an alarm by the metrics that it looks at."""
    prices = situation.prices.cloudwatch
    of = resource.properties
    stats = [one["MetricStat"] for one in of.get("Metrics", ()) if "MetricStat" in one] or [of]
    is_fast = any(float(one["Period"]) < 60 for one in stats)
    yield Charge(
        service=Service.CLOUDWATCH,
        resource=resource.id,
        what="alarm" if len(stats) == 1 else f"alarm on {len(stats)} metrics",
        quantity=len(stats),
        price=prices.fast_alarm_metric_month if is_fast else prices.alarm_metric_month,
        fixed=True,
    )


def composite_alarm(resource: Resource, situation: Situation) -> Iterator[Charge]:
    yield Charge(
        service=Service.CLOUDWATCH,
        resource=resource.id,
        what="composite alarm",
        quantity=1,
        price=situation.prices.cloudwatch.composite_alarm_month,
        fixed=True,
    )


def dashboard(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield a dashboard, unless it is one of the small ones of which an account has some free."""
    small = [
        one.id
        for one in situation.of_type("AWS::CloudWatch::Dashboard")
        if metrics_on(one) <= _METRICS_OF_A_FREE_ONE
    ]
    is_free = resource.id in small[:_FREE_DASHBOARDS]
    yield Charge(
        service=Service.CLOUDWATCH,
        resource=resource.id,
        what="dashboard, free" if is_free else f"dashboard with {metrics_on(resource)} metrics",
        quantity=0 if is_free else 1,
        price=situation.prices.cloudwatch.dashboard_month,
        fixed=True,
    )


def metrics_on(resource: Resource) -> int:
    """Return how many metrics a dashboard shows."""
    widgets = json.loads(_filled(resource.properties["DashboardBody"]))["widgets"]
    return sum(len(one.get("properties", {}).get("metrics", ())) for one in widgets)


def _filled(value: Any) -> str:
    """Return a text of a template, with something for each part that is known after deployment."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(_filled(part) for part in parts)
    return "later"


def endpoint(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield an interface endpoint, by its zones; gateways are free."""
    of = resource.properties
    if of["VpcEndpointType"] == "Gateway":
        return
    prices = situation.prices.network
    yield _network(
        resource, "endpoint-hours", len(of["SubnetIds"]) * HOURS, prices.endpoint_hour, fixed=True
    )
    peers = [
        one
        for one in situation.of_type("AWS::EC2::VPCEndpoint")
        if one.properties["VpcEndpointType"] != "Gateway"
    ]
    gb = usage.ENDPOINT_GB_OF_A_RUN * situation.all_runs / len(peers)
    yield _network(resource, "GB through an endpoint", gb, prices.endpoint_gb)


def nat_gateway(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield the hours of a gateway, and all that jobs say to AWS through it."""
    prices = situation.prices.network
    peers = sum(1 for _ in situation.of_type("AWS::EC2::NatGateway"))
    yield _network(resource, "NAT-hours", HOURS, prices.nat_hour, fixed=True)
    gb = usage.ENDPOINT_GB_OF_A_RUN * situation.all_runs / peers
    yield _network(resource, "GB through NAT", gb, prices.nat_gb)


def address(resource: Resource, situation: Situation) -> Iterator[Charge]:
    price = situation.prices.network.address_hour
    yield _network(resource, "hours of a public address", HOURS, price, fixed=True)


def _network(
    resource: Resource, what: str, quantity: float, price: float, *, fixed: bool = False
) -> Charge:
    return Charge(
        service=Service.VPC,
        resource=resource.id,
        what=what,
        quantity=quantity,
        price=price,
        fixed=fixed,
    )


def malware_scan(resource: Resource, situation: Situation) -> Iterator[Charge]:
    prices, load = situation.prices.guardduty, situation.workload
    for what, quantity, price in (
        ("GB scanned", load.gb_per_day * DAYS, prices.scanned_gb),
        ("objects scanned", situation.uploads / 1000, prices.thousand_scanned_objects),
    ):
        yield Charge(
            service=Service.GUARDDUTY,
            resource=resource.id,
            what=what,
            quantity=quantity,
            price=price,
        )


def pipeline(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield the minutes of a pipeline's actions. Raises Unpriced for one of another type."""
    of = resource.properties
    if of.get("PipelineType") != "V2":
        raise Unpriced(f"expected {resource.id} to be of type V2, got {of.get('PipelineType')}")
    providers = [a["ActionTypeId"]["Provider"] for s in of["Stages"] for a in s["Actions"]]
    minutes = sum(
        usage.BUILD_MINUTES_OF_A_STEP
        if provider == "CodeBuild"
        else usage.DEPLOY_MINUTES_OF_AN_ACTION
        for provider in providers
        if provider != "Manual"  # waiting for people is free
    )
    checks = usage.BUILD_MINUTES_OF_CHECKS - usage.BUILD_MINUTES_OF_A_STEP
    yield Charge(
        service=Service.CODEPIPELINE,
        resource=resource.id,
        what="action minutes",
        quantity=(minutes + checks) * situation.workload.releases_per_month,
        price=situation.prices.delivery.action_minute,
    )


def build(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield a project's minutes, by its machine. Raises Unpriced for one without a price."""
    machine = resource.properties["Environment"]["ComputeType"]
    prices = situation.prices.delivery.build_minute
    if machine not in prices:
        raise Unpriced(
            f"{resource.id} builds on {machine}, for which config/prices has no price; it has "
            f"{', '.join(prices)}"
        )
    # The checks alone need a large one.
    is_checks = machine != "BUILD_GENERAL1_SMALL"
    minutes = usage.BUILD_MINUTES_OF_CHECKS if is_checks else usage.BUILD_MINUTES_OF_A_STEP
    yield Charge(
        service=Service.CODEBUILD,
        resource=resource.id,
        what=f"minutes on {machine}",
        quantity=minutes * situation.workload.releases_per_month,
        price=prices[machine],
    )


def queries(situation: Situation) -> Charge:
    """Return what readers pay; no resource of the templates stands for them."""
    load = situation.workload
    return Charge(
        service=Service.ATHENA,
        resource="(queries)",
        what="TB scanned",
        quantity=load.queries_per_day * DAYS * load.gb_per_query / 1024,
        price=situation.prices.athena.tb_scanned,
    )

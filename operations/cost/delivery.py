"""What pipelines and their builds cost."""

from __future__ import annotations

from collections.abc import Iterator

from operations.cost import usage
from operations.cost.charges import Charge, Resource, Service, Situation, Unpriced


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

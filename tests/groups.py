"""Environments that have groups of readers."""

from __future__ import annotations

from dataclasses import replace

from config.environments import Environment

ANALYSTS = "arn:aws:iam::222222222222:role/analysts"


def with_groups(environment: Environment, *groups: str) -> Environment:
    reading = environment.settings.reading.model_copy(
        update={"groups": dict.fromkeys(groups, (ANALYSTS,))}
    )
    settings = environment.settings.model_copy(update={"reading": reading, "lake_formation": True})
    return replace(environment, settings=settings)

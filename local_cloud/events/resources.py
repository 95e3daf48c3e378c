"""AWS::Events::Rule, with targets that are checked when they are deployed."""

from __future__ import annotations

import json
from typing import Any

from moto.events.models import events_backends

from local_cloud.cloudformation.resource import Place, Properties, Resource, resource_type
from local_cloud.errors import UnsupportedResourceError
from local_cloud.events.bus import LocalRule, check_target


@resource_type("AWS::Events::Rule", name_property="Name", attributes=["Arn"])
def create_rule(name: str, properties: Properties, place: Place) -> Resource:
    """Make a LocalRule on the default bus."""
    if properties.get("EventBusName", "default") != "default":
        raise UnsupportedResourceError(
            f"rule {name}: a laptop has the default event bus only, "
            f"got {properties['EventBusName']}"
        )
    targets = [_plain(target) for target in properties.get("Targets", [])]
    for target in targets:
        check_target(target, rule=name)
    pattern = properties.get("EventPattern")
    rule = LocalRule(
        name=name,
        account_id=place.account,
        region_name=place.region,
        description=properties.get("Description"),
        event_pattern=json.dumps(pattern) if pattern else None,
        schedule_exp=properties.get("ScheduleExpression"),
        role_arn=properties.get("RoleArn"),
        event_bus_name="default",
        state=properties.get("State"),
        targets=targets,
    )
    default_bus = events_backends[place.account][place.region].event_buses["default"]
    default_bus.rules[rule.name] = rule
    return Resource(rule.name, {"Arn": rule.arn})


def _plain(target: dict[str, Any]) -> dict[str, Any]:
    """Return a target with `Input` as JSON text, as moto wants it; templates may have an object."""
    given = target.get("Input")
    return {**target, "Input": json.dumps(given)} if isinstance(given, dict) else target

"""AWS::Glue::Workflow and AWS::Glue::Trigger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.glue.models import GlueBackend, glue_backends
from moto.glue.utils import Action

from local_cloud.cloudformation.resource import Place, Properties, Resource, resource_type
from local_cloud.errors import DeploymentError, UnsupportedResourceError
from local_cloud.glue.triggers import LocalTrigger, Node, NodeKind, TriggerType, predicate_of

_WORKFLOW = {"DefaultRunProperties", "Description", "MaxConcurrentRuns", "Name", "Tags"}
_TRIGGER = {
    "Actions",
    "Description",
    "Name",
    "Predicate",
    "Schedule",
    "StartOnCreation",
    "Tags",
    "Type",
    "WorkflowName",
}
_ACTION = {
    "Arguments",
    "CrawlerName",
    "JobName",
    "NotificationProperty",
    "SecurityConfiguration",
    "Timeout",
}
_CONDITION = {"CrawlerName", "CrawlState", "JobName", "LogicalOperator", "State"}
_JOB_STATES = {"SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT"}
_CRAWL_STATES = {"SUCCEEDED", "FAILED", "CANCELLED"}
"""https://docs.aws.amazon.com/glue/latest/webapi/API_Condition.html"""


@resource_type("AWS::Glue::Workflow", name_property="Name")
def create_workflow(name: str, properties: Properties, place: Place) -> Resource:
    """Make a workflow; its triggers name it."""
    _check_known(f"workflow {name}", properties, _WORKFLOW)
    limit = properties.get("MaxConcurrentRuns")
    defaults = properties.get("DefaultRunProperties", {})
    glue_backends[place.account][place.region].create_workflow(
        name=name,
        default_run_properties={key: str(value) for key, value in defaults.items()},
        description=properties.get("Description"),
        max_concurrent_runs=None if limit is None else int(limit),
        tags=_tags(properties),
    )
    return Resource(name)


@resource_type("AWS::Glue::Trigger", name_property="Name")
def create_trigger(name: str, properties: Properties, place: Place) -> Resource:
    """Make a trigger, in a workflow or outside of all."""
    _check_trigger(name, properties)
    predicate = properties.get("Predicate")
    glue_backends[place.account][place.region].create_trigger(
        name=name,
        workflow_name=properties.get("WorkflowName", ""),
        trigger_type=properties["Type"],
        schedule=properties.get("Schedule", ""),
        predicate=predicate_of(predicate) if predicate else None,
        actions=[Action(action) for action in map(_plain, properties["Actions"])],
        description=properties.get("Description", ""),
        start_on_creation=str(properties.get("StartOnCreation", False)).lower() == "true",
        tags=_tags(properties),
        event_batching_condition={},
    )
    return Resource(name)


def check_flows(backend: GlueBackend) -> None:
    """Raises DeploymentError for a trigger that names a job or crawler that no template has.

    Called when all resources are made: templates do not say in which order they come.
    """
    missing = [
        f"trigger {trigger.name} names {node.kind.lower()} {node.name}"
        for trigger in backend.triggers.values()
        if isinstance(trigger, LocalTrigger)
        for node in _named(trigger)
        if node.name not in (backend.jobs if node.kind is NodeKind.JOB else backend.crawlers)
    ]
    if missing:
        raise DeploymentError(f"{'; '.join(missing)}: expected it in one of the templates")


def _named(trigger: LocalTrigger) -> Iterator[Node]:
    yield from dict.fromkeys([*trigger.starts, *(outcome.node for outcome in trigger.waits_for)])


def _check_trigger(name: str, properties: Properties) -> None:
    trigger = f"trigger {name}"
    kind = properties["Type"]
    if kind not in list(TriggerType):
        raise UnsupportedResourceError(
            f"{trigger}: a laptop has triggers of type {', '.join(TriggerType)}, got {kind}"
        )
    _check_known(trigger, properties, _TRIGGER)
    for action in properties["Actions"]:
        _check_known(f"an action of {trigger}", action, _ACTION)
    predicate = properties.get("Predicate", {})
    _check_known(f"the predicate of {trigger}", predicate, {"Conditions", "Logical"})
    for condition in predicate.get("Conditions", []):
        _check_known(f"a condition of {trigger}", condition, _CONDITION)
        _check_state(trigger, condition)


def _check_state(trigger: str, condition: Mapping[str, Any]) -> None:
    states = _JOB_STATES if "JobName" in condition else _CRAWL_STATES
    state = condition.get("State" if "JobName" in condition else "CrawlState")
    if state not in states:
        raise DeploymentError(
            f"a condition of {trigger} waits for {state}: a trigger can wait for "
            f"{', '.join(sorted(states))}"
        )


def _check_known(what: str, given: Mapping[str, Any], known: set[str]) -> None:
    unknown = given.keys() - known
    if unknown:
        raise UnsupportedResourceError(
            f"{what}: {', '.join(sorted(unknown))} would be ignored on a laptop; teach "
            "local_cloud/glue/flow_resources.py about it, or do without it"
        )


def _plain(action: Mapping[str, Any]) -> dict[str, Any]:
    """Return an action with its timeout in minutes as a number; templates may have it as text."""
    return {**action, **({"Timeout": int(action["Timeout"])} if "Timeout" in action else {})}


def _tags(properties: Properties) -> dict[str, str]:
    tags: dict[str, str] = properties.get("Tags", {})
    return tags

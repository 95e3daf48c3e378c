"""moto's triggers, with Glue's rules for them and the check whether one fires."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from moto.glue.exceptions import (
    AlreadyExistsException,
    EntityNotFoundException,
    InvalidInputException,
)
from moto.glue.models import FakeTrigger
from moto.glue.utils import Action, Condition, Predicate

from local_cloud.inventory import inventory


class NodeKind(StrEnum):
    """The kinds of nodes in a workflow's graph."""

    TRIGGER = "TRIGGER"
    JOB = "JOB"
    CRAWLER = "CRAWLER"


class Node(NamedTuple):
    kind: NodeKind
    name: str


class Outcome(NamedTuple):
    """A state that a job or crawler has ended in, or that a trigger waits for."""

    node: Node
    state: str


class TriggerType(StrEnum):
    ON_DEMAND = "ON_DEMAND"
    SCHEDULED = "SCHEDULED"
    CONDITIONAL = "CONDITIONAL"


class LocalTrigger(FakeTrigger):
    """A trigger that fires. https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html"""

    def __init__(self, **described: Any) -> None:
        super().__init__(**described)
        _check(self, start_on_creation=bool(described.get("start_on_creation")))

    @property
    def is_start(self) -> bool:
        """Whether it can be the first to fire; the others follow from what it started."""
        return self.trigger_type != TriggerType.CONDITIONAL

    @property
    def is_active(self) -> bool:
        """Whether it is activated: otherwise it does not fire, not even in a workflow."""
        return bool(self.state == "ACTIVATED")

    def start_trigger(self) -> None:
        """Fire an on-demand trigger, which stays as it was; let others wait from now on."""
        if self.trigger_type == TriggerType.ON_DEMAND:
            inventory().flows.fire(self)
        else:
            super().start_trigger()

    @property
    def starts(self) -> list[Node]:
        return [node_of(action) for action in self.actions]

    @property
    def waits_for(self) -> list[Outcome]:
        return [_outcome(condition) for condition in self._conditions]

    def is_met(self, outcomes: Collection[Outcome]) -> bool:
        """Whether these outcomes meet the conditions of a conditional trigger."""
        if self.predicate is None:
            return False
        how = any if self.predicate.logical.value == "ANY" else all
        return how(wanted in outcomes for wanted in self.waits_for)

    @property
    def _conditions(self) -> list[Condition]:
        return self.predicate.conditions if self.predicate else []


def predicate_of(described: Mapping[str, Any]) -> Predicate:
    """Return a predicate with `Logical`, which moto wants even for a single condition.

    https://docs.aws.amazon.com/glue/latest/webapi/API_Predicate.html
    """
    if len(described.get("Conditions", [])) > 1 and "Logical" not in described:
        raise InvalidInputException(
            "CreateTrigger", "expected Logical AND or ANY in a predicate of several conditions"
        )
    return Predicate({"Logical": "AND", **described})


def node_of(what: Action | Condition) -> Node:
    """Return the job or the crawler that an action starts or a condition watches."""
    if what.job_name:
        return Node(NodeKind.JOB, str(what.job_name))
    return Node(NodeKind.CRAWLER, str(what.crawler_name))


def _outcome(condition: Condition) -> Outcome:
    state = condition.state if condition.job_name else condition.crawl_state
    return Outcome(node_of(condition), state.value if state else "")


def _check(trigger: LocalTrigger, *, start_on_creation: bool) -> None:
    """Raises what CreateTrigger answers, also for what only a laptop lacks."""
    backend = trigger.backend
    if trigger.name in backend.triggers:
        raise AlreadyExistsException(f"Trigger {trigger.name}")
    if trigger.workflow_name and trigger.workflow_name not in backend.workflows:
        raise EntityNotFoundException(
            f"trigger {trigger.name}: there is no workflow {trigger.workflow_name}"
        )
    complaint = _complaint(trigger, start_on_creation=start_on_creation) or _second_start(trigger)
    if complaint:
        raise InvalidInputException("CreateTrigger", f"trigger {trigger.name}: {complaint}")


def _complaint(trigger: LocalTrigger, *, start_on_creation: bool) -> str:
    kind = trigger.trigger_type
    if kind not in list(TriggerType):
        return f"a laptop has triggers of type {', '.join(TriggerType)}, got {kind}"
    if not all(action.job_name or action.crawler_name for action in trigger.actions):
        return "expected a JobName or a CrawlerName in each of its actions"
    if kind == TriggerType.ON_DEMAND and start_on_creation:
        return "StartOnCreation is not supported for ON_DEMAND; leave it out"
    if kind == TriggerType.SCHEDULED and not re.fullmatch(
        r"cron\(\S+( \S+){5}\)", trigger.schedule or ""
    ):
        return f"expected a Schedule cron(…) of six fields, got {trigger.schedule!r}"
    if kind == TriggerType.CONDITIONAL and not trigger.waits_for:
        return "expected a Predicate with Conditions: it would wait for nothing"
    return ""


def _second_start(trigger: LocalTrigger) -> str:
    """https://docs.aws.amazon.com/glue/latest/dg/blueprint_workflow_restrictions.html"""
    if not (trigger.workflow_name and trigger.is_start):
        return ""
    for other in trigger.backend.triggers.values():
        has_same_workflow = other.workflow_name == trigger.workflow_name
        if has_same_workflow and other.trigger_type != TriggerType.CONDITIONAL:
            return (
                f"workflow {trigger.workflow_name} has a start trigger already, {other.name}; "
                "it can have one, on demand or scheduled"
            )
    return ""

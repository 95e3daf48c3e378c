"""The stacks of an environment: names, states, deletion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from config.environments import Environment
from operations.errors import OperationError

MISSING = "not deployed"
GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
"""States of a complete stack; after a roll-back it is what it was before."""


@dataclass(frozen=True, kw_only=True)
class StackStatus:
    """The state of one stack."""

    name: str
    status: str
    changed: str = ""
    """Time of its last change, ISO 8601."""
    reason: str = ""

    @property
    def is_good(self) -> bool:
        return self.status in GOOD

    def __str__(self) -> str:
        facts = [self.name, self.status, self.changed, self.reason]
        return "  ".join(fact for fact in facts if fact)


def statuses(environment: Environment, cloudformation: Any) -> Iterator[StackStatus]:
    """Yield the states of both stacks, in the order of their deployment."""
    for name in (environment.names.infrastructure_stack, environment.names.application_stack):
        yield status_of(name, cloudformation)


def status_of(name: str, cloudformation: Any) -> StackStatus:
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        # "Not found" has no error code of its own.
        if "does not exist" not in str(error):
            raise
        return StackStatus(name=name, status=MISSING)
    changed = stack.get("LastUpdatedTime") or stack["CreationTime"]
    return StackStatus(
        name=name,
        status=stack["StackStatus"],
        changed=changed.isoformat(timespec="seconds"),
        reason=stack.get("StackStatusReason", ""),
    )


def delete_stack(name: str, cloudformation: Any) -> bool:
    """Delete a stack and wait for it; False if there is none.

    Raises OperationError if the deletion fails.
    """
    if status_of(name, cloudformation).status == MISSING:
        return False
    cloudformation.delete_stack(StackName=name)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)
    except WaiterError as error:
        raise OperationError(
            f"stack {name} is not deleted: {status_of(name, cloudformation)}. Its events in "
            "CloudFormation say what is in the way."
        ) from error
    return True

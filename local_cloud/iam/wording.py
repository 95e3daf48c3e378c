"""Refusals in AWS's own words.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from local_cloud.iam.evaluation import Decision, Kind
from local_cloud.iam.requests import Request


def refusal(request: Request, decision: Decision, *, action: str = "", resource: str = "") -> str:
    """Return the message about a denied request, with action and resource as the service has them.

    Without these, they are as policies have them.
    """
    named = action or request.action
    return (
        f"User: {request.caller.arn} is not authorized to perform: {named} on resource: "
        f"{resource or request.resource} {_because(decision, named)}"
    )


def _because(decision: Decision, action: str) -> str:
    if decision.statement is not None:
        article = "an" if decision.kind is Kind.IDENTITY else "a"
        return f"with an explicit deny in {article} {decision.kind.value}"
    return f"because no {decision.kind.value} allows the {action} action"

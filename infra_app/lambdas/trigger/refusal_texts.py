"""What each kind of refusal is called in alerts, and what people can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wires.refusals import RefusalKind


@dataclass(frozen=True)
class RefusalText:
    """Two texts: the first continues "runs of a job …"."""

    meaning: str
    advice: str


TEXTS: Mapping[RefusalKind, RefusalText] = {
    RefusalKind.MISSING: RefusalText(
        "cannot be started, because there is no such job or workflow",
        "Deploy the application to this environment; uploads wait until then.",
    ),
    RefusalKind.DENIED: RefusalText(
        "may not be started by the trigger",
        "Compare the trigger's role with infra_app/constructs/trigger_access.py, and look for "
        "policies of the organization.",
    ),
    RefusalKind.UNAVAILABLE: RefusalText(
        "cannot be started, because AWS does not answer as it should",
        "Look at the AWS Health Dashboard. A run that was started without an answer is found by "
        "its claim of the load, and does no harm.",
    ),
    RefusalKind.INVALID: RefusalText(
        "cannot be started, because Glue finds the request invalid",
        "Trigger and application may be of different releases; the reason says what Glue expects.",
    ),
    RefusalKind.MANIFEST: RefusalText(
        "cannot be started, because the manifest of the load cannot be read",
        "Look at the load's folder in the assets bucket, and at who may read it. Objects that were "
        "uploaded after those of the load do not wait.",
    ),
    RefusalKind.SETTLING: RefusalText(
        "have ended, which cannot be taken down",
        "The reason says what failed after a run; until it is gone, the load is neither tried "
        "again nor given up.",
    ),
    RefusalKind.UNEXPECTED: RefusalText(
        "cannot be started, for a reason that nobody has foreseen",
        "This is a bug, please report it; the log of the trigger function has the details.",
    ),
}

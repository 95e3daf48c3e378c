"""Errors of the trigger.

TriggerError
├── UnreadableEvent    a message is not an event that this function knows
├── ScanPending        a malware scan is required and has not ended yet
├── OutOfTime          too little of the invocation is left for another message
├── UnknownJob         a load is of a job that no route has
├── GlueFull           Glue accepts no further run now
├── RouteLeft          no further run of a route is started before the next dispatch
└── LookIncomplete     the monitoring function could not look at some jobs
"""


class TriggerError(Exception):
    """The trigger cannot continue with this message or this load."""


class UnreadableEvent(TriggerError):
    """A message is no event that this function knows; after retries it is a dead letter."""


class ScanPending(TriggerError):
    """A malware scan is required and has not ended yet; the message comes back later."""


class OutOfTime(TriggerError):
    """Too little of the invocation is left for another message, which comes back later."""


class UnknownJob(TriggerError):
    """A load is of a job that no route of this release has."""


class GlueFull(TriggerError):
    """Glue accepts no further run now; waiting objects are dispatched at a run's end or a tick."""


class RouteLeft(TriggerError):
    """What was refused concerns the job, or has been refused too often for this dispatch."""


class LookIncomplete(TriggerError):
    """The monitoring function could not look at some jobs, which it names."""

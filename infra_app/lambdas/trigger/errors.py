"""Errors of the trigger.

TriggerError
├── UnreadableEvent    a message is not an event that this function knows
├── ScanPending        a malware scan is required and has not ended yet
└── GlueFull           Glue accepts no further run now
"""


class TriggerError(Exception):
    """The trigger cannot continue with this message or this load."""


class UnreadableEvent(TriggerError):
    """A message is no event that this function knows; after retries it is a dead letter."""


class ScanPending(TriggerError):
    """A malware scan is required and has not ended yet; the message comes back later."""


class GlueFull(TriggerError):
    """Glue accepts no further run now; waiting objects are dispatched at a run's end or a tick."""

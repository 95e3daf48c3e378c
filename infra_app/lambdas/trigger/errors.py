"""Errors of the trigger.

TriggerError
├── UnreadableEvent    a message is not an event that this function knows
├── ScanPending        a malware scan is required and has not ended yet
└── GlueFull           Glue takes no further run now
"""


class TriggerError(Exception):
    """The trigger cannot go on with this message or this load."""


class UnreadableEvent(TriggerError):
    """A message is not an event that this function knows; after its retries it is a dead letter."""


class ScanPending(TriggerError):
    """A malware scan is required and has not ended yet; the message comes back later."""


class GlueFull(TriggerError):
    """Glue takes no further run now; what waits is dispatched when a run ends or at a tick."""

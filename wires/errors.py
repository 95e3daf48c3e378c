"""Errors of the wires.

WireError
├── JobArgumentError     a Glue script was started with other arguments than it takes
├── UnexpectedJson       JSON is not what the class that it is read as says
├── ManifestError        a manifest is missing, damaged or of another version
├── LoadStateError       a load is not in the state that the step expects
├── PositionError        a position is not what the source's cursor says
├── SourceStateError     a source is not in the state that the step expects
└── LeaseError           a lease was not free in time
"""


class WireError(Exception):
    """The two ends of a wire do not match."""


class JobArgumentError(WireError):
    """Expected arguments are missing or have the wrong type."""


class UnexpectedJson(WireError):
    """JSON is not what the class that it is read as says."""


class ManifestError(WireError):
    """A manifest cannot be read."""


class LoadStateError(WireError):
    """A load is not in the state that the step expects."""


class PositionError(WireError):
    """A position is not what the source's cursor says."""


class SourceStateError(WireError):
    """A source is not in the state that the step expects."""


class LeaseError(WireError):
    """A lease was not free in time."""

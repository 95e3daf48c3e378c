"""Errors of the wires.

WireError
├── JobArgumentError     a Glue script was started with other arguments than it takes
├── ManifestError        a manifest is missing, damaged or of another version
├── LoadStateError       a load is not in the state that the step expects
└── LeaseError           an exclusive turn could not be had in time
"""


class WireError(Exception):
    """Two ends of a wire do not fit."""


class JobArgumentError(WireError):
    """Expected arguments are missing or have the wrong type."""


class ManifestError(WireError):
    """A manifest cannot be read."""


class LoadStateError(WireError):
    """A load is not in the state that the step expects."""


class LeaseError(WireError):
    """An exclusive turn could not be had in time."""

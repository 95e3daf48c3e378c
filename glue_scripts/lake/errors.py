"""Errors of the data path.

LakeError
├── InputRefused       this object cannot be read as what it claims to be; others are not affected
├── AccountingError    rows in ≠ rows published + rows quarantined: nothing of the load is published
├── LoadLost           another run has the load; this one leaves without a trace
└── OriginalGone       an original that must be read again is no longer in the raw bucket
"""


class LakeError(Exception):
    """The data path cannot go on."""


class InputRefused(LakeError):
    """An object cannot be read. The message is the reason that its uploader gets to see."""


class AccountingError(LakeError):
    """Rows that went in are not the rows that came out."""


class LoadLost(LakeError):
    """Another run has claimed or committed the load."""


class OriginalGone(LakeError):
    """An object version that older partitions are rebuilt from cannot be read any more."""

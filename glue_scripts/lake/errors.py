"""Errors of the data path.

LakeError
├── InputRefused       this object cannot be read as what it claims to be; others are not affected
├── AccountingError    rows or values that went in are not those that came out: the object fails
├── BudgetExceeded     this object takes more time or space than any one may; others go on
├── Unavailable        AWS or a machine fails: another attempt may succeed
├── Misfit             a value does not fit exactly into its target type
├── LoadLost           another run has the load; this one leaves without a trace
└── OriginalGone       an original that must be read again is no longer in the raw bucket
"""


class LakeError(Exception):
    """The data path cannot go on."""


class InputRefused(LakeError):
    """An object cannot be read. The message is the reason that its uploader gets to see."""


class AccountingError(LakeError):
    """Rows or values that went in are not those that came out."""


class BudgetExceeded(LakeError):
    """An object takes more time or space than any one may."""


class Unavailable(LakeError):
    """AWS, the connection to it or a machine fails, whatever the objects are."""


class Misfit(LakeError):
    """A value does not fit a type exactly."""

    def __init__(self, value: str, kind: str, target: str) -> None:
        super().__init__(value, kind, target)
        self.value = value
        self.kind = kind
        self.target = target

    def __str__(self) -> str:
        return f"{self.value} is {self.kind}, expected what {self.target} holds exactly"


class LoadLost(LakeError):
    """Another run has claimed or committed the load."""


class OriginalGone(LakeError):
    """An object version that older partitions are rebuilt from cannot be read any more."""

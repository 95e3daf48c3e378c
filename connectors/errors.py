"""Errors of connectors.

ConnectorError
├── OrderError          a run was asked for something that its source cannot do
├── StagedFilesGone     files of a sealed landing are neither staged nor landed
├── SecretError         the secret is missing, may not be read, or has other fields
├── CircuitOpen         the source has failed often, and is left alone for a while
└── SourceFailed        the source did not give what it was asked for; a later run tries again
    ├── AddressRefused  a host or an address that the source's file does not allow
    ├── AccessRefused   the source does not take the credentials
    ├── AnswerUnread    an answer is not what the source's file says
    │   └── ValueUnfit  a value of a database that its column's type does not hold
    ├── PagesDisagree   pages came twice, or not all of them
    ├── ReplicaBehind   a replica that is too far behind
    └── RowsWithoutPosition     rows of a database whose cursor is null

None of their messages has a value of the secret.
"""


class ConnectorError(Exception):
    """A source could not be fetched. The message is meant for people."""


class OrderError(ConnectorError):
    """A run was asked for something that its source cannot do."""


class StagedFilesGone(ConnectorError):
    """Files of a sealed landing are neither staged nor landed."""


class SecretError(ConnectorError):
    """The secret is missing, may not be read, or has other fields."""


class CircuitOpen(ConnectorError):
    """The source has failed often, and is left alone for a while."""


class SourceFailed(ConnectorError):
    """The source did not give what it was asked for."""


class AddressRefused(SourceFailed):
    """A host or an address that the source's file does not allow."""


class AccessRefused(SourceFailed):
    """The source does not take the credentials."""


class AnswerUnread(SourceFailed):
    """An answer is not what the source's file says."""


class PagesDisagree(SourceFailed):
    """Pages came twice, or not all of them."""


class ValueUnfit(AnswerUnread):
    """A value of a database that its column's type does not hold."""


class ReplicaBehind(SourceFailed):
    """A replica is too far behind to be read."""


class RowsWithoutPosition(SourceFailed):
    """Rows of a database have no position, so that no range has them."""

"""Errors of connectors.

ConnectorError
├── OrderError          a run was asked for something that its source cannot do
├── StagedFilesGone     files of a sealed landing are neither staged nor landed
├── SecretError         the secret is missing, may not be read, or has other fields
└── SourceFailed        the source did not give what it was asked for; a later run tries again

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


class SourceFailed(ConnectorError):
    """The source did not give what it was asked for."""

"""Errors of the operations.

OperationError
├── WrongUse       the command line asks for something that does not exist
├── NotEntered     the environment's role cannot be assumed
├── CheckFailed    an environment is not as it should be
└── CommandFailed  a command that was started here failed
"""

from __future__ import annotations


class OperationError(Exception):
    """An operation did not succeed. The message is meant for the person who ran it."""


class WrongUse(OperationError):
    """The command line asks for something that does not exist."""


class NotEntered(OperationError):
    """The environment's role cannot be assumed."""


class CheckFailed(OperationError):
    """An environment is not as it should be."""


class CommandFailed(OperationError):
    """A command that was started here failed."""

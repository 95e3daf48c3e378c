"""Errors of the operations.

OperationError
├── WrongUse       the command line asks for what there is not
├── NotEntered     the environment's role cannot be taken
├── CheckFailed    an environment is not as it should be
└── CommandFailed  a command that was started here ended badly
"""

from __future__ import annotations


class OperationError(Exception):
    """An operation ended without its goal. The message is meant for the person who ran it."""


class WrongUse(OperationError):
    """The command line asks for what there is not."""


class NotEntered(OperationError):
    """The environment's role cannot be taken."""


class CheckFailed(OperationError):
    """An environment is not as it should be."""


class CommandFailed(OperationError):
    """A command that was started here ended badly."""

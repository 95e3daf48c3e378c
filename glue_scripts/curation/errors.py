"""Errors in building curated tables, under LakeError.

LakeError
└── ContractRefused    a contract asks for something that its data or its SQL do not give
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from dqdl import DqdlError
from lake.errors import LakeError
from quality.errors import CannotJudge, in_words
from quality_report.errors import ReportError

_FOR_PEOPLE = (LakeError, CannotJudge, DqdlError, ReportError)
_LONGEST = 1000
_OF_A_WORKER = re.compile(r"^[\w.]+: .*", re.MULTILINE)
"""The last line of a Python stack trace: the exception and its message."""


class ContractRefused(LakeError):
    """A contract does not fit its data; the message names it and what to change there."""


def told(error: BaseException) -> str:
    """Return the error's message for people: the cause first, without codes, plans and stacks."""
    if isinstance(error, _FOR_PEOPLE):
        return str(error)[:_LONGEST]
    if isinstance(error, PySparkException | Py4JJavaError):
        return _of_spark(error)[:_LONGEST]
    if error.__cause__ is not None:
        return told(error.__cause__)
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:_LONGEST]


def _of_spark(error: PySparkException | Py4JJavaError) -> str:
    messages = list(_messages(error)) or [str(error)]
    before, worker, stack = messages[-1].partition("Traceback (most recent call last):")
    raised = _OF_A_WORKER.findall(stack.partition("\n\tat ")[0]) if worker else []
    return in_words(raised[-1] if raised else before)


def _messages(error: PySparkException | Py4JJavaError) -> Iterator[str]:
    """Yield the messages of the error and of its causes, outermost first."""
    cause: Any = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    while cause is not None:
        if cause.getMessage():
            yield str(cause.getMessage())
        cause = cause.getCause()

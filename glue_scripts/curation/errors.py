"""Errors on the way to curated tables, under LakeError.

LakeError
└── ContractRefused    a contract asks for what its data or its SQL do not give
"""

from __future__ import annotations

from botocore.exceptions import ClientError
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from lake.errors import LakeError

FAILURES = (LakeError, PySparkException, Py4JJavaError, ClientError)
"""What can be wrong with one unit, and must not keep the others back: its contract, its SQL over
its data, its files. All of it is raised together at the end of the run."""


class ContractRefused(LakeError):
    """Names contract or file, and what has to be changed there."""


def told(error: Exception) -> str:
    """For people: what kind of failure, and its first line."""
    if isinstance(error, LakeError):
        return str(error)
    return f"{type(error).__name__}: {first_line(error)}"[:1000]


def first_line(error: Exception) -> str:
    """Of Spark's messages, which go on with plans and traces."""
    return " ".join(str(error).strip().split("\n\n")[0].split())

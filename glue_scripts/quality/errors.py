"""Why a rule has no verdict."""

from __future__ import annotations

import re

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

_LONGEST = 300
_CODE = re.compile(r"^\[[A-Z0-9_.]+\] ")
_SETTINGS = re.compile(r' If necessary set "spark[^"]*" to "\w+" to bypass this error\.?')
_PATTERN = "java.util.regex.PatternSyntaxException"
_OF_RULES = ("0A", "21", "22", "38", "39", "42")
"""Classes of SQLSTATE: not supported, cardinality, data, functions, syntax. Others, or none, mean
that Spark or the storage is in trouble, which is no finding about data."""


class CannotJudge(Exception):
    """A rule cannot be judged. The message says where, and what to do."""


class SqlRefused(CannotJudge):
    """SQL of a contract or a rule is not what is run here. The message says what was expected."""


SPARK_ERRORS = (PySparkException, Py4JJavaError)
"""Spark's own, and those of Java that Spark has no name for."""


def caused_by_rules(error: PySparkException | Py4JJavaError) -> str:
    """The message of an error that SQL of rules has caused; any other is raised again."""
    if isinstance(error, Py4JJavaError):
        return _caused_by_pattern(error)
    if not (error.getSqlState() or "").startswith(_OF_RULES):
        raise error
    return in_one_line(str(error))


def caused_by_sql(error: PySparkException | Py4JJavaError) -> str:
    """The message of an error that parsing or analysing SQL has caused."""
    if isinstance(error, Py4JJavaError):
        if "StackOverflowError" in str(error.java_exception.getClass().getName()):
            return "it is nested too deeply: take it apart"
        return in_words(str(error.java_exception.getMessage()))
    return in_words(str(error))


def _caused_by_pattern(error: Py4JJavaError) -> str:
    """Java's message about a regular expression, for which Spark has no error of its own."""
    _, found, message = str(error).partition(_PATTERN)
    if not found:
        raise error
    return in_one_line(f"no regular expression: {message.lstrip(': ')}")


def in_words(message: str) -> str:
    """The same for people who know nothing of Spark: without its codes and its settings."""
    return _SETTINGS.sub("", _CODE.sub("", in_one_line(message)))


def in_one_line(message: str) -> str:
    """Spark's message without the plans, the excerpts and the stack that it carries along."""
    first = message.strip().partition("\n")[0].partition(" SQLSTATE:")[0].strip()
    return first if len(first) <= _LONGEST else first[: _LONGEST - 3] + "..."

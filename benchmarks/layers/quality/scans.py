"""Counts how often a table was read, by Spark's own plans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pyspark.sql import SparkSession

_NODE = re.compile(r"Scan \S+.*\((\d+)\)\s*$")
_DETAIL = re.compile(r"^\((\d+)\) Scan ")


def scans(spark: SparkSession, table: str) -> int:
    """Count the scans of the folder with this name, in all queries of this session so far."""
    return sum(scans_in(plan, table) for plan in _plans(spark))


def scans_in(plan: str, table: str) -> int:
    """Count the scans in one query as it ran: in its final plan, if Spark changed it on the way."""
    tree, _, details = plan.partition("\n\n")
    final = tree.partition("== Initial Plan ==")[0]
    ran = {found[1] for line in final.splitlines() if (found := _NODE.search(line))}
    return len(ran & set(_of_table(details, table)))


def _of_table(details: str, table: str) -> Iterator[str]:
    number = ""
    for line in details.splitlines():
        if found := _DETAIL.match(line):
            number = found[1]
        elif line.startswith("Location: ") and re.search(rf"/{table}[\],/]", line):
            yield number


def _plans(spark: SparkSession) -> Iterator[str]:
    context: Any = spark.sparkContext
    context._jsc.sc().listenerBus().waitUntilEmpty()  # noqa: SLF001 - Python has no other door
    session: Any = spark
    queries = session._jsparkSession.sharedState().statusStore().executionsList()  # noqa: SLF001
    for number in range(queries.size()):
        yield str(queries.apply(number).physicalPlanDescription())

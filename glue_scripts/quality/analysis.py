"""What names and texts mean, as Spark's analysis of SQL over empty tables has it.

The parser cannot tell whether `user` is a column, or whether a text is compared with a moment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from dqdl.sql_functions import PUT_TOGETHER, bare_name, is_of_the_run, moment_of_the_run
from quality.errors import SqlRefused

Nodes = Sequence[dict[str, Any]]
"""A tree of Spark's, each node before its children."""
_SPARK = "org.apache.spark.sql."
_OWN = (f"{_SPARK}catalyst.", f"{_SPARK}types.")
_STORED = ("HiveTableRelation", "UnresolvedCatalogRelation", "TemporaryViewRelation")
_OF_THE_RUN = {
    "CurrentDate": "current_date",
    "CurrentTime": "current_time",
    "CurrentTimestamp": "current_timestamp",
    "CurrentUser": "current_user",
    "LocalTimestamp": "localtimestamp",
}
_MOMENTS = ("date", "timestamp", "timestamp_ntz", "timestamp_ltz")
_PARSERS = ("ParseToDate", "ParseToTimestamp")
_REFERENCES = ("AttributeReference", "OuterReference", "NamedLambdaVariable", "ScalarSubquery")
_TEXTS = frozenset(
    {
        "Concat",
        "ConcatWs",
        "FormatString",
        "InitCap",
        "Lower",
        "Reverse",
        "StringRepeat",
        "StringReplace",
        "StringTranslate",
        "StringTrim",
        "StringTrimLeft",
        "StringTrimRight",
        "Substring",
        "Upper",
    }
)


def empty(session: SparkSession, frame: DataFrame) -> DataFrame:
    """Return a table of no rows with a frame's columns, which costs nothing to analyse."""
    jvm: Any = session._jvm  # noqa: SLF001 - nothing public makes a table of a schema of Java's
    java, none = session._jsparkSession, jvm.java.util.ArrayList()  # noqa: SLF001
    return DataFrame(java.createDataFrame(none, frame._jdf.schema()), session)  # noqa: SLF001


def check_analyzed(frame: DataFrame) -> None:
    """Raise SqlRefused if SQL over empty tables reads others, or asks for the time of the run."""
    for nodes in _trees(json.loads(frame._jdf.queryExecution().analyzed().toJSON())):  # noqa: SLF001
        for place, node in enumerate(nodes):
            full = str(node["class"])
            name = full.rpartition(".")[2].removesuffix("$")
            if not full.startswith(_OWN) or name in _STORED:
                raise SqlRefused("it reads what is none of its tables")
            if name in _OF_THE_RUN:
                raise SqlRefused(f"it must not {bare_name(_OF_THE_RUN[name])}")
            is_cast = name == "Cast" and str(node.get("dataType")) in _MOMENTS
            if is_cast or name in _PARSERS:
                _check_moment(list(_subtree(nodes, place + 1)))


def _check_moment(texts: Nodes) -> None:
    """Check what becomes a day or moment; what depends on a row is none of the run."""
    names = [str(node["class"]).rpartition(".")[2] for node in texts]
    if any(name in _REFERENCES for name in names):
        return
    while names[0] == "Cast" and re.match("string|char|varchar", str(texts[0]["dataType"])):
        texts, names = texts[1:], names[1:]
    if names[0] in _TEXTS:
        raise SqlRefused(f"it must not {PUT_TOGETHER}")
    value = texts[0].get("value")
    is_text = names[0] == "Literal" and texts[0].get("dataType") == "string"
    if is_text and value is not None and is_of_the_run(str(value)):
        raise SqlRefused(f"it must not {moment_of_the_run(str(value))}")


def _trees(told: Any) -> Iterator[Nodes]:
    """Yield all trees: a plan holds expressions, and these may hold plans."""
    if isinstance(told, list):
        if told and isinstance(told[0], dict) and "num-children" in told[0]:
            yield told
        for part in told:
            yield from _trees(part)
    elif isinstance(told, dict):
        for part in told.values():
            yield from _trees(part)


def _subtree(nodes: Nodes, place: int) -> Iterator[dict[str, Any]]:
    left = 1
    while left and place < len(nodes):
        node = nodes[place]
        left += int(node["num-children"]) - 1
        place += 1
        yield node

"""SQL of contracts and rules is parsed before anything is done with it.

A query is one query and nothing beside it; it reads the tables that it is given and runs no
program. A condition is one condition on the columns of one table. Spark's own parser is asked, so
that nothing is read in one way here and in another there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from py4j.java_gateway import JavaObject, is_instance_of
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf

from quality.errors import SPARK_ERRORS, SqlRefused, caused_by_sql
from quality.spellings import NO_SPELLINGS, Spellings, respelled

_PLAN = "org.apache.spark.sql.catalyst.plans.logical.LogicalPlan"
_NAMELESS = ("PlanWithUnresolvedIdentifier", "ExpressionWithUnresolvedIdentifier")
_REFUSED = {
    "ScriptTransformation": "TRANSFORM … USING runs a program",
    "RelationTimeTravel": "there are no versions of tables to go back to",
    **dict.fromkeys(_NAMELESS, "IDENTIFIER hides what is read: write the name"),
}
_LEAVES = frozenset({"AliasIdentifier", "ExprId", "Literal", "UTF8String", "UnresolvedAttribute"})
"""Have no parts but names and values; each question to Java has its price."""
_PROGRAMS = frozenset({"java_method", "reflect", "try_reflect"})
_NO_CONDITION = {
    "Alias": "a name of its own",
    "MultiAlias": "names of its own",
    "UnresolvedStar": "all columns",
}


def query(
    session: SparkSession, sql: str, table: Callable[[str], DataFrame], names: Iterable[str]
) -> tuple[str, dict[str, DataFrame]]:
    """The query with columns by their names, and the tables that it reads: no others are touched.

    `table` gives the one of a name, which is among `names`. Raises SqlRefused.
    """
    known = {name.lower(): name for name in names}
    plain = respelled(sql, NO_SPELLINGS)
    read = _Parsed(session, plain, "parseQuery").tables()
    strange = sorted(name for name in read if name not in known)
    if strange:
        may = ", ".join(sorted(known.values())) or "none"
        raise SqlRefused(f"it reads {strange[0]}, and may read {may}")
    frames = {known[name]: table(known[name]) for name in sorted(read)}
    return respelled(sql, Spellings.of(*frames.values()), tables=known), frames


def condition(frame: DataFrame, sql: str) -> Column:
    """A condition on the columns of a frame. Raises SqlRefused for what is none."""
    session = frame.sparkSession
    parsed = _Parsed(session, respelled(sql, NO_SPELLINGS), "parseExpression")
    parsed.check_condition()
    column = sf.expr(respelled(sql, Spellings.of(frame)))
    try:
        selected = frame.select(column).schema.fields[0].dataType.simpleString()
        if selected != "boolean":
            raise SqlRefused(f"expected a condition, got a value of type {selected}")
        _ = frame.where(column).schema
    except SPARK_ERRORS as error:
        raise SqlRefused(caused_by_sql(error)) from error
    return column


@dataclass
class _Parsed:
    """A text as Spark's parser has it, looked at node by node."""

    session: SparkSession
    sql: str
    rule: str
    """Names the rule of the parser's grammar."""
    _kinds: dict[str, int | None] = field(default_factory=dict)
    """How many parts the nodes of a class have; None: as many as they say."""

    def tables(self) -> set[str]:
        """Names of all tables that are read and not defined within, in lower case."""
        return {
            table
            for name, node, defined in self._nodes()
            if name == "UnresolvedRelation" and (table := _one_name(node)) not in defined
        }

    def check_condition(self) -> None:
        for name, node, _ in self._nodes():
            if name in _NO_CONDITION:
                raise SqlRefused(f"expected a condition, got {_NO_CONDITION[name]}")
            if self._is_a(node, _PLAN):
                raise SqlRefused("a condition is about one row: it may not read tables")

    def _nodes(self) -> Iterator[tuple[str, Any, frozenset[str]]]:
        """Class and node, and the names that are defined where it stands."""
        if "${" in self.sql:
            raise SqlRefused("${ stands for settings of Spark, which are not for SQL to read")
        waiting = [(self._root(), frozenset[str]())]
        while waiting:
            node, defined = waiting.pop()
            if not isinstance(node, JavaObject):
                continue
            name = str(node.getClass().getName()).rpartition(".")[2]
            _check(name, node)
            yield name, node, defined
            if name == "UnresolvedWith":
                waiting += _of_with(node, defined)
            else:
                waiting += [(part, defined) for part in self._parts(name, node)]

    def _root(self) -> Any:
        state = self.session._jsparkSession.sessionState()  # noqa: SLF001 - nothing public parses
        try:
            return getattr(state.sqlParser(), self.rule)(self.sql)
        except SPARK_ERRORS as error:
            raise SqlRefused(caused_by_sql(error)) from error

    def _parts(self, name: str, node: Any) -> list[Any]:
        if name not in self._kinds:
            self._kinds[name] = self._kind(name, node)
        count = self._kinds[name]
        return _items(node) if count is None else [node.productElement(i) for i in range(count)]

    def _kind(self, name: str, node: Any) -> int | None:
        if name in _LEAVES or name.endswith("$"):  # an object of which there is one, such as Nil
            return 0
        if self._is_a(node, "scala.collection.Iterable"):
            return None
        return int(node.productArity()) if self._is_a(node, "scala.Product") else 0

    def _is_a(self, node: Any, java_class: str) -> bool:
        gateway = self.session.sparkContext._gateway  # noqa: SLF001
        return bool(is_instance_of(gateway, node, java_class))


def _check(name: str, node: Any) -> None:
    if name in _REFUSED:
        raise SqlRefused(_REFUSED[name])
    if name == "UnresolvedFunction":
        parts = [str(part).lower() for part in _items(node.nameParts())]
        if len(parts) > 1 or parts[0] in _PROGRAMS:
            raise SqlRefused(f"{'.'.join(parts)} is no function of SQL alone")


def _of_with(node: Any, defined: frozenset[str]) -> Iterator[tuple[Any, frozenset[str]]]:
    """Each query after WITH sees the names before its own, and its own where it is recursive."""
    child, relations, recursive = (node.productElement(i) for i in range(3))
    for relation in _items(relations):
        named = defined | {str(relation.productElement(0)).lower()}
        yield relation.productElement(1), named if recursive else defined
        defined = named
    yield child, defined


def _one_name(relation: Any) -> str:
    parts = [str(part) for part in _items(relation.multipartIdentifier())]
    if len(parts) > 1:
        raise SqlRefused(
            f"{'.'.join(parts)} is a file, or a table of elsewhere: only tables that the contract "
            "names are read, by their names alone"
        )
    return parts[0].lower()


def _items(collection: Any) -> list[Any]:
    iterator, found = collection.iterator(), []
    while iterator.hasNext():
        found.append(iterator.next())
    return found

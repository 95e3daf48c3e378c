"""SQL as Spark's own parser has it, looked at node by node: what is not known to be harmless is
refused. So nothing is read in one way here and in another where it is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from py4j.java_gateway import JavaObject, is_instance_of
from pyspark.sql import SparkSession

from dqdl.sql_functions import wrong_call
from quality.errors import SPARK_ERRORS, SqlRefused, caused_by_sql

PLAN = "org.apache.spark.sql.catalyst.plans.logical.LogicalPlan"
_TREE = "org.apache.spark.sql.catalyst.trees.TreeNode"
_ITERABLE = "scala.collection.Iterable"
_PRODUCT = "scala.Product"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PLANS = _words("""
    Aggregate Distinct Except Filter Generate GlobalLimit Intersect Join LateralJoin LimitAll
    LocalLimit LocalRelation Offset OneRowRelation Pivot Project RebalancePartitions Repartition
    RepartitionByExpression Sort SubqueryAlias Union Unpivot UnresolvedHaving UnresolvedHint
    UnresolvedInlineTable UnresolvedRelation UnresolvedSubqueryColumnAliases UnresolvedTVFAliases
    UnresolvedTableValuedFunction UnresolvedWith WithWindowDefinition
""")
_EXPRESSIONS = _words("""
    Add Alias And AggregateExpression BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CaseWhen Cast
    Coalesce Collate Concat CreateNamedStruct Cube CurrentRow Divide EqualNullSafe EqualTo Exists
    GreaterThan GreaterThanOrEqual GroupingSets ILike In InSubquery IntegralDivide IsNotNull
    IsNotUnknown IsNull IsUnknown LambdaFunction LateralSubquery LessThan LessThanOrEqual Like
    LikeAll LikeAny ListQuery Literal Lower MultiAlias Multiply NamedArgumentExpression Not
    NotLikeAll NotLikeAny Or Overlay RLike Remainder Rollup ScalarSubquery SemiStructuredExtract
    ShiftLeft ShiftRight ShiftRightUnsigned SortOrder SpecifiedWindowFrame StringLocate StringTrim
    StringTrimLeft StringTrimRight Substring Subtract TimestampAdd TimestampDiff UnaryMinus
    UnaryPositive UnboundedFollowing UnboundedPreceding UnresolvedAlias UnresolvedAttribute
    UnresolvedCollation UnresolvedExtractValue UnresolvedFunction UnresolvedGenerator
    UnresolvedNamedLambdaVariable UnresolvedOrdinal UnresolvedRegex UnresolvedStar
    UnresolvedStarExceptOrReplace UnresolvedWindowExpression UnspecifiedFrame WindowExpression
    WindowSpecDefinition
""")
"""Of the classes that the parser makes queries and conditions of:
https://github.com/apache/spark/blob/master/sql/catalyst/src/main/scala/org/apache/spark/sql/catalyst/parser/AstBuilder.scala
"""
_NAMELESS = "IDENTIFIER hides what is read: write the name"
_OPEN = "parameters have no values here: write the value"
_REFUSED = {
    "ScriptTransformation": "TRANSFORM … USING runs a program",
    "RelationTimeTravel": "there are no versions of tables to go back to",
    "PlanWithUnresolvedIdentifier": _NAMELESS,
    "ExpressionWithUnresolvedIdentifier": _NAMELESS,
    "NamedParameter": _OPEN,
    "PosParameter": _OPEN,
    "Sample": "TABLESAMPLE draws rows by chance, and a table made twice must be the same",
}
_BY_CLASS = {"AnyValue": "any_value", "First": "first", "Last": "last"} | {
    "CurrentDate": "current_date",
    "CurrentTime": "current_time",
    "CurrentTimestamp": "current_timestamp",
    "CurrentUser": "current_user",
}
"""Calls for which the grammar has rules of their own."""
_LEAVES = frozenset(
    {"AliasIdentifier", "ExprId", "Literal", "UTF8String", "UnresolvedAttribute"}
) | {"LocalRelation"}
"""Have no parts but names and values; each question to Java has its price."""


_OWN_CLASS = re.compile(r"(\$\$anon\$\d+|\$)$")
"""What Java adds to the name where Scala has an object, or a class without a name of its own."""


class _Kind(NamedTuple):
    is_node: bool
    """Whether it is a plan or an expression, and not what these are described with."""
    parts: int | None
    """How many parts it has; None: as many as it says."""


@dataclass(frozen=True)
class Node:
    """A part of a text, and where it stands."""

    name: str
    """Its class."""
    java: Any
    defined: frozenset[str]
    """Names that are tables there."""
    within: str
    """The function whose argument it is; "" if it is none."""
    ordered: bool
    """Whether it is what a window with an order is of."""


@dataclass
class Tree:
    """A text as Spark's parser has it. Raises SqlRefused for what may not stand in it."""

    session: SparkSession
    sql: str
    rule: str
    """Names the rule of the parser's grammar."""
    _kinds: dict[str, _Kind] = field(default_factory=dict)

    def tables(self) -> dict[str, Node]:
        """Return where the tables stand that are read and not defined within, by name."""
        return {
            table: node
            for node in self.nodes()
            if node.name == "UnresolvedRelation" and (table := _table(node)) not in node.defined
        }

    def nodes(self) -> Iterator[Node]:
        if "${" in self.sql:
            raise SqlRefused("${ stands for settings of Spark, which are not for SQL to read")
        waiting = [Node("", self._root(), frozenset(), "", ordered=False)]
        while waiting:
            node = waiting.pop()
            if not isinstance(node.java, JavaObject):
                continue
            node = replace(node, name=_class_of(node.java))
            kind = self._kind(node)
            if kind.is_node:
                _check(node)
                yield node
            waiting += _parts(node, kind)

    def is_a(self, node: Any, java_class: str) -> bool:
        gateway = self.session.sparkContext._gateway  # noqa: SLF001
        return bool(is_instance_of(gateway, node, java_class))

    def _root(self) -> Any:
        state = self.session._jsparkSession.sessionState()  # noqa: SLF001 - nothing public parses
        try:
            return getattr(state.sqlParser(), self.rule)(self.sql)
        except SPARK_ERRORS as error:
            raise SqlRefused(caused_by_sql(error)) from error

    def _kind(self, node: Node) -> _Kind:
        if node.name not in self._kinds:
            is_node = self.is_a(node.java, _TREE)
            self._kinds[node.name] = _Kind(is_node, self._count(node))
        return self._kinds[node.name]

    def _count(self, node: Node) -> int | None:
        if node.name in _LEAVES:
            return 0
        if self.is_a(node.java, _ITERABLE):
            return None
        return int(node.java.productArity()) if self.is_a(node.java, _PRODUCT) else 0


def items_of(collection: Any) -> list[Any]:
    iterator, found = collection.iterator(), []
    while iterator.hasNext():
        found.append(iterator.next())
    return found


def in_line(node: Any, reason: str) -> SqlRefused:
    """Return the refusal of a node, with the line where it stands."""
    line = node.origin().line()
    return SqlRefused(f"in line {line.get()}: {reason}" if line.isDefined() else reason)


def _class_of(java: Any) -> str:
    name = str(java.getClass().getName()).rpartition(".")[2]
    return _OWN_CLASS.sub("", name)


def _parts(node: Node, kind: _Kind) -> list[Node]:
    java = node.java
    if kind.parts is None:  # a list hands on what its items are parts of
        return [replace(node, java=item) for item in items_of(java)]
    parts = [java.productElement(i) for i in range(kind.parts)]
    if node.name == "UnresolvedWith":
        return list(_of_with(node, *parts[:3]))
    plain = replace(node, within="", ordered=False)
    children = [replace(plain, java=part) for part in parts]
    if node.name == "UnresolvedFunction":
        children[1] = replace(children[1], within=_name_of(node))
    elif node.name == "UnresolvedWindowExpression":
        children[0] = replace(children[0], ordered=True)
    elif node.name == "WindowExpression":
        is_ordered = not java.windowSpec().orderSpec().isEmpty()
        children[0] = replace(children[0], ordered=is_ordered)
    return children


def _of_with(node: Node, child: Any, relations: Any, recursive: Any) -> Iterator[Node]:
    """Each query after WITH sees the names before its own, and its own where it is recursive."""
    defined = node.defined
    for relation in items_of(relations):
        named = defined | {str(relation.productElement(0)).lower()}
        java = relation.productElement(1)
        yield replace(node, java=java, defined=named if recursive else defined)
        defined = named
    yield replace(node, java=child, defined=defined)


def _check(node: Node) -> None:
    if node.name in _REFUSED:
        raise in_line(node.java, _REFUSED[node.name])
    if node.name in _BY_CLASS:
        raise in_line(node.java, f"it must not {wrong_call(_BY_CLASS[node.name], arguments=1)}")
    if node.name not in _PLANS | _EXPRESSIONS:
        raise in_line(node.java, f"{node.name} is no part of a query that only reads its tables")
    if node.name in ("UnresolvedFunction", "UnresolvedTableValuedFunction", "UnresolvedGenerator"):
        _check_call(node)


def _check_call(node: Node) -> None:
    name, arguments, ordered = _name_of(node), 1, node.ordered
    if node.name == "UnresolvedFunction":
        arguments = node.java.arguments().size()
        ordered = ordered or not node.java.orderingWithinGroup().isEmpty()
    reason = wrong_call(name, arguments=arguments, ordered=ordered, within=node.within)
    if reason:
        raise in_line(node.java, f"it must not {reason}")


def _name_of(call: Node) -> str:
    """Return the name, with dots if it has several parts."""
    if call.name == "UnresolvedGenerator":
        return str(call.java.name().unquotedString()).lower()
    parts = "nameParts" if call.name == "UnresolvedFunction" else "name"
    return ".".join(str(part) for part in items_of(getattr(call.java, parts)())).lower()


def _table(node: Node) -> str:
    parts = [str(part) for part in items_of(node.java.multipartIdentifier())]
    if len(parts) > 1:
        raise in_line(
            node.java,
            f"{'.'.join(parts)} is a file, or a table of elsewhere: only tables that the contract "
            "names are read, by their names alone",
        )
    if node.java.isStreaming() or not node.java.options().isEmpty():
        raise in_line(node.java, f"{parts[0]} is read as it is: without STREAM, and without WITH")
    return parts[0].lower()

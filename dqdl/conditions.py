"""Reads conditions, and checks each against the type of its rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from dqdl.context import Context, Node, place_of, token, tree
from dqdl.operands import as_number, number, operand
from dqdl.parsing import ParseTree
from dqdl.rule_types import RATIO, Expects, Range, RuleType, Signature
from dqdl.syntax import (
    Between,
    Comparison,
    Condition,
    Duration,
    Keyword,
    Matches,
    Membership,
    Moment,
    Number,
    Operand,
    Operator,
    Text,
)

TYPE_NAMES = (
    "BOOLEAN",
    "DATE",
    "DOUBLE",
    "FLOAT",
    "INTEGER",
    "LONG",
    "STRING",
    "TIMESTAMP",
)
_DECIMAL = re.compile(r"DECIMAL\(([1-9]|[12][0-9]|3[0-8]),[0-9]+\)")
_ORDERED = frozenset(Operator) - {Operator.EQUAL, Operator.UNEQUAL}
Read = Callable[[Context, Node], Operand]


@dataclass(frozen=True)
class Limits:
    """The left side of a condition: its name in messages, and the values it can have."""

    subject: str
    range: Range


def condition(
    context: Context, node: ParseTree, rule_type: RuleType, signature: Signature
) -> Condition:
    """Return the condition of a rule of this type."""
    found = _condition(context, node, _READS[signature.expects])
    if signature.expects is Expects.TYPE_NAME:
        _check_type_names(context, node, found)
    elif signature.expects is Expects.VALUES:
        _check_values(context, node, found)
    elif signature.expects is Expects.DURATION and isinstance(found, Matches):
        raise context.error(place_of(node), "expected a duration to compare with, got 'matches'")
    elif isinstance(found, Matches):
        raise _not_for_numbers(context, node, rule_type)
    return found


def threshold(context: Context, node: ParseTree) -> Comparison | Between | Membership:
    """Return the threshold: the part of the rows for which the rule must hold."""
    inner = tree(node.children[0])
    found = _condition(context, inner, number)
    if isinstance(found, Matches):
        raise context.error(place_of(inner), "expected a part of the rows such as > 0.9")
    return found


THRESHOLD_LIMITS = Limits("a threshold", RATIO)


def _condition(context: Context, node: ParseTree, read: Read) -> Condition:
    parts = node.children
    if node.data == "comparison":
        operator = Operator(str(token(tree(parts[0]).children[0])))
        return Comparison(operator, read(context, parts[1]))
    negated = parts[0] is not None
    if node.data == "between":
        low, high = (part for part in parts[1:] if isinstance(part, type(node)))
        return Between(read(context, low), read(context, high), negated)
    if node.data == "matches":
        return Matches(context.text_of(parts[1]), negated)
    return Membership(tuple(_members(context, parts[1:], read)), negated)


def _members(context: Context, nodes: Sequence[Node], read: Read) -> list[Operand]:
    """Return the members of a list; a constant may stand for several."""
    members: list[Operand] = []
    for node in nodes:
        part = tree(node)
        if part.data == "constant_name":
            value = context.value_of(part)
            members += [Text(text) for text in ([value] if isinstance(value, str) else value)]
        else:
            members.append(read(context, part))
    return members


def _duration(context: Context, node: Node) -> Operand:
    found = operand(context, node)
    if isinstance(found, Duration):
        return found
    raise context.error(
        place_of(node),
        f"expected a duration such as 24 hours or 3 days, got {context.written(tree(node))}",
    )


def _type_name(context: Context, node: Node) -> Operand:
    found = operand(context, node)
    name = found.value.upper().replace(" ", "") if isinstance(found, Text) else ""
    if name in TYPE_NAMES or _DECIMAL.fullmatch(name):
        return Text(name)
    raise context.error(
        place_of(node),
        f"expected the name of a type in double quotes ({', '.join(TYPE_NAMES)}, DECIMAL(10,2)), "
        f"got {context.written(tree(node))}",
    )


_READS: dict[Expects, Read] = {
    Expects.NUMBER: number,
    Expects.NUMBER_OR_NOTHING: number,
    Expects.VALUES: operand,
    Expects.TYPE_NAME: _type_name,
    Expects.DURATION: _duration,
}


def _not_for_numbers(context: Context, node: ParseTree, rule_type: RuleType) -> Exception:
    return context.error(
        place_of(node),
        f"expected a number to compare {rule_type} with, got 'matches', which is for text",
    )


def _check_type_names(context: Context, node: ParseTree, found: Condition) -> None:
    if isinstance(found, Membership):
        return
    if not isinstance(found, Comparison) or found.operator in _ORDERED:
        raise context.error(
            place_of(node),
            "expected '=', '!=', 'in' or 'not in' and the name of a type, "
            f"got {context.written(node)}",
        )


def _check_values(context: Context, node: ParseTree, found: Condition) -> None:
    if isinstance(found, Matches):
        return
    bounds = _operands(found)
    kinds = {_kind(operand) for operand in bounds}
    if "duration" in kinds:
        raise context.error(
            place_of(node), "expected a value such as (now() - 3 days), got a duration alone"
        )
    values = kinds - {"keyword"}
    if len(values) > 1 and values != {"moment", "text"}:
        raise context.error(
            place_of(node), f"expected values of one kind, got {' and '.join(sorted(values))}"
        )
    ordered = isinstance(found, Between) or (
        isinstance(found, Comparison) and found.operator in _ORDERED
    )
    if ordered and "keyword" in kinds:
        raise context.error(
            place_of(node),
            "expected '=', '!=', 'in' or 'not in' before NULL, EMPTY and WHITESPACES_ONLY: "
            "they are neither more nor less than anything",
        )
    _check_dynamic(context, node, found, bounds, ordered=ordered)


def _check_dynamic(
    context: Context,
    node: ParseTree,
    found: Condition,
    bounds: Sequence[Operand],
    *,
    ordered: bool,
) -> None:
    dynamic = any(_kind(bound) == "number" and not isinstance(bound, Number) for bound in bounds)
    negated = isinstance(found, Between) and found.negated
    if dynamic and (not ordered or negated):
        raise context.error(
            place_of(node),
            "expected '>', '>=', '<', '<=' or 'between' before values of earlier runs: they are "
            "the column's minimum and maximum then",
        )


def _operands(found: Comparison | Between | Membership) -> Sequence[Operand]:
    if isinstance(found, Comparison):
        return (found.operand,)
    if isinstance(found, Between):
        return (found.low, found.high)
    return found.operands


def _kind(found: Operand) -> Literal["duration", "keyword", "moment", "number", "text"]:
    kinds: dict[type, Literal["duration", "keyword", "moment", "text"]] = {
        Text: "text",
        Keyword: "keyword",
        Moment: "moment",
        Duration: "duration",
    }
    return kinds.get(type(found), "number")


def as_comparable(found: Operand) -> Decimal | str | None:
    """Return a value that can be ordered among others of its kind without running anything.

    Returns None for other operands.
    """
    if isinstance(found, Number):
        return found.value
    if isinstance(found, Duration):
        return Decimal(found.length.total_seconds())
    if isinstance(found, Moment):
        return Decimal(found.offset.total_seconds())
    if isinstance(found, Text):
        spelled = as_number(found)
        return spelled.value if spelled else found.value
    return None

"""Reads rules and analyzers, and checks each against its type."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from lark import Token

from dqdl.conditions import THRESHOLD_LIMITS, Limits, condition, threshold
from dqdl.context import Context, Node, place_of, token, tree
from dqdl.labels import Labels, labels_of
from dqdl.parsing import ParseTree, shown
from dqdl.possibility import contradiction
from dqdl.rule_types import ALIASES, REFUSED, SIGNATURES, Expects, RuleType, Signature
from dqdl.syntax import (
    Analyzer,
    Between,
    Columns,
    Comparison,
    Condition,
    Membership,
    Rule,
    Sql,
)
from dqdl.targets import Parameters, target


def rule(context: Context, node: ParseTree, defaults: Labels) -> Rule:
    """Return one rule, checked against its type."""
    name, parameters, condition_node, where, *tags, labels = node.children
    rule_type, signature = _type(context, token(name))
    if not signature.rule:
        raise context.error(
            place_of(node), f"{rule_type} is an analyzer: it belongs in Analyzers = []"
        )
    about = Parameters(context, rule_type, token(name), tree(parameters).children)
    subject = target(about)
    found = _condition(about, condition_node, signature)
    return Rule(
        text=context.written(node),
        place=place_of(node),
        type=rule_type,
        target=subject,
        condition=found,
        where=_where(context, where, rule_type, signature),
        threshold=_threshold(context, tags, rule_type, signature, found),
        labels={**defaults, **labels_of(context, labels)},
    )


def analyzer(context: Context, node: ParseTree) -> Analyzer:
    """Return one analyzer, checked against its type."""
    name, parameters, condition_node, where, *rest = node.children
    rule_type, signature = _type(context, token(name))
    if not signature.analyzer:
        raise context.error(
            place_of(node), f"{rule_type} judges and does not measure: it belongs in Rules = []"
        )
    for unwanted in (condition_node, *rest):
        if unwanted is not None:
            raise context.error(
                place_of(tree(unwanted)),
                f"expected ',' or ']': an analyzer measures and judges nothing, "
                f"got {shown(context.written(tree(unwanted)))}",
            )
    found = target(Parameters(context, rule_type, token(name), tree(parameters).children))
    if not isinstance(found, Columns | Sql):
        raise TypeError(f"{rule_type} is an analyzer of {found}")
    return Analyzer(
        text=context.written(node),
        place=place_of(node),
        type=rule_type,
        target=found,
        where=_where(context, where, rule_type, signature),
    )


def _type(context: Context, name: Token) -> tuple[RuleType, Signature]:
    spelled = ALIASES.get(name, str(name))
    if spelled in REFUSED:
        raise context.error(place_of(name), f"{name} {REFUSED[spelled]}")
    if spelled in set(RuleType):
        rule_type = RuleType(spelled)
        return rule_type, SIGNATURES[rule_type]
    known = {rule_type.lower(): rule_type.value for rule_type in RuleType}
    near = get_close_matches(name.lower(), known, n=1)
    advice = f"did you mean '{known[near[0]]}'?" if near else f"known are {', '.join(RuleType)}"
    raise context.error(place_of(name), f"unknown rule type '{name}': {advice}")


def _condition(about: Parameters, node: Node | None, signature: Signature) -> Condition | None:
    context, rule_type = about.context, about.rule_type
    if node is None:
        if signature.expects in {Expects.NOTHING, Expects.NUMBER_OR_NOTHING}:
            return None
        raise context.error(about.end, _wanted(rule_type, signature))
    if signature.expects is Expects.NOTHING:
        raise context.error(
            place_of(node),
            f"expected no condition: {rule_type} holds or does not, "
            f"got {shown(context.written(tree(node)))}",
        )
    found = condition(context, tree(node), rule_type, signature)
    _refuse_contradiction(context, node, found, Limits(rule_type.value, signature.range))
    return found


def _wanted(rule_type: RuleType, signature: Signature) -> str:
    example = {
        Expects.NUMBER: "> 0.9",
        Expects.VALUES: '> 10 or in ["a", "b"]',
        Expects.TYPE_NAME: '= "DATE"',
        Expects.DURATION: "<= 24 hours",
    }[signature.expects]
    return f"expected a condition after {rule_type}, such as {example}, got none"


def _refuse_contradiction(context: Context, node: Node, found: Condition, limits: Limits) -> None:
    problem = contradiction(found, limits)
    if problem:
        raise context.error(place_of(node), f"{problem}, got {shown(context.written(tree(node)))}")


def _where(
    context: Context, node: Node | None, rule_type: RuleType, signature: Signature
) -> str | None:
    if node is None:
        return None
    part = tree(node)
    if not signature.where:
        raise context.error(
            place_of(part), f"expected no 'where': {rule_type} is not about a selection of rows"
        )
    clause = context.text_of(part.children[0])
    if not clause.strip():
        raise context.error(place_of(part), "expected a condition in SQL after 'where', got none")
    return clause


def _threshold(
    context: Context,
    tags: Sequence[Node | None],
    rule_type: RuleType,
    signature: Signature,
    condition: Condition | None,
) -> Comparison | Between | Membership | None:
    for tag in tags:
        part = tree(tag)
        if part.data == "option":
            raise context.error(
                place_of(part), f"expected 'with threshold', got 'with {part.children[0]}'"
            )
        if len(tags) > 1:
            raise context.error(place_of(tree(tags[1])), "expected one 'with threshold', got two")
        if not signature.threshold or (rule_type is RuleType.CUSTOM_SQL and condition):
            raise context.error(place_of(part), _no_threshold(rule_type))
        found = threshold(context, part)
        _refuse_contradiction(context, part, found, THRESHOLD_LIMITS)
        return found
    return None


def _no_threshold(rule_type: RuleType) -> str:
    if rule_type is RuleType.CUSTOM_SQL:
        return "expected either a condition, on a number, or 'with threshold', on rows: got both"
    having = " and ".join(
        rule_type for rule_type, signature in SIGNATURES.items() if signature.threshold
    )
    return f"expected no 'with threshold': it is for {having}, and {rule_type} has none"

"""Builds the syntax tree from the parse tree: sections, constants and combined rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lark import Tree

from dqdl.context import Context, place_of, token, tree, unquoted
from dqdl.errors import DqdlError
from dqdl.labels import Labels, labels_of
from dqdl.parsing import ParseTree, parse_tree
from dqdl.rules import analyzer, rule
from dqdl.syntax import Composite, Connective, Place, Rule, Ruleset


def parse(text: str, *, source: str = "rules") -> Ruleset:
    """Parse a text to a ruleset; `source` names the text in messages."""
    context = Context(text, source)
    sections: dict[str, ParseTree] = {}
    constants: dict[str, str | tuple[str, ...]] = {}
    for section in map(tree, parse_tree(text, source).children):
        if section.data == "constant":
            _define(context, constants, section)
        elif section.data in sections:
            raise context.error(
                place_of(section), "expected one list of each kind, got a second one"
            )
        else:
            sections[section.data] = section
    return _ruleset(replace(context, constants=constants), sections)


def parse_rule(text: str, place: Place) -> Rule | Composite:
    """The rule that a text is by itself, when it was read before and only its text was kept.

    Where it leans on constants that were defined beside it, or the language has changed since,
    it is a composite of no rules that are known.
    """
    try:
        rules = parse(f"Rules = [\n{text}\n]").rules
    except DqdlError:
        rules = ()
    if [rule.text for rule in rules] == [text]:
        return replace(rules[0], place=place)
    return Composite(text=text, place=place, connective=Connective.AND, rules=())


def _define(
    context: Context, constants: dict[str, str | tuple[str, ...]], section: ParseTree
) -> None:
    name, value = token(section.children[0]), section.children[1]
    if name in constants:
        raise context.error(
            place_of(name), f"expected each constant to be defined once, got '{name}' again"
        )
    if isinstance(value, Tree):
        constants[str(name)] = tuple(unquoted(token(part)) for part in value.children)
    else:
        constants[str(name)] = unquoted(value)


def _ruleset(context: Context, sections: Mapping[str, ParseTree]) -> Ruleset:
    defaults = labels_of(context, sections.get("default_labels"))
    rules = _children(sections.get("rules"))
    analyzers = _children(sections.get("analyzers"))
    if not rules and not analyzers:
        raise context.error(
            Place(1, 1), "expected at least one rule or analyzer: Rules = [RowCount > 0]"
        )
    return Ruleset(
        source=context.source,
        rules=tuple(_node(context, node, defaults) for node in rules),
        analyzers=tuple(analyzer(context, node) for node in analyzers),
    )


def _children(section: ParseTree | None) -> Sequence[ParseTree]:
    return [tree(child) for child in section.children if child] if section else []


def _node(context: Context, node: ParseTree, defaults: Labels) -> Rule | Composite:
    if node.data == "rule":
        return rule(context, node, defaults)
    inner, labels = node.children
    own = {**defaults, **labels_of(context, labels)}
    return replace(_any_of(context, tree(inner), own), text=context.written(node), labels=own)


def _any_of(context: Context, node: ParseTree, defaults: Labels) -> Composite:
    parts = [tree(child) for child in node.children if isinstance(child, Tree)]
    if len(parts) == 1:
        return _all_of(context, parts[0], defaults)
    rules = [_flattened(_all_of(context, part, defaults)) for part in parts]
    return _composite(context, node, Connective.OR, rules, defaults)


def _all_of(context: Context, node: ParseTree, defaults: Labels) -> Composite:
    groups = [tree(child) for child in node.children if isinstance(child, Tree)]
    rules = [_node(context, tree(group.children[0]), defaults) for group in groups]
    return _composite(context, node, Connective.AND, rules, defaults)


def _flattened(composite: Composite) -> Rule | Composite:
    """Return the only rule of a composite of one; that is no real composite."""
    return composite.rules[0] if len(composite.rules) == 1 else composite


def _composite(
    context: Context,
    node: ParseTree,
    connective: Connective,
    rules: Sequence[Rule | Composite],
    labels: Labels,
) -> Composite:
    return Composite(
        text=context.written(node),
        place=place_of(node),
        connective=connective,
        rules=tuple(rules),
        labels=labels,
    )

"""The text and the error places that all steps from parse tree to syntax tree share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lark import Token, Tree

from dqdl.errors import DqdlError
from dqdl.parsing import ParseTree
from dqdl.syntax import Place

Node = ParseTree | Token


@dataclass(frozen=True)
class Context:
    text: str
    source: str
    constants: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    def error(self, place: Place, problem: str) -> DqdlError:
        return DqdlError(problem, source=self.source, line=place.line, column=place.column)

    def written(self, node: ParseTree) -> str:
        """Return the exact text of a node."""
        return self.text[node.meta.start_pos : node.meta.end_pos]

    def value_of(self, constant: ParseTree) -> str | tuple[str, ...]:
        """Return the value of a constant."""
        name = str(constant.children[0])
        if name not in self.constants:
            known = ", ".join(f"${known}" for known in self.constants) or "none"
            raise self.error(
                place_of(constant), f"expected a constant that is defined ({known}), got '${name}'"
            )
        return self.constants[name]

    def text_of(self, node: Node) -> str:
        """Return the value of a string, or of a constant that stands for one."""
        if isinstance(node, Token):
            return unquoted(node)
        value = self.value_of(node)
        if not isinstance(value, str):
            raise self.error(
                place_of(node), f"expected one text, got the list '${node.children[0]}'"
            )
        return value


def place_of(node: Node) -> Place:
    if isinstance(node, Tree):
        return Place(node.meta.line, node.meta.column)
    return Place(node.line or 1, node.column or 1)


def end_of(token: Token) -> Place:
    """Return the place just behind a token."""
    return Place(token.end_line or 1, token.end_column or 1)


def unquoted(token: Token) -> str:
    r"""Return the text within the quotes.

    Only `\"` is an escape: backslashes of regular expressions stay as they are.
    """
    return token[1:-1].replace('\\"', '"')


def tree(node: object) -> ParseTree:
    """Return the node as a tree; TypeError if the grammar no longer has one there."""
    if not isinstance(node, Tree):
        raise TypeError(f"the grammar has changed: expected a tree, got {node!r}")
    return node


def token(node: object) -> Token:
    """Return the node as a token; TypeError if the grammar no longer has one there."""
    if not isinstance(node, Token):
        raise TypeError(f"the grammar has changed: expected a token, got {node!r}")
    return node

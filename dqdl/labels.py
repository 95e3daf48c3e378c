"""Labels, by which people group the outcomes of rules."""

from __future__ import annotations

from collections.abc import Mapping

from dqdl.context import Context, Node, place_of, token, tree, unquoted
from dqdl.parsing import shown

_MOST_LABELS = 10
_LONGEST_KEY, _LONGEST_VALUE = 128, 256
Labels = Mapping[str, str]


def labels_of(context: Context, node: Node | None) -> dict[str, str]:
    """Return the labels that a node has, empty if there are none."""
    if node is None:
        return {}
    labels: dict[str, str] = {}
    for part in map(tree, tree(tree(node).children[0]).children):
        key, value = (unquoted(token(child)) for child in part.children)
        if not key or len(key) > _LONGEST_KEY or len(value) > _LONGEST_VALUE or key in labels:
            raise context.error(
                place_of(part),
                f"expected a key of 1 to {_LONGEST_KEY} characters, once, and a value of up to "
                f"{_LONGEST_VALUE}, got {shown(context.written(part))}",
            )
        labels[key] = value
    if len(labels) > _MOST_LABELS:
        raise context.error(
            place_of(tree(node)), f"expected at most {_MOST_LABELS} labels, got {len(labels)}"
        )
    return labels

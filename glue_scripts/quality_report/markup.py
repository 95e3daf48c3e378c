"""HTML from nested calls, where whatever is not markup already is escaped."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from html import escape

_VOID = frozenset({"link", "meta"})
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"}
_PICTURES[0x7F] = 0x2421
LONGEST = 600
NAME = 120
"""Characters of a text, and of a name, that are shown. The JSON has all of them."""
Child = str | None
Value = str | int | float | bool | None


class Markup(str):
    """Text that is HTML already. Only this module makes it of text that is not."""

    __slots__ = ()


def tag(element: str, *children: Child, **attributes: Value) -> Markup:
    """`tag("p", "a < b", class_="x")`. Attributes that are None or False are left out."""
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if element in _VOID:
        return Markup(f"<{element}{written}>")
    return Markup(f"<{element}{written}>{joined(children)}</{element}>")


def joined(children: Iterable[Child]) -> Markup:
    return Markup("".join(map(_child, children)))


def data(text: str, most: int = LONGEST) -> Markup:
    """What comes from the data: it cannot turn the direction of the text around it, nor push
    everything else off the page."""
    return tag("bdi", text if len(text) <= most else text[:most] + "…")


def plain(text: str) -> str:
    """What comes from the data where no markup can be, as in a title."""
    return "".join("�" if unicodedata.category(one) == "Cf" else one for one in text)


def _child(child: Child) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Markup) else _escaped(child)


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    """HTML has no control characters, and UTF-8 no halves of pairs."""
    visible = text.translate(_PICTURES).encode("utf-8", "replace").decode()
    return escape(visible)

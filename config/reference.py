"""Tables of keys for pages that are made of the models of config's files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

Section = tuple[str, str, type[BaseModel]]
"""Title, a sentence or nothing, and the model."""


def reference(head: str, sections: Iterable[Section]) -> str:
    """Return a page as Markdown."""
    return "\n".join([head, *(line for section in sections for line in _lines(*section))])


def _lines(title: str, about: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## {title}\n"
    if about:
        yield f"{about}\n"
    yield "| key | if left out | what it says |"
    yield "|---|---|---|"
    for name, field in model.model_fields.items():
        yield f"| `{field.alias or name}` | {_default(field)} | {field.description} |"
    yield ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "an error"
    default = field.default
    if default in ("", (), None) or isinstance(default, BaseModel):
        return "–"
    return f"`{getattr(default, 'value', default)}`"

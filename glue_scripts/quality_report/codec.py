"""Frozen dataclasses as JSON and back. What comes back is equal to what went in.

Their type hints say all there is to know, so no class is described twice.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from quality_report.errors import NotAReport

T = TypeVar("T")


def encoded(value: object, *, schema: str) -> str:
    """The value as JSON; `schema` says what it is, and in which version."""
    plain = {"schema": schema, **_plain_fields(value)}
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def decoded(kind: type[T], text: str, *, schema: str) -> T:
    """The value that `encoded` made this text of."""
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise NotAReport(f"expected JSON of '{schema}': {error}") from error
    found = plain.pop("schema", None) if isinstance(plain, dict) else None
    if found != schema:
        raise NotAReport(
            f"expected the schema '{schema}', got {found!r}: read it with the version of the "
            "code that wrote it"
        )
    value: T = _read(kind, plain, kind.__name__)
    return value


def _plain_fields(value: Any) -> dict[str, object]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: object) -> object:
    if is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    return value


def _read(hint: Any, plain: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        (inner,) = (part for part in get_args(hint) if part is not type(None))
        return None if plain is None else _read(inner, plain, where)
    if origin is tuple:
        return tuple(_read(get_args(hint)[0], one, where) for one in _checked(list, plain, where))
    if origin is Mapping:
        inner = get_args(hint)[1]
        items = _checked(dict, plain, where).items()
        return {key: _read(inner, one, f"{where}.{key}") for key, one in items}
    if is_dataclass(hint):
        return _read_fields(hint, _checked(dict, plain, where), where)
    return _read_scalar(hint, plain, where)


def _read_fields(kind: Any, plain: Mapping[str, Any], where: str) -> Any:
    hints = _hints(kind)
    if set(plain) != set(hints):
        raise NotAReport(
            f"{where}: expected the fields {', '.join(sorted(hints))}, "
            f"got {', '.join(sorted(plain)) or 'none'}"
        )
    return kind(
        **{name: _read(hint, plain[name], f"{where}.{name}") for name, hint in hints.items()}
    )


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _read_scalar(kind: Any, plain: Any, where: str) -> Any:
    if kind is float:
        return float(_checked((int, float), plain, where))
    if kind in {datetime, *StrEnum.__subclasses__()}:
        text = _checked(str, plain, where)
        try:
            return datetime.fromisoformat(text) if kind is datetime else kind(text)
        except ValueError as error:
            raise NotAReport(f"{where}: {error}") from error
    return _checked(kind, plain, where)


def _checked(kind: Any, plain: Any, where: str) -> Any:
    """JSON's true is no number, though Python's is."""
    if not isinstance(plain, kind) or (isinstance(plain, bool) and kind is not bool):
        raise NotAReport(f"{where}: expected {kind}, got {plain!r:.80}")
    return plain

"""Frozen dataclasses as plain JSON values and back, by their type hints alone.

What comes back is equal to what went in, and is what its hints say: a text where a number belongs
is an error that names the place.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from wires.errors import UnexpectedJson

T = TypeVar("T")


@dataclass(frozen=True)
class TypedJson:
    """Writes and reads values. By default a dataclass has all of its fields and no others."""

    spelled: Mapping[type, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = field(
        default_factory=dict
    )
    """Classes that have a form of their own in JSON: how it is written, how it is read."""
    lenient: bool = False
    """Whether fields of other versions are passed over, and missing ones have their defaults."""

    def plain(self, value: object) -> Any:
        """Return what `json.dumps` takes."""
        if type(value) in self.spelled:
            return self.spelled[type(value)][0](value)
        if is_dataclass(value):
            return {one.name: self.plain(getattr(value, one.name)) for one in fields(value)}
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, Mapping):
            return {key: self.plain(inner) for key, inner in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self.plain(inner) for inner in value]
        return value

    def read(self, kind: type[T], plain: object) -> T:
        """Undo `plain`. Raises UnexpectedJson naming the place that is not as `kind` says."""
        value: T = self._read(kind, plain, kind.__name__)
        return value

    def _read(self, hint: Any, plain: Any, where: str) -> Any:
        origin, arguments = get_origin(hint), get_args(hint)
        if hint in self.spelled:
            return self.spelled[hint][1](plain)
        if hint is Any:
            return plain
        if origin in {Union, types.UnionType}:
            (inner,) = (part for part in arguments if part is not type(None))
            return None if plain is None else self._read(inner, plain, where)
        if origin is tuple:
            return self._tuple(arguments, _checked(list, plain, where), where)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            items = _checked(dict, plain, where).items()
            return {key: self._read(arguments[1], one, f"{where}.{key}") for key, one in items}
        if is_dataclass(hint):
            return self._fields(hint, _checked(dict, plain, where), where)
        return _scalar(hint, plain, where)

    def _tuple(self, hints: tuple[Any, ...], items: list[Any], where: str) -> tuple[Any, ...]:
        if hints[-1] is Ellipsis:
            return tuple(self._read(hints[0], one, where) for one in items)
        if len(items) != len(hints):
            raise UnexpectedJson(f"{where}: expected {len(hints)} values, got {len(items)}")
        return tuple(self._read(h, one, where) for h, one in zip(hints, items, strict=True))

    def _fields(self, kind: Any, plain: Mapping[str, Any], where: str) -> Any:
        hints = _hints(kind)
        optional = _with_defaults(kind) if self.lenient else frozenset()
        unknown = set() if self.lenient else set(plain) - set(hints)
        if unknown or set(hints) - set(plain) - optional:
            raise UnexpectedJson(
                f"{where}: expected the fields {', '.join(sorted(hints))}, "
                f"got {', '.join(sorted(plain)) or 'none'}"
            )
        given = {name: hint for name, hint in hints.items() if name in plain}
        return kind(**{n: self._read(hint, plain[n], f"{where}.{n}") for n, hint in given.items()})


@cache
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind) if one.init}


@cache
def _with_defaults(kind: Any) -> frozenset[str]:
    found = (f for f in fields(kind) if (f.default, f.default_factory) != (MISSING, MISSING))
    return frozenset(one.name for one in found)


def _scalar(kind: Any, plain: Any, where: str) -> Any:
    if kind is float:
        return float(_checked((int, float), plain, where))
    if kind is datetime or issubclass(kind, Enum):
        text = _checked(str, plain, where)
        try:
            return datetime.fromisoformat(text) if kind is datetime else kind(text)
        except ValueError as error:
            raise UnexpectedJson(f"{where}: {error}") from error
    return _checked(kind, plain, where)


def _checked(kind: Any, plain: Any, where: str) -> Any:
    # JSON's true is no number, though Python's is.
    if not isinstance(plain, kind) or (isinstance(plain, bool) and kind is not bool):
        raise UnexpectedJson(f"{where}: expected {_called(kind)}, got {plain!r:.80}")
    return plain


def _called(kind: Any) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(one.__name__ for one in kinds)

"""Turns errors of pydantic into rules that the editor of a file understands."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from config.errors import BrokenRule


class Frozen(BaseModel):
    """Base of everything read from YAML: no conversions, no unknown names, no changes later."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)


_RULES = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping (`name: value` lines)",
    "model_type": "must be a mapping (`name: value` lines)",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "missing": "it has no default",
}


def broken_rules(error: ValidationError, model: type[BaseModel]) -> list[BrokenRule]:
    """Return one rule for each place that pydantic names."""
    return [_broken_rule(details, model) for details in error.errors()]


def spelled(path: Iterable[int | str]) -> str:
    """Spell `("keys", 0)` as `keys[0]`, `("a", "b")` as `a.b`."""
    text = ""
    for part in path:
        if part == "[key]":  # pydantic's mark for "the key itself is wrong"
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _broken_rule(details: ErrorDetails, model: type[BaseModel]) -> BrokenRule:
    return BrokenRule(
        field=spelled(details["loc"]),
        rule=_rule(details, model),
        value=details["input"],
        absent=details["type"] == "missing",
    )


def _rule(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        return _unknown_name(details["loc"], model)
    return _RULES.get(kind, details["msg"]).format(**context)


def _unknown_name(path: tuple[int | str, ...], model: type[BaseModel]) -> str:
    known = [field.alias or name for name, field in _model_at(path[:-1], model).items()]
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    if near:
        return f"this name is not known here; did you mean {near[0]}?"
    return f"this name is not known here; known are {', '.join(known)}"


def _model_at(path: tuple[int | str, ...], model: type[BaseModel]) -> Mapping[str, Any]:
    fields = model.model_fields
    for part in path:
        if isinstance(part, int):  # all items of a list have the same model
            continue
        field = next((f for n, f in fields.items() if part in (n, f.alias)), None)
        kinds = [] if field is None else [field.annotation, *get_args(field.annotation)]
        fields = next(
            (k.model_fields for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), {}
        )
    return fields

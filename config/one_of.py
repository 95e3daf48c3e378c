"""Validators for values out of an enumeration."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BeforeValidator


def one_of(choices: type[StrEnum]) -> BeforeValidator:
    """Return a validator that takes the values of an enumeration as text."""
    known = [choice.value for choice in choices]

    def choose(value: object) -> object:
        if value not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return choices(value)

    return BeforeValidator(choose)

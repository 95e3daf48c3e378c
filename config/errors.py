"""Errors of the configuration.

ConfigError
├── SourceError    a file is missing, or is not the expected YAML
├── ValueRuleError values break their rules: names field, value and rule of each
├── NamingError    a physical name breaks a limit of AWS
├── UnknownPrices  a region has no price list
└── TooManyQueries contracts make more named queries than a stack has room for
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ConfigError(Exception):
    """The configuration cannot be used. The message is meant for the person who edits it."""


class SourceError(ConfigError):
    """A file is missing, or is not the expected YAML."""


@dataclass(frozen=True, kw_only=True)
class BrokenRule:
    """One value that breaks one rule."""

    field: str
    rule: str
    value: object = None
    absent: bool = False

    def __str__(self) -> str:
        if self.absent:
            return f"{self.field} is missing: {self.rule}"
        return f"{self.field} is {_shown(self.value)}: {self.rule}"


class ValueRuleError(ConfigError):
    """Values break their rules."""

    def __init__(self, source: str, broken: Sequence[BrokenRule]) -> None:
        self.broken = tuple(broken)
        lines = "\n".join(f"  {rule}" for rule in self.broken)
        values = "value" if len(self.broken) == 1 else "values"
        super().__init__(f"{source} has {len(self.broken)} wrong {values}:\n{lines}")


class NamingError(ConfigError):
    """A physical name breaks a limit of AWS."""


class UnknownPrices(ConfigError):
    """A region has no price list."""


class TooManyQueries(ConfigError):
    """Contracts make more named queries than a stack has room for."""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

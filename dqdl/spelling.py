"""Spells conditions in one way, however they were written."""

from __future__ import annotations

from datetime import timedelta

from dqdl.syntax import (
    Between,
    Call,
    Comparison,
    Condition,
    Duration,
    Keyword,
    Last,
    Matches,
    Moment,
    Number,
    Operand,
    Text,
)

_UNITS = (("days", timedelta(days=1)), ("hours", timedelta(hours=1)))


def spell(condition: Condition) -> str:
    """Return the condition as it is written in rules."""
    if isinstance(condition, Comparison):
        return f"{condition.operator} {spell_operand(condition.operand)}"
    no = "not " if condition.negated else ""
    if isinstance(condition, Matches):
        return f"{no}matches {spell_operand(Text(condition.pattern))}"
    if isinstance(condition, Between):
        low, high = spell_operand(condition.low), spell_operand(condition.high)
        return f"{no}between {low} and {high}"
    return f"{no}in [{', '.join(map(spell_operand, condition.operands))}]"


def spell_operand(operand: Operand) -> str:
    """Return the operand as it is written in rules, with arithmetic in parentheses."""
    if isinstance(operand, Number):
        return f"{operand.value:f}"
    if isinstance(operand, Text):
        return '"' + operand.value.replace('"', '\\"') + '"'
    if isinstance(operand, Keyword):
        return operand.value
    if isinstance(operand, Moment | Duration):
        return _spell_time(operand)
    if isinstance(operand, Last):
        return f"last({operand.count})"
    if isinstance(operand, Call):
        return f"{operand.function}({', '.join(map(spell_operand, operand.arguments))})"
    return f"({spell_operand(operand.left)} {operand.operator} {spell_operand(operand.right)})"


def _spell_time(operand: Moment | Duration) -> str:
    if isinstance(operand, Duration):
        return _spell_length(operand.length)
    if not operand.offset:
        return "now()"
    sign = "-" if operand.offset < timedelta() else "+"
    return f"(now() {sign} {_spell_length(abs(operand.offset))})"


def _spell_length(length: timedelta) -> str:
    for name, unit in _UNITS:
        if not length % unit:
            return f"{length // unit} {name}"
    return f"{length / timedelta(minutes=1):g} minutes"

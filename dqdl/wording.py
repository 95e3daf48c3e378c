"""Words the grammar's expectations for people who write rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_VALUE = frozenset({"NUMBER", "STRING", "NAME", "LPAR", "MINUS", "DOLLAR"})
_PARAMETER = frozenset({"NUMBER", "STRING", "NAME", "DOLLAR"})
_ORDER = frozenset(
    {"EQUAL", "UNEQUAL", "MORETHAN", "GREATER_OR_EQUAL", "LESSTHAN", "LESS_OR_EQUAL"}
)
_CONDITION = _ORDER | {"BETWEEN", "IN", "MATCHES", "NOT"}
_ARITHMETIC = frozenset({"PLUS", "MINUS", "TIMES", "OVER"})
_SECTIONS = frozenset({"RULES", "ANALYZERS", "DEFAULTLABELS", "NAME", "$END"})
_RULE = frozenset({"NAME", "LPAR"})
_NEGATED = frozenset({"BETWEEN", "IN", "MATCHES"})

_GROUPS = (
    (_VALUE, 'a value such as 10, "text", NULL or now()'),
    (_SECTIONS, "Rules = [...] or Analyzers = [...]"),
    (_PARAMETER, "a parameter such as a column name in double quotes"),
    (_CONDITION, "a condition such as > 10"),
    (_ORDER, "a condition such as > 10"),
    (_NEGATED, "'between', 'in' or 'matches'"),
    (_ARITHMETIC, "an operator such as +"),
    (_RULE, "a rule"),
)

_SINGLE = {
    "STRING": "text in double quotes",
    "NAME": "a name",
    "NUMBER": "a number",
    "LPAR": "'('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "COMMA": "','",
    "EQUAL": "'='",
    "DOLLAR": "'$' and the name of a constant",
    "UPPER_AND": "'and'",
    "UPPER_OR": "'or'",
    "UNIT": "a unit such as days",
    "AND": "'and'",
    "OR": "'or'",
    "$END": "the end of the text",
}

_UNSAID = frozenset({"OF", "LABELS", "UPPER_AND", "UPPER_OR"})
"""Allowed in many places but rarely meant; named only if nothing else is allowed."""


def expected(terminals: Iterable[str]) -> str:
    """Return the terminals as one phrase: "',' or ']'"."""
    rest = set(terminals)
    if rest - _UNSAID - {"AND", "OR"}:
        rest -= _UNSAID
    phrases = list(dict.fromkeys(_phrases(rest)))
    return " or ".join(filter(None, [", ".join(phrases[:-1]), phrases[-1]]))


def _phrases(rest: set[str]) -> Iterator[str]:
    for group, phrase in _GROUPS:
        if group <= rest:
            rest -= group
            yield phrase
    for name in sorted(rest):
        yield _SINGLE.get(name, f"'{name.lower()}'")

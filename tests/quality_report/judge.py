"""Judges the rules that are suggested, in DuckDB and from their text alone."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

_RULE = re.compile(
    r'(?P<type>\w+)(?: "(?P<column>[^"]*)")? ?(?P<condition>.*?)'
    r'(?: where "(?P<where>[^"]*)")?'
)
_PLAIN = re.compile(r"(>=|<=|=) (-?[0-9.]+)")
_BETWEEN = re.compile(r"between (\d+) and (\d+)")


def rules_in(text: str) -> list[str]:
    """One per line, as suggestions are written."""
    lines = [line.strip() for line in text.splitlines()]
    inner = lines[lines.index("Rules = [") + 1 : lines.index("]")]
    return [line.removesuffix(",") for line in inner if not line.startswith("#")]


def check(text: str, path: Path, *, rows: int) -> None:
    """Each rule holds on the file."""
    for rule in rules_in(text):
        match = _RULE.fullmatch(rule)
        assert match, rule
        with duckdb.connect() as connection:
            found = connection.execute(_query(match, path, rows)).fetchone()
        assert found == (True,), rule


def _query(rule: re.Match[str], path: Path, rows: int) -> str:
    source = f"FROM '{path}'"
    if rule["where"]:
        source += f" WHERE {rule['where'].replace('`', chr(34))}"
    if rule["type"] == "ColumnCount":
        return f"SELECT count(*) {rule['condition']} FROM (DESCRIBE {source})"  # noqa: S608
    if rule["type"] == "RowCount":
        bounds = _BETWEEN.fullmatch(rule["condition"])
        assert bounds
        return f"SELECT {int(bounds[1]) < rows < int(bounds[2])}"
    return f"SELECT coalesce({_column_test(rule)}, true) {source}"


def _column_test(rule: re.Match[str]) -> str:
    name, condition = f'"{rule["column"]}"', rule["condition"]
    filled = f"bool_and({name} IS NOT NULL)"
    unique = f"count(*) = count(DISTINCT {name})"
    return {
        "IsComplete": filled,
        "IsUnique": unique,
        "IsPrimaryKey": f"{unique} AND {filled}",
        "Completeness": f"count({name}) / count(*) {condition}",
        "ColumnDataType": f"bool_and(typeof({name}) = '{condition[3:-1]}')",
        "ColumnLength": f"bool_and(length({name}) {condition})",
        "ColumnValues": f"bool_and(coalesce({name} {_sql(condition)}, false))",
    }[rule["type"]]


def _sql(condition: str) -> str:
    if _PLAIN.fullmatch(condition):
        return condition
    if condition == "<= (now() + 1 days)":
        return "<= now() + INTERVAL 1 DAY"
    quoted = re.sub(r'"([^"]*)"', lambda text: "'" + text[1].replace("'", "''") + "'", condition)
    return f"IN ({quoted[4:-1]})" if quoted.startswith("in [") else quoted

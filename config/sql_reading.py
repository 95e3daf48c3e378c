"""SQL of people who read tables: one SELECT, as Athena has it. Pure.

What runs it confines it once more: on a laptop an engine without files, network and settings, in an
account the rights of whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import expressions as exp
from sqlglot.dialects.trino import Trino

from config.sql_syntax import line_of, nodes_of, parsed

_ONLY_READ = "must only read tables: no INSERT, CREATE, DROP, UNLOAD and the like"
_REFUSED: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Command, _ONLY_READ),
    (exp.DDL, _ONLY_READ),
    (exp.DML, _ONLY_READ),
    (exp.Into, _ONLY_READ),
    (exp.Placeholder, "must not have parameters: write the value"),
    (exp.Parameter, "must not have parameters: write the value"),
    (exp.SessionParameter, "must not have parameters: write the value"),
    (exp.Qualify, "must not have QUALIFY, which Athena lacks: filter in a query around it"),
)
_LONGEST = 10_000
"""As in Athena; an engine makes all of it before it looks whether it may go on."""
_IN_FROM = (exp.Subquery, exp.Unnest, exp.Values, exp.Lateral, exp.Paren)


def reading(sql: str) -> exp.Query | str:
    """Return the query of a text in Athena's SQL, or the reason why it is none."""
    text = sql.strip().removesuffix(";")
    found = parsed(text, "one SELECT", Trino)
    if isinstance(found, str):
        return found
    if isinstance(found, exp.Command | exp.DDL | exp.DML) and not isinstance(found, exp.Query):
        return _ONLY_READ
    if not isinstance(found, exp.Query):
        return "must be one SELECT"
    return _wrong(found) or found


def tables_in(query: exp.Query) -> Iterator[exp.Table]:
    """Yield where tables of the catalog are read: not what the query itself has named."""
    for node, defined in nodes_of(query):
        if isinstance(node, exp.Table) and not (
            len(node.parts) == 1 and node.name.lower() in defined
        ):
            yield node


def _wrong(query: exp.Query) -> str | None:
    for node, _ in nodes_of(query):
        for kind, reason in _REFUSED:
            if isinstance(node, kind) and not isinstance(node, exp.Query):
                return f"{reason}{line_of(node)}"
        if isinstance(node, exp.GenerateSeries) and _is_long(node):
            return f"must not have a sequence of more than {_LONGEST:,} values{line_of(node)}"
        if _calls_a_table_function(node):
            return f"must not read from functions: name tables of the catalog{line_of(node)}"
    return None


def _is_long(series: exp.GenerateSeries) -> bool:
    bounds = [series.args.get(name) for name in ("start", "end")]
    if not all(isinstance(one, exp.Literal) and one.is_int for one in bounds):
        return False
    first, last = (int(one.name) for one in bounds if one is not None)
    return abs(last - first) >= _LONGEST


def _calls_a_table_function(node: exp.Expr) -> bool:
    if isinstance(node, exp.Table):
        return not isinstance(node.this, exp.Identifier)
    if isinstance(node, exp.Lateral):
        return not isinstance(node.this, exp.Subquery | exp.Unnest)
    if isinstance(node, exp.From | exp.Join):
        return not isinstance(node.this, (exp.Table, *_IN_FROM))
    return isinstance(node, exp.TableFromRows)

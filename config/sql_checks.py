"""Checks SQL of contracts without Spark. Pure.

Mistakes found here are reported before anything is deployed. The jobs ask Spark's own parser, and
hold the same list of functions against what it returns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlglot
from sqlglot import expressions as exp

from config.sql_syntax import line_of, nodes_of, parsed
from dqdl.sql_functions import (
    AGGREGATES,
    BARE,
    MOMENTS,
    PUT_TOGETHER,
    TEXT_MAKING,
    bare_name,
    is_of_the_run,
    moment_of_the_run,
    wrong_call,
)

_DIALECT = "spark"
_NO_CONDITION = (
    exp.Add,
    exp.Alias,
    exp.Div,
    exp.Interval,
    exp.Literal,
    exp.Mul,
    exp.Star,
    exp.Sub,
    exp.Tuple,
)
_REFUSED: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.QueryTransform, "must not run programs (TRANSFORM … USING)"),
    (exp.TableSample, "must not draw rows by chance (TABLESAMPLE)"),
    (exp.Placeholder, "must not have parameters: write the value"),
    (exp.Parameter, "must not have parameters: write the value"),
    (exp.SessionParameter, "must not have parameters: write the value"),
    (exp.Qualify, "must not have QUALIFY, which Spark lacks: filter in a query around it"),
    (exp.Command, "must only read its tables"),
    (exp.DDL, "must only read its tables"),
    (exp.DML, "must only read its tables"),
    (exp.Into, "must only read its tables"),
)
_BARE: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "current_date",
    exp.CurrentTime: "current_time",
    exp.CurrentTimestamp: "current_timestamp",
    exp.CurrentUser: "current_user",
    exp.SessionUser: "session_user",
}
_COLUMNS = frozenset({"user"})
"""Names that are calls in Spark only where no column is called so, and often are columns."""
_DAYS = frozenset({exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ}) | {
    exp.DType.TIMESTAMPNTZ,
    exp.DType.TIMESTAMPLTZ,
}


def wrong_condition(sql: str) -> str | None:
    """Return why a text is not one condition on the columns of one table; None if it is."""
    found = parsed(sql, "a condition such as amount > 0")
    if isinstance(found, str):
        return found
    if not isinstance(found, exp.Condition) or isinstance(found, _NO_CONDITION):
        return f"must be a condition such as amount > 0{_kind(found)}"
    if found.find(exp.Query, exp.Table):
        return "must be about one row: a condition reads no tables"
    calls = (call.name.lower() for call in found.find_all(exp.Anonymous))
    if found.find(exp.Window) or any(name in AGGREGATES for name in calls):
        return "must be about one row: a condition has no aggregates and no windows"
    return _forbidden(found)


def columns_in(condition: str) -> Iterator[str]:
    """Yield the columns that a valid condition names."""
    for column in sqlglot.parse_one(condition, dialect=_DIALECT).find_all(exp.Column):
        yield column.parts[0].name


def wrong_query(sql: str, may_read: Collection[str] | None = None) -> str | None:
    """Return why a text is not one SELECT over tables that it may read; None if it is.

    Without `may_read`, any table is allowed that is named without a database.
    """
    found = parsed(sql, "one SELECT")
    if isinstance(found, str):
        return found
    if not isinstance(found, exp.Query):
        return f"must be one SELECT{_kind(found)}"
    if any(not select.expressions for select in found.find_all(exp.Select)):
        return "must be one SELECT, and selects nothing"
    return _forbidden(found) or _wrong_table(found, may_read)


def _forbidden(found: exp.Expr) -> str | None:
    named = {alias.alias.lower() for alias in found.find_all(exp.Alias)}
    named |= {
        name.name.lower() for alias in found.find_all(exp.TableAlias) for name in alias.columns
    }
    for node, _ in nodes_of(found):
        wrong = _wrong_node(node, named)
        if wrong:
            return f"{wrong}{line_of(node)}"
    return None


def _wrong_node(node: exp.Expr, named: Collection[str]) -> str | None:
    for kind, reason in _REFUSED:
        if isinstance(node, kind):
            return reason
    why = None
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        why = _wrong_call(node)
    elif type(node) in _BARE:
        why = _wrong_bare(_BARE[type(node)], named)
    elif isinstance(node, exp.Column) and len(node.parts) == 1:
        why = _wrong_bare(node.name.lower(), named)
    elif isinstance(node, exp.Cast) and node.to.this in _DAYS:
        why = _wrong_moment(node.this)
    return f"must not {why}" if why else None


def _wrong_call(call: exp.Anonymous | exp.AnonymousAggFunc) -> str | None:
    name, arguments = call.name.lower(), call.expressions
    if isinstance(call.parent, exp.Dot) and call.arg_key == "expression":
        return f"call {call.parent.sql(_DIALECT)}: functions go by their names alone"
    if name in MOMENTS and arguments and (wrong := _wrong_moment(arguments[0])):
        return wrong
    parent = call.parent
    while isinstance(parent, exp.IgnoreNulls | exp.RespectNulls | exp.Filter):
        parent = parent.parent
    ordered = isinstance(parent, exp.WithinGroup) or (
        isinstance(parent, exp.Window)
        and bool(parent.args.get("order") or parent.args.get("alias"))
    )
    within = call.parent.name if isinstance(call.parent, exp.Anonymous) else ""
    return wrong_call(name, arguments=len(arguments), ordered=ordered, within=within)


def _wrong_bare(name: str, named: Collection[str]) -> str | None:
    if name not in BARE or name in _COLUMNS or name in named:
        return None
    return f"{bare_name(name)}; if it is a column, write its table before it"


def _wrong_moment(text: exp.Expr) -> str | None:
    while isinstance(text, exp.Cast) and text.to.this in exp.DataType.TEXT_TYPES:
        text = text.this
    if isinstance(text, exp.Literal):
        is_wrong = text.is_string and is_of_the_run(text.name)
        return moment_of_the_run(text.name) if is_wrong else None
    is_text = isinstance(text, exp.DPipe | exp.Substring | exp.Trim | exp.Anonymous) and (
        not isinstance(text, exp.Anonymous) or text.name.lower() in TEXT_MAKING
    )
    return PUT_TOGETHER if is_text and not text.find(exp.Column, exp.Identifier) else None


def _wrong_table(found: exp.Expr, may_read: Collection[str] | None) -> str | None:
    for table, defined in nodes_of(found):
        if not isinstance(table, exp.Table) or isinstance(table.this, exp.Func):
            continue
        name, where = ".".join(part.name for part in table.parts), line_of(table)
        if table.args.get("version"):
            return f"must not go back to a version of {name}: there are none{where}"
        if len(table.parts) > 1:
            return f"must not read {name}: tables are datasets, by their names alone{where}"
        if may_read is not None and name.lower() not in defined | set(may_read):
            return f"must not read {name}: it may read {', '.join(sorted(may_read))}{where}"
    return None


def _kind(found: exp.Expr) -> str:
    is_statement = isinstance(found, exp.Command | exp.DDL | exp.Drop)
    return f", and is {found.key.upper()}" if is_statement else ""

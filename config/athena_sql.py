"""Contracts' SQL in the dialect of Athena, with tables as the catalog calls them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import sqlglot
from sqlglot import expressions as exp

from config.sql_syntax import nodes_of

Places = Mapping[str, tuple[str, str]]
"""By the name that SQL of contracts uses: database and table."""


def for_athena(sql: str, places: Places) -> str:
    """Return a valid SELECT of a contract as Athena takes it.

    A table keeps the name that the SELECT calls it by.
    """
    parsed = sqlglot.parse_one(sql, dialect="spark")
    for node, defined in list(nodes_of(parsed)):
        if isinstance(node, exp.Table) and node.name.lower() not in defined:
            _put(node, places[node.name.lower()])
    return parsed.sql(dialect="athena", pretty=True, comments=False)


def _put(table: exp.Table, place: tuple[str, str]) -> None:
    database, name = place
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
    table.set("this", exp.to_identifier(name, quoted=True))
    table.set("db", exp.to_identifier(database, quoted=True))

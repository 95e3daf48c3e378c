"""A query of somebody who reads tables: parsed, confined, and led to what it reads. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import expressions as exp

from config.sql_reading import reading, tables_in
from operations.errors import WrongUse

_NAME = re.compile(r"[^\W\d][\w-]*(\.[^\W\d][\w-]*)?")


@dataclass(frozen=True)
class Use:
    """A place in a query where a table is read."""

    name: str
    """As it is written: with its database, zone or neither."""
    kind: str = ""
    """`VERSION` or `TIMESTAMP`, if a state of before is asked for."""
    at: exp.Expr | None = None


@dataclass(frozen=True)
class Statement:
    """One SELECT in Athena's SQL."""

    tree: exp.Query

    @classmethod
    def of(cls, text: str) -> Statement:
        """Return the query that a text is; the name of a table stands for all of its rows.

        Raises WrongUse for anything but one SELECT over tables.
        """
        if _NAME.fullmatch(text.strip()):
            name = ".".join(f'"{part}"' for part in text.strip().split("."))
            text = f"SELECT * FROM {name}"  # noqa: S608 - parsed and confined below
        found = reading(text)
        if isinstance(found, str):
            raise WrongUse(f"the SQL {found}")
        return cls(found)

    @property
    def uses(self) -> Iterator[Use]:
        return (_use(node) for node in tables_in(self.tree))

    def led(self, to: Callable[[Use], exp.Table]) -> exp.Query:
        """Return the query with each table replaced; columns that name a table still find it.

        What a table is replaced with is called what the query calls the table.
        """
        tree = self.tree.copy()
        for node in list(tables_in(tree)):
            new = to(_use(node))
            alias = node.args.get("alias") or exp.TableAlias(this=node.this.copy())
            new.set("alias", alias.copy())
            for rest in ("sample", "joins", "laterals", "pivots"):
                if node.args.get(rest):
                    new.set(rest, node.args[rest])
            node.replace(new)
        for column in tree.find_all(exp.Column):
            column.set("db", None)
            column.set("catalog", None)
        return tree


def _use(node: exp.Table) -> Use:
    parts = [part.name for part in node.parts]
    if len(parts) == 3 and parts[0].lower() == "awsdatacatalog":
        parts = parts[1:]
    if len(parts) > 2:
        raise WrongUse(f"expected TABLE or DATABASE.TABLE, got {'.'.join(parts)}")
    version = node.args.get("version")
    if version is None:
        return Use(".".join(parts))
    return Use(".".join(parts), str(version.this).upper(), version.expression)

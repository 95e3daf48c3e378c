"""What somebody sees who asks the local tables: answers to SQL, and what tables there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import boto3
import pyarrow as pa

from config.datasets import load_contracts
from config.environments import Environment
from operations.console import table
from operations.errors import WrongUse
from operations.reading.answer import Limits
from operations.reading.catalog import Catalog, ListedTable
from operations.reading.group import GroupCatalog, filters_of
from operations.reading.laptop import LaptopReader
from operations.reading.statement import Statement
from operations.reading.text_files import write_csv, write_json
from operations.reading.texts import plain
from operations.tables import rollback_module
from wires.printable import printable

_WIDEST = 120
"""Letters of a value that are shown in a table; --csv and --json have all of them."""
_ANY_CASE = re.IGNORECASE


@dataclass
class SqlDesk:
    """The tables as they stood when the desk was opened, or refreshed last."""

    environment: Environment
    rows: int = 200
    """That are shown of an answer."""
    group: str = ""
    """The group of readers who asks; "" for somebody who sees all."""
    _catalog: Catalog = field(init=False)
    _reader: LaptopReader = field(init=False)

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """See what has been published since."""
        session = boto3.Session(region_name=self.environment.account.aws_region)
        clients = {"glue": session.client("glue"), "s3": session.client("s3")}
        self._catalog = self._listed(names=self.environment.names, **clients)
        self._reader = LaptopReader(self._catalog, Limits(seconds=600))

    def _listed(self, **of_catalog: Any) -> Catalog:
        if not self.group:
            return Catalog(**of_catalog)
        filters = filters_of(self.group, self.environment, load_contracts())
        return GroupCatalog(filters, group=self.group, **of_catalog)

    def words(self) -> set[str]:
        """Return what somebody may want to have completed: tables and their columns."""
        return {
            word
            for one in self._catalog.tables
            for word in (one.name, one.full_name, *one.seen_columns)
        }

    def answer(self, line: str) -> Iterator[str]:
        """Yield the lines that answer a statement, or a command such as `.tables`.

        Raises WrongUse or another OperationError, saying what to do.
        """
        line = _of_athena(line.strip().rstrip("; "))
        if not line.startswith("."):
            yield from self._select(line)
            return
        name, _, argument = line.partition(" ")
        if name not in _COMMANDS:
            raise WrongUse(f"expected SQL, {', '.join(_COMMANDS)} or .quit, got {name}")
        yield from _COMMANDS[name](self, argument.strip())

    def write(self, sql: str, file: BinaryIO, *, as_json: bool) -> None:
        """Write all of an answer as JSON or CSV."""
        with self._reader.answer(Statement.of(sql)) as answer:
            (write_json if as_json else write_csv)(answer, file)

    def _select(self, sql: str) -> Iterator[str]:
        with self._reader.answer(Statement.of(sql)) as answer:
            rows, is_more = answer.first(self.rows)
        yield from _shown(rows)
        count = f"{rows.num_rows:,} row{'' if rows.num_rows == 1 else 's'}"
        yield f"the first {count}: there are more" if is_more else count

    def tables(self, _: str) -> Iterator[str]:
        """Yield what tables there are."""
        found = sorted(self._catalog.tables, key=lambda one: one.full_name)
        kinds = [(one.name, one.database, _kind(one)) for one in found]
        yield from table(("table", "database", "kind"), kinds)

    def schema(self, name: str) -> Iterator[str]:
        """Yield the columns of a table."""
        columns = self._reader.columns(self._catalog.table(name))
        yield from table(("column", "type"), columns.items())

    def snapshots(self, name: str) -> Iterator[str]:
        """Yield the kept snapshots of a table, the latest first."""
        found = self._catalog.table(name)
        if not found.metadata_location:
            raise WrongUse(f"{found.full_name} is a table of folders and keeps no snapshots")
        metadata = self._catalog.iceberg(found).metadata
        rows = [
            (
                str(one.snapshot_id),
                rollback_module().moment(one),
                _facts(one).get("total-records", ""),
                "current" if one.snapshot_id == metadata.current_snapshot_id else "",
            )
            for one in reversed(metadata.snapshots)
        ]
        yield from table(("snapshot", "committed", "rows", ""), rows, right={2})

    def refreshed(self, _: str) -> Iterator[str]:
        """See what has been published since, and say how many tables there are."""
        self.refresh()
        yield f"{len(self._catalog.tables)} tables, as they stand now"

    def help(self, _: str) -> Iterator[str]:
        """Yield what may be asked."""
        yield "SELECT … ;          one SELECT in Athena's SQL, up to its semicolon"
        yield "… FROM TABLE FOR VERSION AS OF SNAPSHOT, FOR TIMESTAMP AS OF TIMESTAMP '…'"
        yield ".tables             what there is; SHOW TABLES too"
        yield ".schema TABLE       its columns; DESCRIBE TABLE too"
        yield ".snapshots TABLE    what it was before"
        yield ".refresh            see what has been published since"
        yield ".quit               or Ctrl-D"


_COMMANDS: Mapping[str, Callable[[SqlDesk, str], Iterator[str]]] = {
    ".tables": SqlDesk.tables,
    ".schema": SqlDesk.schema,
    ".snapshots": SqlDesk.snapshots,
    ".refresh": SqlDesk.refreshed,
    ".help": SqlDesk.help,
}


def _of_athena(line: str) -> str:
    """Return our command for what Athena's SQL has a statement for."""
    if re.fullmatch(r"SHOW\s+TABLES", line, _ANY_CASE):
        return ".tables"
    described = re.fullmatch(
        r"(?:DESCRIBE|DESC|SHOW\s+COLUMNS\s+(?:FROM|IN))\s+(.+)", line, _ANY_CASE
    )
    return f".schema {described[1].strip()}" if described else line


def _shown(rows: pa.Table) -> list[str]:
    columns = [
        [_short(text) for text in plain(column.combine_chunks()).to_pylist()]
        for column in rows.columns
    ]
    numbers = {place for place, one in enumerate(rows.schema) if _is_number(one.type)}
    head = [printable(name) for name in rows.column_names]
    return table(head, list(zip(*columns, strict=True)), right=numbers)


def _short(text: str | None) -> str:
    if text is None:
        return "NULL"
    shown = printable(text)
    return shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 1]}…"


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _kind(one: ListedTable) -> str:
    return "Iceberg" if one.metadata_location else "folders"


def _facts(snapshot: Any) -> Mapping[str, str]:
    return dict(snapshot.summary.additional_properties) if snapshot.summary else {}

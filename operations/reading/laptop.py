"""SQL over the catalog on this machine: by DuckDB, which gets the tables' files alone."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import expressions as exp

from operations.errors import OperationError, WrongUse
from operations.reading.answer import Answer, Limits
from operations.reading.catalog import Catalog, ListedTable
from operations.reading.objects import PROTOCOL, ObjectFiles
from operations.reading.sources import Source, quoted, source_of
from operations.reading.spelling import with_near_names
from operations.reading.statement import Statement, Use

_INTERRUPTED = "Query interrupted"
"""What DuckDB makes of Ctrl-C."""
_BATCH = 16_384
"""Rows: texts of a batch have room for 2 GB in all."""
_ATHENAS = (
    "map_agg(k, v) AS map(list(k), list(v))",
    "at_timezone(t, zone) AS timezone(zone, t)",
    "day_of_month(d) AS day(d)",
    "codepoint(t) AS unicode(t)",
)
"""Functions that Athena has and DuckDB has under other names."""


class LaptopReader:
    """Answers SQL about the tables of a catalog, each as it stood when it was first asked for."""

    def __init__(self, catalog: Catalog, limits: Limits, scratch: Path | None = None) -> None:
        self._catalog = catalog
        self._limits = limits
        self._scratch = scratch
        self._sources: dict[tuple[str, str], Source] = {}

    @contextmanager
    def answer(self, statement: Statement, as_of: str = "") -> Iterator[Answer]:
        """Open an answer, whose rows are read in the block.

        Raises WrongUse for tables, columns and states that are not there, OperationError beyond
        the limits.
        """
        found = {use: self._found(use, as_of) for use in statement.uses}
        with (
            tempfile.TemporaryDirectory(prefix=".sql-", dir=self._scratch) as spill,
            self._connected(list(found.values()), Path(spill)) as connection,
            _interruptible(connection),
            self._explained(connection, found),
        ):
            views = {use: place for place, use in enumerate(found)}
            tree = statement.led(lambda use: exp.to_table(_view(views[use])))
            reader = connection.sql(tree.sql("duckdb")).to_arrow_reader(_BATCH)
            yield Answer.of(reader.schema, _batches(reader)).limited(self._limits.rows)

    def columns(self, table: ListedTable) -> Mapping[str, str]:
        """Return the types of a table's columns."""
        return self._source(table, "").columns

    def _found(self, use: Use, as_of: str) -> tuple[ListedTable, Source]:
        table = self._catalog.table(use.name)
        at = state_of(use) or (as_of if table.metadata_location else "")
        return table, self._source(table, at)

    def _source(self, table: ListedTable, at: str) -> Source:
        key = (table.full_name, at)
        if key not in self._sources:
            self._sources[key] = source_of(self._catalog, table, at)
        return self._sources[key]

    @contextmanager
    def _connected(
        self, found: list[tuple[ListedTable, Source]], spill: Path
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open an engine that sees these tables, and can be told nothing else."""
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
            files = {path: item for _, one in found for path, item in one.files.items()}
            connection.register_filesystem(ObjectFiles(self._catalog.s3, files))
            for place, (_, source) in enumerate(found):
                _offer(connection, place, source)
            for macro in _ATHENAS:
                connection.execute(f"CREATE MACRO {macro}")
            for name, value in self._settings(spill).items():
                connection.execute(f"SET {name} = {value}")
            yield connection

    def _settings(self, spill: Path) -> Mapping[str, str]:
        """Return the engine's settings, of which the last one locks them all."""
        return {
            "TimeZone": "'UTC'",
            "integer_division": "true",  # as in Athena: 7 / 2 is 3
            "memory_limit": quoted(self._limits.memory),
            "temp_directory": quoted(str(spill)),
            "allowed_directories": f"['{PROTOCOL}://']",
            "python_enable_replacements": "false",
            "enable_external_access": "false",
            "lock_configuration": "true",
        }

    @contextmanager
    def _explained(
        self,
        connection: duckdb.DuckDBPyConnection,
        found: Mapping[Use, tuple[ListedTable, Source]],
    ) -> Iterator[None]:
        """End the block's query when its time is over, and say what its errors mean."""
        clock = threading.Timer(self._limits.seconds, connection.interrupt)
        clock.daemon = True
        clock.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise OperationError(
                f"expected an answer within {self._limits.seconds:g} seconds, got none: ask for "
                "less, or allow more with --timeout"
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise OperationError(
                f"expected the query to do with {self._limits.memory} of memory, got "
                f"{_first_line(error)}: ask for less, or allow more with --memory"
            ) from error
        except RuntimeError as error:
            if str(error) == _INTERRUPTED:
                raise KeyboardInterrupt from error
            raise
        except duckdb.Error as error:
            tables = {table.full_name: source.columns for table, source in found.values()}
            raise WrongUse(with_near_names(_first_line(error), tables)) from error
        finally:
            clock.cancel()


@contextmanager
def _interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Have Ctrl-C end the block's query.

    DuckDB waits for its threads then, but does not tell them: they would come to the end of all
    rows first.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        connection.interrupt()
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def state_of(use: Use) -> str:
    """Return the snapshot's id or the time in UTC at which a query reads a table; "" for now.

    Raises WrongUse for what is neither.
    """
    if use.at is None:
        return ""
    if use.kind == "VERSION":
        if isinstance(use.at, exp.Literal) and use.at.name.isdigit():
            return use.at.name
        raise WrongUse(
            f"expected FOR VERSION AS OF a snapshot's id, got {use.at.sql('trino')}; "
            f"`.snapshots {use.name}` or `operations history` lists them"
        )
    return _moment(use.at).isoformat()


def _moment(at: exp.Expr) -> datetime:
    """Return the moment of FOR TIMESTAMP AS OF; one without a zone is in UTC."""
    try:
        with duckdb.connect(config={"enable_external_access": "false"}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            sql = f"SELECT epoch_ms(CAST({at.sql('duckdb')} AS TIMESTAMPTZ))"
            [(value,)] = connection.sql(sql).fetchall()
    except duckdb.Error as error:
        raise WrongUse(
            "expected FOR TIMESTAMP AS OF a moment such as TIMESTAMP '2026-01-31 18:00:00 UTC', "
            f"got {at.sql('trino')} ({_first_line(error)})"
        ) from error
    return datetime.fromtimestamp(int(value) / 1000, UTC)


def _offer(connection: duckdb.DuckDBPyConnection, place: int, source: Source) -> None:
    sql = source.sql
    if source.folders is not None:
        folders = f"folders_{place}"
        connection.register(folders, source.folders)
        sql = sql.replace("{folders}", folders)
    connection.execute(f"CREATE VIEW {_view(place)} AS {sql}")


def _view(place: int) -> str:
    return f"{PROTOCOL}_table_{place}"


def _batches(reader: Any) -> Iterator[pa.RecordBatch]:
    """Yield the batches; an engine's error in the middle comes as one of Arrow's."""
    try:
        yield from reader
    except (OSError, pa.ArrowException) as error:
        raise _kind_of(str(error))(str(error)) from error


def _kind_of(message: str) -> type[duckdb.Error]:
    if "INTERRUPT" in message:
        return duckdb.InterruptException
    is_memory = message.startswith("Out of Memory")
    return duckdb.OutOfMemoryException if is_memory else duckdb.InvalidInputException


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    kind, _, rest = text.partition(": ")
    told = rest if kind.endswith("Error") else text
    return told.splitlines()[0] if told else type(error).__name__

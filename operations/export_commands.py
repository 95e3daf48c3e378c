"""The command `export`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3

from config.environments import Environment
from operations.errors import WrongUse
from operations.progress import Progress
from operations.reading.answer import Limits
from operations.reading.athena import AthenaReader, size
from operations.reading.catalog import Catalog
from operations.reading.export import check_target, export
from operations.reading.laptop import LaptopReader
from operations.reading.statement import Statement
from operations.recovery.times import span
from operations.recovery_commands import Command

INTERRUPTED = 130


def add_export_commands(commands: Any, finish: Callable[[Any, Command], None]) -> None:
    """Add the command; `finish` adds what all commands on an environment have."""
    limits = Limits()
    parser = commands.add_parser("export", help="a table, or the answer to SQL, as a file")
    parser.add_argument("what", metavar="TABLE|SQL", help="a table, or one SELECT of Athena's SQL")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FILE", help="*.csv, .xlsx, .parquet or .json"
    )
    parser.add_argument(
        "--as-of", default="", metavar="SNAPSHOT|TIME", help="as it was; `history` lists them"
    )
    parser.add_argument(
        "--spreadsheet-safe", action="store_true", help="CSV in which no text is a formula"
    )
    parser.add_argument(
        "--max-rows", type=int, default=limits.rows, metavar="N", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--timeout",
        type=span,
        default=timedelta(seconds=limits.seconds),
        metavar="SPAN",
        help="of the query (default: 30m)",
    )
    parser.add_argument(
        "--memory", default=limits.memory, help="of the engine with --local (default: %(default)s)"
    )
    parser.add_argument(
        "--workgroup", default="", metavar="NAME", help="of Athena (default: the environment's)"
    )
    finish(parser, _export)


def _export(arguments: argparse.Namespace, environment: Environment) -> int:
    check_target(arguments.to, spreadsheet_safe=arguments.spreadsheet_safe)
    statement = Statement.of(arguments.what)
    progress = Progress()
    reader = _reader(arguments, environment, progress)
    _check_as_of(statement, arguments.as_of)
    try:
        with reader.answer(statement, arguments.as_of) as answer:
            done = export(
                answer,
                arguments.to,
                progress=progress,
                spreadsheet_safe=arguments.spreadsheet_safe,
            )
    except KeyboardInterrupt:
        print(f"interrupted; {arguments.to} is as it was", file=sys.stderr)
        return INTERRUPTED
    print(f"{done.rows:,} rows are in {done.path} ({size(done.bytes)})")
    return 0


def _check_as_of(statement: Statement, as_of: str) -> None:
    """Raises WrongUse for one snapshot of several tables."""
    names = {use.name for use in statement.uses}
    if as_of.isdigit() and len(names) > 1:
        raise WrongUse(
            f"expected --as-of with a time for several tables, got snapshot {as_of}; a table of "
            "its own: FROM TABLE FOR VERSION AS OF SNAPSHOT"
        )


def _reader(
    arguments: argparse.Namespace, environment: Environment, progress: Progress
) -> AthenaReader | LaptopReader:
    session = boto3.Session(region_name=environment.account.aws_region)
    catalog = Catalog(names=environment.names, glue=session.client("glue"), s3=session.client("s3"))
    limits = _limits(arguments)
    if arguments.local:
        return LaptopReader(catalog, limits, scratch=arguments.to.absolute().parent)
    return AthenaReader(
        catalog=catalog,
        athena=session.client("athena"),
        workgroup=arguments.workgroup or environment.names.workgroup,
        limits=limits,
        say=progress.say,
        usd_per_tb=environment.prices.athena.tb_scanned,
    )


def _limits(arguments: argparse.Namespace) -> Limits:
    return Limits(
        seconds=arguments.timeout.total_seconds(),
        rows=arguments.max_rows,
        memory=arguments.memory,
    )

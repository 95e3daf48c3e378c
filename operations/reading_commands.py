"""The commands `queries` and `redshift`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3

from config.datasets import load_contracts
from config.environments import Environment
from config.named_queries import NamedQuery, named_queries
from operations.console import table
from operations.cost_commands import Finish, prices_told
from operations.errors import WrongUse
from operations.progress import Progress
from operations.reading.estimates import Estimates, NotThere, Scan
from operations.reading.external_schemas import external_schemas, grants, readers_role
from operations.reading.warehouse import Warehouse, check_enabled

_HEAD = ("query", "files", "of", "bytes", "USD", "")
_NUMBERS = frozenset({1, 2, 3, 4})


def add_reading_commands(commands: Any, finish: Finish) -> None:
    """Add the commands."""
    queries = commands.add_parser("queries", help="Athena's named queries, and what each scans")
    queries.add_argument("--show", default="", metavar="NAME", help="the SQL of this one")
    queries.add_argument("--json", action="store_true", help="print one JSON object, and only that")
    finish(queries, _queries)
    redshift = commands.add_parser("redshift", help="SQL by which Redshift reads each database")
    redshift.add_argument(
        "--apply",
        action="store_true",
        help="limit the environment's own warehouse, and run it there",
    )
    finish(redshift, _redshift, calls=False)


def _redshift(arguments: argparse.Namespace, environment: Environment) -> int:
    if arguments.apply:
        return _set_up(environment)
    schemas = "\n\n".join(external_schemas(environment))
    print(f"{schemas}\n\n-- Once: there is no IF NOT EXISTS for roles.")
    print("\n".join((readers_role(environment), *grants(environment))))
    return 0


def _set_up(environment: Environment) -> int:
    check_enabled(environment)
    session = boto3.Session(region_name=environment.account.aws_region)
    Warehouse(
        environment=environment,
        serverless=session.client("redshift-serverless"),
        data=session.client("redshift-data"),
        say=Progress().say,
    ).set_up()
    readers = environment.settings.redshift.readers
    print(f"{environment.names.warehouse} is ready: role {readers} reads its external schemas")
    return 0


def _queries(arguments: argparse.Namespace, environment: Environment) -> int:
    of = environment.settings.reading.named_queries
    queries = named_queries(load_contracts(), environment.names, of=of)
    if arguments.show:
        print(_named(queries, arguments.show).sql)
        return 0
    found = list(_estimated(queries, environment))
    if arguments.json:
        json.dump(_json(found, environment), sys.stdout, indent=1)
        print()
        return 0
    for line in table(_HEAD, (_row(*one, environment) for one in found), right=_NUMBERS):
        print(line)
    print(
        f"\nAt most: engines read the columns that they need, and 10 MB are billed at least. "
        f"{prices_told(environment, environment.prices)}"
    )
    return 0


def _named(queries: tuple[NamedQuery, ...], name: str) -> NamedQuery:
    for query in queries:
        if query.name == name:
            return query
    raise WrongUse(
        f"expected --show with the name of a named query, got {name!r}; "
        "`python -m operations queries` lists them"
    )


def _estimated(
    queries: tuple[NamedQuery, ...], environment: Environment
) -> Iterator[tuple[NamedQuery, Scan, str]]:
    """Yield each query with what it scans, or why that is not known."""
    session = boto3.Session(region_name=environment.account.aws_region)
    estimates = Estimates(
        glue=session.client("glue"), s3=session.client("s3"), now=datetime.now(UTC)
    )
    for query in queries:
        try:
            yield query, estimates.of(query), ""
        except NotThere as reason:
            yield query, Scan(), str(reason)


def _row(query: NamedQuery, scan: Scan, why_not: str, environment: Environment) -> tuple[str, ...]:
    if why_not:
        return (query.name, "", "", "", "", why_not)
    usd = scan.usd(environment.prices.athena.tb_scanned)
    numbers = (f"{number:,}" for number in (scan.files, scan.of_files, scan.bytes))
    return (query.name, *numbers, f"{usd:.5f}", "")


def _json(found: list[tuple[NamedQuery, Scan, str]], environment: Environment) -> dict[str, object]:
    price = environment.prices.athena.tb_scanned
    return {
        "environment": environment.name,
        "workgroup": environment.names.workgroup,
        "queries": [
            {
                "name": query.name,
                "about": query.about,
                "database": query.database,
                "sql": query.sql,
                **(
                    {"not_there": why_not}
                    if why_not
                    else {
                        "files": scan.files,
                        "of_files": scan.of_files,
                        "bytes_at_most": scan.bytes,
                        "usd_at_most": scan.usd(price),
                    }
                ),
            }
            for query, scan, why_not in found
        ],
    }

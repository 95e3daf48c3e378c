"""`python -m benchmarks.databases`: rows a second and memory, from a real server to Parquet files.

Each contender runs in a process of its own, one after the other, against the same tables. dlt,
connectorx and ADBC are no packages of this product: `--python` names an interpreter that has them.
Spark needs the drivers of JDBC from Debian (`libpostgresql-jdbc-java`, `libmariadb-java`). Whoever
is missing is left out of the page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.measuring import ROOT
from benchmarks.report import table
from tests.connectors.database.servers import Server, mysql_server, postgres_server

_PAGE = ROOT / "benchmarks" / "databases.md"
_CHILD = ROOT / "benchmarks" / "contenders" / "databases.py"
_WIDE = 30
"""Columns of texts and numbers beside those of the narrow table."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A table, and how many rows it has."""

    engine: str
    shape: str
    rows: int

    @property
    def title(self) -> str:
        return f"{self.engine}, {self.shape}, {self.rows:,} rows"


_ALL = (
    Case(engine="postgresql", shape="narrow", rows=10_000_000),
    Case(engine="postgresql", shape="wide", rows=1_000_000),
    Case(engine="mysql", shape="narrow", rows=2_000_000),
)
_QUICK = tuple(Case(engine=c.engine, shape=c.shape, rows=c.rows // 20) for c in _ALL)
_OWN: Mapping[str, Sequence[str]] = {
    "postgresql": ("connector", "connector, 2 ranges", "psycopg, cursor"),
    "mysql": ("connector", "PyMySQL, cursor"),
}
_OTHERS: Mapping[str, Sequence[str]] = {
    "postgresql": ("dlt", "ADBC", "connectorx"),
    "mysql": ("dlt", "connectorx"),
}


_SPARK = ("Spark JDBC", "Spark JDBC, 2 ranges")
_DRIVERS = {
    "postgresql": Path("/usr/share/java/postgresql.jar"),
    "mysql": Path("/usr/share/java/mariadb-java-client.jar"),
}


def create_statement(case: Case) -> str:
    """Return SQL that makes the table of a case."""
    if case.engine == "postgresql":
        columns = [
            "i::bigint AS id",
            "timestamptz '2026-01-15 00:00:00+00' + i * interval '1 second' AS at",
            "((i % 100000) / 7.0)::numeric(12,2) AS amount",
            "'customer ' || (i % 5000) AS name",
            "i % 2 = 0 AS paid",
        ]
        more = "CASE {n} % 3 WHEN 0 THEN 'text ' || (i % 977) ELSE (i * {n})::text END AS c{n}"
        rows = f"FROM generate_series(1, {case.rows}) i"
    else:
        columns = [
            "CAST(seq AS SIGNED) AS id",
            "timestamp('2026-01-15') + INTERVAL seq SECOND AS at",
            "CAST((seq % 100000) / 7 AS decimal(12,2)) AS amount",
            "CONCAT('customer ', seq % 5000) AS name",
            "seq % 2 = 0 AS paid",
        ]
        more = "CONCAT('text ', (seq * {n}) % 977) AS c{n}"
        rows = f"FROM seq_1_to_{case.rows}"
    wide = [more.format(n=n) for n in range(_WIDE)] if case.shape == "wide" else []
    return f"CREATE TABLE {case.shape} AS SELECT {', '.join([*columns, *wide])} {rows}"


@contextmanager
def _server(engine: str) -> Iterator[Server]:
    with {"postgresql": postgres_server, "mysql": mysql_server}[engine]() as server:
        yield server


def measured(
    case: Case, server: Server, name: str, python: Path
) -> Mapping[str, float | int | str] | None:
    """Return what a contender says of its run; None for one that this interpreter lacks."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as out:
        (Path(out) / "ca.pem").write_text(server.authority)
        told = {**server.secret, "engine": case.engine, "table": case.shape, "out": out}
        told["jar"] = str(_DRIVERS[case.engine])
        done = subprocess.run(
            [str(python), str(_CHILD), name],
            input=json.dumps(told),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        print(f"{case.title}, {name}: {done.stderr.strip()[-800:]}", file=sys.stderr)
        return None
    found: Mapping[str, float | int | str] = json.loads(done.stdout.splitlines()[-1])
    print(case.title, name, found, flush=True)
    return found


_INTRODUCTION = """\
One run of `python -m benchmarks.databases`, each contender in a process of its own, beside the
server on the same machine: compare the rows of a table with each other alone. Seconds are from the
process' start to its last file, imports included; memory is what the process, or one that it has
started, has taken at its most. `numeric` says what became of `numeric(12,2)`.

"""


def page(results: Sequence[tuple[Case, str, Mapping[str, float | int | str]]]) -> str:
    """Return the results as Markdown."""
    parts = [
        "# From a database to Parquet files\n\n",
        _INTRODUCTION,
        table(["machine", ""], describe_machine()),
    ]
    for case in dict.fromkeys(case for case, _, _ in results):
        parts.append(f"\n## {case.title}\n\n")
        rows = [
            [
                name,
                f"{case.rows / float(found['seconds']):,.0f}",
                f"{float(found['seconds']):.1f}",
                f"{float(found['memory_mb']):,.0f} MB",
                str(found["numeric"]),
            ]
            for one, name, found in results
            if one == case
        ]
        parts.append(table(["contender", "rows/s", "seconds", "memory", "numeric"], rows))
    return "".join(f"{part}\n" if part.startswith("|") else part for part in parts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.databases", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the rows; no page")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), metavar="PATH")
    given = parser.parse_args()
    results = []
    for case in _QUICK if given.quick else _ALL:
        with _server(case.engine) as server:
            server.run(create_statement(case))
            names = [(name, Path(sys.executable)) for name in _OWN[case.engine]]
            names += [(name, given.python) for name in _OTHERS[case.engine]]
            if _DRIVERS[case.engine].is_file():
                names += [(name, Path(sys.executable)) for name in _SPARK]
            for name, python in names:
                if found := measured(case, server, name, python):
                    results.append((case, name, found))
    text = page(results)
    print(text)
    if not given.quick:
        _PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

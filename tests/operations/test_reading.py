"""SQL over the tables of a catalog, by the engine of a laptop."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.environments import Environment
from operations.errors import OperationError, WrongUse
from operations.progress import Progress
from operations.reading.answer import Limits
from operations.reading.export import export
from operations.reading.laptop import LaptopReader
from operations.reading.statement import Statement
from tests.operations.desks import Desk, any_desk


@pytest.fixture
def desk(aws: None, dev: Environment) -> Desk:  # noqa: ARG001 - all of it is in there
    return any_desk(dev)


def test_a_table_is_read_by_its_name_alone_or_with_zone_or_database(desk: Desk) -> None:
    database = desk.environment.names.curated_database
    for name in ("orders", "ORDERS", "curated.orders", f"{database}.orders"):
        assert len(desk.rows(name)) == 3
        assert desk.rows(f"SELECT count(*) FROM {name} o WHERE o.id > 1") == [(2,)]
    assert desk.rows(f'SELECT "awsdatacatalog"."{database}".orders.id FROM {name} LIMIT 1') == [
        (1,)
    ]


def test_types_and_values_are_those_of_the_table(desk: Desk) -> None:
    found = desk.table("SELECT id, name, amount, day FROM orders ORDER BY id")
    assert [str(kind) for kind in found.schema.types] == [
        "int64",
        "string",
        "decimal128(18, 2)",
        "string",
    ]
    assert found.to_pylist()[-1] == {"id": 3, "name": "y", "amount": Decimal("1.50"), "day": "15"}


MEANT: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("SELECT 7 / 2, 7.0 / 2", (3, 3.5)),
    ("SELECT date_add('day', 3, DATE '2026-01-30') = DATE '2026-02-02'", (True,)),
    ("SELECT date_diff('hour', TIMESTAMP '2026-01-01 00:00:00', now()) > 0", (True,)),
    ("SELECT date_format(DATE '2026-01-05', '%Y-%m')", ("2026-01",)),
    ("SELECT date_parse('2026-01-05', '%Y-%m-%d') = TIMESTAMP '2026-01-05'", (True,)),
    ("SELECT CAST(day AS integer) + 1 FROM orders WHERE id = 1", (16,)),
    ("SELECT try_cast('x' AS double), cast(1.5 AS varchar)", (None, "1.5")),
    ("SELECT approx_distinct(id), arbitrary(day), count_if(id > 1) FROM orders", (3, "15", 2)),
    ("SELECT max_by(name, id), element_at(map_agg(id, name), 3) FROM orders", ("y", "y")),
    ("SELECT day_of_week(DATE '2026-01-05'), if(true, 1, 2)", (1, 1)),
    ("SELECT json_extract_scalar('{\"a\": \"b\"}', '$.a')", ("b",)),
    ("SELECT regexp_like('abc', 'b'), strpos('abc', 'c'), 'a' || 'b'", (True, 3, "ab")),
    ('SELECT "Name" FROM orders WHERE "id" = 3', ("y",)),
    ("WITH orders AS (SELECT 7 AS id) SELECT id FROM orders", (7,)),
    ("SELECT count(*) FROM orders a JOIN (SELECT id FROM orders) b USING (id)", (3,)),
    ("SELECT count(*) FROM (orders a JOIN orders b ON a.id = b.id)", (3,)),
    ("SELECT u.x FROM (VALUES 1) v CROSS JOIN UNNEST(ARRAY[5]) AS u(x)", (5,)),
    (
        "SELECT hour(at_timezone(TIMESTAMP '2026-01-01 12:00:00 UTC', 'Europe/Berlin'))",
        (13,),
    ),
)


def test_sql_means_what_it_means_to_athena(desk: Desk) -> None:
    for sql, answer in MEANT:
        assert desk.rows(sql) == [answer], sql


def test_a_table_is_read_as_it_was(desk: Desk) -> None:
    number = desk.lake.table.metadata.snapshots[1].snapshot_id
    assert len(desk.rows("orders", as_of=str(number))) == 2
    assert desk.rows(f"SELECT count(*) FROM orders FOR VERSION AS OF {number} o") == [(2,)]
    both = f"SELECT count(*) FROM orders n LEFT JOIN orders FOR VERSION AS OF {number} b USING (id)"
    assert desk.rows(f"{both} WHERE b.name IS NULL") == [(1,)]
    at = "FOR TIMESTAMP AS OF current_timestamp - INTERVAL '1' DAY"
    with pytest.raises(WrongUse, match="keeps no snapshot"):
        desk.rows(f"SELECT * FROM orders {at}")
    now = "FOR TIMESTAMP AS OF current_timestamp + INTERVAL '1' DAY"
    assert desk.rows(f"SELECT count(*) FROM orders {now}") == [(3,)]


def test_what_is_missing_is_named_with_what_may_be_meant(desk: Desk) -> None:
    database = desk.environment.names.curated_database
    for sql, told in {
        "SELECT * FROM ordres": f"there is no table ordres; near names: {database}.orders",
        "SELECT * FROM nothing": f"there is no table nothing; there are {database}.orders",
        "SELECT nmae FROM orders": f"no column nmae in {database}.orders; near names: "
        f"{database}.orders.name",
        "SELECT o.amuont FROM orders o": f"{database}.orders.amount",
        "SELECT zzz FROM orders": f"{database}.orders has id, name, amount, year, month, day",
        "SELECT frobnicate(id) FROM orders": "frobnicate",
        "SELECT * FROM orders FOR VERSION AS OF 77": "keeps no snapshot 77",
        "SELECT * FROM orders FOR VERSION AS OF 'x'": "expected FOR VERSION AS OF a snapshot's id",
        "SELECT * FROM orders FOR TIMESTAMP AS OF 'x'": "expected FOR TIMESTAMP AS OF a moment",
        "SELECT * FROM a.b.orders": "expected TABLE or DATABASE.TABLE",
    }.items():
        with pytest.raises(WrongUse) as error:
            desk.rows(sql)
        assert told in str(error.value), sql


HOSTILE = (
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM '/etc/hostname'",
    'SELECT * FROM "/etc/hostname"',
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM orders, LATERAL read_csv('/etc/passwd')",
    "SELECT * FROM TABLE(read_text('/etc/hostname'))",
    "SELECT * FROM orders WHERE id IN (SELECT 1 FROM duckdb_settings())",
    "SELECT * FROM query('SELECT 1')",
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "SET threads = 1",
    "ATTACH '/tmp/x.db'",
    "INSTALL httpfs",
    "SELECT 1; DROP TABLE orders",
    "DROP TABLE orders",
    "DELETE FROM orders",
    "INSERT INTO orders SELECT * FROM orders",
    "CREATE TABLE x AS SELECT 1 AS a",
    "WITH gone AS (DELETE FROM orders) SELECT * FROM gone",
    "SELECT * INTO x FROM orders",
    "UNLOAD (SELECT 1) TO 's3://x/' WITH (format = 'PARQUET')",
    "EXPLAIN ANALYZE SELECT 1",
    "CALL system()",
    "SELECT cardinality(sequence(1, 100000000))",
    "SELECT ?",
    "SELECT * FROM duckdb_settings",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM lake_table_0",
    "SELECT " + "(" * 200 + "1" + ")" * 200,
)


def test_sql_that_does_more_than_read_its_tables_is_refused(desk: Desk) -> None:
    answered = []
    for sql in HOSTILE:
        with suppress(WrongUse):
            answered.append((sql, desk.rows(sql)))
    assert not answered


def test_the_engine_itself_has_no_files_no_network_and_no_settings(
    desk: Desk, tmp_path: Path
) -> None:
    """For the SQL that nobody has thought of."""
    reader = LaptopReader(desk.catalog(), Limits())
    use = next(iter(Statement.of("orders").uses))
    with reader._connected([reader._found(use, "")], tmp_path) as engine:
        assert engine.execute("SELECT count(*) FROM lake_table_0").fetchall() == [(3,)]
        for sql, refused in {
            "SELECT * FROM read_text('/etc/hostname')": "Cannot access file",
            "COPY (SELECT 1) TO '/tmp/x.csv'": "Cannot access file",
            "ATTACH '/tmp/x.db'": "Cannot access file",
            "INSTALL httpfs": "Cannot access|disabled",
            "SET enable_external_access = true": "locked|Cannot",
            "SET memory_limit = '9GB'": "locked",
            "SELECT * FROM read_parquet('lake://curated/other.parquet')": "No files found",
            "SELECT * FROM desk": "does not exist",
        }.items():
            with pytest.raises(Exception, match=refused):
                engine.execute(sql).fetchall()


def test_a_query_has_its_limits(desk: Desk) -> None:
    many = "SELECT * FROM UNNEST(sequence(1, 1000)) a(x), UNNEST(sequence(1, 1000)) b(y)"
    with pytest.raises(OperationError, match="at most 100 rows, got more"):
        desk.rows(many, limits=Limits(rows=100))
    lists = ", ".join(f"UNNEST(sequence(1, 10000)) {name}({name})" for name in "xyz")
    endless = f"SELECT count(*) FROM {lists} WHERE x * y * z % 7 = 3"
    with pytest.raises(OperationError, match=r"within 0.3 seconds"):
        desk.rows(endless, limits=Limits(seconds=0.3))
    large = f"SELECT array_agg(rpad('', 1000, 'x') || CAST(x + y AS varchar)) FROM {lists}"
    with pytest.raises(OperationError, match="50MB of memory"):
        desk.rows(large, limits=Limits(memory="50MB"))


def test_a_query_ends_when_somebody_interrupts(desk: Desk) -> None:
    lists = ", ".join(f"UNNEST(sequence(1, 10000)) {name}({name})" for name in "xyz")
    clock = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    clock.start()
    with pytest.raises(KeyboardInterrupt):
        desk.rows(f"SELECT count(*) FROM {lists} WHERE x * y * z % 7 = 3")


def test_rows_of_folders_have_what_the_folders_say(desk: Desk) -> None:
    desk.quarantine({"line": 7, "raw": 'a,"b'}, {"line": 8, "raw": "c", "more": 1})
    assert desk.rows("SELECT line, raw, dataset, day FROM quarantined_rows ORDER BY line") == [
        (7, 'a,"b', "orders", "00"),
        (8, "c", "orders", "01"),
    ]
    assert desk.rows("SELECT count(*) FROM quality.quarantined_rows WHERE day = '01'") == [(1,)]
    with pytest.raises(WrongUse, match="keeps no snapshots"):
        desk.rows("SELECT * FROM quarantined_rows FOR VERSION AS OF 1")


def test_a_reader_that_began_before_a_refresh_ends_with_the_old_rows(
    desk: Desk, tmp_path: Path
) -> None:
    """An export reads while it writes: what is published meanwhile changes nothing of it."""
    reader = LaptopReader(desk.catalog(), Limits())
    with reader.answer(Statement.of("SELECT id FROM orders ORDER BY id")) as answer:
        desk.refresh(7, 8)
        export(answer, tmp_path / "old.csv", progress=Progress())
    assert desk.rows("SELECT id FROM orders ORDER BY id", by=reader) == [(1,), (2,), (3,)]
    joined = "SELECT count(*) FROM orders a JOIN quarantined_rows q ON q.line = a.id"
    desk.quarantine({"line": 7, "raw": "x"})
    assert desk.rows(joined) == [(1,)]
    with LaptopReader(desk.catalog(), Limits()).answer(
        Statement.of("SELECT id FROM orders ORDER BY id")
    ) as answer:
        export(answer, tmp_path / "new.csv", progress=Progress())
    found = [(tmp_path / name).read_text() for name in ("old.csv", "new.csv")]
    assert found == ['"id"\n1\n2\n3\n', '"id"\n7\n8\n']

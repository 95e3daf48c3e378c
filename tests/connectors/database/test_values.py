"""Values come as they are, or not at all: each type of a real server, and what it can hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from connectors.errors import SourceFailed, ValueUnfit
from tests.connectors.database.reading import column, connector_to, database_at, read
from tests.connectors.database.servers import Server

NINES = "9" * 60
LAST = datetime.fromisoformat("9999-12-31T23:59:59.999999")
OF_POSTGRES: Sequence[tuple[str, str, pa.DataType, Sequence[tuple[str, Any]]]] = (
    ("bigint", "int8", pa.int64(), [("-9223372036854775808", -(2**63)), ("NULL", None)]),
    ("smallint", "int2", pa.int64(), [("-32768", -32768)]),
    ("bounded", "numeric(38,10)", pa.decimal128(38, 10), [(f"{'9' * 28}.0000000001",) * 2]),
    ("unbounded", "numeric", pa.string(), [(f"{NINES}.5", f"{NINES}.5"), ("'NaN'", "NaN")]),
    ("endless", "numeric", pa.string(), [("'-Infinity'", "-Infinity"), ("1.10", "1.10")]),
    ("wide", "numeric(60,2)", pa.string(), [("1.5", "1.50")]),
    ("tens", "numeric(5,-2)", pa.string(), [("12345", "12300")]),
    (
        "double",
        "float8",
        pa.float64(),
        [("0.1", 0.1), ("'Infinity'", float("inf")), ("'-0'", -0.0)],
    ),
    ("tiny", "float8", pa.float64(), [("5e-324", 5e-324), ("1.7976931348623157e308",) * 2]),
    ("single", "float4", pa.float32(), [("0.1", 0.10000000149011612)]),
    ("truth", "bool", pa.bool_(), [("true", True), ("false", False), ("NULL", None)]),
    (
        "moment",
        "timestamptz",
        pa.timestamp("us", "UTC"),
        [
            ("'2026-01-15 10:00:00.123456+02'", datetime(2026, 1, 15, 8, 0, 0, 123456, UTC)),
            ("'1883-11-18 12:00:00+00'", datetime(1883, 11, 18, 12, tzinfo=UTC)),
            ("'0001-01-01 00:00:00+00'", datetime(1, 1, 1, tzinfo=UTC)),
        ],
    ),
    (
        "clock",
        "timestamp",
        pa.timestamp("us"),
        [("'9999-12-31 23:59:59.999999'", LAST)],
    ),
    ("day", "date", pa.date32(), [("'1582-10-10'", date(1582, 10, 10))]),
    ("time", "time", pa.string(), [("'24:00:00'", "24:00:00"), ("'10:30:00.5'", "10:30:00.5")]),
    ("timetz", "timetz", pa.string(), [("'10:30:00+02'", "10:30:00+02")]),
    ("interval", "interval", pa.string(), [("'1 year -2 days 3.5 s'", "P1Y-2DT3.5S")]),
    ("uuid", "uuid", pa.string(), [("'6BA7B810-9DAD-11D1-80B4-00C04FD430C8'", None)]),
    ("json", "json", pa.string(), [("""'{"a": 1.0,  "a": 2}'""", '{"a": 1.0,  "a": 2}')]),
    ("jsonb", "jsonb", pa.string(), [("""'{"b":12345678901234567890.10}'""", None)]),
    ("list", "int4[]", pa.string(), [("'{1,NULL,3}'", "{1,NULL,3}"), ("'{}'", "{}")]),
    ("texts", "text[]", pa.string(), [("""ARRAY['a,b', '"', '']""", r'{"a,b","\"",""}')]),
    ("range", "int8range", pa.string(), [("'[1,5)'", "[1,5)"), ("'empty'", "empty")]),
    ("bytes", "bytea", pa.string(), [(r"'\x00ff22'", "00ff22"), ("''", ""), ("NULL", None)]),
    ("text", "text", pa.string(), [("''", ""), ("NULL", None), ("'NULL'", "NULL")]),
    ("lines", "text", pa.string(), [("E'a\\r\\n\"b\",\\\\.'", 'a\r\n"b",\\.'), ("' '", " ")]),
    ("signs", "text", pa.string(), [("'žluť 🐎 \u2028'", "žluť 🐎 \u2028")]),
    ("padded", "char(5)", pa.string(), [("'ab'", "ab")]),
    ("bits", "bit(3)", pa.string(), [("B'101'", "101")]),
    ("address", "inet", pa.string(), [("'10.0.0.1/8'", "10.0.0.1/8")]),
    ("money", "money", pa.string(), [("12.5", "$12.50")]),
    ("place", "point", pa.string(), [("'(1,2)'", "(1,2)")]),
    ("words", "tsvector", pa.string(), [("'b a'", "'a' 'b'")]),
)
SPELLED = {
    "uuid": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "jsonb": '{"b": 12345678901234567890.10}',
}


def made(server: Server, table: str, kind: str, values: Sequence[str]) -> None:
    rows = ", ".join(f"({number}, {value})" for number, value in enumerate(values))
    server.run(f"CREATE TABLE {table} (id int, v {kind})", f"INSERT INTO {table} VALUES {rows}")


def type_of(server: Server, table: str, **changes: Any) -> pa.DataType:
    return read(connector_to(server, database_at(server, table, **changes))).schema.field("v").type


def exactly(values: Sequence[Any]) -> list[str]:
    """Values so that NaN is NaN, and 0 is neither -0 nor 0.0."""
    return [v.isoformat() if isinstance(v, date) else repr(v) for v in values]


@pytest.mark.parametrize("case", OF_POSTGRES, ids=[case[0] for case in OF_POSTGRES])
def test_postgresql_gives_its_values(postgres: Server, table: str, case: Any) -> None:
    name, kind, expected, values = case
    made(postgres, table, kind, [sql for sql, _ in values])
    wanted = [SPELLED.get(name, value) for _, value in values]
    if pa.types.is_decimal(expected):
        wanted = [Decimal(value) for value in wanted]
    if pa.types.is_floating(expected):
        wanted = [float(value) for value in wanted]
    found = column(postgres, database_at(postgres, table))
    assert exactly(found) == exactly(wanted)
    assert type_of(postgres, table) == expected


def test_a_type_of_its_own_is_text(postgres: Server, table: str) -> None:
    postgres.run(
        f"CREATE TYPE mood_{table} AS ENUM ('so, so', 'well')",
        f"CREATE DOMAIN price_{table} AS numeric(10,2)",
        f"CREATE TABLE {table} AS SELECT 1 AS id, 'so, so'::mood_{table} AS v, "
        f"1.5::price_{table} AS price, ROW(1, 'a b')::text AS made",
    )
    (row,) = read(connector_to(postgres, database_at(postgres, table))).to_pylist()
    assert row == {"id": 1, "v": "so, so", "price": Decimal("1.50"), "made": '(1,"a b")'}


UNFIT_OF_POSTGRES = [
    ("timestamptz", "'infinity'", "infinity"),
    ("timestamp", "'-infinity'", "-infinity"),
    ("timestamptz", "'0044-03-15 12:00:00+00 BC'", "0044-03-15 12:00:00+00 BC"),
    ("timestamp", "'12026-01-15'", "12026-01-15 00:00:00"),
    ("date", "'infinity'", "infinity"),
    ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    ("numeric(10,2)", "'NaN'", "NaN"),
]
UNFIT_OF_MYSQL = [
    ("date", "'0000-00-00'", "0000-00-00"),
    ("datetime", "'2026-00-00 00:00:00'", "2026-00-00 00:00:00"),
    ("timestamp NULL", "0", "0000-00-00 00:00:00"),
]


def check_unfit(server: Server, table: str, kind: str, value: str, spelled: str) -> None:
    if server.engine == "mysql":
        server.run("SET GLOBAL sql_mode = ''")
    made(server, table, kind, [value, "NULL"])
    with pytest.raises(ValueUnfit, match=r"column v .* put v into database\.as_text"):
        read(connector_to(server, database_at(server, table)))
    assert column(server, database_at(server, table, as_text=("v",))) == [spelled, None]


@pytest.mark.parametrize(("kind", "value", "spelled"), UNFIT_OF_POSTGRES)
def test_what_no_type_of_parquet_holds_is_told_and_can_be_had_as_text(
    postgres: Server, table: str, kind: str, value: str, spelled: str
) -> None:
    check_unfit(postgres, table, kind, value, spelled)


@pytest.mark.parametrize(("kind", "value", "spelled"), UNFIT_OF_MYSQL)
def test_zero_dates_are_told_and_can_be_had_as_text(
    mysql: Server, table: str, kind: str, value: str, spelled: str
) -> None:
    check_unfit(mysql, table, kind, value, spelled)


OF_MYSQL: Sequence[tuple[str, str, pa.DataType, Sequence[tuple[str, Any]]]] = (
    ("unsigned", "bigint unsigned", pa.uint64(), [("18446744073709551615", 2**64 - 1)]),
    ("signed", "bigint", pa.int64(), [("-9223372036854775808", -(2**63)), ("NULL", None)]),
    ("tiny", "tinyint(1)", pa.int64(), [("1", 1), ("-128", -128)]),
    ("filled", "int(6) unsigned zerofill", pa.int64(), [("42", 42), ("4294967295", 2**32 - 1)]),
    ("year", "year", pa.int64(), [("2026", 2026), ("0", 0)]),
    ("bits", "bit(64)", pa.uint64(), [("b'101'", 5), ("18446744073709551615", 2**64 - 1)]),
    ("bounded", "decimal(38,10)", pa.decimal128(38, 10), [(f"-{'9' * 28}.0000000001",) * 2]),
    ("whole", "decimal(38,0) unsigned", pa.decimal128(38, 0), [("9" * 38,) * 2]),
    ("wide", "decimal(65,30)", pa.string(), [("1.5", f"1.5{'0' * 29}")]),
    ("double", "double", pa.float64(), [("0.1", 0.1), ("1.7976931348623157e308",) * 2]),
    ("smallest", "double", pa.float64(), [("-2.2250738585072014e-308",) * 2, ("1e15", 1e15)]),
    ("single", "float", pa.float64(), [("0.1", 0.10000000149011612), ("16777217", 16777216.0)]),
    ("day", "date", pa.date32(), [("'1000-01-01'", date(1000, 1, 1)), ("NULL", None)]),
    (
        "clock",
        "datetime(6)",
        pa.timestamp("us"),
        [("'9999-12-31 23:59:59.999999'", LAST)],
    ),
    ("time", "time(3)", pa.string(), [("'-838:59:59.000'", "-838:59:59.000")]),
    ("bytes", "varbinary(9)", pa.string(), [("x'00FF22'", "00ff22"), ("''", "")]),
    ("blob", "longblob", pa.string(), [("x'0A0D2C'", "0a0d2c"), ("NULL", None)]),
    ("text", "text", pa.string(), [("''", ""), ("NULL", None), ("'NULL'", "NULL")]),
    ("lines", "text", pa.string(), [(r"""'a\r\n"b",\\.\0'""", 'a\r\n"b",\\.\x00')]),
    ("signs", "varchar(20)", pa.string(), [("'žluť 🐎'", "žluť 🐎")]),
    ("western", "varchar(9) CHARACTER SET latin1", pa.string(), [("'Größe €'", "Größe €")]),
    ("greek", "varchar(9) CHARACTER SET greek", pa.string(), [("'Αθήνα'", "Αθήνα")]),
    ("wider", "varchar(9) CHARACTER SET utf16", pa.string(), [("'日本'", "日本")]),
    ("choice", "enum('a,b','c')", pa.string(), [("'a,b'", "a,b")]),
    ("set", "set('x','y')", pa.string(), [("'x,y'", "x,y"), ("''", "")]),
    ("json", "json", pa.string(), [("""'{"a": 1.0}'""", '{"a": 1.0}')]),
)


@pytest.mark.parametrize("case", OF_MYSQL, ids=[case[0] for case in OF_MYSQL])
def test_mysql_gives_its_values(mysql: Server, table: str, case: Any) -> None:
    _, kind, expected, values = case
    made(mysql, table, kind, [sql for sql, _ in values])
    wanted = [value for _, value in values]
    if pa.types.is_decimal(expected):
        wanted = [Decimal(value) for value in wanted]
    if pa.types.is_floating(expected):
        wanted = [float(value) for value in wanted]
    found = column(mysql, database_at(mysql, table))
    assert exactly(found) == exactly(wanted)
    assert type_of(mysql, table) == expected


def test_a_moment_of_mysql_is_one_in_utc_whatever_the_servers_zone(
    mysql: Server, table: str
) -> None:
    mysql.run(
        f"CREATE TABLE {table} (id int, v timestamp(6) NULL)",
        "SET time_zone = '+02:00'",
    )
    with mysql.admin() as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+02:00'")
        cursor.execute(f"INSERT INTO {table} VALUES (1, '2026-01-15 10:00:00.5')")
    found = column(mysql, database_at(mysql, table))
    assert found == [datetime(2026, 1, 15, 8, 0, 0, 500000, UTC)]


def test_a_row_that_is_longer_than_a_batch_comes_whole(server: Server, table: str) -> None:
    text = "text" if server.engine == "postgresql" else "longtext"
    server.run(
        f"CREATE TABLE {table} (id int, v {text})",
        f"INSERT INTO {table} VALUES (1, repeat('ab\n', 100000)), (2, NULL), (3, 'c')",
    )
    database = database_at(server, table, batch_bytes=2**16)
    assert column(server, database) == ["ab\n" * 100_000, None, "c"]


def test_a_row_that_mysql_cannot_send_is_told(mysql: Server, table: str) -> None:
    mysql.run(
        f"CREATE TABLE {table} (id int, v longblob)",
        f"INSERT INTO {table} VALUES (1, repeat('a', 9000000))",
    )
    with pytest.raises(SourceFailed, match="longer than its max_allowed_packet"):
        column(mysql, database_at(mysql, table))


def test_names_are_quoted_as_they_are(server: Server) -> None:
    mark = '"' if server.engine == "postgresql" else "`"
    name = f"{mark}Odd, table{mark}"
    server.run(
        f"DROP TABLE IF EXISTS {name}",
        f"CREATE TABLE {name} (id int, {mark}select %s:x{mark} int)",
        f"INSERT INTO {name} VALUES (1, 7)",
    )
    rows = read(connector_to(server, database_at(server, "Odd, table")))
    assert rows.to_pylist() == [{"id": 1, "select %s:x": 7}]


def test_a_query_is_read_like_a_table(server: Server, table: str) -> None:
    made(server, table, "varchar(20)", ["'a:b'", "'50%'"])
    query = f"SELECT id + 1 AS id, v FROM {table} WHERE v <> ':x' -- all"
    database = database_at(server, query=query, columns=("v", "id"))
    rows = read(connector_to(server, database))
    assert rows.column_names == ["v", "id"]
    assert sorted(rows.to_pylist(), key=lambda row: row["id"]) == [
        {"v": "a:b", "id": 1},
        {"v": "50%", "id": 2},
    ]

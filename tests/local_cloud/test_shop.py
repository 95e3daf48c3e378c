"""The small shop's files, and whether what is said about them is so."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import orc

from config.datasets import load_contracts
from lake.planning.contract_terms import declared_schema, rules_of
from lake.planning.datasets import source_name
from lake.reading.formats import inspect_whole
from local_cloud.shop.arrivals import Arrival, arrivals
from local_cloud.shop.records import DAYS, PRIMARY_KEYS, Dataset
from local_cloud.shop.truth import Truth, truth
from local_cloud.shop.uploads import ShopObject, shop_uploads
from tests.glue_scripts.texts import Text
from wires.contracts import CuratedTable
from wires.formats import Kind, detect
from wires.object_ledger import ObjectStatus

CONTRACTS = {c.name: c for c in load_contracts() if c.name in set(Dataset)}
TABLES = {table.table: table for c in CONTRACTS.values() for table in c.curated}
OBJECTS = shop_uploads()
DATA = [made for made in OBJECTS if made.status is ObjectStatus.PUBLISHED]
FILES = [
    pytest.param(made, arrival, id=made.key) for made, arrival in zip(DATA, arrivals(), strict=True)
]
PLAIN_TYPES = {"int64", "string", "date32[day]", "decimal128(18, 2)", "decimal128(5, 4)"}
DIGEST = (
    "import hashlib; from local_cloud.shop.uploads import shop_uploads as made; "
    "print(hashlib.sha256(b''.join(o.key.encode() + o.content for o in made())).hexdigest())"
)


def test_another_process_makes_the_same_bytes() -> None:
    mine = hashlib.sha256(b"".join(made.key.encode() + made.content for made in OBJECTS))
    command = [sys.executable, "-c", DIGEST]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    other = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == mine.hexdigest()


def test_the_set_is_as_large_as_it_is_said_to_be() -> None:
    assert len({made.key for made in OBJECTS}) == len(OBJECTS) == 17
    counts = [sum(getattr(m, n) for m in OBJECTS) for n in ("rows_in", "published", "quarantined")]
    assert counts == [1762, 1759, 3]
    assert list(OBJECTS) == sorted(OBJECTS, key=lambda made: made.day)


@pytest.mark.parametrize("made", OBJECTS, ids=lambda made: made.key)
def test_what_comes_in_is_published_or_quarantined(made: ShopObject) -> None:
    assert made.rows_in == made.published + made.quarantined
    assert made.quarantined == len(made.quarantined_rows)
    assert source_name(made.key) == made.dataset
    assert f"{made.day:data/incoming/%Y/%m/%d/}" in made.key


@pytest.mark.parametrize(("made", "arrival"), FILES)
def test_a_library_of_the_format_reads_what_was_sent(made: ShopObject, arrival: Arrival) -> None:
    found = list(READERS[made.key.split(".", 1)[1]](made.content))
    sent = [asdict(row) for row in arrival.delivery.rows]
    assert [{name: comparable(row[name]) for name in row} for row in found] == [
        {name: comparable(row[name]) for name in found[0]} for row in sent
    ]
    assert len(found) + len(arrival.delivery.broken) == made.rows_in


def read_csv(text: str, delimiter: str) -> Iterator[dict[str, Any]]:
    header, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    return (dict(zip(header, row, strict=True)) for row in rows if len(row) == len(header))


READERS: Mapping[str, Any] = {
    "csv": lambda content: read_csv(content.decode(), ","),
    "csv.gz": lambda content: read_csv(gzip.decompress(content).decode(), ";"),
    "json": lambda content: json.loads(content, parse_float=Decimal),
    "jsonl": lambda content: (
        json.loads(line, parse_float=Decimal) for line in content.splitlines()
    ),
    "avro": lambda content: fastavro.reader(io.BytesIO(content)),
    "parquet": lambda content: pq.read_table(io.BytesIO(content)).to_pylist(),
    "orc": lambda content: orc.read_table(io.BytesIO(content)).to_pylist(),
}


def comparable(value: Any) -> str:
    """Formats without types have text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("made", DATA, ids=lambda made: made.key)
def test_the_reader_of_the_ingestion_finds_the_same(made: ShopObject) -> None:
    contract = CONTRACTS[made.dataset]
    found = inspect_whole(
        Text(made.content), max_ratio=100, rules=rules_of(contract, declared_schema(contract))
    )
    by_row = [row for row in made.quarantined_rows if "row before it" not in row.reason]
    assert (found.rows_in, found.rows_bad) == (made.rows_in, len(by_row))
    if by_row:
        assert found.first_bad.endswith(f"line {by_row[0].line}: {by_row[0].reason}")
    declared = {column.name: column.type for column in declared_schema(contract).columns}
    for name, kind in zip(found.layout.fields, found.types, strict=True):
        wanted = declared.get(name)
        assert wanted is None or wanted.join(kind).stored_as(wanted), (name, kind)


def test_what_is_no_data_does_not_look_like_it() -> None:
    empty, picture = (made for made in OBJECTS if made.status is not ObjectStatus.PUBLISHED)
    assert (empty.status, empty.content) == (ObjectStatus.EMPTY, b"")
    assert (picture.status, detect(picture.content).kind) == (
        ObjectStatus.REJECTED,
        Kind.NOT_DATA,
    )


def test_all_dirt_has_its_known_consequence() -> None:
    known = truth()
    assert known.quarantined == {
        "2 fields, expected 6": 1,
        "7 fields, expected 6": 1,
        "order_id has no value, expected one in every row": 1,
    }
    assert known.quarantine_object == {
        "shop_customers": {"country_is_a_code": 0},
        "shop_products": {"unit_price_is_positive": 0},
        "shop_orders": {"status_is_known": 2},
        "shop_order_lines": {"quantity_is_positive": 3, "price_is_not_negative": 0},
        "shop_returns": {"quantity_is_positive": 0},
    }
    assert known.dangling == {
        "shop_orders(customer_id)": 5,
        "shop_order_lines(order_id)": 5,
        "shop_order_lines(product_id)": 0,
        "shop_returns(order_id)": 1,
        "shop_returns(order_id, line)": 1,
    }
    assert sum(row["email"] is None for row in known.current["shop_customers"]) == 3


def test_orders_that_are_sent_again_do_not_come_back_in_an_older_state() -> None:
    [again] = (a for a in arrivals() if "again" in a.delivery.file)
    now = {row["order_id"]: row for row in truth(DAYS[2]).current["shop_orders"]}
    before = {row["order_id"]: row for row in truth(DAYS[1]).current["shop_orders"]}
    older = [row for row in map(asdict, again.published) if before[row["order_id"]] != row]
    assert older
    assert all(now[row["order_id"]]["updated_at"] > row["updated_at"] for row in older)


def test_a_state_that_breaks_a_rule_leaves_the_one_before() -> None:
    sent = [row for a in arrivals() for row in map(asdict, a.published) if "status" in row]
    current = truth().current["shop_orders"]
    status = {row["order_id"]: row["status"] for row in current}
    [on_hold] = (row for row in sent if row["status"] == "on hold")
    [lost] = (row for row in sent if row["status"] == "lost")
    assert (status.get(on_hold["order_id"]), status[lost["order_id"]]) == (None, "placed")


def test_late_orders_are_sales_of_the_day_on_which_they_were_placed() -> None:
    before, after = (
        {row["order_id"]: row["ordered_on"] for row in truth(day).current["shop_orders"]}
        for day in DAYS[2:]
    )
    late = [on for number, on in after.items() if number not in before and on != DAYS[3]]
    assert len(late) == 6
    assert set(late) == {DAYS[0], DAYS[1]}


def test_the_contracts_say_what_the_truth_takes_for_granted() -> None:
    known = truth()
    for name, contract in CONTRACTS.items():
        assert contract.primary_key == PRIMARY_KEYS[Dataset(name)]
        dated = "updated_at" in known.current[name][0]
        assert contract.latest_by == (("updated_at",) if dated else ())
        assert [rule.name for rule in contract.rules] == list(known.quarantine_object[name])
    references = {
        f"{name}({', '.join(reference.columns)})"
        for name, contract in CONTRACTS.items()
        for reference in contract.references
    }
    assert references == set(known.dangling)
    assert {name: table.day for name, table in TABLES.items()} == {
        "shop_customer_value": "",
        "shop_daily_sales": "ordered_on",
    }


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_curated_table_reads_what_it_declares(table: CuratedTable) -> None:
    [owner] = (name for name, contract in CONTRACTS.items() if table in contract.curated)
    words = set(re.findall(r"\w+", re.sub("--.*", "", table.sql)))
    assert words & set(CONTRACTS) == {owner, *table.uses}


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_the_sql_gives_the_truth_of_each_day(table: CuratedTable, day: date) -> None:
    known = truth(day)
    assert answer(table, known) == list(known.curated[table.table])


def test_a_days_sales_depend_on_that_days_orders_alone() -> None:
    known, table = truth(), TABLES["shop_daily_sales"]
    for day in DAYS:
        of_day = [row for row in known.curated[table.table] if row["ordered_on"] == day]
        assert of_day
        assert answer(table, known, f"ordered_on = DATE '{day}'") == of_day


def answer(table: CuratedTable, known: Truth, orders: str = "true") -> list[dict[str, Any]]:
    """In DuckDB, from tables with the types that the catalog has; `orders`: which of them."""
    with duckdb.connect() as connection:
        for name, contract in CONTRACTS.items():
            columns = declared_schema(contract).columns
            schema = pa.schema([(column.name, column.type.arrow) for column in columns])
            connection.register(f"all_{name}", pa.Table.from_pylist(known.current[name], schema))
            which = orders if name == "shop_orders" else "true"
            connection.execute(f"CREATE VIEW {name} AS FROM all_{name} WHERE {which}")
        found = connection.sql(table.sql).to_arrow_table()
    assert {str(kind) for kind in found.schema.types} <= PLAIN_TYPES
    keys = found.column_names[: 3 if table.day else 1]
    rows: list[dict[str, Any]] = found.sort_by([(key, "ascending") for key in keys]).to_pylist()
    return rows

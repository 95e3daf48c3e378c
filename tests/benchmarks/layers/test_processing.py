"""What the generator says about the curated table, an engine of its own finds in the files."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from benchmarks.layers.processing import PHASES
from benchmarks.layers.processing.comparing import faults, judged, keep
from benchmarks.layers.processing.orders import Shop
from benchmarks.layers.processing.zone_files import FIRST_DAYS, ZoneFiles, prepare

BUILD, INCREMENT, MOVE = PHASES


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ZoneFiles:
    return prepare(6_000, tmp_path_factory.mktemp("zone"))


def queried(files: ZoneFiles, phase: str) -> pa.Table:
    orders, customers = (
        [f"{files.bucket}/{load.prefix}*.parquet" for load in files.of(name, until=phase)]
        for name in ("orders", "customers")
    )
    sql = f"""
        WITH o AS (FROM read_parquet({orders})
                   QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC) = 1),
             c AS (FROM read_parquet({customers})
                   QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY load_id DESC) = 1)
        SELECT ordered_on, country, channel, count(*) AS orders, sum(quantity) AS quantity,
               sum(amount) AS amount
        FROM o JOIN c USING (customer_id) GROUP BY ALL
    """  # noqa: S608  paths of this test
    with duckdb.connect() as connection:
        return connection.sql(sql).to_arrow_table()


@pytest.mark.parametrize("phase", PHASES)
def test_the_expected_table_is_what_the_files_come_to(files: ZoneFiles, phase: str) -> None:
    assert faults(queried(files, phase), files.expected(phase)) == []


def test_each_phase_changes_the_table(files: ZoneFiles) -> None:
    first, second, third = map(files.expected, PHASES)
    assert faults(first, second)
    assert faults(second, third)


def test_loads_are_there_when_they_have_arrived(files: ZoneFiles) -> None:
    assert len(files.of("orders", until=BUILD)) == FIRST_DAYS
    assert len(files.of("orders", until=INCREMENT)) == FIRST_DAYS + 1
    assert len(files.of("customers", until=INCREMENT)) == 1
    assert len(files.of("customers", until=MOVE)) == 2


def test_a_day_brings_new_orders_late_ones_changes_and_old_versions() -> None:
    shop = Shop(1_000)
    for _ in range(9):
        shop.next_day()
    before = shop.current
    arrived = shop.next_day()
    again = arrived.take((arrived.order_id < len(before)).nonzero()[0])
    newer = again.updated > before.updated[again.order_id]
    fresh = arrived.take((arrived.order_id >= len(before)).nonzero()[0])
    assert (len(arrived), newer.sum(), (~newer).sum()) == (1_000, 80, 20)
    assert 0 < (fresh.day < fresh.day.max()).mean() < 0.1
    assert len(set(arrived.order_id)) == 1_000


def test_one_cent_too_many_is_seen(files: ZoneFiles) -> None:
    expected = files.expected(BUILD)
    first, *others = expected.column("amount").to_pylist()
    amounts = pa.array([first + Decimal("0.01"), *others], expected.schema.field("amount").type)
    changed = expected.set_column(5, "amount", amounts)
    assert faults(changed, expected) == ["amount differs in 1 rows"]


def test_a_null_a_missing_row_and_a_missing_column_are_seen(files: ZoneFiles) -> None:
    expected = files.expected(BUILD)
    nothing = pa.nulls(expected.num_rows, pa.int64())
    nulls = expected.set_column(4, "quantity", nothing)
    assert faults(nulls, expected) == [f"quantity differs in {expected.num_rows:,} rows"]
    assert "rows instead of" in faults(expected.slice(1), expected)[0]
    assert faults(expected.drop_columns(["orders"]), expected) == ["column orders is missing"]


def test_the_verdict_names_the_phase(files: ZoneFiles, tmp_path: Path) -> None:
    for phase in PHASES:
        keep(files.expected(BUILD), str(tmp_path), phase)
    wrong = judged(tmp_path, {}, files=files).wrong
    assert not any(fault.startswith(BUILD) for fault in wrong)
    assert any(fault.startswith(INCREMENT) for fault in wrong)

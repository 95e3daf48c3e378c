"""Processed tables as Iceberg tables: loads, maintenance and curation meet in the same files."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from pyiceberg.types import TimestampType, TimestamptzType
from pyspark.sql import SparkSession

from iceberg.rollback import roll_back
from lake.columns.schema import Schema
from lake.columns.types import TEXT
from lake.publishing import publisher as publishing
from lake.publishing.processed_tables import ProcessedTables, read_columns, spell_columns
from lake.publishing.publisher import Publisher
from maintenance import upkeep
from operations.table_reader import IcebergReader
from tests.aws import PROCESSED, SmallAws
from tests.curations import Curation
from tests.glue_scripts.iceberg_lake import mark_deletions
from tests.keeping import Keeper
from tests.kills import Killed
from tests.lakes import Lake
from wires.layout import publisher
from wires.object_ledger import ObjectLedger

LATER = timedelta(days=40)
"""Longer than snapshots are kept."""


@pytest.fixture
def lake(aws: SmallAws, spark: SparkSession) -> Lake:
    return Lake(aws, spark)


@pytest.fixture
def keep(aws: SmallAws, spark: SparkSession) -> Keeper:
    return Keeper(aws, spark)


def loaded(lake: Lake, name: str) -> dict[str, tuple[int, int]]:
    """Rows and values by day and load."""
    table = ProcessedTables.of(lake.aws.glue, PROCESSED).open(name)
    assert table is not None
    return {
        "/".join((*file.partition, load)): (counts.rows, counts.values)
        for file in table.files()
        for load, counts in file.loads.items()
    }


def fill(lake: Lake, loads: int) -> list[str]:
    return [
        lake.process(lake.upload(f"orders/{n}.csv", f"id,amount\n{n},{n}.50\n{n},\n"))
        for n in range(loads)
    ]


@pytest.mark.slow
def test_files_that_are_merged_tell_whose_rows_they_hold(lake: Lake, keep: Keeper) -> None:
    ids = fill(lake, 6)
    before = loaded(lake, "orders")
    assert before == {f"2026/01/15/{load}": (2, 3) for load in ids}
    rows = lake.rows("orders", "id", "amount", "load_id", "source_file")
    [kept] = keep()
    assert (kept.files_before, kept.files_after) == (6, 1)
    [key] = lake.files("orders")
    assert "/compacted=" in key
    assert loaded(lake, "orders") == before
    assert lake.rows("orders", "id", "amount", "load_id", "source_file") == rows
    later = lake.process(lake.upload("orders/later.csv", "id,amount\n7,7.5\n"))
    assert loaded(lake, "orders") == {**before, f"2026/01/15/{later}": (1, 2)}


@pytest.mark.slow
def test_a_type_widens_in_files_that_were_merged(lake: Lake, keep: Keeper) -> None:
    fill(lake, 6)
    other = lake.upload("orders/other.csv", "id,note\n9,n\n", at="2026-01-16T10:00:00+00:00")
    lake.process(other)
    keep()
    snapshots = len(lake.snapshots("orders"))
    lake.process(lake.upload("orders/odd.csv", "id,amount\n8,n/a\n"))
    assert lake.types("orders")["amount"] == "string"
    found = lake.rows("orders", "id", "amount")
    assert (3, "3.50") in found
    assert (8, "n/a") in found
    assert len(found) == 14
    assert not [key for key in lake.files("orders") if "/compacted=" in key]
    # Of the other day no file has the column: it is not written again.
    assert [k for k in lake.files("orders") if "day=16" in k and "/for-" not in k]
    assert len(lake.snapshots("orders")) == snapshots + 1, "all of it in one commit"


@pytest.mark.slow
def test_nothing_is_merged_while_a_load_publishes(
    lake: Lake, keep: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lake, 5)
    monkeypatch.setattr(upkeep, "_TURN_WAIT", 0.0)
    name = publisher("orders")
    assert lake.state.leases.take(name, owner="somebody", seconds=600)
    [left] = keep()
    assert left.files_before == 0
    assert len(lake.files("orders")) == 5
    lake.state.leases.give_back(name, owner="somebody")
    [kept] = keep()
    assert kept.files_before == 5
    assert lake.state.leases.take(name, owner="another", seconds=1), "it is given back"


@pytest.mark.slow
def test_curated_tables_do_not_notice_that_files_were_merged(
    curation: Curation, spark: SparkSession
) -> None:
    keep = Keeper(curation.aws, spark)
    curation.upload("customers", "customer_id,country\n1,DE\n2,FR\n")
    for number in range(1, 7):
        curation.upload(
            "orders", f"order_id,customer_id,ordered_on,amount\n{number},1,2026-01-0{number},5\n"
        )
    curation.refresh()
    before = curation.read("sales")
    assert len(before) == 6
    assert sum(kept.files_before for kept in keep()) >= 6
    assert curation.refresh() == [], "nothing is new"
    curation.upload(
        "orders",
        "order_id,customer_id,ordered_on,amount\n6,2,2026-01-06,7\n",
        at="2026-01-15T11:00:00+00:00",
    )
    refreshed = curation.refresh()
    account = next(one for one in refreshed if one.model.endswith("orders"))
    assert account.counts.rows_in == 1
    changed = set(curation.read("sales")) ^ set(before)
    assert len(changed) == 2, "the day of the order, as it was and as it is"


def test_a_table_of_another_kind_costs_its_dataset_alone(lake: Lake) -> None:
    lake.aws.glue.create_table(
        DatabaseName=PROCESSED,
        TableInput={
            "Name": "orders",
            "Parameters": {"EXTERNAL": "TRUE"},
            "PartitionKeys": [{"Name": "year", "Type": "string"}],
            "StorageDescriptor": {"Columns": [], "Location": f"s3://{PROCESSED}/orders/"},
        },
    )
    one, other = lake.upload("orders/a.csv", "id\n1\n"), lake.upload("bills/a.csv", "id\n1\n")
    lake.process(one, other)
    assert lake.outcome(other) == ("published", 1, 1, 0)
    assert lake.outcome(one) == ("failed", 0, 0, 0)
    assert "is no Iceberg table" in lake.reason(one)
    assert "Drop it from the catalog" in lake.reason(one)


def test_a_table_that_comes_up_meanwhile_keeps_its_name(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a load's last look, for which it has the lease, and its commit."""
    looked = ProcessedTables._open

    def looks_and_another_comes(tables: ProcessedTables, dataset: str) -> object:
        found = looked(tables, dataset)
        if dataset == "orders" and tables._held is not None:
            other = {"Name": "orders", "Parameters": {"EXTERNAL": "TRUE"}}
            lake.aws.glue.create_table(DatabaseName=PROCESSED, TableInput=other)
        return found

    monkeypatch.setattr(ProcessedTables, "_open", looks_and_another_comes)
    one, other = lake.upload("orders/a.csv", "id\n1\n"), lake.upload("bills/a.csv", "id\n1\n")
    lake.process(one, other)
    assert lake.table("orders")["Parameters"] == {"EXTERNAL": "TRUE"}
    assert lake.outcome(one) == ("failed", 0, 0, 0)
    assert "by somebody else" in lake.reason(one)
    assert lake.outcome(other) == ("published", 1, 1, 0)


def test_deletions_that_somebody_else_has_marked_cost_their_dataset_alone(lake: Lake) -> None:
    fill(lake, 1)
    table = ProcessedTables.of(lake.aws.glue, PROCESSED).open("orders")
    assert table is not None
    mark_deletions(table.iceberg)
    one = lake.upload("orders/next.csv", "id,amount\n5,5.5\n")
    other = lake.upload("bills/a.csv", "id\n1\n")
    lake.process(one, other)
    assert lake.outcome(one) == ("failed", 0, 0, 0)
    assert "Roll it back" in lake.reason(one)
    assert lake.outcome(other) == ("published", 1, 1, 0)


def test_moments_and_times_without_a_zone_are_told_apart(lake: Lake) -> None:
    text = "at,when\n2026-01-15T10:00:00+01:00,2026-01-15 10:00:00\n"
    lake.process(lake.upload("events/a.csv", text))
    table = ProcessedTables.of(lake.aws.glue, PROCESSED).open("events")
    assert table is not None
    schema = table.iceberg.schema()
    assert isinstance(schema.find_field("at").field_type, TimestamptzType)
    assert isinstance(schema.find_field("when").field_type, TimestampType)
    location = lake.table("events")["Parameters"]["metadata_location"]
    [row] = IcebergReader(lake.aws.s3).rows(location).to_pylist()
    assert (row["at"].isoformat(), row["when"].isoformat()) == (
        "2026-01-15T09:00:00+00:00",
        "2026-01-15T10:00:00",
    )
    assert (row["year"], row["month"], row["day"]) == ("2026", "01", "15")


def test_a_rollback_brings_the_columns_back_as_loads_know_them(lake: Lake) -> None:
    fill(lake, 1)
    table = ProcessedTables.of(lake.aws.glue, PROCESSED)
    before = table.open("orders")
    assert before is not None
    snapshot = before.iceberg.current_snapshot()
    assert snapshot is not None
    lake.process(lake.upload("orders/odd.csv", "id,amount,more\n8,n/a,x\n"))
    roll_back(table.database, "orders", str(snapshot.snapshot_id))
    back = table.open("orders")
    assert back is not None
    assert back.schema == before.schema
    lake.process(lake.upload("orders/next.csv", "id,amount\n9,9.25\n"))
    assert lake.types("orders")["amount"] == "decimal(18,2)"
    found = lake.rows("orders", "id", "amount")
    assert [(i, str(amount)) for i, amount in found if i == 9] == [(9, "9.25")]
    assert len(found) == 3


def test_what_was_told_of_columns_goes_with_the_last_snapshot_that_has_them(
    lake: Lake, keep: Keeper
) -> None:
    fill(lake, 1)
    for number in range(3):
        lake.process(lake.upload(f"orders/more{number}.csv", f"id,amount,m{number}\n8,1.25,x\n"))
    table = ProcessedTables.of(lake.aws.glue, PROCESSED)
    assert _told_of(table) == ["lake.columns", *(f"lake.columns.{n}" for n in range(3))]
    keep()
    assert len(_told_of(table)) == 4
    keep(after=LATER)
    assert _told_of(table) == ["lake.columns"]
    lake.process(lake.upload("orders/last.csv", "id,amount,last\n9,9.25,y\n"))
    assert _told_of(table) == ["lake.columns", "lake.columns.3"]
    earlier = table.database.must_have("orders").metadata.snapshots[0]
    roll_back(table.database, "orders", str(earlier.snapshot_id))
    assert len(lake.rows("orders", "id")) == 5


def _told_of(tables: ProcessedTables) -> list[str]:
    names = tables.database.must_have("orders").properties
    return sorted(name for name in names if name.startswith("lake.columns"))


def test_the_way_forward_brings_the_columns_back_too(lake: Lake) -> None:
    fill(lake, 1)
    table = ProcessedTables.of(lake.aws.glue, PROCESSED)
    narrow = table.database.must_have("orders").current_snapshot()
    lake.process(lake.upload("orders/odd.csv", "id,amount,more\n8,n/a,x\n"))
    wide = table.database.must_have("orders").current_snapshot()
    assert narrow is not None
    assert wide is not None
    roll_back(table.database, "orders", str(narrow.snapshot_id))
    roll_back(table.database, "orders", str(wide.snapshot_id))
    lake.process(lake.upload("orders/next.csv", "id,amount\n9,9.25\n"))
    assert lake.types("orders")["amount"] == "string"
    found = lake.rows("orders", "id", "amount", "more")
    assert (8, "n/a", "x") in found
    assert (9, "9.25", None) in found
    assert (0, "0.50", None) in found


def dies(*_: object, **__: object) -> None:
    raise Killed


def test_an_attempt_that_comes_when_its_snapshot_has_gone_publishes_nothing_again(
    lake: Lake, keep: Keeper
) -> None:
    version = lake.upload("orders/a.csv", "id,amount\n1,1.50\n")
    load_id = lake.load(version)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ObjectLedger, "finish_all", dies)
        with pytest.raises(Killed):
            lake.run(load_id)
    lake.state.loads.retry(lake.state.loads.get(load_id), reason="died")
    assert len(lake.rows("orders", "id")) == 1
    for number in range(2):
        lake.process(lake.upload(f"orders/{number}.csv", f"id,amount\n{number},2.50\n"))
    keep(after=LATER)
    assert load_id not in [snapshot.get("load-id") for snapshot in lake.snapshots("orders")]
    lake.run(load_id, attempt=2)
    assert lake.outcome(version) == ("published", 1, 1, 0)
    assert len(lake.rows("orders", "id")) == 3


def test_an_attempt_that_comes_days_later_does_not_rely_on_its_files(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Maintenance has given them up by then."""
    version = lake.upload("orders/a.csv", "id,amount\n1,1.50\n")
    load_id = lake.load(version)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Publisher, "publish", dies)
        with pytest.raises(Killed):
            lake.run(load_id)
    for key in lake.aws.keys(PROCESSED, "orders/"):
        lake.aws.s3.delete_object(Bucket=PROCESSED, Key=key)
    monkeypatch.setattr(publishing, "_KEPT_UNPUBLISHED", timedelta())
    lake.retry(load_id, attempt=2)
    assert lake.outcome(version) == ("published", 1, 1, 0)
    assert [str(amount) for (amount,) in lake.rows("orders", "amount")] == ["1.50"]


def test_columns_of_wide_tables_find_room_in_the_catalog() -> None:
    names = [f"a column with a long name, number {number}" for number in range(10_000)]
    schema = Schema.of(names, [TEXT] * len(names))
    spelled = spell_columns(schema)
    assert len(spelled) < 512_000
    assert read_columns(spelled) == schema


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_any_history_of_loads_merges_and_expiries_keeps_every_value(
    lake: Lake, keep: Keeper, seed: int
) -> None:
    """Columns come and widen, files are merged, snapshots go: the table is what was uploaded."""
    chance = random.Random(seed)  # noqa: S311
    uploaded: list[dict[str, str]] = []
    for number in range(14):
        names = ["id", *chance.sample(["a", "b", "c", "d"], chance.randint(1, 4))]
        kind = chance.choice(["7", "1.5", "12345678901.25", "2026-01-01", "x y"])
        rows = [dict.fromkeys(names, kind) | {"id": str(10 * number + i)} for i in range(2)]
        uploaded += rows
        text = "".join(",".join(row[name] for name in names) + "\n" for row in rows)
        day = chance.choice(["15", "16"])
        lake.process(
            lake.upload(
                f"things/{number}.csv",
                f"{','.join(names)}\n{text}",
                at=f"2026-01-{day}T10:00:00+00:00",
            )
        )
        if chance.random() < 0.3:
            keep(after=LATER if chance.random() < 0.5 else timedelta())
    found = lake.rows("things", "id", "a", "b", "c", "d")
    assert len(found) == len(uploaded)
    by_id = {int(row["id"]): row for row in uploaded}
    for identity, *values in found:
        row = by_id[int(str(identity))]
        for name, value in zip("abcd", values, strict=True):
            assert same(value, row.get(name))
    counted = sorted(loaded(lake, "things").values())
    assert counted == sorted((2, 2 * len(row)) for row in uploaded[::2])
    ids = [snapshot["commit-id"] for snapshot in lake.snapshots("things")]
    assert len(set(ids)) == len(ids)


def same(value: object, text: str | None) -> bool:
    """Whether a value, in the type that its column has at last, is what was uploaded."""
    if value is None or text is None:
        return value is text
    if isinstance(value, Decimal | int):
        return value == Decimal(text)
    return str(value) == text

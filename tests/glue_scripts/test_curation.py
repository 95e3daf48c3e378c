"""Curated tables in real Spark: what readers see after uploads in any order, and after a crash."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest

from curation.refresh import Counts
from iceberg.manifests import live_files
from lake.errors import LakeError
from tests.aws import CURATED
from tests.curations import CUSTOMERS, FOLDER, ORDERS, SALES, Curation
from wires.contracts import (
    BusinessRule,
    CuratedTable,
    DatasetContract,
    OnFailure,
    Reference,
)
from wires.routes import CHECKS_PREFIX


def test_uploads_become_a_table_by_days(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    staged = curation.process()
    assert curation.tables() == []
    assert {r.model for r in staged} == {"dataset/customers", "dataset/orders", "table/sales"}
    curation.judge()
    assert curation.sales() == [
        ("2026-01-12", "DE", 1, 5),
        ("2026-01-12", "FR", 1, 7),
        ("2026-01-13", "DE", 1, 9),
    ]
    assert curation.process() == []


@pytest.mark.slow
def test_nothing_is_made_of_what_a_health_check_has_uploaded(curation: Curation) -> None:
    """Its table may be gone before it is read, and nobody should find it among the reports."""
    curation.upload("customers", CUSTOMERS)
    curation.upload(f"{CHECKS_PREFIX}layered_1", "code,note\n007,x\n")
    assert {r.model for r in curation.process()} == {"dataset/customers"}
    assert {r.model for r in curation.judge()} == {"dataset/customers"}
    assert curation.process() == []


@pytest.mark.slow
def test_late_and_changed_rows_touch_their_own_days_alone(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    before = curation.days()
    curation.upload(
        "orders",
        "order_id,customer_id,ordered_on,amount\n11,2,2026-01-14,7\n13,2,2026-01-11,1\n",
        at="2026-01-16T10:00:00+00:00",
    )
    curation.refresh()
    assert curation.sales() == [
        ("2026-01-11", "FR", 1, 1),
        ("2026-01-12", "DE", 1, 5),
        ("2026-01-13", "DE", 1, 9),
        ("2026-01-14", "FR", 1, 7),
    ]
    assert curation.days()["2026-01-13"] == before["2026-01-13"]
    assert curation.days()["2026-01-12"] != before["2026-01-12"]


@pytest.mark.slow
def test_a_change_elsewhere_touches_the_days_of_the_rows_that_refer_to_it(
    curation: Curation,
) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    before = curation.days()
    curation.upload("customers", "customer_id,country\n2,ES\n", at="2026-01-16T10:00:00+00:00")
    curation.refresh()
    assert curation.sales()[1] == ("2026-01-12", "ES", 1, 7)
    assert curation.days()["2026-01-13"] == before["2026-01-13"]


@pytest.mark.slow
def test_a_day_that_loses_its_last_row_is_gone(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    later = "order_id,customer_id,ordered_on,amount\n12,1,2026-01-12,9\n"
    curation.upload("orders", later, at="2026-01-16T10:00:00+00:00")
    curation.refresh()
    assert set(curation.days()) == {"2026-01-12"}
    assert curation.sales()[0] == ("2026-01-12", "DE", 2, 14)


@pytest.mark.slow
def test_the_later_upload_counts_whatever_the_order_of_loading(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    head = "order_id,customer_id,ordered_on,amount\n"
    curation.upload("orders", f"{head}10,1,2026-01-12,6\n", at="2026-01-15T12:00:00+00:00")
    curation.refresh()
    curation.upload("orders", f"{head}10,1,2026-01-12,5\n", at="2026-01-15T11:00:00+00:00")
    curation.refresh()
    assert curation.sales() == [("2026-01-12", "DE", 1, 6)]


@pytest.mark.slow
def test_rows_that_break_a_rule_are_put_aside_and_counted(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    later = "order_id,customer_id,ordered_on,amount\n10,1,2026-01-12,-5\n12,1,2026-01-13,10\n"
    curation.upload("orders", later, at="2026-01-16T10:00:00+00:00")
    [account] = [r for r in curation.process() if r.model == "dataset/orders"]
    assert account.counts == Counts(rows_in=5, current=3, superseded=1, quarantined=1, inserted=3)
    curation.judge()
    assert ("2026-01-12", "DE", 1, 5) in curation.sales()
    [row] = curation.lake.quarantined()
    assert row["reason"] == "breaks the rule amount_is_positive"
    assert json.loads(row["raw"]) == {
        "order_id": 10,
        "customer_id": 1,
        "ordered_on": "2026-01-12",
        "amount": -5,
    }
    assert (row["source_file"], row["line"]) == (f"{FOLDER}orders/3.csv", None)


@pytest.mark.slow
def test_nothing_is_read_again_that_was_counted_before(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    later = "order_id,customer_id,ordered_on,amount\n12,1,2026-01-13,10\n"
    curation.upload("orders", later, at="2026-01-16T10:00:00+00:00")
    [account] = [r for r in curation.refresh() if r.model == "dataset/orders"]
    assert account.counts == Counts(rows_in=1, current=1, updated=1)


@pytest.mark.slow
def test_a_table_without_a_day_is_made_anew_as_a_whole(curation: Curation) -> None:
    per_customer = CuratedTable(
        table="customer_value",
        sql="SELECT customer_id, count(order_id) AS orders FROM customers LEFT JOIN orders "
        "USING (customer_id) GROUP BY customer_id",
        source="customer_value.sql",
        uses=("orders",),
    )
    plain = curation.contracts["customers"]
    curation.contracts["customers"] = replace(plain, curated=(per_customer,))
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    assert curation.read("customer_value") == [(1, 2), (2, 1)]
    curation.upload("customers", "customer_id,country\n3,ES\n", at="2026-01-16T10:00:00+00:00")
    curation.refresh()
    assert curation.read("customer_value") == [(1, 2), (2, 1), (3, 0)]


@pytest.mark.slow
def test_a_changed_definition_makes_every_day_again(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    contract = curation.contracts["orders"]
    [table] = contract.curated
    fewer = replace(table, sql=SALES.replace("GROUP BY", "WHERE o.amount > 8 GROUP BY"))
    curation.contracts["orders"] = replace(contract, curated=(fewer,))
    curation.refresh()
    assert curation.sales() == [("2026-01-13", "DE", 1, 9)]


WRONG_SQL = [
    ("SELECT * FROM invoices", r"sales.sql: .*invoices.*may read customers, orders"),
    ("SELEC 1", r"sales.sql: .*Syntax error.*SELEC"),
    ("SELECT ordered_on, colour FROM orders", r"sales.sql: .*colour"),
    ("SELECT amount FROM orders", r"gives no date column 'ordered_on'"),
    ("SELECT ordered_on, array(1) AS a FROM orders", r"column 'a' is array<int>"),
    ("SELECT ordered_on, 1 AS a, 2 AS A FROM orders", r"gives column 'a' twice"),
    ("SELECT ordered_on, 1 AS month FROM orders", r"the name of a partition key"),
    (
        "SELECT if(order_id = 10, NULL, ordered_on) AS ordered_on FROM orders",
        r"gives rows with ordered_on None",
    ),
]


@pytest.mark.slow
def test_sql_that_does_not_fit_says_where_and_what(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    contract = curation.contracts["orders"]
    [table] = contract.curated
    for sql, said in WRONG_SQL:
        curation.contracts["orders"] = replace(contract, curated=(replace(table, sql=sql),))
        with pytest.raises(LakeError, match=said):
            curation.process()
    curation.judge()
    assert curation.tables() == []


@pytest.mark.slow
def test_sql_may_not_write_into_days_that_were_not_read(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    contract = curation.contracts["orders"]
    [table] = contract.curated
    moved = "SELECT date_add(ordered_on, 1) AS ordered_on, order_id FROM orders"
    curation.contracts["orders"] = replace(contract, curated=(replace(table, sql=moved),))
    curation.refresh()
    later = "order_id,customer_id,ordered_on,amount\n12,1,2026-01-13,10\n"
    curation.upload("orders", later, at="2026-01-16T10:00:00+00:00")
    with pytest.raises(LakeError, match=r"2026-01-14, which is not a day of the rows of 'orders'"):
        curation.process()


WRONG_RULES = [
    ("amount >", r"rule broken of dataset 'orders' .*'amount >': .*Syntax error"),
    ("colour = 1", r"rule broken of dataset 'orders' is no condition on its columns.*colour"),
]


def test_a_rule_that_does_not_fit_says_where_and_what(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    orders = curation.contracts["orders"]
    for rule, said in WRONG_RULES:
        broken = (BusinessRule(name="broken", expect=rule),)
        curation.contracts["orders"] = replace(orders, rules=broken)
        with pytest.raises(LakeError, match=said):
            curation.process()


@pytest.mark.slow
def test_a_table_without_days_may_call_its_columns_like_them(curation: Curation) -> None:
    orders = curation.contracts["orders"]
    sql = "SELECT month(ordered_on) AS month, 'x' AS day, year(ordered_on) AS year FROM orders"
    table = CuratedTable(table="months", sql=sql, source="m.sql")
    curation.contracts["orders"] = replace(orders, curated=(table,))
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    found = curation.iceberg("months").scan().to_arrow().to_pylist()
    assert {(row["year"], row["month"], row["day"]) for row in found} == {(2026, 1, "x")}


@pytest.mark.slow
def test_a_table_waits_for_the_first_file_of_each_dataset(curation: Curation) -> None:
    curation.upload("orders", ORDERS)
    assert [r.model for r in curation.refresh()] == ["dataset/orders"]
    curation.upload("customers", CUSTOMERS)
    curation.refresh()
    assert len(curation.sales()) == 3


def test_the_plan_reads_files_of_new_loads_alone_broadcasts_and_adapts(
    curation: Curation,
) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.upload("orders", ORDERS.replace("\n1", "\n2"))
    plans = curation.plans()
    assert "InMemoryFileIndex(1 paths)" in plans
    assert "InMemoryFileIndex(2 paths)" in plans
    pruning = curation.spark.conf.get("spark.sql.optimizer.dynamicPartitionPruning.enabled")
    assert pruning == "true", "for users' SQL over tables with days"
    assert "BroadcastHashJoin" in plans
    assert "AdaptiveSparkPlan isFinalPlan=true" in plans


@pytest.mark.slow
def test_one_table_that_cannot_be_made_keeps_no_other_back(curation: Curation) -> None:
    orders = curation.contracts["orders"]
    wrong = [
        CuratedTable(table="divided", sql="SELECT amount / 0 AS a FROM orders", source="d.sql"),
        CuratedTable(table="unread", sql="SELECT * FROM customers", source="u.sql"),
    ]
    curation.contracts["orders"] = replace(orders, curated=(*wrong, *orders.curated))
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    with pytest.raises(LakeError, match=r"table/divided: .*table/unread: u.sql: .*customers"):
        curation.process()
    curation.judge()
    assert len(curation.sales()) == 3
    assert curation.tables() == ["sales"]


@pytest.mark.slow
def test_every_reference_to_a_dataset_is_followed(curation: Curation) -> None:
    orders = curation.contracts["orders"]
    payer = Reference(columns=("payer_id",), dataset="customers", to=("customer_id",))
    [sales] = orders.curated
    curation.contracts["orders"] = replace(
        orders,
        references=(*orders.references, payer),
        curated=(
            replace(sales, sql=SALES.replace("USING (customer_id)", "ON c.customer_id = payer_id")),
        ),
    )
    curation.upload("customers", CUSTOMERS)
    head = "order_id,customer_id,payer_id,ordered_on,amount\n"
    curation.upload("orders", f"{head}10,1,2,2026-01-12,5\n")
    curation.refresh()
    curation.upload("customers", "customer_id,country\n2,ES\n", at="2026-01-16T10:00:00+00:00")
    curation.refresh()
    assert curation.sales() == [("2026-01-12", "ES", 1, 5)]


CHANGES = """order_id,customer_id,ordered_on,amount,changed_at
10,1,2026-01-12,5,2026-01-15T08:00:00Z
10,1,2026-01-12,6,2026-01-15T09:00:00Z
11,1,2026-01-12,1,2026-01-15T09:00:00Z
10,1,2026-01-13,7,2026-01-15T07:00:00Z
11,1,2026-01-12,2,2026-01-15T09:00:00Z
"""


@pytest.mark.slow
def test_a_file_of_changes_tells_several_states_of_a_key(curation: Curation) -> None:
    """The latest by what it says counts; where that is the same, the one that stands later."""
    orders = curation.contracts["orders"]
    curation.contracts["orders"] = replace(orders, latest_by=("changed_at",), rules=())
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", CHANGES)
    [account] = [one for one in curation.process() if one.model == "dataset/orders"]
    assert account.counts == Counts(rows_in=5, current=2, superseded=3, inserted=2)
    curation.judge()
    assert curation.sales() == [("2026-01-12", "DE", 2, 8)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_states_in_any_number_of_files_come_to_the_last_of_each_key(
    curation: Curation, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - a test's data
    orders = curation.contracts["orders"]
    curation.contracts["orders"] = replace(orders, latest_by=("changed_at",), rules=())
    curation.upload("customers", CUSTOMERS)
    latest: dict[int, tuple[int, int, int, int]] = {}
    uploads = []
    for number in range(4):
        lines = []
        for place in range(chance.randint(1, 12)):
            key, hour = chance.randint(1, 5), chance.randint(1, 4)
            amount = chance.randint(1, 99)
            lines.append(f"{key},1,2026-01-12,{amount},2026-01-15T0{hour}:00:00Z\n")
            latest[key] = max(latest.get(key, (0, 0, 0, 0)), (hour, number, place, amount))
        uploads.append((f"2026-01-15T1{number}:00:00+00:00", "".join(lines)))
    head = CHANGES.split("\n", maxsplit=1)[0]
    for at, text in chance.sample(uploads, len(uploads)):
        curation.upload("orders", f"{head}\n{text}", at=at)
        if chance.random() < 0.5:
            curation.refresh()
    curation.refresh()
    total = sum(state[3] for state in latest.values())
    assert curation.sales() == [("2026-01-12", "DE", len(latest), total)]


@pytest.mark.slow
def test_columns_may_be_called_what_the_platform_calls_its_own(curation: Curation) -> None:
    orders = curation.contracts["orders"]
    [sales] = orders.curated
    names = ("uploaded_at", "version_id", "broken_rules", "rank_of_key", "row_digest", "raw")
    sql = f"SELECT ordered_on, {', '.join(names)} FROM orders"  # noqa: S608 - of this test
    curation.contracts["orders"] = replace(
        orders, curated=(replace(sales, sql=sql, uses=()),), references=(), rules=()
    )
    for number in (1, 2):
        values = ",".join(f"{name}{number}" for name in names)
        text = f"order_id,ordered_on,{','.join(names)}\n1,2026-01-12,{values}\n"
        curation.upload("orders", text, at=f"2026-01-15T1{number}:00:00+00:00")
    curation.refresh()
    assert [row[1:] for row in curation.read("sales")] == [tuple(f"{name}2" for name in names)]


@pytest.mark.slow
def test_a_key_leads_on_where_its_own_row_is_missing(curation: Curation) -> None:
    """Orders and rates belong together by a customer whom nobody has described."""
    orders = curation.contracts["orders"]
    [sales] = orders.curated
    sql = """
    SELECT o.ordered_on, r.rate, count(*) AS orders, sum(o.amount) AS amount
    FROM orders o LEFT JOIN rates r USING (customer_id) GROUP BY o.ordered_on, r.rate
    """
    of_customer = orders.references
    curation.contracts["orders"] = replace(
        orders, curated=(replace(sales, sql=sql, uses=("rates",)),)
    )
    curation.contracts["rates"] = DatasetContract(
        name="rates", primary_key=("customer_id",), references=of_customer
    )
    curation.upload("customers", "customer_id,country\n1,DE\n")
    curation.upload("rates", "customer_id,rate\n1,3\n")
    curation.upload("orders", "order_id,customer_id,ordered_on,amount\n10,7,2026-01-12,5\n")
    curation.refresh()
    assert [row[1] for row in curation.read("sales")] == [None]
    curation.upload("rates", "customer_id,rate\n7,5\n", at="2026-01-16T10:00:00+00:00")
    curation.refresh()
    assert [row[1] for row in curation.read("sales")] == [5]


@pytest.mark.slow
def test_a_refresh_that_was_halted_goes_when_the_contract_goes_back(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    before, orders = curation.sales(), curation.contracts["orders"]
    [sales] = orders.curated
    wrong = replace(sales, sql=SALES.replace("sum(o.amount)", "-sum(o.amount)"))
    curation.contracts["orders"] = replace(orders, curated=(wrong,))
    curation.quality("sales", 'Rules = [ ColumnValues "amount" > 0 ]', OnFailure.HALT)
    curation.refresh()
    assert curation.state("table/sales").staged
    curation.contracts["orders"] = orders
    curation.refresh()
    assert curation.state("table/sales").staged == ""
    assert curation.sales() == before


@pytest.mark.slow
def test_rows_without_a_key_from_before_there_was_one_are_put_aside(curation: Curation) -> None:
    orders = curation.contracts["orders"]
    curation.contracts["orders"] = replace(orders, primary_key=())
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", f"{ORDERS},1,2026-01-12,3\n")
    curation.contracts["orders"] = orders
    [account] = [r for r in curation.process() if r.model == "dataset/orders"]
    assert account.counts == Counts(rows_in=4, current=3, quarantined=1, inserted=3)


@pytest.mark.slow
def test_a_wider_input_makes_every_day_again(curation: Curation) -> None:
    orders = curation.contracts["orders"]
    [sales] = orders.curated
    sql = "SELECT ordered_on, string(amount) AS amount FROM orders"
    curation.contracts["orders"] = replace(orders, curated=(replace(sales, sql=sql),))
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    later = "order_id,customer_id,ordered_on,amount\n20,1,2026-01-20,1.25\n"
    curation.upload("orders", later, at="2026-01-20T10:00:00+00:00")
    curation.refresh()
    assert {row[1] for row in curation.read("sales")} == {"5.00", "7.00", "9.00", "1.25"}


@pytest.mark.slow
def test_a_table_may_lose_its_days_and_get_them_back(curation: Curation) -> None:
    orders = curation.contracts["orders"]
    [sales] = orders.curated
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    for day in ("ordered_on", "", "ordered_on"):
        curation.contracts["orders"] = replace(orders, curated=(replace(sales, day=day),))
        curation.refresh()
        assert len(curation.sales()) == 3
        assert len(live_files(curation.iceberg("sales"))) == (2 if day else 1)


@pytest.mark.slow
def test_a_table_of_folders_that_has_the_name_is_replaced(curation: Curation) -> None:
    """As an earlier version has made it."""
    curation.aws.glue.create_table(
        DatabaseName=CURATED,
        TableInput={
            "Name": "sales",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
            "PartitionKeys": [{"Name": "year", "Type": "string"}],
            "StorageDescriptor": {
                "Columns": [{"Name": "a", "Type": "string"}],
                "Location": "s3://x/",
            },
        },
    )
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    assert len(curation.sales()) == 3


@pytest.mark.slow
def test_a_column_may_go_and_come_back_as_another(curation: Curation) -> None:
    orders = curation.contracts["orders"]
    [sales] = orders.curated
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    shown = []
    for what in ("order_id, amount", "order_id", "order_id, string(amount) AS amount"):
        sql = f"SELECT ordered_on, {what} FROM orders"  # noqa: S608 - of this test
        curation.contracts["orders"] = replace(orders, curated=(replace(sales, sql=sql, uses=()),))
        curation.refresh()
        shown.append(curation.read("sales")[0][1:])
    assert shown == [(10, 5), (10,), (10, "5")]
    ids = {
        field.field_id
        for schema in curation.iceberg("sales").schemas().values()
        for field in schema.fields
        if field.name == "amount"
    }
    assert len(ids) == 2, "the id of a column that is gone never comes back for other values"


@pytest.mark.slow
def test_a_table_that_somebody_has_dropped_comes_back_whole(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS)
    curation.refresh()
    curation.aws.glue.delete_table(DatabaseName=CURATED, Name="sales")
    late = "order_id,customer_id,ordered_on,amount\n20,1,2026-01-20,1\n"
    curation.upload("orders", late, at="2026-01-20T10:00:00+00:00")
    curation.refresh()
    assert len(curation.sales()) == 4


@pytest.mark.slow
def test_a_day_has_to_be_a_date_of_the_dataset(curation: Curation) -> None:
    curation.upload("customers", CUSTOMERS)
    curation.upload("orders", ORDERS.replace(",2026-01-12,", ",2026-01-12T10:00:00,"))
    with pytest.raises(LakeError, match=r"'ordered_on', which is string in dataset 'orders'"):
        curation.process()

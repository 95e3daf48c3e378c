"""Whole loads in real Spark against the small AWS: what readers of the catalog see."""

from __future__ import annotations

import gzip
import io
import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from pyarrow import orc
from pyspark.sql import SparkSession

from lake import store
from lake.errors import AccountingError, LoadLost
from lake.load import waits
from lake.store import FooterCounts
from tests.aws import (
    JOB,
    PROCESSED,
    QUALITY,
    SmallAws,
    make_small_aws,
)
from tests.kills import Killed, killed_at_call
from tests.lakes import DAY, Lake
from wires.column_names import METADATA_COLUMNS
from wires.contracts import DatasetContract, DeclaredColumn, Evolution
from wires.load_ledger import LoadState
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus

DAY_FOLDER = "data/incoming/2026/01/15/"


@pytest.fixture
def lake(aws: SmallAws, spark: SparkSession) -> Lake:
    return Lake(aws, spark)


def test_a_file_becomes_typed_rows_with_their_origin(lake: Lake) -> None:
    version = lake.upload("orders/a.csv", 'id,zip,amount,day\n1,02134,1.50,2026-01-01\n2,"","",\n')
    load_id = lake.process(version)
    assert lake.outcome(version) == ("published", 2, 2, 0)
    assert lake.types("orders") == {
        "id": "bigint",
        "zip": "string",
        "amount": "decimal(18,2)",
        "day_in_file": "date",
        "processed_at": "timestamp",
        "source_file": "string",
        "processing_job": "string",
        "load_id": "string",
    }
    [[source, job, load, zip_], [_, _, _, empty]] = lake.rows(
        "orders", "source_file", "processing_job", "load_id", "zip"
    )
    assert {zip_, empty} == {"02134", ""}
    assert (source, job, load) == ("orders/a.csv", JOB, load_id)
    assert lake.parts("orders") == [("2026", "01", "15", load_id)]
    [key] = lake.files("orders")
    assert key.startswith(f"orders/year=2026/month=01/day=15/load={load_id}/")
    [snapshot] = lake.snapshots("orders")
    assert {name: snapshot[name] for name in ("load-id", "run-id", "code-version")} == {
        "load-id": load_id,
        "run-id": f"{load_id}-1",
        "code-version": lake.settings.code_version,
    }
    counted = ("rows-in", "rows-published", "rows-quarantined", "values-published")
    assert [snapshot[name] for name in counted] == ["2", "2", "0", "6"]
    assert lake.state.loads.get(load_id).state is LoadState.PUBLISHED
    assert lake.state.runs.get(JOB, f"{load_id}-1")["rows_published"] == 2


def test_the_run_says_how_many_values_of_published_rows_are_null(lake: Lake) -> None:
    load_id = lake.process(
        lake.upload("orders/a.csv", "id,n,day\n1,,2026-01-01\n2,5,\n3,6\n4,,\n"),
        lake.upload("sales/a.csv", "a,b\n1,\n2,\n3,x\n"),
    )
    item = lake.state.runs.get(JOB, f"{load_id}-1")
    assert item["rows_quarantined"] == 1  # of which nothing counts
    assert item["nulls"] == {"orders": 4, "sales": 2}


def test_malformed_rows_are_quarantined_with_reason_file_and_line(lake: Lake) -> None:
    version = lake.upload("orders/a.csv", 'id,name\n1,a\n2\n3,"x"y\n4,b\n')
    lake.process(version)
    assert lake.outcome(version) == ("published", 4, 2, 2)
    assert [(r["source_file"], r["line"], r["raw"], r["reason"]) for r in lake.quarantined()] == [
        ("orders/a.csv", 3, "2", "1 field, expected 2"),
        (
            "orders/a.csv",
            4,
            '3,"x"y',
            "a quoted field is not closed, or text follows its closing quote",
        ),
    ]


def test_keys_are_read_as_they_are(lake: Lake) -> None:
    keys = ["data[1].csv", "_x.csv", "Büro 1+2.csv", "a%20b.csv", "x:y.csv", "*.csv", "a?.csv"]
    decoy = lake.upload("data1.csv", "id\n99\n")
    versions = [lake.upload(key, f"id\n{i}\n") for i, key in enumerate(keys)]
    lake.process(*versions)
    assert decoy not in versions
    for i, version in enumerate(versions):
        item = lake.state.objects.get(version.key, version.version_id)
        assert lake.outcome(version) == ("published", 1, 1, 0)
        assert lake.rows(item["dataset"], "id", "source_file") == [(i, version.key)]


def test_two_files_of_one_name_in_two_folders_never_meet(lake: Lake) -> None:
    a, b = lake.upload("a/x.csv", "id\n1\n"), lake.upload("b/x.csv", "id\n2\n")
    lake.process(a, b)
    assert lake.rows("a", "id") == [(1,)]
    assert lake.rows("b", "id") == [(2,)]


def test_two_versions_of_one_key_are_both_read_and_the_same_content_once(lake: Lake) -> None:
    first = lake.upload("orders/x.csv", "id\n1\n")
    second = lake.upload("orders/x.csv", "id\n2\n")
    third = lake.upload("orders/x.csv", "id\n1\n")
    lake.process(second)
    lake.process(first, third)
    assert lake.rows("orders", "id") == [(1,), (2,)]
    assert {lake.outcome(first)[0], lake.outcome(third)[0]} == {"published", "ignored"}


def test_files_that_bring_nothing_say_so(lake: Lake) -> None:
    header = lake.upload("orders/header.csv", "id,name\n")
    blank = lake.upload("orders/blank.csv", "\n\n")
    ragged = lake.upload("orders/ragged.csv", "id,name\n1\n2\n")
    bad = lake.upload("orders/bad.csv", "a;b,c;d\n1;2,3;4\n")
    lake.process(header, blank, ragged, bad)
    assert lake.outcome(header) == ("empty", 0, 0, 0)
    assert lake.outcome(blank) == ("empty", 0, 0, 0)
    assert lake.outcome(ragged) == ("rejected", 0, 0, 0)
    assert lake.outcome(bad) == ("rejected", 0, 0, 0)
    assert "line 1 has 2 fields, the rows below it have 1" in lake.reason(ragged)
    assert lake.tables() == []
    copy, note, *others = lake.aws.keys(QUALITY, "quarantine/objects/")
    assert len(others) == 2
    kept = {lake.details(version)["kept_at"] for version in (ragged, bad)}
    assert f"s3://{QUALITY}/{copy}" in kept
    assert json.loads(lake.aws.body(QUALITY, note))["kept_at"] == f"s3://{QUALITY}/{copy}"


def test_files_with_other_columns_in_another_order_make_one_table(lake: Lake) -> None:
    lake.process(
        lake.upload("orders/a.csv", "id,name\n1,a\n"),
        lake.upload("orders/b.csv", "name,id,note\nb,2,x\n"),
    )
    lake.process(lake.upload("orders/c.csv", "note\ny\n"))
    assert lake.rows("orders", "id", "name", "note") == [
        (1, "a", None),
        (2, "b", "x"),
        (None, None, "y"),
    ]


WIDENING = [
    ("id\n1\n", "id\nx\n", "string", ["1", "x"]),
    ("id\n1\n", "id\n2.25\n", "decimal(18,2)", ["1.00", "2.25"]),
    ("id\n1.5\n2.25\n", "id\nn/a\n", "string", ["1.5", "2.25", "n/a"]),
    ("id\n1.5\n", "id\n12345678901234567890.125\n", "decimal(38,3)", None),
    ("id,n\n,1\n", "id,n\n7,1\n", "bigint", ["7", "None"]),
    ("id\n2026-01-01T10:00:00+02:00\n", "id\nx\n", "string", ["2026-01-01T10:00:00+02:00", "x"]),
]


@pytest.mark.parametrize(("older", "newer", "kind", "values"), WIDENING)
@pytest.mark.few(3)
def test_a_wider_file_widens_the_table_and_older_rows_keep_their_values(
    lake: Lake, older: str, newer: str, kind: str, values: list[str] | None
) -> None:
    lake.process(lake.upload("orders/a.csv", older))
    lake.process(lake.upload("orders/b.csv", newer))
    assert lake.types("orders")["id"] == kind
    rows = lake.rows("orders", "id")
    if values:
        assert sorted(str(row[0]) for row in rows) == values


def test_tables_do_not_depend_on_the_order_of_arrival(lake: Lake) -> None:
    contents = {"a": "id,n\n1,1.5\n", "b": "id,n\n2,7\n", "c": "id,n\nx,1.25\n"}
    for key in ("a", "b", "c"):
        lake.process(lake.upload(f"forth/{key}.csv", contents[key]))
    for key in ("c", "b", "a"):
        lake.process(lake.upload(f"back/{key}.csv", contents[key]))
    assert lake.types("forth") == lake.types("back")
    assert lake.rows("forth", "id", "n") == lake.rows("back", "id", "n")


def test_a_contract_that_refuses_changes_rejects_the_file_and_says_why(lake: Lake) -> None:
    lake.contracts["orders"] = DatasetContract(name="orders", evolution=Evolution.STRICT)
    lake.process(lake.upload("orders/a.csv", "id\n1\n"))
    wider = lake.upload("orders/b.csv", "id\nx\n")
    longer = lake.upload("orders/c.csv", "id,more\n1,2\n")
    same = lake.upload("orders/d.csv", "id\n22222\n")
    lake.process(wider, longer, same)
    assert lake.outcome(wider)[0] == lake.outcome(longer)[0] == "rejected"
    assert "column 'id' holds values that are no bigint" in lake.reason(wider)
    assert "column 'more' is not in the table" in lake.reason(longer)
    assert lake.rows("orders", "id") == [(1,), (22222,)]


def data_types(lake: Lake, table: str) -> dict[str, str]:
    return {name: kind for name, kind in lake.types(table).items() if name not in METADATA_COLUMNS}


def declared(evolution: Evolution, **columns: str) -> DatasetContract:
    return DatasetContract(
        name="orders",
        columns=tuple(DeclaredColumn(name=n, type=kind) for n, kind in columns.items()),
        primary_key=("id",),
        evolution=evolution,
    )


def test_a_strict_contract_shows_the_first_value_that_is_in_the_way(lake: Lake) -> None:
    lake.contracts["orders"] = declared(Evolution.STRICT, id="bigint", amount="decimal(10,2)")
    wrong = lake.upload("orders/a.csv", "id,amount\n7\n1,1.50\n2,free\n")
    lacking = lake.upload("orders/b.csv", "id\n1\n")
    right = lake.upload("orders/c.csv", "amount,id\n1.5,1\n")
    lake.process(wrong, lacking, right)
    assert "(line 4: amount is 'free', expected decimal(10,2))" in lake.reason(wrong)
    assert "column 'amount' is missing" in lake.reason(lacking)
    assert lake.outcome(right) == ("published", 1, 1, 0)
    assert data_types(lake, "orders") == {"id": "bigint", "amount": "decimal(18,2)"}


def test_a_contract_that_discards_keeps_to_its_columns_and_types(lake: Lake) -> None:
    lake.contracts["orders"] = declared(Evolution.DISCARD, id="bigint", amount="decimal(10,2)")
    csv = lake.upload("orders/a.csv", "id,extra,amount\n1,x,1.50\n2,y,free\n,z,3.00\n4,,\n")
    json_lines = lake.upload(
        f"{DAY_FOLDER}orders/b.json", '{"amount": "7.25", "id": 5}\n{"id": "six"}\n'
    )
    lake.process(csv, json_lines)
    assert lake.outcome(csv) == ("published", 4, 2, 2)
    assert lake.outcome(json_lines) == ("published", 2, 1, 1)
    assert lake.rows("orders", "id", "amount") == [
        (1, Decimal("1.50")),
        (4, None),
        (5, Decimal("7.25")),
    ]
    assert {(row["line"], row["reason"], row["raw"]) for row in lake.quarantined()} == {
        (3, "amount is 'free', expected decimal(10,2)", "2,y,free"),
        (4, "id has no value, expected one in every row", ",z,3.00"),
        (2, "id is 'six', expected bigint", '{"id": "six"}'),
    }
    details = lake.state.objects.get(csv.key, csv.version_id)["details"]
    assert list(details["columns_discarded"]) == ["extra"]


def test_a_key_stands_once_in_a_file(lake: Lake) -> None:
    lake.contracts["orders"] = DatasetContract(name="orders", primary_key=("id", "line"))
    first = lake.upload("orders/a.csv", "id,line,n\n1,1,a\n1,2,b\n1,1,c\n,3,d\n1,2,e\n")
    second = lake.upload("orders/b.csv", "line,id,n\n1,1,later\n")
    load_id = lake.process(first, second)
    assert lake.outcome(first) == ("published", 5, 2, 3)
    assert lake.outcome(second) == ("published", 1, 1, 0)
    assert lake.rows("orders", "id", "line", "n") == [(1, 1, "a"), (1, 1, "later"), (1, 2, "b")]
    assert "3 of 5 rows quarantined; line 4: the id, line of a row before it" in lake.reason(first)
    assert sorted((row["line"], row["raw"]) for row in lake.quarantined()) == [
        (4, "1,1,c"),
        (5, ",3,d"),
        (6, "1,2,e"),
    ]
    # What is rebuilt for a wider type has the same rows.
    lake.process(lake.upload("orders/c.csv", "id,line,n\nx,9,f\n"))
    assert len(lake.rows("orders", "id")) == 4
    assert load_id in {row["load_id"] for row in lake.quarantined()}


def test_keys_that_only_look_alike_are_different_keys(lake: Lake) -> None:
    lake.contracts["orders"] = DatasetContract(name="orders", primary_key=("a", "b"))
    version = lake.upload("orders/a.csv", "a,b\nx\x1f,y\nx,\x1fy\nx,\x1fy\n")
    lake.process(version)
    assert lake.outcome(version) == ("published", 3, 2, 1)


def test_a_key_stands_once_in_a_file_that_is_read_in_pieces(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lake.planning.inspection.SMALL_BYTES", 1000)
    monkeypatch.setattr("lake.planning.inspection._SMALLEST_PIECE", 1000)
    monkeypatch.setattr("lake.planning.inspection.DIGEST_BLOCK", 1000)
    lake.contracts["orders"] = DatasetContract(name="orders", primary_key=("id",))
    numbers = [*range(2000), 7, 1500, *range(2000, 2100), 2050]
    version = lake.upload("orders/a.csv", "id\n" + "".join(f"{n}\n" for n in numbers))
    lake.process(version)
    assert lake.outcome(version) == ("published", 2103, 2100, 3)
    assert len(lake.aws.keys(PROCESSED)) > 2
    assert len(lake.rows("orders", "id")) == 2100
    assert sorted(row["line"] for row in lake.quarantined()) == [2002, 2003, 2104]


def test_what_cannot_be_read_to_its_end_costs_itself_alone(lake: Lake) -> None:
    rows = "".join(f"{n},{n * 7919 % 10007}\n" for n in range(400_000))
    cut_off = lake.upload("shop/a.csv", gzip.compress(f"id,n\n{rows}".encode())[:-200_000])
    broken = lake.upload(f"{DAY_FOLDER}shop/b.json", '[{"id": 1},\n{"id" 2}]')
    good = lake.upload("shop/c.csv", "id,n\n1,2\n")
    lake.process(cut_off, broken, good)
    assert lake.outcome(cut_off) == lake.outcome(broken) == ("rejected", 0, 0, 0)
    assert "line 2: no JSON" in lake.reason(broken)
    assert "gzip" in lake.reason(cut_off)
    assert lake.rows("shop", "id", "n") == [(1, 2)]


def test_only_csv_is_taken_outside_the_folders_of_days(lake: Lake) -> None:
    hidden = lake.upload("shop/a.csv", gzip.compress(b'{"id": 1}'))
    lake.process(hidden)
    assert lake.outcome(hidden) == ("rejected", 0, 0, 0)
    assert "the content is json lines, expected CSV text" in lake.reason(hidden)


def test_files_of_all_formats_come_together_in_one_table(lake: Lake) -> None:
    rows = {"id": [3], "when": [date(2026, 1, 15)], "more": [1.5]}
    table = pa.table(rows)
    parquet, orc_file, avro = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    orc.write_table(table, orc_file)
    fields = [("id", "long"), ("when", {"type": "int", "logicalType": "date"}), ("more", "double")]
    schema = {
        "type": "record",
        "name": "row",
        "fields": [{"name": name, "type": kind} for name, kind in fields],
    }
    fastavro.writer(avro, fastavro.parse_schema(schema), table.to_pylist())
    uploads = [
        lake.upload("shop/a.csv", "id,when\n1,2026-01-15\n"),
        lake.upload(f"{DAY_FOLDER}shop/b.json", '[{"when": "2026-01-15", "id": 2, "more": 0.5}]'),
        lake.upload(f"{DAY_FOLDER}shop/c.jsonl.gz", gzip.compress(b'{"id": 2}\n{"id": 3}\n')),
        lake.upload(f"{DAY_FOLDER}shop/d.parquet", parquet.getvalue()),
        lake.upload(f"{DAY_FOLDER}shop/e.orc", orc_file.getvalue()),
        lake.upload(f"{DAY_FOLDER}shop/f.avro", avro.getvalue()),
    ]
    lake.process(*uploads)
    assert [lake.outcome(upload)[0] for upload in uploads] == ["published"] * 6
    assert data_types(lake, "shop") == {"id": "bigint", "when": "date", "more": "double"}
    assert lake.rows("shop", "id", "more") == [
        (1, None),
        (2, 0.5),
        (2, None),
        (3, 1.5),
        (3, 1.5),
        (3, 1.5),
        (3, None),
    ]


def test_a_load_says_what_it_read_and_what_it_made(lake: Lake) -> None:
    version = lake.upload("orders/a.csv", "id,n\n1,\n2,3,4\n")
    load_id = lake.process(version)
    started, completed = lake.events(load_id)
    assert (started["eventType"], completed["eventType"]) == ("START", "COMPLETE")
    (read,) = completed["inputs"]
    assert (read["name"], read["inputFacets"]["inputStatistics"]["rowCount"]) == (version.key, 2)
    metrics = read["inputFacets"]["dataQualityMetrics"]["columnMetrics"]
    assert metrics == {"id": {"count": 1}, "n": {"count": 0}}
    made = {
        item["name"]: item["outputFacets"]["outputStatistics"]["rowCount"]
        for item in completed["outputs"]
    }
    assert made == {f"table/{PROCESSED}/orders": 1, f"table/{QUALITY}/quarantined_rows": 1}


def test_a_run_that_fails_says_so_too(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise AccountingError("a row is missing")

    load_id = lake.load(lake.upload("orders/a.csv", "id\n1\n"))
    monkeypatch.setattr("lake.engine.Engine.write", broken)
    with pytest.raises(AccountingError):
        lake.run(load_id)
    started, failed = lake.events(load_id)
    assert (started["eventType"], failed["eventType"]) == ("START", "FAIL")
    message = failed["run"]["facets"]["errorMessage"]["message"]
    assert message == "AccountingError: a row is missing"


def test_a_run_that_comes_second_leaves_without_a_trace(lake: Lake) -> None:
    load_id = lake.load(lake.upload("orders/a.csv", "id\n1\n"))
    lake.state.loads.claim(load_id, attempt=1, run_id="the first")
    with pytest.raises(LoadLost):
        lake.run(load_id, run_id="the second")
    assert lake.aws.keys(PROCESSED) == []
    assert lake.tables() == []


def test_a_load_that_is_run_again_changes_nothing(lake: Lake) -> None:
    load_id = lake.process(lake.upload("orders/a.csv", "id\n1\n"))
    with pytest.raises(LoadLost):
        lake.run(load_id, attempt=2)
    assert lake.rows("orders", "id") == [(1,)]


def test_an_object_whose_rows_or_values_do_not_add_up_fails_alone(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, poor = lake.upload("orders/a.csv", "id\n1\n2\n"), lake.upload("orders/b.csv", "id\n1\n")
    good = lake.upload("orders/c.csv", "id\n3\n")

    def footer(bucket: str, key: str) -> FooterCounts:
        """That of a file which has lost a row, or a value, if a file of the load comes of it."""
        rows = pq.read_table(io.BytesIO(lake.aws.body(bucket, key)))
        sources = rows.column("source_file").to_pylist()
        counts = store.footer_counts(bucket, key)
        lost_value = {"id": counts.values["id"] - 1} if poor.key in sources else {}
        return FooterCounts(counts.rows - (short.key in sources), {**counts.values, **lost_value})

    monkeypatch.setattr("lake.writing.audit.footer_counts", footer)
    lake.process(short, poor, good)
    assert [lake.outcome(v)[0] for v in (short, poor, good)] == ["failed", "failed", "published"]
    assert lake.reason(short) == ("2 rows were read and 1 are in the file that was written of them")
    assert lake.reason(poor) == (
        "column 'id': 1 values were read and 0 are in the file that was written of them"
    )
    assert lake.rows("orders", "id") == [(3,)]


def test_names_that_differ_have_columns_of_their_own_the_same_in_every_order(lake: Lake) -> None:
    parts = {
        "a.csv": "Amount,name\n1,x\n",
        "b.csv": "amount,Amount\n2,3\n",
        "c.csv": "名前,都市\nアンナ,東京\n",
        "d.csv": "都市,名前\n大阪,ボブ\n",
    }
    for number, order in enumerate([list(parts), [*parts][::-1]]):
        for name in order:
            lake.process(lake.upload(f"names{number}/{name}", parts[name]))
    columns = ("amount", "amount_49e96d", "名前", "都市")
    first = lake.rows("names0", *columns)
    assert first == lake.rows("names1", *columns)
    assert set(first) == {
        (None, 1, None, None),
        (2, 3, None, None),
        (None, None, "アンナ", "東京"),
        (None, None, "ボブ", "大阪"),
    }
    assert data_types(lake, "names0") == data_types(lake, "names1")


def test_the_catalog_keeps_what_files_call_a_column(lake: Lake) -> None:
    lake.process(lake.upload("orders/a.csv", "Größe (cm),id\n1,2\n"))
    [size, number, *_] = lake.table("orders")["StorageDescriptor"]["Columns"]
    assert (size["Name"], size["Comment"]) == ("größe_cm", "Größe (cm)")
    assert (number["Name"], number["Comment"]) == ("id", "id")


def test_rows_without_any_column_are_rows(lake: Lake) -> None:
    empty = lake.upload(f"{DAY_FOLDER}bare/a.json", "{}")
    good = lake.upload("orders/a.csv", "id\n1\n")
    lake.process(empty, good)
    assert lake.outcome(empty) == lake.outcome(good) == ("published", 1, 1, 0)
    assert lake.rows("bare", "source_file") == [(empty.key,)]


def test_a_column_that_is_blank_at_first_keeps_what_comes_later(lake: Lake) -> None:
    rows = "".join(f"{n},\n" for n in range(3000)) + "3000,text\n3001,\n3002,007\n"
    late = lake.upload("orders/a.csv", f"id,note\n{rows}")
    lake.process(late)
    assert lake.outcome(late) == ("published", 3003, 3003, 0)
    notes = {note for (note,) in lake.rows("orders", "note")}
    assert notes == {None, "007", "text"}


def test_a_file_without_a_header_does_not_join_columns_that_have_names(lake: Lake) -> None:
    named = lake.upload("orders/a.csv", "id,price\n1,2.50\n2,3.50\n")
    bare = lake.upload("orders/b.csv", "3,4.50\n4,5.50\n")
    lake.process(bare, named)
    assert lake.outcome(named) == ("published", 2, 2, 0)
    assert lake.outcome(bare)[0] == "rejected"
    assert "the file has no header" in lake.reason(bare)
    later = lake.upload("orders/c.csv", "5,6.50\n6,7.50\n")
    lake.process(later)
    assert lake.outcome(later)[0] == "rejected"
    assert list(data_types(lake, "orders")) == ["id", "price"]


def test_a_file_that_failed_before_can_be_uploaded_again(lake: Lake) -> None:
    first = lake.upload("orders/a.csv", "id\n1\n")
    load_id = lake.load(first)
    lake.state.claim_content(first, "digest")
    lake.state.loads.fail(lake.state.loads.get(load_id), reason="given up")
    failed = ObjectOutcome(key=first.key, version_id=first.version_id, status=ObjectStatus.FAILED)
    lake.state.objects.finish(failed, load_id=load_id, finished_at=DAY)
    second = lake.upload("orders/a.csv", "id\n1\n")
    assert lake.state.claim_content(second, "digest") == second.version_id


@pytest.mark.parametrize("step", [16, pytest.param(1, marks=pytest.mark.slow)])
def test_a_run_killed_at_any_call_leaves_nothing_half_visible_and_the_next_completes(
    lake: Lake, step: int
) -> None:
    """Kills a load that widens a table and has a malformed row, at every `step`-th call."""
    limit = 0
    while True:
        lake = fresh(lake)
        lake.process(lake.upload("orders/old.csv", "id,n\n1,a\n2,b\n"))
        version = lake.upload("orders/new.csv", "id,n\nx,c\ny,d\nbad\n")
        load_id = lake.load(version)
        with killed_at_call(limit) as calls, suppress(Killed):
            lake.run(load_id)
        killed = len(calls) == limit
        seen = [row[0] for row in lake.rows("orders", "n", settled=False)]
        assert seen in (["a", "b"], ["a", "b", "c", "d"])
        if not killed:
            break
        if lake.state.loads.get(load_id).state is not LoadState.PUBLISHED:
            lake.retry(load_id, attempt=2)
        assert lake.rows("orders", "id", "n") == [("1", "a"), ("2", "b"), ("x", "c"), ("y", "d")]
        assert lake.outcome(version) == ("published", 3, 2, 1)
        assert [row["line"] for row in lake.quarantined()] == [4]
        limit += step
    assert len(calls) > 20


def fresh(lake: Lake) -> Lake:
    requests.post(f"{lake.aws.s3.meta.endpoint_url}/moto-api/reset", timeout=10)
    store.client.cache_clear()
    return Lake(make_small_aws(endpoint_url=lake.aws.s3.meta.endpoint_url), lake.spark)


def test_waits_are_the_seconds_since_each_upload_or_evenly_chosen_ones() -> None:
    now = datetime(2026, 1, 15, 12, tzinfo=UTC)

    def versions(*ages: int) -> list[ObjectVersion]:
        return [
            ObjectVersion(
                key=f"{age}.csv",
                version_id="v",
                size=1,
                uploaded_at=(now - timedelta(seconds=age)).isoformat(),
            )
            for age in ages
        ]

    assert waits(versions(30, 10, 20), now) == [10, 20, 30]
    assert waits([], now) == []
    many = waits(versions(*range(1001)), now)
    assert len(many) == 100
    assert (many[0], many[-1]) == (0, 1000)
    assert abs(many[50] - 500) <= 10

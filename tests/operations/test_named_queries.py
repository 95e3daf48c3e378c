"""Each named query is answered over the catalog, and scans what is said of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto import mock_aws

from config.datasets import load_contracts
from config.environments import Environment, load_environments
from config.errors import TooManyQueries
from config.named_queries import (
    MOST_CHARACTERS,
    MOST_QUERIES,
    Kind,
    NamedQuery,
    named_queries,
)
from lake import store
from operations.cli import SUCCESS, WRONG_USE, main
from operations.reading.estimates import LEAST_BYTES, Estimates, NotThere, Scan
from tests.athena import Athena, NoSuchVersion
from tests.operations.conftest import settings
from tests.operations.readers_lake import NEW_ROWS, NOW, OLD_ROWS, YESTERDAY, ReadersLake
from wires.contracts import DatasetContract, View

DEV = load_environments().all[0]
QUERIES = named_queries(load_contracts(), DEV.names, of="all")
BY_NAME = {query.name: query for query in QUERIES}


@pytest.fixture(scope="module")
def lake() -> Iterator[ReadersLake]:
    """Made once, because no query changes anything."""
    with pytest.MonkeyPatch.context() as patch:
        settings(patch, DEV)
        with mock_aws():
            store.client.cache_clear()
            yield ReadersLake.made(DEV.names)
        store.client.cache_clear()


@pytest.fixture
def athena(lake: ReadersLake) -> Athena:  # noqa: ARG001 - what it reads
    return Athena(glue=boto3.client("glue"), s3=boto3.client("s3"))


@pytest.fixture
def estimates(lake: ReadersLake) -> Estimates:  # noqa: ARG001 - what it plans
    return Estimates(glue=boto3.client("glue"), s3=boto3.client("s3"), now=NOW)


def of_kind(kind: Kind) -> list[NamedQuery]:
    found = [query for query in QUERIES if query.kind is kind]
    assert found
    return found


def rows(athena: Athena, query: NamedQuery) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = athena.answer(query.sql).to_pylist()
    return found


def commits_of(answer: pa.Table) -> set[str]:
    """Which commits rows are of, by their texts."""
    text = next(field.name for field in answer.schema if field.type == pa.string())
    return {value.split()[0] for value in answer.column(text).to_pylist()}


def test_rows_by_day_counts_each_day_once(athena: Athena) -> None:
    for query in of_kind(Kind.ROWS_BY_DAY):
        latest, *_ = found = rows(athena, query)
        assert [row["row_count"] for row in found] == [NEW_ROWS, OLD_ROWS]
        assert (latest["year"], latest["month"], latest["day"]) == (
            f"{YESTERDAY:%Y}",
            f"{YESTERDAY:%m}",
            f"{YESTERDAY:%d}",
        )


def test_a_query_for_a_day_answers_and_plans_the_files_of_that_day_only(
    athena: Athena, estimates: Estimates
) -> None:
    day = f"/year={YESTERDAY:%Y}/month={YESTERDAY:%m}/day={YESTERDAY:%d}/"
    for query in of_kind(Kind.A_DAY):
        assert len(rows(athena, query)) == NEW_ROWS
        planned = [task.file.file_path for task in estimates.files(query)]
        assert len(planned) == 1
        assert day in planned[0]
        scan = estimates.of(query)
        assert (scan.files, scan.of_files) == (1, 2)


def test_what_was_put_aside_is_counted_by_reason_and_file(athena: Athena) -> None:
    for query in of_kind(Kind.PUT_ASIDE):
        found = rows(athena, query)
        assert len(found) == (query.table in ("orders", "shop_customers"))
        for one in found:
            assert one["reason"] == "2 fields, expected 6"
            assert one["source_file"] == f"{query.table}/a.csv"
            assert (one["row_count"], one["first_line"]) == (2, 2)


def test_quality_is_that_of_the_table_alone(athena: Athena) -> None:
    for query in of_kind(Kind.QUALITY):
        (found,) = rows(athena, query)
        assert (found["verdict"], found["score"]) == ("passed", 99.5)


def test_freshness_is_the_age_of_the_last_commit_with_other_rows(athena: Athena) -> None:
    for query in of_kind(Kind.FRESHNESS):
        (found,) = rows(athena, query)
        assert 0 <= found["minutes_ago"] <= 30, query.name


def test_upkeep_makes_no_table_fresher(lake: ReadersLake, athena: Athena) -> None:
    lake.quiet("quiet")
    quiet = named_queries([DatasetContract(name="quiet")], lake.names, of="all")
    (freshness,) = (query for query in quiet if query.kind is Kind.FRESHNESS)
    (found,) = rows(athena, freshness)
    assert 3 * 1440 <= found["minutes_ago"] <= 3 * 1440 + 30


def test_as_of_yesterday_answers_the_rows_of_before(athena: Athena) -> None:
    for query in of_kind(Kind.AS_OF):
        answer = athena.answer(query.sql)
        assert answer.num_rows == OLD_ROWS
        assert commits_of(answer) == {"old"}


def test_what_changed_is_what_came_since(athena: Athena) -> None:
    for query in of_kind(Kind.CHANGED):
        answer = athena.answer(query.sql)
        assert answer.num_rows == NEW_ROWS, query.name
        assert commits_of(answer) == {"new"}


def viewed(lake: ReadersLake, athena: Athena, sql: str) -> list[dict[str, Any]]:
    """The answer to a view of shop_orders."""
    orders = next(one for one in lake.contracts if one.name == "shop_orders")
    others = [one for one in lake.contracts if one is not orders]
    changed = replace(orders, views=(View(name="mine", sql=sql),))
    queries = named_queries([changed, *others], lake.names, of="curated")
    (view,) = (query for query in queries if query.name == "mine: view")
    return rows(athena, view)


def test_the_shipped_view_is_answered(athena: Athena) -> None:
    answer = athena.answer(BY_NAME["shop_open_orders: view"].sql)
    assert answer.column_names == ["order_id", "ordered_on", "name", "city"]


def test_a_view_reads_latest_rows_under_the_names_that_its_sql_has(
    lake: ReadersLake, athena: Athena
) -> None:
    found = viewed(
        lake,
        athena,
        "WITH orders AS (SELECT order_id FROM shop_orders WHERE shop_orders.status <> 'none') "
        "SELECT count(*) AS n, max(c.name) AS name FROM orders "
        "JOIN shop_customers c ON c.customer_id = orders.order_id",
    )
    assert found[0]["n"] == 9  # ids 0, 1 and 2 of the old commit, 0 and 1 of the new one
    assert found[0]["name"] == "old 2"


def test_a_view_reads_all_rows_of_a_dataset_without_key_and_curated_tables(
    lake: ReadersLake, athena: Athena
) -> None:
    found = viewed(
        lake,
        athena,
        "SELECT (SELECT count(*) FROM orders) AS o, (SELECT count(*) FROM shop_daily_sales) AS d",
    )
    assert found == [{"o": OLD_ROWS + NEW_ROWS, "d": OLD_ROWS + NEW_ROWS}]


def test_a_time_before_a_table_is_an_error(athena: Athena) -> None:
    with pytest.raises(NoSuchVersion):
        athena.answer(
            BY_NAME["orders: as of yesterday"].sql.replace("INTERVAL '1'", "INTERVAL '9'")
        )


def test_counts_by_day_and_snapshots_read_no_column(estimates: Estimates) -> None:
    for kind in (Kind.ROWS_BY_DAY, Kind.FRESHNESS):
        assert {estimates.of(query).bytes for query in of_kind(kind)} == {0}


def test_a_query_for_the_past_plans_the_files_of_the_past(estimates: Estimates) -> None:
    for query in of_kind(Kind.AS_OF):
        (file,) = estimates.files(query)
        assert file.file.file_path.endswith("/old.parquet")
        assert estimates.of(query).bytes == file.file.file_size_in_bytes


def test_rows_put_aside_of_one_dataset_are_looked_for_in_its_folder(estimates: Estimates) -> None:
    scan = estimates.of(BY_NAME["orders: put aside"])
    assert (scan.files, scan.of_files) == (1, 2)
    assert estimates.of(BY_NAME["shop_returns: put aside"]).files == 0


def test_what_is_not_there_yet_is_told(lake: ReadersLake) -> None:
    then = NOW - timedelta(days=20)
    estimates = Estimates(glue=boto3.client("glue"), s3=boto3.client("s3"), now=then)
    with pytest.raises(NotThere, match="younger"):
        estimates.of(BY_NAME["orders: as of yesterday"])
    missing = DatasetContract(name="missing")
    for query in named_queries([missing], lake.names, of="all"):
        if query.kind not in (Kind.PUT_ASIDE, Kind.QUALITY):
            with pytest.raises(NotThere, match="no table missing"):
                estimates.of(query)


def test_a_query_is_billed_for_ten_megabytes_at_least() -> None:
    assert Scan(1, 1, 10).usd(5.0) == LEAST_BYTES / 1024**4 * 5.0
    assert Scan(1, 1, 1024**4).usd(5.0) == 5.0


@pytest.mark.usefixtures("lake")
def test_the_command_lists_each_query_with_what_it_scans(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["queries", "--env", "dev", "--json"]) == SUCCESS
    found = json.loads(capsys.readouterr().out)["queries"]
    assert [one["name"] for one in found] == [query.name for query in QUERIES]
    assert all(one["bytes_at_most"] >= 0 for one in found)


@pytest.mark.usefixtures("lake")
def test_the_command_tells_people_what_each_costs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["queries", "--env", "dev"]) == SUCCESS
    said = capsys.readouterr().out
    for query in QUERIES:
        assert re.search(rf"^{re.escape(query.name)} .* 0\.00005$", said, re.MULTILINE), said


def test_the_command_shows_the_sql_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["queries", "--env", "dev", "--show", "orders: rows by day"]) == SUCCESS
    assert capsys.readouterr().out.strip() == BY_NAME["orders: rows by day"].sql
    assert main(["queries", "--env", "dev", "--show", "orders"]) == WRONG_USE
    assert "expected --show with the name of a named query" in capsys.readouterr().err


def test_names_are_unique_and_within_athena_s_limit() -> None:
    assert len(BY_NAME) == len(QUERIES) > 50
    longest = DatasetContract(name="n" * 100, primary_key=("id",))
    for query in named_queries([longest], DEV.names, of="all"):
        assert len(query.name) <= MOST_CHARACTERS


def test_config_says_for_which_tables_there_are_queries() -> None:
    curated = named_queries(load_contracts(), DEV.names, of="curated")
    of_tables = {query.table for query in curated if query.kind is not Kind.VIEW}
    assert of_tables == {"shop_daily_sales", "shop_customer_value"}
    assert named_queries(load_contracts(), DEV.names, of="none") == ()


def test_more_queries_than_a_stack_has_room_for_are_an_error_that_says_what_to_set() -> None:
    many = [DatasetContract(name=f"d{number}") for number in range(MOST_QUERIES // 7 + 1)]
    with pytest.raises(TooManyQueries, match=r"namedQueries .*`curated` or `none`"):
        named_queries(many, DEV.names, of="all")
    assert named_queries(many, DEV.names, of="curated") == ()


def test_external_schemas_are_asked_for_where_there_is_a_role(
    dev: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dev.settings.reading.redshift == "none"
    assert main(["redshift", "--env", "dev"]) == WRONG_USE
    assert "reading.redshift of dev" in capsys.readouterr().err

"""The shop's four days through templates, trigger, workflow and Spark, against what is known."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.datasets import load_contracts
from config.jobs import LEGISLATORS_HISTORY, TABLE_MAINTENANCE
from config.named_queries import Kind, named_queries
from local_cloud.legislators_sample import legislators_sample, legislators_truth
from local_cloud.platform import Platform, deployed
from local_cloud.report import described
from local_cloud.shop.records import DAYS
from local_cloud.shop.truth import Truth, truth
from local_cloud.shop.uploads import ShopObject, shop_uploads
from operations.progress import Progress
from operations.table_reader import IcebergReader
from tests.athena import Athena, NoSuchVersion
from tests.operations.redshift_conditions import broken_conditions
from tests.quality_report.chromium import Chromium
from wires.layout import table_model
from wires.lineage import RunEventType
from wires.refresh_ledger import RefreshLedger

pytestmark = pytest.mark.slow
DAILY_SALES, CUSTOMER_VALUE = "shop_daily_sales", "shop_customer_value"


class Shop:
    """The platform, day by day."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform = platform
        self.folder = folder
        self.sent: list[tuple[ShopObject, str]] = []

    def send(self, *days: date) -> None:
        for item in (item for item in shop_uploads() if item.day in days):
            path = self.folder / f"{len(self.sent)}"
            path.write_bytes(item.content)
            self.sent.append((item, self.platform.upload(item.key, path)))
        self.platform.settle()

    def rows(self, database: str, table: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.platform.reader.read(database, table).to_pylist()
        return found

    def curated(self, table: str, known: Truth) -> tuple[set[Any], set[Any]]:
        """What readers see, and what they must."""
        wanted = known.curated[table]
        names = list(wanted[0])
        rows = self.rows(self.platform.names.curated_database, table)
        return {tuple(row[n] for n in names) for row in rows}, {tuple(r.values()) for r in wanted}

    def aside(self) -> list[dict[str, Any]]:
        return self.rows(self.platform.names.quality_database, "quarantined_rows")

    def days_of(self, table: str) -> dict[str, list[str]]:
        """Files of each day that the table's snapshot has."""
        names = self.platform.names
        described = self.platform.catalog.table(names.curated_database, table)
        reader = IcebergReader(self.platform.cloud.client("s3"))
        found: dict[str, list[str]] = {}
        for _, key in reader.files(described.metadata_location):
            day = "-".join(step.partition("=")[2] for step in key.split("/")[1:4])
            found.setdefault(day, []).append(key)
        return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Three days at once, then the fourth: late orders, moved customers, other prices."""
    with deployed("dev", progress=Progress()) as platform:
        made = Shop(platform, tmp_path_factory.mktemp("shop"))
        made.send(*DAYS[:-1])
        made.before = made.curated(DAILY_SALES, truth(DAYS[-2]))  # type: ignore[attr-defined]
        made.days_before = made.days_of(DAILY_SALES)  # type: ignore[attr-defined]
        made.send(DAYS[-1])
        yield made


def test_every_object_ends_as_it_must_with_every_row_accounted_for(shop: Shop) -> None:
    ends = {upload.version_id: described(upload) for upload in shop.platform.uploads()}
    for item, version in shop.sent:
        end = ends[version]
        found = (end["status"], end["rows_in"], end["rows_published"], end["rows_quarantined"])
        wanted = (item.status.value, item.rows_in, item.published, item.quarantined)
        assert found == wanted, item.key


def test_a_curated_table_is_right_after_three_days_and_after_the_fourth(shop: Shop) -> None:
    found, known = shop.before  # type: ignore[attr-defined]
    assert found == known
    for table in (DAILY_SALES, CUSTOMER_VALUE):
        found, known = shop.curated(table, truth())
        assert found == known


def test_the_fourth_day_is_new_and_has_days_before_made_again(shop: Shop) -> None:
    before, now = shop.days_before, shop.days_of(DAILY_SALES)  # type: ignore[attr-defined]
    assert now.keys() - before.keys() == {DAYS[-1].isoformat()}
    changed = {day for day in before if before[day] != now[day]}
    assert changed, "late orders are of days before"


def test_rows_that_break_a_rule_are_put_aside_and_counted(shop: Shop) -> None:
    broken = Counter(
        (row["dataset"], row["reason"].removeprefix("breaks the rule "))
        for row in shop.aside()
        if row["reason"].startswith("breaks the rule ")
    )
    wanted = {
        (dataset, rule): count
        for dataset, rules in truth().quarantine_object.items()
        for rule, count in rules.items()
        if count
    }
    assert broken == wanted


def test_rows_that_could_not_be_read_are_put_aside_with_their_reasons(shop: Shop) -> None:
    wanted = {
        (item.key, line, reason)
        for item, _ in shop.sent
        for line, reason in ((r.line, r.reason) for r in item.quarantined_rows)
    }
    found = {(row["source_file"], row["line"], row["reason"]) for row in shop.aside()}
    assert wanted <= found


def test_lineage_leads_from_the_curated_table_back_to_object_versions(shop: Shop) -> None:
    names = shop.platform.names
    s3 = shop.platform.cloud.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=names.assets_bucket)
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    events = [
        json.loads(s3.get_object(Bucket=names.assets_bucket, Key=key)["Body"].read())
        for key in keys
        if "/lineage/" in key and key.endswith("/complete.json")
    ]
    assert {event["eventType"] for event in events} == {RunEventType.COMPLETE}

    def behind(made: set[str], job: str) -> set[str]:
        """What a job has read for whatever it made of these."""
        return {
            item["name"]
            for event in events
            if event["job"]["name"] == names.of(job)
            and made & {output["name"] for output in event["outputs"]}
            for item in event["inputs"]
        }

    staged = behind({f"table/{names.curated_database}/{DAILY_SALES}"}, "data-quality")
    assert len(staged) == 2
    processed = behind(staged, "data-processing")
    assert f"table/{names.processed_database}/shop_orders" in processed
    originals = behind(processed, "data-ingestion")
    assert originals == {item.key for item, _ in shop.sent if item.published or item.rows_in}
    versions = {
        item["facets"]["datasetVersion"]["datasetVersion"]
        for event in events
        for item in event["inputs"]
        if item["namespace"] == f"s3://{names.raw_bucket}"
    }
    assert {version for item, version in shop.sent if item.published} <= versions


def test_every_dataset_and_table_has_a_page_that_a_browser_shows(
    shop: Shop, chromium: Chromium, tmp_path: Path
) -> None:
    names = shop.platform.names
    ledger = RefreshLedger(shop.platform.cloud.table(names.state_table))
    judged = [state for state in ledger.all_states() if state.verdict]
    assert {state.model for state in judged} >= {
        *(f"dataset/{dataset}" for dataset in truth().current),
        table_model(DAILY_SALES),
        table_model(CUSTOMER_VALUE),
    }
    for state in judged:
        page = tmp_path / f"{state.model.replace('/', '-')}.html"
        key = state.report.partition(f"{names.quality_bucket}/")[2]
        shop.platform.cloud.client("s3").download_file(names.quality_bucket, key, str(page))
        chromium.open(page, width=1280)
        shown = chromium.text("body")
        assert state.model.partition("/")[2] in shown
        assert state.score == "none" or state.score in shown
        assert chromium.complaints == []


def test_the_gate_has_judged_by_the_contracts_rules(shop: Shop) -> None:
    names = shop.platform.names
    ledger = RefreshLedger(shop.platform.cloud.table(names.state_table))
    for unit in ("dataset/shop_customers", "dataset/shop_orders", "table/shop_daily_sales"):
        state = ledger.get(unit)
        assert (state.verdict, state.score) == ("passed", "100"), unit
    runs = shop.rows(names.quality_database, "quality_runs")
    assert len([run for run in runs if run["model"] == "table/shop_daily_sales"]) == 2
    loads = shop.rows(names.quality_database, "quality_loads")
    assert {row["dataset"] for row in loads} >= set(truth().current)


def test_the_batch_sample_runs_from_its_template(shop: Shop, tmp_path: Path) -> None:
    names = shop.platform.names
    for name, body in legislators_sample().files().items():
        (tmp_path / name).write_bytes(body)
        shop.platform.upload(f"legislators/{name}", tmp_path / name)
    shop.platform.settle()
    shop.platform.cloud.client("glue").start_job_run(JobName=names.job(LEGISLATORS_HISTORY))
    shop.platform.settle()
    history = shop.rows(names.processed_database, "legislators_history")
    assert len(history) == len(legislators_truth().history)


def test_the_upkeep_of_tables_runs_from_its_template(shop: Shop) -> None:
    names, cloud = shop.platform.names, shop.platform.cloud
    glue, job = cloud.client("glue"), names.job(TABLE_MAINTENANCE)
    run_id = glue.start_job_run(JobName=job)["JobRunId"]
    shop.platform.settle()
    run = glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")


def test_crawlers_describe_each_zone_from_their_templates(shop: Shop) -> None:
    glue = shop.platform.cloud.client("glue")
    crawlers = [one["Name"] for one in glue.get_crawlers()["Crawlers"]]
    assert len(crawlers) == 3
    for name in crawlers:
        glue.start_crawler(Name=name)
    shop.platform.settle()
    for name in crawlers:
        ended = glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]
        assert "not authorized" not in ended.get("ErrorMessage", ""), name


def test_nothing_that_the_product_does_was_refused(shop: Shop) -> None:
    assert [refused.message for refused in shop.platform.cloud.access.refusals] == []


def test_a_run_by_hand_with_nothing_new_changes_nothing(shop: Shop) -> None:
    names = shop.platform.names
    ledger = RefreshLedger(shop.platform.cloud.table(names.state_table))
    before = ledger.get(table_model(DAILY_SALES))
    shop.platform.cloud.client("glue").start_workflow_run(Name=names.workflow)
    shop.platform.settle()
    assert ledger.get(table_model(DAILY_SALES)) == before
    assert before.published
    assert not before.staged


def test_every_named_query_of_the_shop_is_answered(shop: Shop) -> None:
    platform = shop.platform
    cloud = platform.cloud
    athena = Athena(glue=cloud.client("glue"), s3=cloud.client("s3"))
    contracts = [one for one in load_contracts() if one.name.startswith("shop_")]
    queries = named_queries(contracts, platform.names, of="all")
    assert len(queries) > 50
    for query in queries:
        try:
            answer = athena.answer(query.sql)
        except NoSuchVersion:
            assert "TIMESTAMP AS OF" in query.sql  # the shop is younger than a day
            continue
        if query.kind in (Kind.ROWS_BY_DAY, Kind.FRESHNESS, Kind.QUALITY):
            assert answer.num_rows, query.name


def test_redshift_reads_every_table_of_the_shop(shop: Shop) -> None:
    glue, names = shop.platform.cloud.client("glue"), shop.platform.names
    reader = IcebergReader(shop.platform.cloud.client("s3"))
    tables = [
        table
        for database in (names.processed_database, names.curated_database)
        for table in glue.get_tables(DatabaseName=database)["TableList"]
    ]
    assert len(tables) > 10
    for table in tables:
        assert list(broken_conditions(table, reader)) == []

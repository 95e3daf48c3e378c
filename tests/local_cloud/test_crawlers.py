"""Crawlers, over buckets into which the tests put a few small objects."""

from __future__ import annotations

import gzip
import io
import json
import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.orc as pa_orc
import pyarrow.parquet as pa_parquet
import pytest
from pyiceberg.catalog.glue import GlueCatalog

from local_cloud.catalog.reader import CatalogReader
from local_cloud.catalog.types import arrow_type, catalog_type
from local_cloud.cloud import LocalCloud
from local_cloud.errors import CatalogError, UnsupportedResourceError
from local_cloud.glue import crawling
from local_cloud.glue.crawl_layout import is_excluded, table_name
from local_cloud.glue.crawlers import CrawlState, LocalCrawl
from tests.local_cloud import tiny, tiny_flows
from tests.local_cloud.conftest import Deploy

CRAWLER = "tiny-crawler"
DATABASE = "tiny_database"
ORDERS = b"id,amount,day\n1,2.5,2026-11-20\n2,3,2026-11-21\n"

Crawled = Callable[..., LocalCloud]


def resources(path: str = "lake/", **properties: Any) -> tiny.Resources:
    target = {"Path": f"s3://{tiny.BUCKET}/{path}", **properties.pop("target", {})}
    return {
        **tiny.bucket_only(),
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {"CatalogId": tiny.ACCOUNT, "DatabaseInput": {"Name": DATABASE}},
        },
        "Crawler": {
            "Type": "AWS::Glue::Crawler",
            "Properties": {
                "Name": CRAWLER,
                "Role": f"arn:aws:iam::{tiny.ACCOUNT}:role/{tiny.ROLE}",
                "DatabaseName": {"Ref": "Database"},
                "Targets": {"S3Targets": [target]},
                **properties,
            },
        },
    }


@pytest.fixture
def crawled(deploy: Deploy) -> Crawled:
    """A cloud whose bucket has these objects and whose crawler has looked at them."""

    def up(objects: dict[str, bytes], **properties: Any) -> LocalCloud:
        cloud = deploy(resources(**properties))
        put(cloud, objects)
        crawl(cloud)
        return cloud

    return up


def put(cloud: LocalCloud, objects: dict[str, bytes]) -> None:
    for key, body in objects.items():
        cloud.client("s3").put_object(Bucket=tiny.BUCKET, Key=key, Body=body)


def crawl(cloud: LocalCloud) -> None:
    cloud.client("glue").start_crawler(Name=CRAWLER)
    cloud.settle()


def last_crawl(cloud: LocalCloud) -> dict[str, Any]:
    crawler = cloud.client("glue").get_crawler(Name=CRAWLER)["Crawler"]
    assert crawler["State"] == "READY"
    crawled: dict[str, Any] = crawler["LastCrawl"]
    return crawled


def tables(cloud: LocalCloud) -> dict[str, dict[str, Any]]:
    listed = cloud.client("glue").get_tables(DatabaseName=DATABASE)["TableList"]
    return {table["Name"]: table for table in listed}


def columns(table: dict[str, Any]) -> dict[str, str]:
    return {item["Name"]: item["Type"] for item in table["StorageDescriptor"]["Columns"]}


def parquet(**values: list[Any]) -> bytes:
    target = io.BytesIO()
    pa_parquet.write_table(pa.table(values), target)
    return target.getvalue()


def orc(**values: list[Any]) -> bytes:
    target = io.BytesIO()
    pa_orc.write_table(pa.table(values), target)
    return target.getvalue()


def test_each_first_folder_is_a_table(crawled: Crawled) -> None:
    cloud = crawled(
        {
            "lake/orders/a.csv": ORDERS,
            "lake/Order-Lines/x.parquet": parquet(n=[1], s=["x"]),
            "lake/_SUCCESS": b"",
            "elsewhere/x.csv": ORDERS,
        },
        TablePrefix="raw_",
    )
    assert last_crawl(cloud)["Status"] == "SUCCEEDED"
    assert set(tables(cloud)) == {"raw_orders", "raw_order_lines"}
    table = tables(cloud)["raw_orders"]
    assert table["StorageDescriptor"]["Location"] == f"s3://{tiny.BUCKET}/lake/orders/"
    assert table["PartitionKeys"] == []


@pytest.mark.parametrize(
    ("body", "classification", "expected"),
    [
        (ORDERS, "csv", {"id": "bigint", "amount": "double", "day": "string"}),
        (gzip.compress(ORDERS), "csv", {"id": "bigint", "amount": "double", "day": "string"}),
        (b"ID|At\n1|12:30:00\n", "csv", {"id": "bigint", "at": "string"}),
        (b"a,b\nx,y\n", "csv", {"col0": "string", "col1": "string"}),
        (b"1,x\n2,y\n", "csv", {"col0": "bigint", "col1": "string"}),
        (parquet(n=[1], s=[["x"]]), "parquet", {"n": "bigint", "s": "array<string>"}),
        (orc(n=[1.5], s=["x"]), "orc", {"n": "double", "s": "string"}),
        (
            b'{"n": 1, "s": {"timestamp": "2026-11-20"}}\n{"n": 2, "t": [true]}\n',
            "json",
            {"n": "bigint", "s": "struct<timestamp:string>", "t": "array<boolean>"},
        ),
    ],
)
def test_format_and_columns_are_told_by_content(
    crawled: Crawled, body: bytes, classification: str, expected: dict[str, str]
) -> None:
    cloud = crawled({"lake/t/x": body})
    assert last_crawl(cloud).get("ErrorMessage") is None
    table = tables(cloud)["t"]
    assert table["Parameters"]["classification"] == classification
    assert columns(table) == expected


def test_a_header_is_not_data(crawled: Crawled) -> None:
    cloud = crawled({"lake/with/x.csv": ORDERS, "lake/without/x.csv": b"1,x\n2,y\n"})
    found = {name: table["Parameters"] for name, table in tables(cloud).items()}
    assert found["with"]["skip.header.line.count"] == "1"
    assert "skip.header.line.count" not in found["without"]


def test_folders_below_a_table_are_its_partitions(crawled: Crawled) -> None:
    cloud = crawled(
        {
            "lake/orders/year=2026/month=11/a.parquet": parquet(n=[1]),
            "lake/orders/year=2026/month=12/a.parquet": parquet(n=[1], m=[2.5]),
        }
    )
    table = tables(cloud)["orders"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["year", "month"]
    assert columns(table) == {"n": "bigint", "m": "double"}
    parts = cloud.client("glue").get_partitions(DatabaseName=DATABASE, TableName="orders")
    assert {
        tuple(part["Values"]): part["StorageDescriptor"]["Location"] for part in parts["Partitions"]
    } == {
        ("2026", month): f"s3://{tiny.BUCKET}/lake/orders/year=2026/month={month}/"
        for month in ("11", "12")
    }


@pytest.mark.parametrize(
    ("key", "name", "partition"),
    [
        ("lake/day=1/x.parquet", "lake", "day"),
        ("lake/x.parquet", "lake", ""),
        ("lake/t/2026/x.parquet", "t", "partition_0"),
    ],
)
def test_what_is_in_no_folder_of_its_own_belongs_to_the_targets_table(
    crawled: Crawled, key: str, name: str, partition: str
) -> None:
    cloud = crawled({key: parquet(n=[1])})
    keys = [item["Name"] for item in tables(cloud)[name]["PartitionKeys"]]
    assert keys == ([partition] if partition else [])


def test_what_is_excluded_is_not_looked_at(crawled: Crawled) -> None:
    cloud = crawled(
        {"lake/orders/a.csv": ORDERS, "lake/orders/x.tmp": b"\0" * 99, "lake/old/a.csv": ORDERS},
        target={"Exclusions": ["**.tmp", "old/**"]},
    )
    assert (last_crawl(cloud)["Status"], set(tables(cloud))) == ("SUCCEEDED", {"orders"})


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.csv", "a.csv", True),
        ("*.csv", "t/a.csv", False),
        ("**.csv", "t/a.csv", True),
        ("t/*/x", "t/a/x", True),
        ("t/?", "t/ab", False),
        ("{a,b}/**", "b/x", True),
        ("[!a]*", "b", True),
        ("a,b", "a,b", True),
        (r"\*", "x", False),
    ],
)
def test_an_exclusion_is_a_glob_below_the_target(pattern: str, path: str, matches: bool) -> None:
    assert is_excluded(path, [pattern]) == matches


def test_a_second_crawl_brings_new_columns_and_partitions(crawled: Crawled) -> None:
    cloud = crawled({"lake/t/day=1/x.parquet": parquet(n=[1])})
    put(cloud, {"lake/t/day=2/x.parquet": parquet(n=[1], m=["x"])})
    crawl(cloud)
    assert columns(tables(cloud)["t"]) == {"n": "bigint", "m": "string"}
    parts = cloud.client("glue").get_partitions(DatabaseName=DATABASE, TableName="t")
    assert [part["Values"] for part in parts["Partitions"]] == [["1"], ["2"]]


def test_a_crawl_that_finds_nothing_new_makes_no_version(crawled: Crawled) -> None:
    cloud = crawled({"lake/t/day=1/x.parquet": parquet(n=[1])})
    crawl(cloud)
    assert tables(cloud)["t"]["VersionId"] == "1"


def test_with_update_behavior_log_tables_stay_as_they_are(crawled: Crawled) -> None:
    policy = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}
    cloud = crawled({"lake/t/day=1/x.parquet": parquet(n=[1])}, SchemaChangePolicy=policy)
    put(cloud, {"lake/t/day=2/x.parquet": parquet(n=[1], m=["x"])})
    crawl(cloud)
    assert columns(tables(cloud)["t"]) == {"n": "bigint"}
    parts = cloud.client("glue").get_partitions(DatabaseName=DATABASE, TableName="t")
    assert len(parts["Partitions"]) == 2


@pytest.mark.parametrize(
    ("output", "kept"), [({}, False), ({"AddOrUpdateBehavior": "MergeNewColumns"}, True)]
)
def test_columns_that_are_gone_are_kept_if_new_ones_are_to_be_merged(
    crawled: Crawled, output: dict[str, str], kept: bool
) -> None:
    settings = json.dumps({"Version": 1.0, "CrawlerOutput": {"Tables": output}})
    cloud = crawled({"lake/t/x.parquet": parquet(n=[1], old=[1])}, Configuration=settings)
    put(cloud, {"lake/t/x.parquet": parquet(n=[1], new=[1])})
    crawl(cloud)
    assert set(columns(tables(cloud)["t"])) == {"n", "new", *(["old"] if kept else [])}


def test_a_table_whose_objects_are_gone_is_marked_until_they_are_back(crawled: Crawled) -> None:
    objects = {"lake/t/x.parquet": parquet(n=[1]), "lake/u/x.parquet": parquet(n=[1])}
    cloud = crawled(objects)
    cloud.client("s3").delete_object(Bucket=tiny.BUCKET, Key="lake/t/x.parquet")
    crawl(cloud)
    marked = {n for n, t in tables(cloud).items() if "DEPRECATED_BY_CRAWLER" in t["Parameters"]}
    assert marked == {"t"}
    put(cloud, objects)
    crawl(cloud)
    assert "DEPRECATED_BY_CRAWLER" not in tables(cloud)["t"]["Parameters"]


@pytest.mark.parametrize(
    ("objects", "complaint"),
    [
        ({"lake/t/x.png": b"\x89PNG\r\n\x1a\n"}, "lake/t/x.png is a PNG image"),
        ({"lake/t/a": ORDERS, "lake/t/b": parquet(n=[1])}, "expected one format"),
        ({"lake/t/a": parquet(n=[1]), "lake/t/b": parquet(n=["x"])}, "as string that other"),
        ({"lake/t/a": parquet(n=[1]), "lake/t/d=1/b": parquet(n=[1])}, "several layouts: d; none"),
        ({"lake/a-b/x": ORDERS, "lake/a_b/x": ORDERS}, "would both be table a_b"),
        ({"lake/t/x": b"PAR1 but not really"}, "lake/t/x cannot be read"),
        ({"lake/t/x": b"one column\n"}, "no second one"),
    ],
)
def test_a_crawl_that_cannot_make_a_table_fails_and_says_why(
    crawled: Crawled, objects: dict[str, bytes], complaint: str
) -> None:
    crawl = last_crawl(crawled(objects))
    assert crawl["Status"] == "FAILED"
    assert complaint in crawl["ErrorMessage"]


def test_a_crawl_into_a_database_that_is_not_there_fails(crawled: Crawled) -> None:
    crawl = last_crawl(crawled({"lake/t/x.csv": ORDERS}, DatabaseName="nowhere"))
    assert (crawl["Status"], "nowhere" in crawl["ErrorMessage"]) == ("FAILED", True)


class Hold:
    """Keeps a crawl at its first object until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._came, self._go = threading.Event(), threading.Event()
        self._look = crawling._look
        monkeypatch.setattr(crawling, "_look", self._held)

    def until_it_is_there(self) -> None:
        assert self._came.wait(20)

    def let_go(self) -> None:
        self._go.set()

    def _held(self, *where: Any) -> Any:
        self._came.set()
        assert self._go.wait(20)
        return self._look(*where)


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Hold:
    return Hold(monkeypatch)


def test_a_crawler_at_work_cannot_be_started_but_stopped(deploy: Deploy, hold: Hold) -> None:
    cloud = deploy(resources())
    put(cloud, {f"lake/{name}/x.csv": ORDERS for name in ("a", "b")})
    glue = cloud.client("glue")
    glue.start_crawler(Name=CRAWLER)
    hold.until_it_is_there()
    crawler = glue.get_crawler(Name=CRAWLER)["Crawler"]
    assert (crawler["State"], "LastCrawl" in crawler) == ("RUNNING", False)
    with pytest.raises(glue.exceptions.CrawlerRunningException):
        glue.start_crawler(Name=CRAWLER)
    glue.stop_crawler(Name=CRAWLER)
    assert glue.get_crawler(Name=CRAWLER)["Crawler"]["State"] == "STOPPING"
    hold.let_go()
    cloud.settle()
    assert last_crawl(cloud)["Status"] == "CANCELLED"
    assert set(tables(cloud)) == {"a"}
    with pytest.raises(glue.exceptions.CrawlerNotRunningException):
        glue.stop_crawler(Name=CRAWLER)
    (listed,) = glue.list_crawls(CrawlerName=CRAWLER)["Crawls"]
    assert listed["State"] == "STOPPED"


def test_a_crawl_that_has_ended_stays_as_it_ended() -> None:
    crawl = LocalCrawl(CRAWLER)
    crawl.move(CrawlState.FAILED, "no luck today")
    crawl.stop()
    assert (crawl.state, crawl.error) == (CrawlState.FAILED, "no luck today")


def with_crawler(**more: tiny.Resources) -> tiny.Resources:
    """A workflow that crawls when its job has succeeded, and goes on when the crawl has."""
    crawl = tiny_flows.after(("first", "SUCCEEDED"), start=[], name="crawl")
    crawl["Properties"]["Actions"] = [{"CrawlerName": {"Ref": "Crawler"}}]
    last = tiny_flows.after(start=["last"])
    watched = {"LogicalOperator": "EQUALS", "CrawlerName": CRAWLER, "CrawlState": "SUCCEEDED"}
    last["Properties"]["Predicate"] = {"Conditions": [watched]}
    return {
        **resources(),
        **tiny_flows.jobs("first", "last"),
        "Workflow": tiny_flows.workflow(),
        "Start": tiny_flows.on_demand("first"),
        "Crawl": crawl,
        "Last": last,
        **more,
    }


def run_workflow(cloud: LocalCloud) -> dict[str, Any]:
    glue = cloud.client("glue")
    name = {"Name": tiny_flows.WORKFLOW}
    run_id = glue.start_workflow_run(**name)["RunId"]
    cloud.settle()
    run: dict[str, Any] = glue.get_workflow_run(**name, RunId=run_id, IncludeGraph=True)["Run"]
    return run


@pytest.mark.usefixtures("plain_python")
def test_a_crawl_is_a_step_of_a_workflow(deploy: Deploy) -> None:
    cloud = deploy(with_crawler(), script=tiny_flows.SCRIPT)
    put(cloud, {"lake/orders/x.csv": ORDERS})
    run = run_workflow(cloud)
    assert (run["Status"], run["Statistics"]["SucceededActions"]) == ("COMPLETED", 3)
    assert set(tables(cloud)) == {"orders"}
    (node,) = (node for node in run["Graph"]["Nodes"] if node["Type"] == "CRAWLER")
    (crawl,) = node["CrawlerDetails"]["Crawls"]
    assert (node["Name"], crawl["State"]) == (CRAWLER, "SUCCEEDED")
    assert crawl["StartedOn"] <= crawl["CompletedOn"]


@pytest.mark.usefixtures("plain_python")
def test_a_crawl_that_fails_stops_the_workflow_from_going_on(deploy: Deploy) -> None:
    cloud = deploy(with_crawler(), script=tiny_flows.SCRIPT)
    put(cloud, {"lake/orders/x.png": b"\x89PNG\r\n\x1a\n"})
    run = run_workflow(cloud)
    assert (run["Status"], run["Statistics"]["FailedActions"]) == ("COMPLETED", 1)
    assert cloud.client("glue").get_job_runs(JobName="last")["JobRuns"] == []


@pytest.mark.usefixtures("plain_python")
def test_a_crawler_that_is_at_work_fails_in_the_workflow(deploy: Deploy, hold: Hold) -> None:
    first = tiny_flows.on_demand()
    first["Properties"]["Actions"] = [{"CrawlerName": CRAWLER}, {"CrawlerName": CRAWLER}]
    cloud = deploy(with_crawler(Start=first), script=tiny_flows.SCRIPT)
    put(cloud, {"lake/orders/x.csv": ORDERS})
    hold.let_go()
    statistics = run_workflow(cloud)["Statistics"]
    assert (statistics["FailedActions"], statistics["SucceededActions"]) == (1, 2)


def test_a_workflow_run_that_is_stopped_stops_its_crawls(deploy: Deploy, hold: Hold) -> None:
    first = tiny_flows.on_demand()
    first["Properties"]["Actions"] = [{"CrawlerName": CRAWLER}]
    cloud = deploy(with_crawler(Start=first))
    put(cloud, {f"lake/{name}/x.csv": ORDERS for name in ("a", "b")})
    glue = cloud.client("glue")
    run = {"Name": tiny_flows.WORKFLOW}
    run["RunId"] = glue.start_workflow_run(**run)["RunId"]
    hold.until_it_is_there()
    glue.stop_workflow_run(**run)
    hold.let_go()
    cloud.settle()
    described = glue.get_workflow_run(**run)["Run"]
    assert (described["Status"], described["Statistics"]["StoppedActions"]) == ("STOPPED", 1)


def test_a_crawler_with_a_schedule_looks_around_when_its_time_comes(deploy: Deploy) -> None:
    cloud = deploy(resources(Schedule={"ScheduleExpression": "cron(0 3 * * ? *)"}))
    (schedule,) = cloud.schedules
    assert schedule.name == f"crawler {CRAWLER}"
    cloud.come_round(schedule)
    cloud.settle()
    assert last_crawl(cloud)["Status"] == "SUCCEEDED"


def test_the_end_of_a_crawl_is_an_event_that_rules_can_match(deploy: Deploy) -> None:
    pattern = {"detail-type": ["Glue Crawler State Change"], "detail": {"state": ["Succeeded"]}}
    everything = {**resources(), **tiny.queue_and_function(), "Uploads": tiny.rule(pattern)}
    cloud = deploy(everything)
    crawl(cloud)
    (item,) = cloud.table(tiny.TABLE).scan()["Items"]
    event = json.loads(json.loads(item["record"])["body"])
    assert event["detail"]["crawlerName"] == CRAWLER


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"Targets": {"JdbcTargets": [{"Path": "x"}]}}, "JdbcTargets"),
        ({"Targets": {}}, "no target"),
        ({"target": {"SampleSize": 1}}, "SampleSize"),
        ({"Targets": {"IcebergTargets": [{"Exclusions": ["x"]}]}}, "Exclusions"),
        ({"Classifiers": ["mine"]}, "mine"),
        ({"Configuration": '{"Version":1.0,"Grouping":{"TableLevelConfiguration":2}}'}, "Grouping"),
        ({"SchemaChangePolicy": {"DeleteBehavior": "DELETE_FROM_DATABASE"}}, "deletes nothing"),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVENT_MODE"}}, "CRAWL_EVENT_MODE"),
        ({"Odd": 1}, "Odd"),
    ],
)
def test_a_crawler_that_would_crawl_otherwise_on_aws_is_refused(
    deploy: Deploy, properties: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UnsupportedResourceError, match=complaint):
        deploy(resources(**properties))


def test_an_iceberg_table_is_found_by_its_newest_metadata(deploy: Deploy) -> None:
    targets = {"IcebergTargets": [{"Paths": [f"s3://{tiny.BUCKET}/"], "MaximumTraversalDepth": 2}]}
    cloud = deploy(resources(Targets=targets))
    glue = cloud.client("glue")
    catalog = GlueCatalog(
        "glue",
        client=glue,
        **{
            "s3.endpoint": cloud.client("s3").meta.endpoint_url,
            "s3.access-key-id": "any",
            "s3.secret-access-key": "any",
            "s3.region": "eu-central-1",
        },
    )
    glue.create_database(DatabaseInput={"Name": "published"})
    made = catalog.create_table(
        "published.sales",
        pa.schema([("day", pa.date32()), ("amount", pa.decimal128(12, 2)), ("who", pa.string())]),
        location=f"s3://{tiny.BUCKET}/sales",
    )
    crawl(cloud)
    found = tables(cloud)["sales"]
    assert found["Parameters"]["metadata_location"] == made.metadata_location
    assert columns(found) == {"day": "date", "amount": "decimal(12,2)", "who": "string"}

    rows = {"day": [date(2026, 1, 15)], "amount": [Decimal("1.50")], "who": ["Ana"]}
    made.append(pa.table(rows, schema=made.schema().as_arrow()))
    crawl(cloud)
    assert tables(cloud).keys() == {"sales"}, "its data and metadata are no tables"
    reader = CatalogReader(glue=glue, s3=cloud.client("s3"))
    assert reader.read(DATABASE, "sales").to_pylist() == [
        {"day": date(2026, 1, 15), "amount": Decimal("1.50"), "who": "Ana"}
    ]


def test_a_crawler_made_through_the_api_is_as_one_of_a_template(deploy: Deploy) -> None:
    cloud = deploy(tiny.bucket_only())
    glue = cloud.client("glue")
    described = {"Name": CRAWLER, "Role": tiny.ROLE, "DatabaseName": DATABASE}
    with pytest.raises(glue.exceptions.InvalidInputException, match="S3Targets"):
        glue.create_crawler(**described, Targets={"DynamoDBTargets": [{"Path": "x"}]})
    glue.create_crawler(**described, Targets={"S3Targets": [{"Path": "s3://nowhere/"}]})
    crawl(cloud)
    assert "NoSuchBucket" in last_crawl(cloud)["ErrorMessage"]


@pytest.mark.parametrize(
    "name",
    [
        *("tinyint", "bigint", "double", "boolean", "string", "binary", "date", "timestamp"),
        *("decimal(12,2)", "array<int>", "map<string,double>"),
        "struct<a:string,b:array<struct<c:bigint>>>",
    ],
)
def test_a_type_of_arrow_is_spelled_as_the_catalog_has_it(name: str) -> None:
    assert catalog_type(arrow_type(name)) == name


def test_a_type_that_the_catalog_has_not_is_an_error() -> None:
    assert catalog_type(pa.dictionary(pa.int8(), pa.large_string())) == "string"
    assert catalog_type(pa.null()) == "string"
    with pytest.raises(CatalogError, match="uint64"):
        catalog_type(pa.uint64())


def test_a_tables_name_has_what_a_name_can_have() -> None:
    assert table_name("Order-Lines.v2 ü") == "order_lines_v2__"

"""The batch sample in real Spark: what three documents become, and what is put aside."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession

from curation.errors import ContractRefused
from curation.legislators import TABLE, Legislators
from curation.refresh import Counts
from local_cloud.catalog.reader import CatalogReader
from local_cloud.legislators_sample import legislators_sample, legislators_truth
from tests.aws import ASSETS, PROCESSED, QUALITY, SmallAws
from wires.job_arguments import GlueRun, LegislatorsDefaults


class Parliament:
    """The job, and what readers see of it."""

    def __init__(self, aws: SmallAws, spark: SparkSession) -> None:
        self.aws = aws
        self.spark = spark
        self.settings = aws.defaults(LegislatorsDefaults, source_prefix="legislators/")
        self.runs = 0

    def upload(self, **documents: bytes) -> None:
        for name, body in documents.items():
            self.aws.upload(f"legislators/{name}.json", body)

    def run(self) -> Counts:
        self.runs += 1
        run = GlueRun(JOB_NAME="legislators", JOB_RUN_ID=f"jr_{self.runs:012d}")
        return Legislators(settings=self.settings, glue_run=run, spark=self.spark).publish()

    def rows_or_none(self) -> list[dict[str, Any]] | None:
        tables = self.aws.glue.get_tables(DatabaseName=PROCESSED)["TableList"]
        return self.rows(PROCESSED, TABLE) if tables else None

    def rows(self, database: str, table: str) -> list[dict[str, Any]]:
        reader = CatalogReader(glue=self.aws.glue, s3=self.aws.s3)
        found: list[dict[str, Any]] = reader.read(database, table).to_pylist()
        return found


@pytest.fixture
def parliament(aws_with_folders: SmallAws, spark: SparkSession) -> Parliament:
    return Parliament(aws_with_folders, spark)


def sample() -> dict[str, bytes]:
    return {name.removesuffix(".json"): body for name, body in legislators_sample().files().items()}


def told(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the truth as the table has it: dates as dates, lists as JSON."""
    dates = {n: date.fromisoformat(v) for n, v in row.items() if n.endswith("_date") and v}
    lists = {n: v for n, v in row.items() if isinstance(v, list)}
    return {**row, **dates, **{n: json.loads(json.dumps(v)) for n, v in lists.items()}}


@pytest.mark.slow
def test_the_sample_becomes_the_history_that_is_known(parliament: Parliament) -> None:
    parliament.upload(**sample())
    truth = legislators_truth()
    assert parliament.run() == Counts(rows_in=90, current=86, quarantined=4)
    found = parliament.rows(PROCESSED, TABLE)
    wanted = [told(dict(row)) for row in truth.history]
    names = list(wanted[0])
    seen = [
        {n: json.loads(r[n]) if isinstance(wanted[0][n], list) else r[n] for n in names}
        for r in found
    ]
    assert sorted(map(repr, seen)) == sorted(map(repr, wanted))


@pytest.mark.slow
def test_memberships_that_lead_nowhere_are_put_aside_with_the_reason(
    parliament: Parliament,
) -> None:
    parliament.upload(**sample())
    parliament.run()
    aside = parliament.rows(QUALITY, "quarantined_rows")
    reasons = sorted(row["reason"].split(" names ")[0] for row in aside)
    assert reasons == ["organization_id", "person_id", "person_id", "person_id"]
    [both] = [row for row in aside if "; " in row["reason"]]
    assert "organization_id names legislature/old" in both["reason"]
    assert json.loads(both["raw"])["organization_id"] == "legislature/old"


@pytest.mark.slow
def test_damaged_lines_and_dates_are_put_aside_and_a_list_is_read_as_well(
    parliament: Parliament,
) -> None:
    documents = sample()
    lines = documents["memberships"].decode().splitlines()
    wrong = {**json.loads(lines[0]), "start_date": "soon", "end_date": "2010"}
    documents["memberships"] = "\n".join([*lines, json.dumps(wrong), "{no json"]).encode()
    persons = [json.loads(line) for line in documents["persons"].splitlines()]
    documents["persons"] = json.dumps(persons, indent=1).encode()
    documents["organizations"] += b"{\n"
    parliament.upload(**documents)
    assert parliament.run() == Counts(rows_in=93, current=86, quarantined=7)
    aside = parliament.rows(QUALITY, "quarantined_rows")
    assert {
        (row["source_file"], row["reason"]) for row in aside if "names" not in row["reason"]
    } == {
        ("legislators/memberships.json", "start_date is no date: soon"),
        ("legislators/memberships.json", "is no JSON object"),
        ("legislators/organizations.json", "is no JSON object"),
    }


@pytest.mark.slow
def test_other_documents_take_the_place_of_the_table_at_once(parliament: Parliament) -> None:
    parliament.upload(**sample())
    parliament.run()
    lines = sample()["memberships"].splitlines(keepends=True)
    parliament.upload(memberships=b"".join(lines[:3]))
    parliament.run()
    assert len(parliament.rows(PROCESSED, TABLE)) == 3


def test_a_document_that_is_missing_is_named(parliament: Parliament) -> None:
    documents = sample()
    del documents["organizations"]
    parliament.upload(**documents)
    with pytest.raises(ContractRefused, match=r"organizations.json is not there: the job needs"):
        parliament.run()


@pytest.mark.slow
def test_lineage_names_the_versions_of_the_documents(parliament: Parliament) -> None:
    parliament.upload(**sample())
    parliament.run()
    keys = parliament.aws.keys(ASSETS, f"refreshes/table/{TABLE}/")
    assert [key.rsplit("/", 1)[1] for key in keys] == ["complete.json", "start.json"]
    body = parliament.aws.s3.get_object(Bucket=ASSETS, Key=keys[0])["Body"].read()
    event = json.loads(body)
    assert {item["name"] for item in event["inputs"]} == {f"legislators/{n}.json" for n in sample()}
    [table] = event["outputs"]
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 86


def test_a_list_that_cannot_be_read_is_refused_with_its_place(parliament: Parliament) -> None:
    parliament.upload(**{**sample(), "persons": b'[{"id": 1},\n {"id": }]'})
    with pytest.raises(ContractRefused, match=r"persons.json is a list .*line 2 column"):
        parliament.run()
    assert parliament.rows_or_none() is None


@pytest.mark.slow
def test_bytes_that_are_no_text_cost_their_line(parliament: Parliament) -> None:
    documents = sample()
    lines = documents["memberships"].splitlines(keepends=True)
    documents["memberships"] = b"".join([*lines, b'{"person_id": "\xff\xfe"}\n'])
    parliament.upload(**documents)
    assert parliament.run() == Counts(rows_in=91, current=86, quarantined=5)

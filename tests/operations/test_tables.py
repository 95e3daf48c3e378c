"""Published tables from the command line."""

from __future__ import annotations

import re

import boto3
import pytest

from config.environments import Environment
from lake import store
from operations.cli import FAILURE, SUCCESS, WRONG_USE, main
from tests.aws import CURATED
from tests.glue_scripts.iceberg_lake import SmallLake, row


@pytest.fixture
def lake(aws: None, dev: Environment) -> SmallLake:  # noqa: ARG001 - all of it is in there
    store.client.cache_clear()
    glue = boto3.client("glue")
    for database in (dev.names.processed_database, dev.names.curated_database):
        glue.create_database(DatabaseInput={"Name": database})
    region = dev.account.aws_region
    boto3.client("s3").create_bucket(
        Bucket=CURATED, CreateBucketConfiguration={"LocationConstraint": region}
    )
    made = SmallLake.of(glue, dev.names.curated_database)
    made.made()
    made.append("load-1", [made.file("a", [row(1), row(2)])])
    made.append("load-2", [made.file("b", [row(3)])])
    return made


def test_tables_history_and_the_way_back(
    lake: SmallLake, dev: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tables", "--env", "dev"]) == SUCCESS
    assert f"{dev.names.curated_database}.orders: 3 rows in 2 files" in capsys.readouterr().out

    assert main(["history", "orders", "--env", "dev"]) == SUCCESS
    current, before, *_ = capsys.readouterr().out.splitlines()
    assert "(current)" in current
    assert "+1 -0 rows, 3 in all  commit-id=load-2" in current
    snapshot = re.match(r"[0-9]+", before)
    assert snapshot

    assert main(["rollback", "orders", "--to", snapshot[0], "--env", "dev"]) == SUCCESS
    assert f"has the rows of snapshot {snapshot[0]} again: 2 rows" in capsys.readouterr().out
    assert [found[0] for found in lake.rows()] == [1, 2]


def test_what_is_not_there_is_told(
    lake: SmallLake, dev: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["history", "ordres", "--env", "dev"]) == WRONG_USE
    assert f"{dev.names.curated_database}.orders" in capsys.readouterr().err
    assert main(["rollback", "orders", "--to", "77", "--env", "dev"]) == FAILURE
    assert "keeps no snapshot 77" in capsys.readouterr().err
    assert len(lake.rows()) == 3

"""A source is a file and a secret: job, role, schedule and alarms are derived from these."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.connectors.servers import ApiServer, serving
from tests.connectors.sources import hourly_events
from tests.contract.clones import changed, cloned
from tests.contract.fetches import (
    PROJECT,
    check_refusal,
    fetch,
    files_with,
    keys_in,
    synthesized_application,
)
from tests.templates import Template

MARK = "-".join(("marked", "token", "4711"))  # so that this file has not the text itself
CONTRACT = {"name": "events", "primary_key": ["id"], "latest_by": ["at"]}


def source_at(server: ApiServer) -> Mapping[str, Any]:
    return {
        "name": "events_api",
        "kind": "api",
        "dataset": "events",
        "secret": f"{PROJECT}/events-api",
        "schedule": "cron(10 * * * ? *)",
        "cursor": {"type": "timestamp", "field": "at", "start": "2026-01-15", "overlap": 3600},
        "limits": {"rows_per_file": 5},
        "api": {
            "url": server.url,
            "records": "items",
            "since": "since",
            "until": "until",
            "total": "meta.total",
            "networks": ["127.0.0.0/8"],
            "pagination": {"kind": "page", "parameter": "page"},
            "authentication": {"kind": "bearer"},
        },
    }


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with serving(ApiServer(hourly_events(12))) as one:
        one.allows = lambda asked: asked.headers.get("authorization") == f"Bearer {MARK}"
        yield one


@pytest.fixture
def clone(tmp_path: Path, server: ApiServer) -> Path:
    """The repository with a source and its dataset's contract."""
    folder = cloned(tmp_path / "clone")
    source = yaml.safe_dump(dict(source_at(server)))
    (folder / "config" / "sources" / "events_api.yaml").write_text(source)
    (folder / "config" / "datasets" / "events.yaml").write_text(yaml.safe_dump(CONTRACT))
    (tmp_path / "secret.json").write_text(json.dumps({"token": MARK}))
    return folder


@pytest.mark.slow
def test_what_is_fetched_reaches_its_table_by_the_layered_route(
    clone: Path, server: ApiServer
) -> None:
    assert changed(clone) == {"config/sources/events_api.yaml", "config/datasets/events.yaml"}
    done = fetch(clone, "--json", "--out", "result")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert report["refused"] == []
    assert [item["rows_published"] for item in report["objects"]] == [5, 5, 2]
    assert {item["status"] for item in report["objects"]} == {"published"}
    assert {item["dataset"] for item in report["objects"]} == {"events"}
    files = sorted((clone / "result" / "processed" / "events").rglob("*.parquet"))
    rows = [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]
    assert sorted(row["id"] for row in rows) == [row["id"] for row in server.rows]
    assert "landing 1: 12 rows in 3 files" in done.stderr
    assert MARK not in done.stdout + done.stderr
    assert files_with(MARK, clone.parent) == []


@pytest.mark.slow
def test_a_source_that_refuses_is_told_without_the_secret(clone: Path, server: ApiServer) -> None:
    """In no argument, log, error or template, nor in what was staged, is there anything of it."""
    server.allows = lambda _: False
    check_refusal(clone, MARK)


@pytest.mark.slow
def test_a_dry_run_asks_and_lands_nothing(clone: Path, server: ApiServer) -> None:
    done = fetch(clone, "--dry-run", "--since", "2026-01-15T02:00:00Z", "--limit", "5")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "5 rows" in done.stdout
    assert "id: 5 x number" in done.stdout
    assert "nothing has landed" in done.stdout
    assert len(server.asked) == 2


@pytest.mark.slow
def test_its_role_reads_one_secret_and_writes_its_own_files(clone: Path) -> None:
    template = Template.read(synthesized_application(clone))
    (job,) = (one for one in template.properties("AWS::Glue::Job") if "fetch-events" in one["Name"])
    assert job["NumberOfWorkers"] == 2
    (timer,) = (
        one
        for one in template.properties("AWS::Glue::Trigger")
        if "fetch-events" in one.get("Name", "")
    )
    assert timer["Schedule"] == "cron(10 * * * ? *)"
    statements = [
        (statement["Action"], json.dumps(statement["Resource"]))
        for policy in template.properties("AWS::IAM::Policy")
        if "FetchEventsApi" in str(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    (secret,) = (on for actions, on in statements if "secretsmanager:GetSecretValue" in actions)
    assert re.findall('secret:([^"]+)', secret) == [f"{PROJECT}/events-api-??????"]
    assert keys_in(statements, "s3:PutObject") == {
        "/data/incoming/????/??/??/events/events_api-*",
        "/fetched/events_api/*",
    }
    assert keys_in(statements, "s3:DeleteObject") == {"/fetched/events_api/*"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"secret": "others/events"}, f"must begin with {PROJECT}/"),
        ({"kind": "ftp"}, "kind is 'ftp': must be one of api"),
    ],
)
def test_a_wrong_file_is_one_message_and_no_template(
    clone: Path, server: ApiServer, changes: Mapping[str, Any], rule: str
) -> None:
    file = clone / "config" / "sources" / "events_api.yaml"
    file.write_text(yaml.safe_dump({**source_at(server), **changes}))
    for app in ("infra_app", "glue_app"):
        done = subprocess.run(
            [sys.executable, "-m", app],
            cwd=clone,
            env={**os.environ, "PYTHONPATH": str(clone)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert rule in done.stderr
        assert "Traceback" not in done.stderr

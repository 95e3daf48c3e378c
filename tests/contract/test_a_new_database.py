"""A table of a database is a file and a secret, goes the whole way, and shows no secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from tests.connectors.database.servers import (
    PASSWORD,
    NoServer,
    Server,
    mysql_server,
    postgres_server,
)
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

CONTRACT = {"name": "events", "primary_key": ["id"], "latest_by": ["at"]}
TABLES = {
    "postgresql": "CREATE TABLE events AS SELECT i::bigint AS id, "
    "timestamptz '2026-01-15 00:30:00.000001+00' + i * interval '1 hour' AS at, "
    "(i * 1.05)::numeric(20,2) AS amount, 9.5::numeric AS free, 'käse, \"' || i AS name, "
    "i % 2 = 0 AS even, date '1582-10-15' + i AS birthday, '10:30:00.5'::time AS clock, "
    "decode('00ff', 'hex') AS bytes, ARRAY[i, NULL] AS list, 'NaN'::float8 AS nothing, "
    "jsonb_build_object('a', i) AS doc, CASE WHEN i = 3 THEN NULL ELSE '' END AS empty "
    "FROM generate_series(0, 11) i",
    "mysql": "CREATE TABLE events AS SELECT CAST(seq AS SIGNED) AS id, "
    "timestamp('2026-01-15 00:30:00.000001') + INTERVAL seq HOUR AS at, "
    "CAST(seq * 1.05 AS decimal(20,2)) AS amount, CAST(9.5 AS decimal(65,1)) AS free, "
    "CONCAT('käse, \"', seq) AS name, seq % 2 = 0 AS even, "
    "date('1582-10-15') + INTERVAL seq DAY AS birthday, CAST('10:30:00.5' AS time(1)) AS clock, "
    "x'00FF' AS bytes, 18446744073709551615 AS list, 0.1E0 AS nothing, "
    "'{\"a\": 1}' AS doc, IF(seq = 3, NULL, '') AS empty FROM seq_0_to_11",
}
EXPECTED: Mapping[str, Mapping[str, Any]] = {
    "postgresql": {
        "amount": Decimal("2.10"),
        "free": "9.5",
        "name": 'käse, "2',
        "even": True,
        "birthday": "1582-10-17",
        "clock": "10:30:00.5",
        "bytes": "00ff",
        "list": "{2,NULL}",
        "nothing": "nan",
        "doc": '{"a": 2}',
        "empty": "",
    },
    "mysql": {
        "amount": Decimal("2.10"),
        "free": "9.5",
        "name": 'käse, "2',
        "even": 1,
        "birthday": "1582-10-17",
        "clock": "10:30:00.5",
        "bytes": "00ff",
        "list": Decimal(2**64 - 1),
        "nothing": 0.1,
        "doc": '{"a": 1}',
        "empty": "",
    },
}


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    start = {"postgresql": postgres_server, "mysql": mysql_server}[request.param]
    try:
        manager = start()
        one = manager.__enter__()
    except NoServer as error:
        pytest.skip(str(error))
    one.run(TABLES[one.engine])
    yield one
    manager.__exit__(None, None, None)


@pytest.fixture
def clone(tmp_path: Path, server: Server) -> Path:
    """The repository with a source at the server, and its dataset's contract."""
    folder = cloned(tmp_path / "clone")
    source = {
        "name": "events_api",
        "kind": "database",
        "dataset": "events",
        "secret": f"{PROJECT}/events-db",
        "schedule": "cron(10 * * * ? *)",
        "cursor": {"type": "timestamp", "field": "at", "start": "2026-01-15", "overlap": 3600},
        "limits": {"rows_per_file": 5},
        "database": {"engine": server.engine, "table": "events"},
    }
    (folder / "config" / "sources" / "events_api.yaml").write_text(yaml.safe_dump(source))
    (folder / "config" / "datasets" / "events.yaml").write_text(yaml.safe_dump(CONTRACT))
    (tmp_path / "secret.json").write_text(json.dumps(server.secret))
    return folder


@pytest.mark.slow
def test_rows_of_a_table_reach_their_dataset_by_the_layered_route(
    clone: Path, server: Server
) -> None:
    assert changed(clone) == {"config/sources/events_api.yaml", "config/datasets/events.yaml"}
    done = fetch(clone, "--json", "--out", "result")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert [item["rows_published"] for item in report["objects"]] == [5, 5, 2]
    assert {item["status"] for item in report["objects"]} == {"published"}
    files = sorted((clone / "result" / "processed" / "events").rglob("*.parquet"))
    rows = [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]
    assert sorted(row["id"] for row in rows) == list(range(12))
    (second,) = (row for row in rows if row["id"] == 2)
    assert second["at"].isoformat()[:26] == "2026-01-15T02:30:00.000001"
    for name, value in EXPECTED[server.engine].items():
        found = str(second[name]) if name in ("birthday", "nothing") else second[name]
        assert found == (str(value) if name == "nothing" else value), name
    assert [row["id"] for row in rows if row["empty"] is None] == [3]
    assert PASSWORD not in done.stdout + done.stderr
    assert files_with(PASSWORD, clone.parent) == []


@pytest.mark.slow
def test_a_database_that_refuses_is_told_without_the_secret(clone: Path, server: Server) -> None:
    """In no argument, log, error or template, nor in what was staged, is there anything of it."""
    wrong = "-".join(("wrong", "password", "4711"))
    secret = {**server.secret, "password": wrong}
    (clone.parent / "secret.json").write_text(json.dumps(secret))
    check_refusal(clone, wrong)


@pytest.mark.slow
def test_a_dry_run_of_a_table_lands_nothing(clone: Path, server: Server) -> None:
    done = fetch(clone, "--dry-run", "--limit", "5")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "5 rows" in done.stdout
    assert "id: 5 x int64" in done.stdout
    assert "amount: 5 x decimal128(20, 2)" in done.stdout
    assert server.rows("SELECT count(*) FROM events") == [(12,)]


@pytest.mark.slow
def test_its_job_has_the_packages_for_databases_and_no_other_has(
    clone: Path, server: Server
) -> None:
    template = Template.read(synthesized_application(clone))
    jobs = template.properties("AWS::Glue::Job")
    wheels = {
        job["Name"]: json.dumps(job["DefaultArguments"]["--additional-python-modules"])
        for job in jobs
    }
    (own,) = (place for name, place in wheels.items() if "fetch-events" in name)
    others = {place for name, place in wheels.items() if "fetch-events" not in name}
    assert own not in others
    assert len(others) == 1
    statements = [
        (statement["Action"], json.dumps(statement["Resource"]))
        for policy in template.properties("AWS::IAM::Policy")
        if "FetchEventsApi" in str(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    (secret,) = (on for actions, on in statements if "secretsmanager:GetSecretValue" in actions)
    assert re.findall('secret:([^"]+)', secret) == [f"{PROJECT}/events-db-??????"]
    assert keys_in(statements, "s3:PutObject") == {
        "/data/incoming/????/??/??/events/events_api-*",
        "/fetched/events_api/*",
    }
    assert server.engine in (clone / "config" / "sources" / "events_api.yaml").read_text()

"""The record of used permissions, and what it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.naming import Names
from local_cloud.access.granted import Permission, Spelling, granted, used
from local_cloud.access.unused import (
    Reason,
    permissions_in,
    reasons_in,
    stale,
    unexplained,
    write_permissions,
)
from local_cloud.access.usage import RECORD_VARIABLE
from tests.local_cloud import tiny
from tests.local_cloud.access.accounts import (
    BUCKET,
    PLAIN_BUCKET,
    WORKER,
    may,
    refused_action,
    resources,
    seeded,
)
from tests.local_cloud.conftest import Deploy

NAMES = Names(project="lake", environment="dev", account=tiny.ACCOUNT, region=tiny.REGION)
PLACE = f"{tiny.REGION}:{tiny.ACCOUNT}"


def test_each_grant_that_allows_a_call_is_recorded_once(
    deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "record"
    monkeypatch.setenv(RECORD_VARIABLE, str(record))
    everywhere, here = "arn:aws:s3:::*", f"arn:aws:s3:::{PLAIN_BUCKET}/in/*"
    rights = [
        may("s3:GetObject", on=[everywhere, here]),
        may("s3:Get*", on=f"arn:aws:s3:::{BUCKET}/*"),
    ]
    s3 = seeded(deploy(resources(*rights))).client("s3", role=WORKER)
    for _ in range(2):
        s3.get_object(Bucket=PLAIN_BUCKET, Key="in/a.csv")
    assert refused_action(lambda: s3.list_objects_v2(Bucket=BUCKET))
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert lines == [
        {"role": "worker", "action": "s3:GetObject", "resource": resource}
        for resource in (everywhere, here)
    ]


def test_without_the_variable_nothing_is_recorded(deploy: Deploy, tmp_path: Path) -> None:
    s3 = seeded(deploy(resources(may("s3:*")))).client("s3", role=WORKER)
    s3.get_object(Bucket=PLAIN_BUCKET, Key="in/a.csv")
    assert not list(tmp_path.glob("*record*"))


def test_what_roles_may_do_is_read_from_what_is_deployed(deploy: Deploy) -> None:
    deploy(resources(may("s3:GetObject", "s3:PutObject", on=["arn:aws:s3:::a/*", "*"])))
    found = {one for one in granted(NAMES) if one.role == "worker"}
    assert found == {
        Permission("worker", action, resource)
        for action in ("s3:GetObject", "s3:PutObject")
        for resource in ("s3:a/*", "*")
    }


@pytest.mark.parametrize(
    ("role", "resource", "spelled"),
    [
        (f"lake-dev-counter-{tiny.REGION}", "*", "counter x:Y *"),
        ("lake-dev-infrastructure-TriggerRole1A2B3C4D-ABCDEFGHIJKL", "*", "trigger x:Y *"),
        ("r", f"arn:aws:s3:::lake-dev-raw-{tiny.ACCOUNT}-{tiny.REGION}/*", "r x:Y s3:raw/*"),
        ("r", f"arn:aws:kms:{PLACE}:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f", "r x:Y kms:key"),
        ("r", f"arn:aws:dynamodb:{PLACE}:table/lake-dev-loads", "r x:Y dynamodb:table/loads"),
        ("r", f"arn:aws:dynamodb:{PLACE}:table/lake-dev-loads/index/*",
         "r x:Y dynamodb:table/loads"),
        ("r", f"arn:aws:glue:{PLACE}:database/lake_dev_curated", "r x:Y glue:curated"),
        ("r", f"arn:aws:glue:{PLACE}:table/lake_dev_curated/*", "r x:Y glue:curated"),
        ("r", f"arn:aws:glue:{PLACE}:job/lake-dev-counter", "r x:Y glue:job/counter"),
    ],
)  # fmt: skip
def test_permissions_are_named_alike_in_every_run(role: str, resource: str, spelled: str) -> None:
    named = Spelling(NAMES).permission(role=role, action="x:Y", resource=resource)
    assert str(named) == spelled


def test_the_catalog_is_a_part_of_every_action_on_its_tables() -> None:
    catalog = f"arn:aws:glue:{PLACE}:catalog"
    assert Spelling(NAMES).permission(role="r", action="x:Y", resource=catalog) is None


def test_records_and_lists_are_read_as_they_are_written(tmp_path: Path) -> None:
    record, listed = tmp_path / "record", tmp_path / "list"
    line = {"role": "r", "action": "s3:GetObject", "resource": "*"}
    record.write_text(f"{json.dumps(line)}\n{json.dumps(line)}\n")
    found = used([record], NAMES)
    write_permissions(listed, found)
    assert permissions_in(listed) == found == {Permission("r", "s3:GetObject", "*")}


def test_reasons_explain_what_they_match_and_are_stale_without_it(tmp_path: Path) -> None:
    file = tmp_path / "reasons.yaml"
    file.write_text("- {action: 'logs:*', reason: not played}\n- {role: b, reason: gone}\n")
    reasons = reasons_in(file)
    assert reasons[0] == Reason(role="*", action="logs:*", resource="*", reason="not played")
    log, read = Permission("a", "logs:PutLogEvents", "*"), Permission("a", "s3:GetObject", "*")
    assert unexplained([log, read], reasons) == [read]
    assert stale([log, read], reasons) == [reasons[1]]

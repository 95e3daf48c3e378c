"""Gaps in the product's roles turn red on a laptop: each is named, and no upload vanishes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from config.naming import Names
from local_cloud.assembly import Stack
from local_cloud.cloud import LocalCloud
from local_cloud.platform import Platform, stacks_and_names
from local_cloud.report import as_text, is_good, report_of
from local_cloud.settling import Work
from tests.local_cloud.access.planting import Plant, a_policy_without, a_role_without

pytestmark = pytest.mark.slow

CSV, PNG = b"id,amount\n1,2.5\n2,3\n", b"\x89PNG\r\n\x1a\n1234"
TRIGGER, JOB = "Trigger", "FileProcessor"
PATIENCE = 120.0
"""Seconds."""

GAPS: list[tuple[Plant, bytes, str, str, str]] = [
    # What is missing, what is uploaded, and what the refusal names: caller, action, resource.
    (a_role_without("sqs:ReceiveMessage", role=TRIGGER), CSV,
     "TriggerRole", "sqs:receivemessage", ":sqs:"),
    (a_role_without("s3:GetObjectVersion", role=TRIGGER), CSV,
     "TriggerRole", "s3:GetObjectVersion", "-raw-"),
    (a_role_without("s3:PutObject", role=TRIGGER), CSV, "TriggerRole", "s3:PutObject", "-assets-"),
    (a_role_without("s3:PutObject", role=TRIGGER), PNG, "TriggerRole", "s3:PutObject", "-quality-"),
    (a_role_without("sns:Publish", role=TRIGGER), PNG, "TriggerRole", "SNS:Publish", "-alerts"),
    (a_role_without("dynamodb:PutItem", role=TRIGGER), CSV,
     "TriggerRole", "dynamodb:PutItem", "table/"),
    (a_role_without("dynamodb:Query", role=TRIGGER), CSV,
     "TriggerRole", "dynamodb:Query", "/index/"),
    (a_role_without("glue:StartJobRun", role=TRIGGER), CSV,
     "TriggerRole", "glue:StartJobRun", ":job/"),
    (a_role_without("kms:Decrypt", role=TRIGGER), CSV, "TriggerRole", "kms:Decrypt", ":key/"),
    (a_role_without("kms:GenerateDataKey", role=TRIGGER), CSV,
     "TriggerRole", "kms:GenerateDataKey", ":key/"),
    (a_role_without("dynamodb:UpdateItem", role=JOB), CSV,
     "file-processor", "dynamodb:UpdateItem", "table/"),
    (a_role_without("s3:GetObjectVersion", role=JOB), CSV,
     "file-processor", "s3:GetObjectVersion", "-raw-"),
    (a_role_without("s3:PutObject", role=JOB), CSV, "file-processor", "s3:PutObject", "arn:aws:s3"),
    (a_role_without("kms:Decrypt", role=JOB), CSV, "file-processor", "kms:Decrypt", ":key/"),
    (a_role_without("glue:CreateTable", role=JOB), CSV,
     "file-processor", "glue:CreateTable", ":catalog"),
    (a_role_without("glue:GetTable", role=JOB), CSV, "file-processor", "glue:GetTable", ":catalog"),
    (a_policy_without("sqs:SendMessage", kind="AWS::SQS::QueuePolicy", service="events."), CSV,
     "events.amazonaws.com", "sqs:sendmessage", "-uploads"),
    (a_policy_without("kms:GenerateDataKey", kind="AWS::KMS::Key", service="events."), CSV,
     "events.amazonaws.com", "kms:GenerateDataKey", ":key/"),
    (a_policy_without("sts:AssumeRole", kind="AWS::IAM::Role", service="glue."), CSV,
     "glue.amazonaws.com", "sts:AssumeRole", "file-processor"),
    (a_policy_without("sts:AssumeRole", kind="AWS::IAM::Role", service="lambda."), CSV,
     "lambda.amazonaws.com", "sts:AssumeRole", "TriggerRole"),
]  # fmt: skip


@pytest.fixture(scope="module")
def synthesized() -> tuple[Sequence[Stack], Names]:
    return stacks_and_names("dev")


def work_until_refused(cloud: LocalCloud) -> None:
    """Work until something is refused, and until what runs has ended."""
    deadline = time.monotonic() + PATIENCE
    while not cloud.access.refusals or cloud.active_runs:
        assert time.monotonic() < deadline, "nothing was refused"
        if cloud.work_once() is Work.NONE:
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("plant", "content", "who", "action", "resource"),
    [pytest.param(*gap, id=f"{gap[2]} {gap[3]} {gap[4]}") for gap in GAPS],
)
@pytest.mark.in_turn(8)
def test_a_gap_is_named_and_its_upload_does_not_vanish(  # noqa: PLR0917 - a gap has these parts
    synthesized: tuple[Sequence[Stack], Names],
    tmp_path: Path,
    plant: Plant,
    content: bytes,
    who: str,
    action: str,
    resource: str,
) -> None:
    stacks, names = synthesized
    (tmp_path / "file").write_bytes(content)
    with LocalCloud.for_stacks(stacks, work=tmp_path / "work") as cloud:
        cloud.deploy(plant(stacks))
        platform = Platform(cloud, names)
        platform.upload("orders.csv", tmp_path / "file")
        work_until_refused(cloud)
        report = report_of(platform, out=None)
        (told,) = [one for one in report["refused"] if f" {action} " in one][:1]
        user, _, rest = told.partition(" is not authorized to perform: ")
        assert who in user
        assert resource in rest.partition(" on resource: ")[2]
        assert [item["status"] for item in report["objects"]] == ["pending"]
        assert not is_good(report)
        assert f"refused: {told}" in as_text(report)
        for run in report["runs"]:
            assert run["state"] == "FAILED"
            assert action in run["error"]


def test_a_gap_that_only_a_table_s_second_load_meets_is_named_then(
    synthesized: tuple[Sequence[Stack], Names], tmp_path: Path
) -> None:
    stacks, names = synthesized
    plant = a_role_without("glue:UpdateTable", role=JOB)
    with LocalCloud.for_stacks(stacks, work=tmp_path / "work") as cloud:
        cloud.deploy(plant(stacks))
        platform = Platform(cloud, names)
        (tmp_path / "file").write_bytes(CSV)
        platform.upload("orders/1.csv", tmp_path / "file")
        platform.settle()
        assert cloud.access.refusals == []
        (tmp_path / "file").write_bytes(CSV.replace(b"2.5", b"3.5"))
        platform.upload("orders/2.csv", tmp_path / "file")
        work_until_refused(cloud)
        report = report_of(platform, out=None)
        assert [item["status"] for item in report["objects"]] == ["published", "pending"]
        assert "glue:UpdateTable" in report["refused"][0]
        assert "glue:UpdateTable" in report["runs"][-1]["error"]

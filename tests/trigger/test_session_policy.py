"""What a run may do of what its role may do."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_app.lambdas.trigger.session_policy import MOST_CHARACTERS, session_policy
from infra_app.lambdas.trigger.settings import TriggerSettings

LOAD, OTHER = "0123456789abcdef", "fedcba9876543210"


def some_settings(name: str = "glue-etl-pipeline-dev") -> TriggerSettings:
    return TriggerSettings(
        environment="test",
        raw_bucket=f"{name}-raw",
        processed_bucket=f"{name}-processed",
        quality_bucket=f"{name}-quality",
        assets_bucket=f"{name}-assets",
        objects_table=f"{name}-objects",
        loads_table=f"{name}-loads",
        state_table=f"{name}-state",
        runs_table=f"{name}-runs",
        alerts_topic_arn=f"arn:aws:sns:eu-central-1:222222222222:{name}-alerts",
        recoveries_topic_arn=f"arn:aws:sns:eu-central-1:222222222222:{name}-recoveries",
        file_processor_job=f"{name}-file-processor",
        workflow="layered-etl",
        data_ingestion_job="data-ingestion",
        data_quality_job="data-quality",
        other_jobs="data-processing,data-quality",
        objects_per_run=1,
        bytes_per_run=1,
        runs_at_once=1,
        attempts_per_load=1,
        max_object_bytes=1,
        max_receive_count=10,
        metrics_namespace="project/test",
        usd_per_dpu_hour=0.44,
        usd_per_flex_dpu_hour=0.29,
        usd_per_memory_dpu_hour=0.52,
        malware_scan_required=0,
    )


def statements(keys: Sequence[str] | None = ("orders/1.csv",)) -> dict[str, dict[str, Any]]:
    policy = json.loads(session_policy(some_settings(), LOAD, keys))
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def may_write(path: str) -> bool:
    """Whether a run of the load may put this object, if its role may."""
    files = statements()["WritesItsOwnFiles"]
    assert files["Effect"] == "Deny"
    assert "s3:PutObject" in files["Action"]
    arn = f"arn:aws:s3:::glue-etl-pipeline-dev-{path}"
    return any(fnmatch.fnmatchcase(arn, place) for place in files["NotResource"])


def test_a_run_writes_its_partitions_its_quarantine_and_its_commit() -> None:
    day = "orders/year=2026/month=01/day=31"
    assert may_write(f"processed/{day}/load={LOAD}/jr_1/part-0.snappy.parquet")
    assert may_write(f"quality/quarantine/rows/dataset={day}/load={LOAD}/jr_1/part-0.jsonl")
    assert may_write("quality/quarantine/objects/2026/01/31/abc-x.csv")
    assert may_write(f"assets/loads/{LOAD}/jr_1/commit.json")
    assert may_write("processed/orders/metadata/00001-0.metadata.json")


def test_a_run_that_widens_a_table_writes_partitions_of_other_loads_again() -> None:
    assert may_write(f"processed/orders/year=2026/month=01/day=31/load={OTHER}/jr_1/part-0")


def test_a_run_changes_no_original_and_nothing_of_another_load() -> None:
    assert not may_write("raw/orders/1.csv")
    assert not may_write(f"assets/loads/{OTHER}/manifest.json")
    assert not may_write(f"quality/quarantine/rows/dataset=orders/load={OTHER}/part-0.jsonl")
    assert not may_write("quality/reports/2026.json")
    assert not may_write("processed/orders.parquet")


def test_a_run_writes_only_its_own_entry_in_the_loads_table() -> None:
    entries = statements()["WritesItsOwnEntry"]
    assert entries["Effect"] == "Deny"
    assert entries["Resource"].endswith(":222222222222:table/glue-etl-pipeline-dev-loads")
    (condition,) = entries["Condition"].items()
    # Turns and names: of applications that are older than the state table.
    keys = {"dynamodb:LeadingKeys": [LOAD, "lease#publisher#*", "dataset#*"]}
    assert condition == ("ForAnyValue:StringNotLike", keys)


def test_what_is_not_denied_is_up_to_the_role() -> None:
    assert statements()["OfTheRole"]["Effect"] == "Allow"
    assert {s["Effect"] for sid, s in statements().items() if sid != "OfTheRole"} == {"Deny"}


@given(st.integers(min_value=1, max_value=63))
def test_it_is_within_glue_s_limit_whatever_things_are_called(length: int) -> None:
    settings = some_settings("n" * length)
    assert len(session_policy(settings, LOAD, ["orders/1.csv"])) <= MOST_CHARACTERS


def may_read(path: str, *keys: str) -> bool:
    """Whether a run of a load of these keys may read this original."""
    reading = statements(keys)["ReadsOriginalsOfItsTables"]
    assert "s3:GetObjectVersion" in reading["Action"]
    arn = f"arn:aws:s3:::glue-etl-pipeline-dev-raw/{path}"
    patterns = (
        place.replace("${*}", "[*]").replace("${?}", "[?]").replace("${$}", "$")
        for place in reading["NotResource"]
    )
    return any(fnmatch.fnmatchcase(arn, pattern) for pattern in patterns)


@pytest.mark.parametrize(
    "key",
    ["orders/1.csv", "a.csv", "_x.csv", ".x.csv", "/lead.csv", "data/incoming/2026/01/31/o/1.csv",
     "what*?$.csv", "a*b/c.csv", "Büro 1+2.csv", "a//b.csv", "noending"],
)  # fmt: skip
def test_a_run_reads_the_originals_of_its_load(key: str) -> None:
    assert may_read(key, key)


def test_a_run_reads_older_originals_of_its_datasets_and_no_others() -> None:
    assert may_read("orders/2025/old.csv", "orders/1.csv")
    assert not may_read("customers/1.csv", "orders/1.csv")
    assert not may_read("orders_secret/1.csv", "orders/1.csv")
    assert may_read("customers.csv.gz", "customers.csv")
    assert not may_read("orders/1.csv", "customers.csv")
    assert may_read("data/incoming/2025/12/01/o/x.csv", "data/incoming/2026/01/31/o/1.csv")
    assert not may_read("anything*x/1.csv", "a*b/c.csv")


def test_originals_are_read_by_version_only() -> None:
    denied = statements()["ByVersion"]
    assert (denied["Effect"], denied["Action"]) == ("Deny", "s3:GetObject")
    assert denied["Resource"] == "arn:aws:s3:::glue-etl-pipeline-dev-raw/*"


def test_more_folders_than_there_is_room_for_leave_reading_to_the_role() -> None:
    keys = [f"a folder of some length {i}/x.csv" for i in range(100)]
    assert "ReadsOriginalsOfItsTables" not in statements(keys)
    assert "ReadsOriginalsOfItsTables" not in statements(None)

"""State tables of infra_app → the ledgers that trigger and job keep in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from config.environments import Environment
from tests.templates import Template
from wires.dataset_names import DatasetNames
from wires.layout import DISPATCHER
from wires.lease import Leases
from wires.load_ledger import Load, LoadLedger
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectLedger
from wires.refresh_ledger import RefreshLedger
from wires.routes import Route
from wires.run_ledger import BY_START_INDEX, RunLedger
from wires.workflow_ledger import WorkflowLedger

SHAPE = (
    "TableName",
    "BillingMode",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
)
BUCKET = "raw"


@pytest.fixture
def tables(infrastructure: Template) -> Iterator[Any]:
    """DynamoDB with the tables of the template, and no others."""
    with mock_aws():
        dynamodb = boto3.resource("dynamodb", region_name="eu-central-1")
        for properties in infrastructure.properties("AWS::DynamoDB::Table"):
            dynamodb.create_table(**{n: v for n, v in properties.items() if n in SHAPE})
        yield dynamodb


def any_version(key: str = "orders/a.csv") -> ObjectVersion:
    return ObjectVersion(key=key, version_id="v1", size=1, uploaded_at="2026-11-01T00:00:00+00:00")


def any_load(load_id: str = "0123456789abcdef") -> Load:
    return Load(load_id=load_id, bucket=BUCKET, job="job", created_at="2026-11-01T00:00:00+00:00")


def test_a_registered_object_waits_in_the_pending_index(
    tables: Any, configured: Environment
) -> None:
    ledger = ObjectLedger(tables.Table(configured.names.objects_table))
    assert ledger.register(BUCKET, any_version(), registered_at="2026-11-01T00:00:01+00:00")
    assert ledger.pending(BUCKET, Route.FILES, limit=10) == [any_version()]


def test_a_new_load_is_in_the_open_index(tables: Any, configured: Environment) -> None:
    ledger = LoadLedger(tables.Table(configured.names.loads_table))
    assert ledger.create(any_load())
    assert [load.load_id for load in ledger.open_loads(BUCKET)] == [any_load().load_id]


def test_what_jobs_coordinate_by_fits_in_the_state_table(
    tables: Any, configured: Environment
) -> None:
    state = tables.Table(configured.names.state_table)
    leases = Leases(state)
    assert leases.take(DISPATCHER, owner="a", seconds=60)
    assert not leases.take(DISPATCHER, owner="b", seconds=60)
    assert DatasetNames(state).claim("orders", "Orders") == "Orders"
    assert RefreshLedger(state).stage("table/sales", "refreshes/1.json")
    workflow = WorkflowLedger(state, workflow="etl")
    workflow.want("because")
    assert [found.model for found in RefreshLedger(state).all_states()] == ["table/sales"]
    assert workflow.get().wanted == "because"


def test_the_runs_of_a_job_are_listed_in_the_order_of_their_start(
    tables: Any, configured: Environment
) -> None:
    table = tables.Table(configured.names.runs_table)
    for run, hour in (("jr_a", "02"), ("jr_b", "01")):
        RunLedger(table).record("job", run, {"started_at": f"2026-11-01T{hour}:00:00+00:00"})
    found = table.query(
        IndexName=BY_START_INDEX,
        KeyConditionExpression="job = :job",
        ExpressionAttributeValues={":job": "job"},
    )
    assert [item["run_id"] for item in found["Items"]] == ["jr_b", "jr_a"]

"""`redshift`: what it prints, and what it does in a warehouse, once and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import boto3
import pytest

from config.environments import Environment, Environments, load_environments
from operations import cli
from operations.cli import FAILURE, SUCCESS, WRONG_USE, main
from operations.errors import OperationError
from operations.reading.warehouse import Warehouse
from tests.operations.athenas import served
from tests.operations.conftest import settings
from tests.operations.warehouses import SECRET, SmallWarehouse

Configure = Callable[..., Environment]
SCHEMAS = {"processed", "curated", "quality"}


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, dev: Environment) -> Configure:
    """Give the commands a dev with these settings of the warehouse."""

    def changed(**values: Any) -> Environment:
        warehouse = dev.settings.redshift.model_copy(update={"enabled": True, **values})
        made = replace(dev, settings=dev.settings.model_copy(update={"redshift": warehouse}))
        loaded = load_environments()
        all_of_them = (made, *(one for one in loaded.all if one.name != made.name))
        found = Environments(project=loaded.project, delivery=loaded.delivery, all=all_of_them)
        monkeypatch.setattr(cli, "load_environments", lambda: found)
        return made

    return changed


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, dev: Environment) -> Iterator[Callable[..., None]]:
    """Lead the clients of AWS to a warehouse on this machine."""
    settings(monkeypatch, dev)
    with ExitStack() as stack:

        def at(warehouse: SmallWarehouse) -> None:
            monkeypatch.setenv("AWS_ENDPOINT_URL", stack.enter_context(served(warehouse)))

        yield at


@pytest.fixture
def warehouse(dev: Environment, serve: Callable[..., None]) -> SmallWarehouse:
    made = SmallWarehouse(dev.names.warehouse)
    serve(made)
    return made


def test_what_is_printed_makes_the_schemas_the_role_and_its_grants(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    dev = configure(readers="analysts")
    assert main(["redshift", "--env", "dev"]) == SUCCESS
    told = capsys.readouterr().out
    small = SmallWarehouse(dev.names.warehouse)
    for statement in (one.strip() for one in told.split(";")):
        if statement:
            lines = [line for line in statement.splitlines() if not line.startswith("--")]
            small._run("\n".join(lines).strip() + ";")
    assert set(small.schemas) == SCHEMAS
    assert small.granted == {(schema, "analysts") for schema in SCHEMAS}
    assert dev.role_arn(dev.names.spectrum_role) in small.schemas["curated"]


def test_the_limit_is_set_before_anything_is_run_and_the_schemas_are_there_then(
    configure: Configure, warehouse: SmallWarehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(daily_rpu_hours=24, beyond_limit="log", database="lake")
    warehouse.states = ("SUBMITTED", "FINISHED")
    assert main(["redshift", "--env", "dev", "--apply"]) == SUCCESS
    assert warehouse.changes[0] == "CreateUsageLimit"
    (limit,) = warehouse.limits
    assert (limit["amount"], limit["breachAction"], limit["period"]) == (24, "log", "daily")
    assert limit["usageType"] == "serverless-compute"
    assert set(warehouse.schemas) == SCHEMAS
    assert warehouse.granted == {(schema, "readers") for schema in SCHEMAS}
    assert {(said["Database"], said["SecretArn"]) for said in warehouse.said} == {("lake", SECRET)}
    told = capsys.readouterr()
    assert f"{warehouse.name} is ready" in told.out
    assert "CREATE EXTERNAL SCHEMA IF NOT EXISTS curated" in told.err


def test_a_second_time_changes_nothing(configure: Configure, warehouse: SmallWarehouse) -> None:
    configure()
    assert main(["redshift", "--env", "dev", "--apply"]) == SUCCESS
    before = (dict(warehouse.schemas), set(warehouse.granted), list(warehouse.limits))
    warehouse.changes.clear()
    assert main(["redshift", "--env", "dev", "--apply"]) == SUCCESS
    assert (warehouse.schemas, warehouse.granted, warehouse.limits) == before
    assert warehouse.roles == ["readers"]
    again = {"CREATE EXTERNAL SCHEMA IF NOT EXISTS", "GRANT USAGE ON SCHEMA"}
    assert all(any(change.startswith(one) for one in again) for change in warehouse.changes)


def test_a_limit_of_a_day_is_brought_to_what_config_says_and_others_stay(
    configure: Configure, warehouse: SmallWarehouse
) -> None:
    monthly = {"usageLimitId": "m", "amount": 900, "breachAction": "log", "period": "monthly"}
    daily = {"usageLimitId": "d", "amount": 900, "breachAction": "log", "period": "daily"}
    warehouse.limits += [dict(monthly), dict(daily)]
    configure(daily_rpu_hours=8)
    assert main(["redshift", "--env", "dev", "--apply"]) == SUCCESS
    assert warehouse.limits == [monthly, {**daily, "amount": 8, "breachAction": "deactivate"}]


def test_a_statement_that_fails_is_told_with_its_reason_and_what_to_do(
    configure: Configure, warehouse: SmallWarehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    warehouse.failing = "CREATE EXTERNAL SCHEMA IF NOT EXISTS curated"
    assert main(["redshift", "--env", "dev", "--apply"]) == FAILURE
    told = capsys.readouterr().err
    assert "it is FAILED: ERROR: permission denied" in told
    assert "run the command again" in told
    warehouse.failing = "no statement"
    assert main(["redshift", "--env", "dev", "--apply"]) == SUCCESS
    assert set(warehouse.schemas) == SCHEMAS


def test_a_warehouse_that_is_not_deployed_is_told_so(
    configure: Configure, serve: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    serve(SmallWarehouse("another"))
    assert main(["redshift", "--env", "dev", "--apply"]) == FAILURE
    assert "there is none: deploy the infrastructure" in capsys.readouterr().err


def test_a_password_that_somebody_has_set_by_hand_is_told(
    configure: Configure, warehouse: SmallWarehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    warehouse.secret = ""
    assert main(["redshift", "--env", "dev", "--apply"]) == FAILURE
    assert "it names no secret" in capsys.readouterr().err
    assert warehouse.said == []


def test_a_statement_that_takes_too_long_is_cancelled(
    configure: Configure, warehouse: SmallWarehouse
) -> None:
    warehouse.states = ("STARTED",)
    made = Warehouse(
        environment=configure(),
        serverless=boto3.client("redshift-serverless"),
        data=boto3.client("redshift-data"),
        say=lambda _: None,
        seconds=0.3,
    )
    with pytest.raises(OperationError, match=r"within 0\.3 seconds, it was STARTED"):
        made.set_up()
    assert len(warehouse.cancelled) == 1


def test_where_config_has_no_warehouse_nothing_is_applied(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["redshift", "--env", "dev", "--apply"]) == WRONG_USE
    assert "redshift.enabled of dev" in capsys.readouterr().err

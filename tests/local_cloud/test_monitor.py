"""The monitoring function of the templates, called by its rule and under its role."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.environments import Environment
from infra_app.constructs.monitor import EVERY
from local_cloud.assembly import Stack, stacks_of
from local_cloud.cloud import LocalCloud
from tests.conftest import Assemblies
from wires.run_ledger import RunLedger

PATIENCE = 60.0


@pytest.fixture(scope="module")
def stacks(assemblies: Assemblies) -> list[Stack]:
    both = (assemblies.infra_app, assemblies.glue_app)
    return [stack for one in both for stack in stacks_of(Path(one), environment="dev")]


def called(cloud: LocalCloud) -> None:
    """Let the monitor's schedule come round."""
    (schedule,) = (one for one in cloud.schedules if one.expression == EVERY)
    cloud.come_round(schedule)


def wait_for(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_its_rule_calls_it_and_its_role_lets_it_look_at_everything(
    stacks: list[Stack], dev: Environment, tmp_path: Path
) -> None:
    with LocalCloud.for_stacks(stacks, work=tmp_path) as cloud:
        cloud.deploy(stacks)
        ledger = RunLedger(cloud.table(dev.names.runs_table))
        # Runs of which nobody says how they ended, and that Glue does not know.
        for job in dev.names.jobs:
            begun = {"state": "RUNNING", "started_at": "2026-01-01T00:00:00+00:00"}
            ledger.record(job, "jr_1", begun)
        called(cloud)
        wait_for(lambda: all(ledger.get(job, "jr_1")["state"] == "LOST" for job in dev.names.jobs))
        report = cloud.invoke(dev.names.monitor_function, {})
        assert report["failed"] == []
        assert set(report["states"]) == set(dev.names.jobs)
        assert cloud.access.refusals == []


def test_a_rule_that_the_function_does_not_let_in_is_told_of(
    stacks: list[Stack], tmp_path: Path
) -> None:
    def without(stack: Stack) -> Stack:
        template = json.loads(json.dumps(stack.template))
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::Lambda::Permission":
                resource["Properties"]["SourceArn"] = "arn:aws:events:*:*:rule/another"
        return replace(stack, template=template)

    planted = [without(s) if "CalledByRule" in json.dumps(s.template) else s for s in stacks]
    with LocalCloud.for_stacks(planted, work=tmp_path) as cloud:
        cloud.deploy(planted)
        called(cloud)
        [refusal] = cloud.access.refusals
        assert "lambda:InvokeFunction" in refusal.message

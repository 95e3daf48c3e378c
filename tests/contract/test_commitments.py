"""What must not change by accident: ids of what holds data, and names of exports.

A logical id that changes makes CloudFormation put a new, empty resource in the place of the old
one. An export that goes while it is imported fails the deployment.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.exports import Export
from config.jobs import JOBS
from tests.conftest import Assemblies
from tests.templates import Template

FILE = Path(__file__).with_name("commitments.json")
STATEFUL = (
    "AWS::DynamoDB::Table",
    "AWS::Glue::Database",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
)


def stateful_ids(template: Template) -> dict[str, str]:
    return {id: kind for kind in STATEFUL for id in template.resources(kind)}


def committed() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text())
    return found


def test_every_resource_that_holds_data_keeps_its_logical_id(
    assemblies: Assemblies, environment: str
) -> None:
    before, now = committed()["stateful"], stateful_ids(assemblies.infrastructure(environment))
    lost = sorted(set(before.items()) - set(now.items()))
    assert not lost, (
        f"{lost} are no longer in the template: a deployment would replace them by empty ones, or "
        "abandon them. Give each construct its id and its place in the tree back (a moved one can "
        "keep its id by `override_logical_id`). If data is to go, move it first, then take the "
        f"line out of {FILE.name}, in a commit of its own that says so."
    )
    new = sorted(set(now.items()) - set(before.items()))
    assert not new, f"{new} hold data and are new: add them to {FILE.name}, and they are kept"


def test_every_export_that_may_be_in_use_is_still_there() -> None:
    before, now = set(committed()["exports"]), {*Export, *(job.role_export for job in JOBS)}
    lost = sorted(before - now)
    assert not lost, (
        f"exports {lost} are gone: a deployed application imports them, and CloudFormation would "
        "refuse to deploy the infrastructure. Release an application that does not import them, to "
        f"every environment; then remove them here and from {FILE.name}."
    )
    new = sorted({*Export} - before)
    assert not new, f"exports {new} are new: add them to {FILE.name}, so that they are kept"


@pytest.mark.parametrize("kind", STATEFUL)
def test_there_is_something_of_every_kind_to_keep(kind: str) -> None:
    assert kind in committed()["stateful"].values()

"""A staging account, and an app in a repository of its own: what they make of the pipelines."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from config.environments import ENVIRONMENTS_FILE
from tests.delivery.test_pipelines import order, stages
from tests.synthesis import synthesized
from tests.templates import Json, Template

# Each needs templates of its own, which take long to make.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """That of the application."""
    document = yaml.safe_load(ENVIRONMENTS_FILE.read_text())
    document["stagingAccount"] = {"awsAccountId": "444444444444", "awsRegion": "eu-west-1"}
    document["source"]["glueApp"] = {"repository": "example-org/glue-jobs", "branch": "release"}
    folder: Path = tmp_path_factory.mktemp("staging")
    assembly = synthesized("glue_app", document, folder)
    template = Template.read(assembly / "Pipeline.template.json")
    return template.only("AWS::CodePipeline::Pipeline")


def test_staging_comes_between_dev_and_prod(pipeline: Json) -> None:
    assert list(stages(pipeline))[-3:] == ["Dev", "Staging", "Prod"]


def test_staging_is_checked_as_the_others_are_and_waits_for_nobody(pipeline: Json) -> None:
    when = order(stages(pipeline)["Staging"])
    assert when["check-exports"] < when["deploy"] < when["check-environment"]
    assert "approve" not in when


def test_prod_still_waits_for_a_person(pipeline: Json) -> None:
    when = order(stages(pipeline)["Prod"])
    assert when["approve"] == min(when.values())
    assert list(when.values()).count(when["approve"]) == 1


def test_another_region_has_an_artifact_store_of_its_own(pipeline: Json) -> None:
    regions = {store["Region"] for store in pipeline["ArtifactStores"]}
    assert regions == {"eu-central-1", "eu-west-1"}


def test_the_app_follows_its_own_repository_and_branch(pipeline: Json) -> None:
    (source,) = stages(pipeline)["Source"]
    assert source["Configuration"]["FullRepositoryId"] == "example-org/glue-jobs"
    (trigger,) = pipeline["Triggers"]
    for push in trigger["GitConfiguration"]["Push"]:
        assert push["Branches"] == {"Includes": ["release"]}

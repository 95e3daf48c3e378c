"""Named queries as the template has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.datasets import load_contracts
from config.environments import Environment
from config.exports import Export
from config.named_queries import named_queries
from glue_app.__main__ import main
from tests.templates import Template


def test_every_query_is_in_the_workgroup_with_the_text_that_tests_run(
    application: Template, configured: Environment
) -> None:
    deployed = {query["Name"]: query for query in application.properties("AWS::Athena::NamedQuery")}
    of = configured.settings.reading.named_queries
    queries = named_queries(load_contracts(), configured.names, of=of)
    assert set(deployed) == {query.name for query in queries}
    workgroup = configured.export_name(Export.QUERIES_WORKGROUP_NAME)
    for query in queries:
        found = deployed[query.name]
        assert found["QueryString"] == query.sql
        assert found["Database"] == query.database
        assert found["WorkGroup"] == {"Fn::ImportValue": workgroup}
        assert len(found["Description"]) <= 1024


def test_nothing_of_quicksight_is_there_unless_config_says_so(application: Template) -> None:
    kinds = {resource["Type"] for resource in application.document["Resources"].values()}
    assert not [kind for kind in kinds if "QuickSight" in kind or "Redshift" in kind]


def test_a_contract_with_a_group_that_no_environment_has_ends_synthesis(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sales.yaml").write_text("name: sales\nreaders: [{name: eu}]\n")
    assert main(datasets_folder=tmp_path) == 1
    said = capsys.readouterr().err
    assert "datasets/sales.yaml" in said
    assert "readers[0].name" in said
    assert "must be a group in reading.groups of config/environments.yaml" in said

"""What an auditor asks of the templates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from tests.conftest import Assemblies

PLUGINS = {"AwsSolutions", "NIST.800.53.R5"}


@pytest.fixture(params=["infra_app", "glue_app"])
def assembly(request: pytest.FixtureRequest, assemblies: Assemblies) -> Path:
    found: Path = getattr(assemblies, request.param)
    return found


def reports(assembly: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((assembly / "validation-report.json").read_text())[
        "pluginReports"
    ]
    return found


def explained(assembly: Path) -> list[dict[str, str]]:
    """Findings that somebody has given a reason for."""
    found: list[dict[str, str]] = []
    for report in reports(assembly):
        if report["pluginName"] in PLUGINS:
            found += report["suppressedViolations"]
    return found


def given(assembly: Path) -> Iterator[tuple[str, str]]:
    """Where each reason stands, and which finding it is for."""
    for file in assembly.rglob("*.metadata.json"):
        for path, entries in json.loads(file.read_text()).items():
            for entry in entries:
                if entry["type"] == "aws:cdk:acknowledged-rules":
                    yield from ((path.strip("/"), id) for id in entry["data"])


def test_both_rule_packs_have_looked_and_nothing_is_left_unexplained(assembly: Path) -> None:
    by_name = {str(report["pluginName"]): report for report in reports(assembly)}
    assert set(by_name) >= PLUGINS
    for name in PLUGINS:
        assert by_name[name]["violations"] == []


def test_every_reason_is_a_sentence_about_one_resource(assembly: Path) -> None:
    places: dict[str, set[str]] = {}
    for finding in explained(assembly):
        reason = finding["reason"]
        assert reason[0].isupper()
        assert reason.endswith(".")
        assert len(reason.split()) >= 5
        # The same resource has the same reason in every environment.
        stage, _, resource = finding["acknowledgedAt"].partition("/")
        assert resource.count("/") >= 1, f"{stage} is explained as a whole"
        places.setdefault(reason, set()).add(resource)
    assert {reason: at for reason, at in places.items() if len(at) > 1} == {}


def test_no_reason_is_given_for_what_is_not_found(assembly: Path) -> None:
    used = {(f["acknowledgedAt"], f["acknowledgedId"]) for f in explained(assembly)}
    assert set(given(assembly)) - used == set()


def test_cloudformation_s_own_schemas_find_nothing_wrong(assembly: Path) -> None:
    templates = sorted(assembly.rglob("*.template.json"))
    assert len(templates) == 3  # pipeline, dev and prod
    for template in templates:
        found = lint(template.read_text(), config=ManualArgs(regions=["eu-central-1"]))
        assert [f"{match.rule.id} {match.message}" for match in found if not _is_cdk_s(match)] == []


def _is_cdk_s(match: Any) -> bool:
    """CDK's functions and pipelines depend on their roles twice over, which does no harm."""
    return match.rule.id == "W3005" and "Role" in match.message

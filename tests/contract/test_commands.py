"""The commands of both apps: what they say and how they end."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from tests.conftest import Assemblies


def test_synthesis_warns_of_nothing(assemblies: Assemblies) -> None:
    assert "[Warning" not in assemblies.messages
    assert "deprecated" not in assemblies.messages
    for assembly in (assemblies.infra_app, assemblies.glue_app):
        reports = json.loads((assembly / "validation-report.json").read_text())["pluginReports"]
        assert [violation for report in reports for violation in report["violations"]] == []


def test_synthesis_looks_nothing_up(assemblies: Assemblies) -> None:
    for assembly in (assemblies.infra_app, assemblies.glue_app):
        assert "missing" not in json.loads((assembly / "manifest.json").read_text())


@pytest.mark.parametrize("app", ["infra_app", "glue_app"])
def test_wrong_configuration_is_a_short_message_and_exit_code_1(
    app: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong = tmp_path / "environments.yaml"
    wrong.write_text("project: glue-etl-pipeline\n")
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "out"))
    assert importlib.import_module(f"{app}.__main__").main(wrong) == 1
    said = capsys.readouterr().err
    assert "devAccount is missing" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_a_wrong_contract_is_a_short_message_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sales.yaml").write_text("name: sales\nevolution: widden\n")
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "out"))
    main = importlib.import_module("glue_app.__main__").main
    assert main(datasets_folder=tmp_path) == 1
    assert "datasets/sales.yaml has 1 wrong value" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()

from __future__ import annotations

from pathlib import Path

import pytest

from local_cloud import synthesis
from local_cloud.errors import SynthesisError

APP = """
import json, os, pathlib, sys
out = pathlib.Path(os.environ["CDK_OUTDIR"])
out.mkdir()
(out / "context").write_text(os.environ["CDK_CONTEXT_JSON"])
pathlib.Path("runs").open("a").write("x")
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository whose apps say how often they ran."""
    (tmp_path / "cdk.json").write_text('{"context": {"flag": true}}')
    for app in synthesis.APPS:
        (tmp_path / app).mkdir()
        (tmp_path / app / "__main__.py").write_text(APP)
    return tmp_path


def runs(tree: Path) -> int:
    return len((tree / "runs").read_text())


def test_both_apps_are_synthesized_with_the_context_of_the_tree(tree: Path) -> None:
    assemblies = synthesis.synthesized(tree)
    assert [path.name for path in assemblies] == ["infra_app", "glue_app"]
    assert {(path / "context").read_text() for path in assemblies} == {'{"flag": true}'}


def test_an_unchanged_tree_is_not_synthesized_again(tree: Path) -> None:
    assert synthesis.synthesized(tree) == synthesis.synthesized(tree)
    assert runs(tree) == 2


def test_any_change_is(tree: Path) -> None:
    synthesis.synthesized(tree)
    (tree / "glue_scripts").mkdir()
    (tree / "glue_scripts" / "new.py").write_text("")
    synthesis.synthesized(tree)
    assert runs(tree) == 4


def test_compiled_files_are_no_change(tree: Path) -> None:
    synthesis.synthesized(tree)
    (tree / "infra_app" / "__pycache__").mkdir(exist_ok=True)
    (tree / "infra_app" / "__pycache__" / "x.pyc").write_text("")
    synthesis.synthesized(tree)
    assert runs(tree) == 2


def test_an_app_that_fails_is_quoted_and_leaves_nothing_behind(tree: Path) -> None:
    (tree / "glue_app" / "__main__.py").write_text("import sys; sys.exit('devAccount: no such')")
    with pytest.raises(SynthesisError, match="glue_app does not synthesize:\ndevAccount: no such"):
        synthesis.synthesized(tree)
    assert list((tree / "build" / "local_cloud" / "assemblies").iterdir()) == []


def test_only_the_latest_assemblies_are_kept(tree: Path) -> None:
    for number in range(6):
        (tree / "config").mkdir(exist_ok=True)
        (tree / "config" / "x").write_text(str(number))
        newest = synthesis.synthesized(tree)
    kept = list((tree / "build" / "local_cloud" / "assemblies").iterdir())
    assert len(kept) == 4
    assert newest[0].parent in kept

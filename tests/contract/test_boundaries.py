"""Who may import whom."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.jobs import JOBS
from delivery.bundles import LIBRARY_PACKAGES

ROOT = Path(__file__).resolve().parents[2]


def imports_of(package: str, *, but_not: str = "") -> Iterator[tuple[str, str]]:
    """(file, imported top-level name) of every import in a package."""
    for path in sorted((ROOT / package).rglob("*.py")):
        if but_not and path.is_relative_to(ROOT / but_not):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                yield str(path.relative_to(ROOT)), name.split(".")[0]


@pytest.mark.parametrize(
    ("package", "others"),
    [
        ("infra_app", {"glue_app", "glue_scripts", "lake", "quality", "local_cloud"}),
        ("glue_app", {"infra_app", "glue_scripts", "lake", "quality", "local_cloud"}),
        ("config", {"aws_cdk", "boto3", "botocore", "pyspark", "infra_app", "glue_app"}),
        ("delivery", {"infra_app", "glue_app", "local_cloud"}),
        ("operations", {"aws_cdk", "infra_app", "glue_app", "lake", "local_cloud", "pyspark"}),
        ("glue_scripts", {"aws_cdk", "config", "infra_app", "glue_app", "local_cloud"}),
        # Only scripts whose jobs have them in a zip of their own: see the next test.
        *((folder, {"config", "connectors", "operations"}) for folder in LIBRARY_PACKAGES),
        ("infra_app/lambdas", {"aws_cdk", "config", "infra_app", "glue_app", "pyspark", "dqdl"}),
    ],
)
def test_a_package_does_not_import(package: str, others: set[str]) -> None:
    found = list(imports_of(package))
    assert found
    assert not [(path, name) for path, name in found if name in others]


def test_a_script_imports_packages_beside_the_library_only_where_its_job_has_them() -> None:
    for spec in JOBS:
        tree = ast.parse((ROOT / "glue_scripts" / f"{spec.script_name}.py").read_text())
        modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        named = {str(module).split(".")[0] for module in modules}
        assert named & {"config", "connectors", "operations"} <= set(spec.packages)
        assert bool(named & set(spec.packages)) is bool(spec.packages)


def test_the_wires_need_the_standard_library_only_and_ledgers_boto3_s_conditions() -> None:
    allowed = sys.stdlib_module_names | {"wires"}
    found = [(path, name) for path, name in imports_of("wires") if name not in allowed]
    ledgers = {path for path, _ in found}
    assert {name for _, name in found} == {"boto3"}
    assert ledgers == {
        *(f"wires/{kind}_ledger.py" for kind in ("check", "load", "object", "refresh", "run")),
        "wires/dataset_names.py",
    }


_ARROW = {"numpy", "pandas", "pyarrow"}
_OF_TYPED_ROWS = {"connectors/comparing.py", "connectors/parquet_staging.py"}


def test_connectors_need_what_every_job_has() -> None:
    """Their jobs install nothing, and those of other kinds bring no HTTP along."""
    allowed = sys.stdlib_module_names | {"boto3", "botocore", "connectors", "urllib3", "wires"}
    found = [*imports_of("connectors", but_not="connectors/database")]
    others = {(path, name) for path, name in found if name not in allowed}
    assert {name for _, name in others} <= _ARROW, "which Glue has"
    assert {path for path, _ in others} == _OF_TYPED_ROWS
    core = [*imports_of("connectors", but_not="connectors/http")]
    assert not [(path, name) for path, name in core if name in {"http", "urllib3"}]


def test_connectors_of_databases_need_what_their_jobs_bring() -> None:
    drivers = {"psycopg", "pymysql", "sqlalchemy"}
    allowed = sys.stdlib_module_names | {"botocore", "connectors", "wires"} | _ARROW | drivers
    found = [*imports_of("connectors/database")]
    assert not [(path, name) for path, name in found if name not in allowed]
    assert {name for _, name in found if name in drivers} == drivers
    for driver in ("psycopg", "pymysql"):
        assert len({path for path, name in found if name == driver}) == 1


@pytest.mark.parametrize("package", ["http", "database"])
def test_a_kind_of_connectors_is_known_to_one_module_of_the_core(package: str) -> None:
    by_name = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "connectors").glob("*.py")
        if f"connectors.{package}" in path.read_text()
    }
    assert by_name == {"connectors/kinds.py"}


def test_rules_are_read_where_nothing_but_a_parser_is_at_hand() -> None:
    allowed = sys.stdlib_module_names | {"dqdl", "lark"}
    assert not [(path, name) for path, name in imports_of("dqdl") if name not in allowed]


def test_rules_are_judged_on_plain_spark() -> None:
    allowed = sys.stdlib_module_names | {"dqdl", "py4j", "pyspark", "quality"}
    found = list(imports_of("glue_scripts/quality"))
    assert not [(path, name) for path, name in found if name not in allowed]


ROOMS = ("running", "columns", "reading", "planning", "writing", "publishing")
"""Of `lake/`, from the lowest: each uses those before it, and none after it."""


def test_the_rooms_of_the_lake_are_entered_from_above() -> None:
    upward = []
    for place, room in enumerate(ROOMS):
        for path in sorted((ROOT / "glue_scripts" / "lake" / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
                _, _, other = module.partition("lake.")
                if other.split(".")[0] in ROOMS[place + 1 :]:
                    upward.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not upward, "\n".join(upward)


def test_the_lake_has_rooms_and_no_corridor() -> None:
    modules = {path.stem for path in (ROOT / "glue_scripts" / "lake").glob("*.py")}
    folders = {path.parent.name for path in (ROOT / "glue_scripts" / "lake").glob("*/__init__.py")}
    assert folders == set(ROOMS)
    assert len(modules) <= 8

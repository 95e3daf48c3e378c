"""Code as it is deployed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from importlib import import_module, metadata
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import canonicalize_name, parse_wheel_filename

from config.jobs import HEALTH_CHECK, RECONCILIATION, JobSpec
from delivery.bundles import (
    DATABASE_WHEELS,
    TRIGGER_DISTRIBUTIONS,
    WHEELS,
    Bundle,
    code_version,
    library_bundle,
    packages_bundle,
    stage,
    stage_zip,
    trigger_bundle,
    wheels_bundle,
)
from quality_report.page import page
from tests.quality_report.reports import rich_report
from wires.contracts import DatasetContract


def any_bundle(*, content: bytes = b"x = 1\n") -> Bundle:
    return {PurePosixPath("package/__init__.py"): b"", PurePosixPath("package/a.py"): content}


def files_of(folder: Path) -> dict[PurePosixPath, bytes]:
    return {
        PurePosixPath(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_stage_holds_exactly_the_bundle(tmp_path: Path) -> None:
    assert files_of(stage("code", any_bundle(), under=tmp_path)) == any_bundle()


def test_equal_code_is_staged_once(tmp_path: Path) -> None:
    first = stage("code", any_bundle(), under=tmp_path)
    before = (first / "package" / "a.py").stat().st_mtime_ns
    assert stage("code", any_bundle(), under=tmp_path) == first
    assert (first / "package" / "a.py").stat().st_mtime_ns == before


def test_other_code_is_staged_elsewhere(tmp_path: Path) -> None:
    first = stage("code", any_bundle(), under=tmp_path)
    second = stage("code", any_bundle(content=b"x = 2\n"), under=tmp_path)
    assert first != second
    assert (first / "package" / "a.py").read_bytes() == b"x = 1\n"


def test_nothing_is_left_beside_a_stage(tmp_path: Path) -> None:
    folder = stage("code", any_bundle(), under=tmp_path)
    assert list(tmp_path.iterdir()) == [folder]


def test_no_bundle_carries_what_python_has_compiled() -> None:
    for bundle in (trigger_bundle(), library_bundle([])):
        assert not [path for path in bundle if "__pycache__" in path.parts or path.suffix == ".pyc"]


def test_what_is_copied_from_others_runs_on_any_machine() -> None:
    for name in TRIGGER_DISTRIBUTIONS:
        files = metadata.distribution(name).files or []
        assert not [file for file in files if file.suffix in (".so", ".pyd", ".dylib")]


def test_the_contracts_are_in_the_library() -> None:
    bundle = library_bundle([DatasetContract(name="sales", keys=("s/*",))])
    contracts = json.loads(bundle[PurePosixPath("dataset_contracts/contracts.json")])
    assert [contract["name"] for contract in contracts] == ["sales"]


def test_packages_beside_the_library_are_modules_and_nothing_else() -> None:
    bundle = packages_bundle(HEALTH_CHECK.packages)
    assert PurePosixPath("operations/health/check.py") in bundle
    assert PurePosixPath("config/naming.py") in bundle
    assert {path.suffix for path in bundle} == {".py"}
    assert not set(bundle) & set(library_bundle([]))


def test_a_change_of_operations_changes_the_code_of_no_other_job(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_bytes(b"")
    library = library_bundle([])
    assert not [path for path in library if path.parts[0] in ("config", "operations")]
    whole = {**library, **packages_bundle(HEALTH_CHECK.packages)}
    assert code_version(whole, script) != code_version(library, script)


@pytest.mark.parametrize("spec", [HEALTH_CHECK, RECONCILIATION], ids=lambda spec: spec.name)
def test_jobs_that_look_after_an_environment_import_nothing_heavy(
    tmp_path: Path, spec: JobSpec
) -> None:
    """What Glue has or installs, and neither the CDK nor Spark or YAML."""
    folder = stage("packages", packages_bundle(spec.packages), under=tmp_path)
    library = stage("library", library_bundle([]), under=tmp_path)
    script = Path("glue_scripts", f"{spec.name}.py").read_text()
    imports = [line for line in script.splitlines() if line.startswith("from operations")]
    program = "\n".join(
        [
            "import sys",
            f"sys.path[:0] = [{str(library)!r}, {str(folder)!r}]",
            *imports,
            "heavy = {'aws_cdk', 'jsii', 'moto', 'pyspark', 'yaml'}",
            "print(sorted(heavy & sys.modules.keys()))",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def in_the_zipped_library_alone(folder: Path, program: str) -> str:
    """The output of a program that has the library's zip to import from, and nothing else."""
    library = folder / "library.zip"
    with zipfile.ZipFile(library, "w") as archive:
        for path, content in library_bundle([]).items():
            archive.writestr(str(path), content)
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(library)!r})\n{program}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.replace(str(library), "LIBRARY")


def test_rules_are_read_from_the_zipped_library_alone(tmp_path: Path) -> None:
    program = (
        "import dqdl, lark\n"
        "print(lark.__file__)\n"
        "print(dqdl.parse('Rules = [ RowCount > 0 ]').rules[0].text)\n"
    )
    said = in_the_zipped_library_alone(tmp_path, program)
    assert said == "LIBRARY/lark/__init__.py\nRowCount > 0\n"
    assert PurePosixPath("quality/evaluation.py") in library_bundle([])


def test_the_page_of_a_quality_report_is_made_from_the_zipped_library_alone(
    tmp_path: Path,
) -> None:
    report = rich_report()
    (tmp_path / "report.json").write_text(report.to_json(), encoding="utf-8")
    program = (
        "import jinja2, markupsafe, pathlib\n"
        "from quality_report.page import page\n"
        "from quality_report.report import QualityReport\n"
        "print(jinja2.__file__, markupsafe.__file__)\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "report = QualityReport.from_json((folder / 'report.json').read_text('utf-8'))\n"
        "(folder / 'report.html').write_text(page(report), 'utf-8')\n"
    )
    said = in_the_zipped_library_alone(tmp_path, program)
    assert said == "LIBRARY/jinja2/__init__.py LIBRARY/markupsafe/__init__.py\n"
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page(report)


def test_lambda_imports_the_handler_from_the_bundle_alone(tmp_path: Path) -> None:
    folder = stage("trigger", trigger_bundle(), under=tmp_path)
    # boto3 is what the runtime brings; it is lent to this interpreter and nothing else is.
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name in ("boto3", "botocore", "s3transfer", "dateutil", "urllib3", "six"):
        module = Path(str(import_module(name).__file__))
        place = module.parent if module.name == "__init__.py" else module
        (runtime / place.name).symlink_to(place)
    program = (
        "import sys\n"
        f"sys.path[:0] = [{str(folder)!r}, {str(runtime)!r}]\n"
        "import trigger.handler, aws_lambda_powertools\n"
        f"assert aws_lambda_powertools.__file__.startswith({str(folder)!r})\n"
        "assert callable(trigger.handler.handle)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


# Python modules of Glue 6.0 that are of use to PyIceberg:
# https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html
INSTALLED_IN_GLUE = {
    "fsspec",
    "pyparsing",
    "python-dateutil",
    "requests",
    "six",
    "tenacity",
    "zstandard",
}


def requirements_of(wheel: bytes) -> Iterator[Requirement]:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        [name] = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        described = message_from_bytes(archive.read(name))
    for text in described.get_all("Requires-Dist", []):
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or marker.evaluate({"python_version": "3.13", "extra": ""}):
            yield requirement


def test_the_wheels_are_all_that_a_job_lacks_at_the_versions_of_the_laptop() -> None:
    bundle = wheels_bundle(WHEELS, DATABASE_WHEELS)
    wheels = {
        canonicalize_name(path.name.split("-")[0]): content
        for path, content in bundle.items()
        if path.suffix == ".whl"
    }
    listed = bundle[PurePosixPath("wheels/requirements.txt")].decode().split()
    versions = {canonicalize_name(one.split("==")[0]): one.split("==")[1] for one in listed}
    assert versions.keys() == wheels.keys()
    assert {name: metadata.version(name) for name in versions} == versions
    for name, content in wheels.items():
        for requirement in requirements_of(content):
            wanted = canonicalize_name(requirement.name)
            assert wanted in wheels or wanted in INSTALLED_IN_GLUE, (name, requirement)
            assert wanted not in versions or versions[wanted] in requirement.specifier


def test_the_wheels_are_for_the_python_and_the_system_of_glue() -> None:
    bundle = wheels_bundle(WHEELS, DATABASE_WHEELS)
    tags = {tag for path in bundle if path.suffix == ".whl" for tag in tags_of(path)}
    assert {tag.interpreter for tag in tags} <= {"py3", "py2", "cp313"}
    assert all(t.platform == "any" or t.platform.endswith("x86_64") for t in tags)


def tags_of(path: PurePosixPath) -> frozenset[Tag]:
    return parse_wheel_filename(path.name)[3]


def test_a_zip_has_the_same_bytes_for_the_same_content(tmp_path: Path) -> None:
    one = stage_zip("code", any_bundle(), under=tmp_path / "a")
    other = stage_zip(
        "code", dict(sorted(any_bundle().items(), reverse=True)), under=tmp_path / "b"
    )
    assert one.read_bytes() == other.read_bytes()
    assert one.name == other.name
    assert set(zipfile.ZipFile(one).namelist()) == {str(path) for path in any_bundle()}


def test_wheels_of_databases_are_for_their_jobs_alone() -> None:
    assert not any("psycopg" in path.name for path in wheels_bundle())


def test_wheels_that_nobody_has_fetched_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run `make setup`"):
        wheels_bundle(tmp_path)

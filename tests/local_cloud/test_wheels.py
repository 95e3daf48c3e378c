"""What a job brings along, as the local cloud takes it."""

from __future__ import annotations

import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from local_cloud.glue.wheels import WheelsMissing, check_wheels

PLACE = "s3://bucket/0123.gluewheels.zip"


def check(path: Path, **changes: str) -> None:
    arguments = {
        "--additional-python-modules": PLACE,
        "--python-modules-installer-option": "--no-index",
    } | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    check_wheels(arguments, lambda _: path)


def zipped(folder: Path, *listed: str, wheels: bool = True) -> Path:
    path = folder / "some.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("wheels/requirements.txt", "".join(f"{one}\n" for one in listed))
        for one in listed if wheels else ():
            name, _, release = one.partition("==")
            archive.writestr(f"wheels/{name}-{release}-py3-none-any.whl", "")
    return path


def test_versions_that_are_installed_here_will_do(tmp_path: Path) -> None:
    check(zipped(tmp_path, f"pyiceberg=={version('pyiceberg')}"))


def test_a_job_without_packages_is_left_alone(tmp_path: Path) -> None:
    check_wheels({}, lambda _: tmp_path / "nothing")


@pytest.mark.parametrize(
    ("listed", "wheels", "message"),
    [
        ("pyiceberg==0.0.1", True, "brings pyiceberg==0.0.1, here is"),
        ("no_such_package==1.0", True, "here is none: run `make setup`"),
        (f"pyiceberg=={version('pyiceberg')}", False, "has no wheel of pyiceberg"),
    ],
)
def test_what_glue_would_have_otherwise_is_refused(
    tmp_path: Path, listed: str, wheels: bool, message: str
) -> None:
    with pytest.raises(WheelsMissing, match=message):
        check(zipped(tmp_path, listed, wheels=wheels))


def test_packages_from_an_index_are_not_brought_here(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="one zip of wheels"):
        check(tmp_path, additional_python_modules="pandas==2.0")
    with pytest.raises(NotImplementedError, match="asks a package index"):
        check(tmp_path, python_modules_installer_option="")

"""Packages that a job brings along as a zip of wheels, which Glue installs before the script.

They are built for Glue's Python and for Linux, so they are not installed here. The packages of
this machine take their place, if their versions are the same.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_MODULES, _OPTION = "--additional-python-modules", "--python-modules-installer-option"
_ENDING = ".gluewheels.zip"
_LIST = "wheels/requirements.txt"


class WheelsMissing(Exception):
    """Packages that Glue could not install, or that this machine has in other versions."""


def check_wheels(arguments: Mapping[str, str], download: Callable[[str], Path]) -> None:
    """Check a job's wheels, and that this machine has the same versions.

    Raises WheelsMissing where the job would not start on Glue, or would have other versions there
    than here, and NotImplementedError for packages that come in another way.
    """
    wanted = arguments.get(_MODULES, "")
    if not wanted:
        return
    if not wanted.startswith("s3://") or not wanted.endswith(_ENDING):
        raise NotImplementedError(
            f"{_MODULES} {wanted}: a laptop takes one zip of wheels, s3://….gluewheels.zip"
        )
    if arguments.get(_OPTION) != "--no-index":
        raise NotImplementedError(f"{_MODULES} without {_OPTION} --no-index asks a package index")
    with zipfile.ZipFile(download(wanted)) as archive:
        faults = list(_faults(archive))
    if faults:
        raise WheelsMissing(f"{wanted}: {'; '.join(faults)}")


def _faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    for line in archive.read(_LIST).decode().split():
        package, _, shipped = line.partition("==")
        if not any(name.startswith(f"wheels/{package}-{shipped}-") for name in names):
            yield f"has no wheel of {line}"
        found = _installed(package)
        if found != shipped:
            yield f"brings {line}, here is {found or 'none'}: run `make setup`"


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""

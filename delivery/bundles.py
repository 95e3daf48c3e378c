"""Contents of the trigger's zip and of the Glue library's zip.

A bundle is built as a mapping from path to content, then written to a folder that is named after
that content. So equal code is staged once and gives an equal asset, and two syntheses at the same
time do not disturb each other. Nothing is installed or downloaded: third-party packages are copied
from the environment that runs this, at the versions pinned there.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path, PurePosixPath

from wires.contracts import CONTRACTS_FILE, CONTRACTS_PACKAGE, DatasetContract, contracts_to_json
from wires.sources import SOURCE_FILE, SOURCE_PACKAGE, Source, source_to_json

ROOT = Path(__file__).resolve().parent.parent
STAGE = ROOT / "build" / "bundles"

# All are pure Python, so that a copy made on any machine runs in the Lambda.
TRIGGER_DISTRIBUTIONS = ("aws-lambda-powertools", "jmespath", "typing_extensions")

# Not among what Glue has installed. The modules in C of fastavro, charset-normalizer and MarkupSafe
# are left out, and they do without them; so are lark's grammars, which only grammars that import
# them need.
LIBRARY_DISTRIBUTIONS = ("fastavro", "lark", "charset-normalizer", "Jinja2", "MarkupSafe")

TRIGGER_PACKAGES = ("infra_app/lambdas/trigger", "wires")
STREAMS_PACKAGES = ("infra_app/lambdas/streams", "connectors", "wires")
LIBRARY_PACKAGES = (
    "glue_scripts/lake",
    "glue_scripts/curation",
    "glue_scripts/iceberg",
    "glue_scripts/maintenance",
    "glue_scripts/quality",
    "glue_scripts/quality_report",
    "dqdl",
    "wires",
)
"""Folders of this repository that are deployed; pushes that touch them start a pipeline."""

WHEELS = ROOT / ".venv" / "glue-wheels"
"""Compiled or big packages that Glue lacks, fetched by `make setup` for Glue's Python."""
DATABASE_WHEELS = WHEELS / "database"
"""What jobs of databases need besides."""

Bundle = Mapping[PurePosixPath, bytes]


def trigger_bundle() -> Bundle:
    """Return packages `trigger` and `wires`, and the distributions that the handler imports."""
    return _with_powertools(TRIGGER_PACKAGES)


def streams_bundle() -> Bundle:
    """Return packages `streams`, `connectors` and `wires`, and what the handler imports."""
    return _with_powertools(STREAMS_PACKAGES)


def library_bundle(contracts: Iterable[DatasetContract]) -> Bundle:
    """Return the jobs' library.

    It has the packages `lake`, `curation`, `iceberg`, `maintenance`, `quality`, `quality_report`,
    `dqdl` and `wires`, the package `dataset_contracts` with the contracts as JSON, and the
    distributions that Glue lacks.
    """
    contents = PurePosixPath(CONTRACTS_PACKAGE)
    about = b'"""The dataset contracts that this library was built with."""\n'
    return {
        **_packages(LIBRARY_PACKAGES),
        contents / "__init__.py": about,
        contents / CONTRACTS_FILE: contracts_to_json(contracts).encode(),
        **{p: c for name in LIBRARY_DISTRIBUTIONS for p, c in _distribution(name).items()},
    }


def packages_bundle(folders: Iterable[str]) -> Bundle:
    """Return the Python modules of some folders of this repository, under their own paths."""
    return {
        PurePosixPath(path.relative_to(ROOT)): path.read_bytes()
        for folder in folders
        for path in _source_files(ROOT / folder)
        if path.suffix == ".py"
    }


def source_bundle(source: Source) -> Bundle:
    """Return the package `source_definition`, with the source that a job fetches as JSON."""
    folder = PurePosixPath(SOURCE_PACKAGE)
    about = b'"""The source that this job fetches."""\n'
    return {folder / "__init__.py": about, folder / SOURCE_FILE: source_to_json(source).encode()}


def wheels_bundle(*folders: Path) -> Bundle:
    """Return wheels for Glue to install from a zip, at the versions in their names.

    They are those that all jobs need, unless folders are named.

    https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html

    Raises FileNotFoundError if they have not been fetched.
    """
    found: list[Path] = []
    for wheels in folders or (WHEELS,):
        some = sorted(wheels.glob("*.whl"))
        if not some:
            raise FileNotFoundError(f"{wheels} has no wheels for Glue: run `make setup`")
        found += some
    folder = PurePosixPath("wheels")
    wanted = ["==".join(path.name.split("-")[:2]) for path in found]
    return {
        folder / "requirements.txt": "".join(f"{one}\n" for one in wanted).encode(),
        **{folder / path.name: path.read_bytes() for path in found},
    }


def stage_zip(name: str, bundle: Bundle, *, under: Path = STAGE) -> Path:
    """Return a zip that holds exactly the bundle; equal content gives equal bytes."""
    path = under / f"{name}-{_digest(bundle)}.zip"
    if path.exists():
        return path
    under.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=under) as scratch:
        fresh = Path(scratch) / path.name
        with zipfile.ZipFile(fresh, "w") as archive:
            for member in sorted(bundle):
                # ZipInfo has a fixed time; wheels are compressed already.
                archive.writestr(zipfile.ZipInfo(str(member)), bundle[member])
        fresh.replace(path)
    return path


def code_version(bundle: Bundle, script: Path) -> str:
    """Return 16 hexadecimal digits that depend on a job's script and library only."""
    return _digest({**bundle, PurePosixPath(script.name): script.read_bytes()})


def stage(name: str, bundle: Bundle, *, under: Path = STAGE) -> Path:
    """Return a folder that holds exactly the bundle."""
    folder = under / f"{name}-{_digest(bundle)}"
    if folder.exists():
        return folder
    under.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=under) as scratch:
        fresh = Path(scratch) / name
        _write(bundle, fresh)
        try:
            fresh.rename(folder)
        except OSError:  # another synthesis staged the same content in the meantime
            if not folder.is_dir():
                raise
    return folder


def _with_powertools(folders: Iterable[str]) -> Bundle:
    bundle = _packages(folders)
    for name in TRIGGER_DISTRIBUTIONS:
        bundle |= _distribution(name)
    return bundle


def _packages(folders: Iterable[str]) -> dict[PurePosixPath, bytes]:
    return {path: content for one in folders for path, content in _package(ROOT / one).items()}


def _package(folder: Path) -> dict[PurePosixPath, bytes]:
    return {
        PurePosixPath(folder.name, *path.relative_to(folder).parts): path.read_bytes()
        for path in _source_files(folder)
    }


def _source_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _distribution(name: str) -> dict[PurePosixPath, bytes]:
    """Return the modules of an installed distribution, without its metadata and commands."""
    files = metadata.distribution(name).files or []
    return {
        PurePosixPath(*file.parts): Path(str(file.locate())).read_bytes()
        for file in files
        if file.suffix in (".py", ".typed") and ".." not in file.parts
    }


def _digest(bundle: Bundle) -> str:
    digest = hashlib.sha256()
    for path in sorted(bundle):
        digest.update(f"{path}\0{len(bundle[path])}\0".encode())
        digest.update(bundle[path])
    return digest.hexdigest()[:16]


def _write(bundle: Bundle, folder: Path) -> None:
    for path, content in bundle.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

"""Libraries of jobs whose modules are compiled once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from local_cloud.glue import bytecode
from local_cloud.glue.bytecode import with_bytecode

MODULES = {
    "lib/__init__.py": "",
    "lib/good.py": "def broken():\n    raise ValueError('here')\n",
    "lib/bad.py": "def (",
    "lib/page.html": "<p>",
}


def library(folder: Path, name: str = "library.zip", **more: str) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in (MODULES | more).items():
            # Dated 1980, as the libraries of a deployment are.
            archive.writestr(zipfile.ZipInfo(entry), text)
    return path


def ended(path: Path, code: str) -> tuple[str, str]:
    """What a program says that has the library on its path."""
    program = f"import sys; sys.path.insert(0, {str(path)!r}); {code}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    return done.stdout.strip(), done.stderr


def test_modules_are_taken_from_their_bytecode_and_told_by_their_source(tmp_path: Path) -> None:
    made = with_bytecode(library(tmp_path), tmp_path / "kept")
    assert made.name == "library.zip", "what Spark calls it on its workers' path"
    said, _ = ended(made, "import lib.good; print(lib.good.__file__)")
    assert said == f"{made}/lib/good.pyc"
    _, trace = ended(made, "import lib.good; lib.good.broken()")
    assert "library.zip/lib/good.py" in trace


def test_everything_else_is_as_it_was(tmp_path: Path) -> None:
    given = library(tmp_path)
    made = with_bytecode(given, tmp_path / "kept")
    with zipfile.ZipFile(given) as before, zipfile.ZipFile(made) as now:
        assert {name: now.read(name) for name in before.namelist()} == {
            name: before.read(name) for name in before.namelist()
        }
        added = set(now.namelist()) - set(before.namelist())
    assert added == {"lib/__init__.pyc", "lib/good.pyc"}
    _, trace = ended(made, "import lib.bad")
    assert "SyntaxError" in trace


def test_it_is_made_once_for_each_content(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    made = with_bytecode(library(tmp_path), kept)
    before = made.stat().st_ino
    assert with_bytecode(library(tmp_path), kept).stat().st_ino == before
    other = with_bytecode(library(tmp_path, **{"lib/more.py": "n = 1"}), kept)
    assert other != made
    assert ended(other, "import lib.more; print(lib.more.n)")[0] == "1"


def test_only_those_used_last_are_kept(tmp_path: Path) -> None:
    kept = tmp_path / "kept"

    def used(number: int) -> Path:
        return with_bytecode(library(tmp_path, **{"lib/n.py": f"n = {number}"}), kept)

    made = [used(number) for number in range(bytecode._KEPT)]
    assert all(path.exists() for path in made)
    assert used(0) == made[0]
    made += [used(bytecode._KEPT), used(bytecode._KEPT + 1)]
    assert [path for path in made if not path.exists()] == made[1:3]


def test_what_is_no_zip_is_handed_on(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("n = 1")
    assert with_bytecode(module, tmp_path / "kept") == module

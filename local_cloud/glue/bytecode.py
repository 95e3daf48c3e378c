"""Libraries of jobs with their modules compiled: Python compiles those of a zip in each process.

A run has a driver and a worker for each core, and each would compile the same modules anew: half a
second of each.
"""

from __future__ import annotations

import hashlib
import os
import py_compile
import shutil
import sys
import tempfile
import uuid
import zipfile
from pathlib import Path

_KEPT = 20
"""Libraries that are kept, those used last."""


def with_bytecode(library: Path, kept: Path) -> Path:
    """Return a zip with the content of `library`, and each module's bytecode beside its source.

    It stands in the folder `kept`, once for each content, under the library's own name. What is no
    zip, or does not compile, is left to fail where it is imported.
    """
    if not zipfile.is_zipfile(library):
        return library
    content = hashlib.sha256(library.read_bytes()).hexdigest()
    folder = kept / f"{sys.implementation.cache_tag}-{content}"
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    made = folder / library.name
    if not made.is_file():
        # Beside its place first: other runs see it whole or not at all.
        part = made.with_suffix(f".{uuid.uuid4()}")
        _compile(library, part)
        part.replace(made)
        _forget_old(kept)
    return made


def _compile(library: Path, target: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(library) as given,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
    ):
        source, compiled = Path(folder, "module.py"), Path(folder, "module.pyc")
        for entry in given.infolist():
            content = given.read(entry)
            made.writestr(entry, content)
            if not entry.filename.endswith(".py"):
                continue
            source.write_bytes(content)
            try:
                py_compile.compile(
                    str(source),
                    cfile=str(compiled),
                    dfile=f"{library.name}/{entry.filename}",
                    doraise=True,
                    # Nobody changes a module of this zip, so there is nothing to compare.
                    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
                )
            except (py_compile.PyCompileError, OSError):
                continue
            made.write(compiled, f"{entry.filename}c")


def _forget_old(kept: Path) -> None:
    for old in sorted(kept.iterdir(), key=_used, reverse=True)[_KEPT:]:
        # A run that has one open reads on.
        shutil.rmtree(old, ignore_errors=True)


def _used(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0

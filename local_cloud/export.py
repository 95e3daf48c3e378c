"""Copies what a reader of the catalog sees out of the cloud, into folders."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from local_cloud.errors import UsageError
from local_cloud.platform import Platform
from operations.progress import Progress
from wires.layout import QUARANTINE, QUARANTINED_ROWS

FOLDERS = ("processed", "curated", "quality", "quarantine")
_LONGEST = 255
"""Most bytes in the name of a file."""


class _Exported(NamedTuple):
    """An object, and its name in `out`."""

    bucket: str
    key: str
    name: str


def check_out(out: Path) -> None:
    """Raises UsageError if the four folders cannot be made there without touching what exists."""
    nearest = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise UsageError(f"--out {out}: {nearest} is a file; name a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"--out {out}: {nearest} cannot be written to; name another folder")
    for name in FOLDERS:
        folder = out / name
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(f"--out {out}: {folder} is in the way; name another folder")
        if folder.is_dir() and any(folder.iterdir()):
            raise UsageError(
                f"--out {out}: {folder} is not empty; name another folder, or empty this one"
            )


def export(platform: Platform, out: Path, *, progress: Progress | None = None) -> None:
    """Write the four folders, each visible only once it is complete."""
    out.mkdir(parents=True, exist_ok=True)
    counter = (progress or Progress()).counter("objects written")
    with tempfile.TemporaryDirectory(dir=out, prefix=".unfinished-") as scratch:
        for name in FOLDERS:
            (Path(scratch) / name).mkdir()
        for item in _exported(platform):
            _write(platform.cloud.client("s3"), item, Path(scratch))
            counter.add(1)
        for name in FOLDERS:
            (Path(scratch) / name).replace(out / name)


def _exported(platform: Platform) -> Iterator[_Exported]:
    names = platform.names
    bucket = names.quality_bucket
    current = platform.catalog.current_keys(names.processed_bucket, names.curated_bucket, bucket)
    for folder, zone in (
        ("processed", names.processed_bucket),
        ("curated", names.curated_bucket),
    ):
        for key in current[zone]:
            yield _Exported(zone, key, f"{folder}/{key}")
    rows = set(current[bucket])
    for key in platform.catalog.all_keys(bucket):
        if not key.startswith(QUARANTINE):
            yield _Exported(bucket, key, f"quality/{key}")
        elif not key.startswith(QUARANTINED_ROWS) or key in rows:
            # All refused objects, but rows only where the catalog has registered them.
            yield _Exported(bucket, key, key)


def _write(s3: Any, item: _Exported, out: Path) -> None:
    folder, _, name = item.name.partition("/")
    target = out.joinpath(folder, *file_path(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    body = s3.get_object(Bucket=item.bucket, Key=item.key)["Body"]
    with target.open("wb") as file:
        shutil.copyfileobj(body, file, 1 << 20)


def file_path(key: str) -> list[str]:
    """Return the steps of a path below a folder, without names that no file can have."""
    return [_file_name(step) for step in key.split("/")]


def _file_name(step: str) -> str:
    if not step:
        return "%2F"
    if step in (".", ".."):
        return step.replace(".", "%2E")
    name = step.replace("\0", "%00")
    if len(name.encode()) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{digest}-{name.encode()[-_LONGEST + 17 :].decode(errors='ignore')}"

"""Copies what a reader of the catalog sees out of the cloud, into folders."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local_cloud.catalog.files import GlueCatalog
from local_cloud.errors import UsageError
from local_cloud.platform import Platform
from wires.quarantine import PREFIX

FOLDERS = ("processed", "curated", "quality", "quarantine")
_ROWS = "rows/"
_LONGEST = 255
"""Bytes in the name of a file."""


def check_out(out: Path) -> None:
    """Raises UsageError if the four folders cannot be made there without touching what is."""
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


def export(platform: Platform, out: Path) -> None:
    """Make the four folders, each all at once: what is visible there is complete."""
    out.mkdir(parents=True, exist_ok=True)
    objects = {
        "processed": published(platform.catalog, platform.names.processed_bucket),
        "curated": published(platform.catalog, platform.names.curated_bucket),
        "quality": _quality(platform),
        "quarantine": _quarantine(platform),
    }
    with tempfile.TemporaryDirectory(dir=out, prefix=".unfinished-") as scratch:
        for name, found in objects.items():
            _write(platform.cloud.client("s3"), found, Path(scratch) / name)
        for name in FOLDERS:
            (Path(scratch) / name).replace(out / name)


def published(catalog: GlueCatalog, bucket: str) -> Iterator[tuple[str, str, str]]:
    """Bucket, key and path of each object that a table in this bucket is made of."""
    for database in catalog.databases():
        for table in catalog.tables(database):
            for part in catalog.parts(table):
                for found, key in catalog.keys(part.location):
                    if found == bucket:
                        yield bucket, key, key


def _quality(platform: Platform) -> Iterator[tuple[str, str, str]]:
    bucket = platform.names.quality_bucket
    for key in _all_keys(platform, ""):
        if not key.startswith(PREFIX):
            yield bucket, key, key


def _quarantine(platform: Platform) -> Iterator[tuple[str, str, str]]:
    """Refused objects all; rows only where the catalog has registered them."""
    bucket = platform.names.quality_bucket
    for key in _all_keys(platform, PREFIX):
        if not key.startswith(PREFIX + _ROWS):
            yield bucket, key, key.removeprefix(PREFIX)
    for _, key, _ in published(platform.catalog, bucket):
        if key.startswith(PREFIX + _ROWS):
            yield bucket, key, key.removeprefix(PREFIX)


def _all_keys(platform: Platform, prefix: str) -> Iterator[str]:
    pages = (
        platform.cloud.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=platform.names.quality_bucket, Prefix=prefix)
    )
    for page in pages:
        yield from (item["Key"] for item in page.get("Contents", []))


def _write(s3: Any, objects: Iterator[tuple[str, str, str]], folder: Path) -> None:
    folder.mkdir()
    for bucket, key, name in objects:
        target = folder.joinpath(*file_path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
        with target.open("wb") as file:
            shutil.copyfileobj(body, file, 1 << 20)


def file_path(key: str) -> list[str]:
    """The steps of a path below a folder; what no file can be called is percent-encoded."""
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

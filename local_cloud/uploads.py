"""Finds the files that a command line names, and their keys."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_cloud.errors import UsageError

_LONGEST_KEY = 1024
"""Limit in bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""


@dataclass(frozen=True, kw_only=True)
class FileToUpload:
    path: Path
    key: str


def files_to_upload(paths: Sequence[Path], *, prefix: str) -> list[FileToUpload]:
    """Return files by name, and a folder's files by relative path, in the given order.

    `prefix` is a folder of the bucket, with or without the `/` that it ends with. Two files
    with one name are two versions of one key. Raises UsageError for a path that is not there,
    or that has no files.
    """
    if not paths:
        raise UsageError("no PATH was given: name a file or a folder to upload")
    folder = f"{prefix}/" if prefix and not prefix.endswith("/") else prefix
    return [file for path in paths for file in _files(path, folder)]


def _files(path: Path, prefix: str) -> Iterator[FileToUpload]:
    if path.is_file():
        yield _file(path, f"{prefix}{path.name}")
        return
    if not path.is_dir():
        raise UsageError(f"{path} is no file" if path.exists() else f"{path} does not exist")
    inside = sorted(found for found in path.rglob("*") if not found.is_dir())
    if not inside:
        raise UsageError(f"{path} has no files in it")
    for found in inside:
        yield _file(found, f"{prefix}{found.relative_to(path).as_posix()}")


def _file(path: Path, key: str) -> FileToUpload:
    if not path.is_file() or not os.access(path, os.R_OK):
        raise UsageError(f"{str(path)!a} is no file that can be read")
    try:
        length = len(key.encode())
    except UnicodeEncodeError as error:
        raise UsageError(f"the name of {str(path)!a} is not valid UTF-8") from error
    if length > _LONGEST_KEY:
        raise UsageError(f"the key {key[:60]}… has {length} bytes; S3 takes {_LONGEST_KEY}")
    return FileToUpload(path=path, key=key)

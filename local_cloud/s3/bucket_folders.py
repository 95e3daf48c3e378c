"""A folder per bucket, for programs that read `s3://` paths as files: Spark through viewfs.

What is put into a bucket through its API appears in the folder at once (a second name for
the same bytes, no copy). What a program changes in the folder is found by `changes`.

Keys that are no paths (`a//b`, `../up`, a key below another key) are left out: a program that
goes through Hadoop's paths could not name them on AWS either.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from local_cloud.s3.names import OrderedNames
from local_cloud.s3.stored_bytes import StoredBytes, link_or_copy

_UNFINISHED = ("_temporary", ".spark-staging")
"""Folders where Spark prepares files until it commits; S3 committers never show them."""


@dataclass(frozen=True, kw_only=True)
class FolderChange:
    """A file that was written (`path`) or removed (None) behind the API's back."""

    key: str
    path: Path | None


_Stamp = tuple[int, int, int]


class BucketFolders:
    """Keeps the folders. Callers serialize their calls."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._placed: dict[str, _Placed] = {}
        self._hidden: set[tuple[str, str]] = set()

    def add_bucket(self, bucket: str) -> None:
        self._placed.setdefault(bucket, _Placed())
        (self._root / bucket).mkdir(parents=True, exist_ok=True)

    def remove_bucket(self, bucket: str) -> None:
        self._placed.pop(bucket, None)

    def folder(self, bucket: str) -> Path:
        return self._root / bucket

    @property
    def buckets(self) -> list[str]:
        return list(self._placed)

    def place(self, bucket: str, key: str, stored: StoredBytes) -> None:
        """Show these bytes at the key's path, in place of what is there."""
        path = self._path(bucket, key)
        if path is None:
            return
        self._hidden.add((bucket, key))
        if self._is_free(bucket, key, path) and _put_in_place(stored, path):
            self._placed[bucket][key] = _stamp(path)
            self._hidden.discard((bucket, key))

    def remove(self, bucket: str, key: str) -> None:
        path = self._path(bucket, key)
        if path is not None and key in self._placed[bucket]:
            del self._placed[bucket][key]
            path.unlink(missing_ok=True)

    def note(self, bucket: str, key: str) -> None:
        """Take the file that is now at the key's path for what the bucket holds."""
        path = self._path(bucket, key)
        if path is not None and path.is_file():
            self._placed[bucket][key] = _stamp(path)

    def change_of(self, bucket: str, key: str) -> Iterator[FolderChange]:
        """Yield the change of one key, if there is one."""
        path = self._path(bucket, key)
        if path is None or _is_unfinished(key) or (bucket, key) in self._hidden:
            return
        placed = self._placed[bucket].get(key)
        try:
            found = _stamp(path) if path.is_file() else None
        except FileNotFoundError:
            found = None
        if found != placed:
            yield FolderChange(key=key, path=path if found else None)

    def changes(self, bucket: str, prefix: str = "") -> Iterator[FolderChange]:
        """Yield every change below `prefix`, in the order of keys."""
        placed = self._placed[bucket]
        found = dict(self._files(bucket, prefix))
        gone = {key for key in placed.names.beginning_with(prefix) if key not in found}
        for key in sorted(found.keys() | gone):
            if key in gone or found[key] != placed.get(key):
                path = None if key in gone else self.folder(bucket) / key
                yield FolderChange(key=key, path=path)

    def _files(self, bucket: str, prefix: str) -> Iterator[tuple[str, _Stamp]]:
        if self._path(bucket, f"{prefix}x") is None:
            return
        start = prefix[: prefix.rfind("/") + 1]
        for key, entry in _below(f"{self.folder(bucket)}/{start}", start):
            if key.startswith(prefix) and not _is_unfinished(key) and _is_text(key):
                try:
                    yield key, _stamp_of(entry.stat())
                except FileNotFoundError:
                    continue

    def _is_free(self, bucket: str, key: str, path: Path) -> bool:
        """False where another key's file is there, on disks that don't tell `A` from `a`."""
        return key in self._placed[bucket] or not os.path.lexists(path)

    def _path(self, bucket: str, key: str) -> Path | None:
        """Return the path of the key's file, or None if the key is no path."""
        steps = key.split("/")
        named = all(step not in ("", ".", "..") and len(step.encode()) < 200 for step in steps)
        if bucket not in self._placed or not named or "\0" in key:
            return None
        return self.folder(bucket).joinpath(*steps)


class _Placed(dict[str, _Stamp]):
    """The state of each key's file when it was placed, with the keys in order beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.names = OrderedNames()

    def __setitem__(self, key: str, stamp: _Stamp) -> None:
        if key not in self:
            self.names.add(key)
        super().__setitem__(key, stamp)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.names.remove(key)


def _below(folder: str, key: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield every file below a folder. Paths stay texts, because there may be many files."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        name = f"{key}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, f"{name}/")
        elif not entry.is_dir():
            yield name, entry


def _put_in_place(stored: StoredBytes, path: Path) -> bool:
    """Put bytes at a path. False if a folder is there, or a file where a folder must be."""
    beside = path.with_name(f".{os.getpid()}.placing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(stored.path, beside)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        return False
    return True


def _stamp(path: Path) -> _Stamp:
    return _stamp_of(path.stat())


def _stamp_of(status: os.stat_result) -> _Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _is_unfinished(key: str) -> bool:
    return any(step.startswith(_UNFINISHED) or step.endswith(".placing") for step in key.split("/"))


def _is_text(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True

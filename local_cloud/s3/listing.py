"""Finds one page of a listing without looking at the keys before it and after it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from moto.s3.models import FakeDeleteMarker, FakeKey

from local_cloud.s3.keys import FileKey
from local_cloud.s3.names import OrderedKeyStore

VersionsPage = tuple[list[FileKey], list[str], list[FakeDeleteMarker], str | None, str | None]
"""Versions, common prefixes, delete markers, and where the next page starts: key, version."""


def page_of_keys(
    keys: OrderedKeyStore, *, prefix: str, delimiter: str | None, after: str, limit: int
) -> tuple[list[FakeKey | str], bool]:
    """Return keys and common prefixes after a key or prefix, in order, and whether more follow."""
    page: list[FakeKey | str] = []
    for entry in _entries(keys, prefix, delimiter, after):
        if len(page) == limit:
            return page, True
        page.append(entry)
    return page, False


def _entries(
    keys: OrderedKeyStore, prefix: str, delimiter: str | None, after: str
) -> Iterator[FakeKey | str]:
    folder = _folder(after, prefix, delimiter)
    names = keys.names.beginning_with(prefix, after=after, past=folder or "")
    while (name := next(names, None)) is not None:
        latest = keys[name]
        if isinstance(latest, FakeDeleteMarker):
            continue
        folder = _folder(name, prefix, delimiter)
        if folder is None:
            yield latest
            continue
        yield folder
        names = keys.names.beginning_with(prefix, past=folder)


def page_of_versions(
    keys: OrderedKeyStore,
    *,
    prefix: str,
    delimiter: str | None,
    after: tuple[str | None, str | None],
    limit: int,
) -> VersionsPage:
    """Return versions by key, each key's newest first, by order of storage and not by clocks."""
    versions: list[FileKey] = []
    markers: list[FakeDeleteMarker] = []
    folders: list[str] = []
    last: tuple[str | None, str | None] = (None, None)
    for version, is_latest in _after(keys, prefix, after):
        folder = _folder(version.name, prefix, delimiter)
        if folder is not None and (folder in folders or folder == after[0]):
            continue
        if len(versions) + len(markers) + len(folders) >= limit:
            return versions, folders, markers, last[0], last[1]
        if folder is not None:
            folders.append(folder)
            last = (folder, None)
            continue
        last = (version.name, version.version_id)
        if isinstance(version, FileKey):
            versions.append(version.view(is_latest=is_latest))
        else:
            marker = copy.copy(version)
            marker.is_latest = is_latest
            markers.append(marker)
    return versions, folders, markers, None, None


def _after(
    keys: OrderedKeyStore, prefix: str, after: tuple[str | None, str | None]
) -> Iterator[tuple[Any, bool]]:
    """Yield the versions that follow the page before, which may have ended within a key."""
    key, version_id = after
    if key is not None and version_id is not None and key.startswith(prefix):
        rest = iter(_newest_first(keys, key))
        if any(version.version_id == version_id for version, _ in rest):
            yield from rest
    for name in keys.names.beginning_with(prefix, after=key or ""):
        yield from _newest_first(keys, name)


def _newest_first(keys: OrderedKeyStore, name: str) -> list[tuple[Any, bool]]:
    newest_first = list(reversed(keys.getlist(name, [])))
    return [(version, version is newest_first[0]) for version in newest_first]


def _folder(name: str, prefix: str, delimiter: str | None) -> str | None:
    if not delimiter or not name.startswith(prefix):
        return None
    head, found, _ = name[len(prefix) :].partition(delimiter)
    return f"{prefix}{head}{found}" if found else None

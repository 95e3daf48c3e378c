"""One page of an object-version listing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from moto.s3.models import FakeDeleteMarker

from local_cloud.s3.keys import FileKey

VersionsPage = tuple[list[FileKey], list[str], list[FakeDeleteMarker], str | None, str | None]
"""Versions, common prefixes, delete markers, and where the next page starts: key, version."""


def page_of_versions(
    keys: Any,
    *,
    prefix: str,
    delimiter: str | None,
    after: tuple[str | None, str | None],
    limit: int,
) -> VersionsPage:
    """By key, each key's newest version first, as they were stored and not as clocks say."""
    versions: list[FileKey] = []
    markers: list[FakeDeleteMarker] = []
    folders: list[str] = []
    last: tuple[str | None, str | None] = (None, None)
    for version, is_latest in _after(_all(keys, prefix), after):
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


def _all(keys: Any, prefix: str) -> Iterator[tuple[Any, bool]]:
    for name in sorted(dict(keys)):
        if name.startswith(prefix):
            newest_first = list(reversed(keys.getlist(name, [])))
            for version in newest_first:
                yield version, version is newest_first[0]


def _after(
    versions: Iterator[tuple[Any, bool]], after: tuple[str | None, str | None]
) -> Iterator[tuple[Any, bool]]:
    key, version_id = after
    is_past = False
    for version, is_latest in versions:
        if key is None or version.name > key or (version.name == key and is_past):
            yield version, is_latest
        elif version.name == key and version.version_id == version_id:
            is_past = True


def _folder(name: str, prefix: str, delimiter: str | None) -> str | None:
    if not delimiter:
        return None
    head, found, _ = name[len(prefix) :].partition(delimiter)
    return f"{prefix}{head}{found}" if found else None

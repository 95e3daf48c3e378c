"""Divides pending objects into batches, one for each run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wires.manifest import ObjectVersion


def batches(
    versions: Iterable[ObjectVersion],
    *,
    max_objects: int,
    max_bytes: int,
) -> Iterator[list[ObjectVersion]]:
    """Cut the queue into batches, in the given order.

    A batch has at most `max_objects` objects of `max_bytes` together; a larger object is a batch of
    its own. No batch has two versions of one key: rows record only the key that they came from, so
    versions could not be told apart.
    """
    batch: list[ObjectVersion] = []
    size = 0
    for version in versions:
        is_full = len(batch) == max_objects or size + version.size > max_bytes
        is_second = any(other.key == version.key for other in batch)
        if batch and (is_full or is_second):
            yield batch
            batch, size = [], 0
        batch.append(version)
        size += version.size
    if batch:
        yield batch

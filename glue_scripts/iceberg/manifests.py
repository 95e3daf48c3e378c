"""Manifests of a snapshot: lists of data files, arranged so that those of one day are together.

A commit adds one manifest for its new files and rewrites the manifests that list removed ones.
Small manifests of the same single partition are merged, so that each merge step puts eight times as
many files into one manifest: a file is listed again only a few times in its life, and the number of
manifests stays small however many commits there are.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from pyiceberg.manifest import (
    DataFile,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    write_manifest,
    write_manifest_list,
)
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from iceberg.errors import FileReplaced, ForeignDeletes
from wires.layout import Values, metadata_folder

_MERGED_TOGETHER = 8
_FULL = 4096
"""Files in a full manifest, about a megabyte; it is not merged any further."""
_COMPRESSION: Final = "deflate"
_VERSION: Final = 2


@dataclass(frozen=True)
class ManifestList:
    """The manifest list of a snapshot, and the files that the snapshot adds and removes."""

    location: str
    added: tuple[DataFile, ...]
    removed: tuple[DataFile, ...]


@dataclass
class ManifestsOfCommit:
    """Writes the manifests of one commit attempt, under names that no other attempt uses."""

    table: Table
    schema: Schema
    """The table's schema from this commit on."""
    snapshot_id: int
    deletes_go: bool = False
    """Whether to drop delete files that somebody else has added."""
    _attempt: str = field(default_factory=lambda: str(uuid.uuid4()))
    _numbers: Iterator[int] = field(default_factory=count)

    def write(self, added: Sequence[DataFile], removed: Sequence[DataFile]) -> ManifestList:
        """Write the manifests and their list.

        Raises FileReplaced if a file to be removed is not in the table (any more), and
        ForeignDeletes if somebody else has marked rows of the table as deleted.
        """
        standing, marked, gone = self._without(removed)
        missing = {file.file_path for file in removed} - {file.file_path for file in gone}
        if missing:
            raise FileReplaced(
                f"{len(missing)} files that were to be replaced are in table "
                f"{'.'.join(self.table.name())} no more, for example {min(missing)}"
            )
        entries = [self._entry(ManifestEntryStatus.ADDED, file) for file in added]
        manifests = [
            *([self._manifest(entries, self._default_spec)] if entries else ()),
            # These list what this snapshot removes, so only a later snapshot may merge them.
            *marked,
            *self._merged(standing),
        ]
        return ManifestList(self._listed(manifests), tuple(added), tuple(gone))

    @property
    def _default_spec(self) -> int:
        return self.table.metadata.default_spec_id

    def _without(
        self, removed: Sequence[DataFile]
    ) -> tuple[list[ManifestFile], list[ManifestFile], list[DataFile]]:
        """Return kept manifests, rewritten ones, and the removed files as they were listed.

        Manifests that list none of `removed` are kept; the others are rewritten with those files
        marked as deleted.
        """
        paths = {file.file_path for file in removed}
        partitions = {partition_of(file) for file in removed}
        kept: list[ManifestFile] = []
        marked: list[ManifestFile] = []
        gone: list[DataFile] = []
        for manifest in live_manifests(self.table, deletes_go=self.deletes_go):
            entries = self._read(manifest) if may_list(manifest, partitions) else []
            out = [entry for entry in entries if entry.data_file.file_path in paths]
            if not out:
                kept.append(manifest)
                continue
            gone += [entry.data_file for entry in out]
            marked.append(self._manifest(self._marked(entries, paths), manifest.partition_spec_id))
        return kept, marked, gone

    def _merged(self, manifests: Sequence[ManifestFile]) -> Iterator[ManifestFile]:
        """Merge groups of manifests of one partition; yield the others as they are."""
        groups: defaultdict[tuple[object, ...], list[ManifestFile]] = defaultdict(list)
        for number, manifest in enumerate(manifests):
            groups[_group(manifest, number)].append(manifest)
        for group in groups.values():
            if len(group) < _MERGED_TOGETHER:
                yield from group
                continue
            entries = [
                self._entry(ManifestEntryStatus.EXISTING, entry.data_file, entry)
                for manifest in group
                for entry in self._read(manifest)
            ]
            yield self._manifest(entries, group[0].partition_spec_id)

    def _read(self, manifest: ManifestFile) -> list[ManifestEntry]:
        return manifest.fetch_manifest_entry(self.table.io, discard_deleted=True)

    def _entry(
        self, status: ManifestEntryStatus, file: DataFile, before: ManifestEntry | None = None
    ) -> ManifestEntry:
        """Return an entry; known files keep their sequence numbers, new ones inherit them."""
        goes_on = before is not None and status is not ManifestEntryStatus.DELETED
        return ManifestEntry.from_args(
            status=status,
            snapshot_id=before.snapshot_id if before and goes_on else self.snapshot_id,
            sequence_number=before.sequence_number if before else None,
            file_sequence_number=before.file_sequence_number if before else None,
            data_file=file,
        )

    def _marked(
        self, entries: Iterable[ManifestEntry], removed: Set[str]
    ) -> Iterator[ManifestEntry]:
        for entry in entries:
            gone = entry.data_file.file_path in removed
            status = ManifestEntryStatus.DELETED if gone else ManifestEntryStatus.EXISTING
            yield self._entry(status, entry.data_file, entry)

    def _manifest(self, entries: Iterable[ManifestEntry], spec_id: int) -> ManifestFile:
        name = f"{self._folder}{self._attempt}-m{next(self._numbers)}.avro"
        with write_manifest(
            format_version=_VERSION,
            spec=self.table.metadata.specs()[spec_id],
            schema=self.schema,
            output_file=self.table.io.new_output(name),
            snapshot_id=self.snapshot_id,
            avro_compression=_COMPRESSION,
        ) as writer:
            for entry in entries:
                writer.add_entry(entry)
        return writer.to_manifest_file()

    def _listed(self, manifests: Iterable[ManifestFile]) -> str:
        name = f"{self._folder}snap-{self.snapshot_id}-0-{self._attempt}.avro"
        parent = self.table.current_snapshot()
        with write_manifest_list(
            format_version=_VERSION,
            output_file=self.table.io.new_output(name),
            snapshot_id=self.snapshot_id,
            parent_snapshot_id=parent.snapshot_id if parent else None,
            sequence_number=self.table.metadata.next_sequence_number(),
            avro_compression=_COMPRESSION,
        ) as writer:
            writer.add_manifests(list(manifests))
        return name

    @property
    def _folder(self) -> str:
        return metadata_folder(self.table.location())


def live_manifests(table: Table, *, deletes_go: bool = False) -> list[ManifestFile]:
    """Return the current snapshot's manifests that list at least one live file.

    Raises ForeignDeletes if there are delete manifests; with `deletes_go` they are skipped.
    """
    snapshot = table.current_snapshot()
    every = snapshot.manifests(table.io) if snapshot else []
    found = [manifest for manifest in every if manifest.content == ManifestContent.DATA]
    if len(found) < len(every) and not deletes_go:
        raise ForeignDeletes(
            f"table {'.'.join(table.name())} has delete files, which no job of ours writes: "
            "somebody else has changed it. Roll it back to the snapshot before"
        )
    return [m for m in found if m.has_added_files() or m.has_existing_files()]


def live_files(
    table: Table, partitions: Set[Values] | None = None, *, deletes_go: bool = False
) -> list[DataFile]:
    """Return the data files of the current snapshot, in some partitions or in all.

    Raises ForeignDeletes.
    """
    return [
        entry.data_file
        for manifest in live_manifests(table, deletes_go=deletes_go)
        if partitions is None or may_list(manifest, partitions)
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        if partitions is None or partition_of(entry.data_file) in partitions
    ]


def partition_of(file: DataFile) -> Values:
    """Return a file's partition values; empty if the table has no partitions."""
    return tuple(file.partition[position] for position in range(len(file.partition)))


def may_list(manifest: ManifestFile, partitions: Set[Values]) -> bool:
    """Whether a manifest may list a file of one of the partitions, by its partition bounds."""
    bounds = [(part.lower_bound, part.upper_bound) for part in manifest.partitions or ()]
    spelled = [[value.encode() for value in partition] for partition in partitions]
    return any(
        all(
            low is None or high is None or low <= value <= high
            for value, (low, high) in zip(values, bounds, strict=False)
        )
        for values in spelled
    )


def _group(manifest: ManifestFile, number: int) -> tuple[object, ...]:
    """Return a key shared by manifests that may be merged: of one partition and about one size."""
    files = (manifest.added_files_count or 0) + (manifest.existing_files_count or 0)
    bounds = [(part.lower_bound, part.upper_bound) for part in manifest.partitions or ()]
    if files >= _FULL or any(lower != upper for lower, upper in bounds):
        return (number,)
    size = 0
    while files >= _MERGED_TOGETHER:
        files //= _MERGED_TOGETHER
        size += 1
    return (manifest.partition_spec_id, size, *bounds)

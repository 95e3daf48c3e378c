"""The objects that a table consists of, now and in every kept snapshot."""

from __future__ import annotations

from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table


def reachable(table: Table) -> set[str]:
    """Return the locations of metadata, manifest lists, manifests and files of kept snapshots."""
    metadata = table.metadata
    found = {table.metadata_location}
    found |= {entry.metadata_file for entry in metadata.metadata_log}
    found |= {file.statistics_path for file in metadata.statistics}
    found |= {file.statistics_path for file in metadata.partition_statistics}
    manifests: dict[str, ManifestFile] = {}
    for snapshot in metadata.snapshots:
        found.add(snapshot.manifest_list)
        manifests |= {m.manifest_path: m for m in snapshot.manifests(table.io)}
    found |= manifests.keys()
    for manifest in manifests.values():
        # Entries marked as deleted do not count: another manifest may list the file as live.
        entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        found |= {entry.data_file.file_path for entry in entries}
    return found

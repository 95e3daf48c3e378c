"""Which objects a table is made of, now and in every snapshot that is kept."""

from __future__ import annotations

from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table


def reachable(table: Table) -> set[str]:
    """Locations of metadata, manifest lists, manifests and files that some kept snapshot uses."""
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
        # What a manifest lists as deleted is in no snapshot by that: others may list it as there.
        entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        found |= {entry.data_file.file_path for entry in entries}
    return found

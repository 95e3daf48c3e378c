"""Which loads have rows in a file of the processed zone: its path says so, or it does itself.

A load's files lie in a folder of their own. Those that maintenance has merged of several carry the
counts of each of these in their footer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.parquet as pq

from lake.errors import LakeError

LOADS = b"lake.loads"
"""In the key-value metadata of a merged file."""


@dataclass(frozen=True)
class LoadCounts:
    """What a load has published of a dataset."""

    rows: int = 0
    values: int = 0
    """Those that are not null, over all columns that came with the data."""

    def __add__(self, other: LoadCounts) -> LoadCounts:
        return LoadCounts(self.rows + other.rows, self.values + other.values)


def loads_told(footer: pq.FileMetaData, location: str) -> Mapping[str, LoadCounts]:
    """What a merged file tells. Raises LakeError if it does not."""
    told = (footer.metadata or {}).get(LOADS)
    if told is None:
        raise LakeError(
            f"{location} does not tell which loads its rows are of: no job of ours has written it"
        )
    return {load: LoadCounts(*counts) for load, counts in json.loads(told).items()}


def tell_loads(loads: Mapping[str, LoadCounts]) -> Mapping[bytes, bytes]:
    """For the key-value metadata of a merged file."""
    return {LOADS: json.dumps({n: [c.rows, c.values] for n, c in sorted(loads.items())}).encode()}

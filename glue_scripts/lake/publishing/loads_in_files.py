"""The loads that have rows in a file of the processed zone, by its path or its footer.

A load's files lie in a folder of their own. Files that maintenance has merged from several loads
carry the counts of each load in their footer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.parquet as pq

from lake.errors import LakeError

LOADS = b"lake.loads"
"""Key in the key-value metadata of a merged file."""


@dataclass(frozen=True)
class LoadCounts:
    """Numbers of rows and values that a load has published in a dataset."""

    rows: int = 0
    values: int = 0
    """Number of values that are not null, in all columns that came with the data."""

    def __add__(self, other: LoadCounts) -> LoadCounts:
        return LoadCounts(self.rows + other.rows, self.values + other.values)


def loads_told(footer: pq.FileMetaData, location: str) -> Mapping[str, LoadCounts]:
    """Return the counts of each load in a merged file. Raises LakeError if there are none."""
    told = (footer.metadata or {}).get(LOADS)
    if told is None:
        raise LakeError(
            f"{location} does not tell which loads its rows are of: no job of ours has written it"
        )
    return {load: LoadCounts(*counts) for load, counts in json.loads(told).items()}


def tell_loads(loads: Mapping[str, LoadCounts]) -> Mapping[bytes, bytes]:
    """Return key-value metadata of a merged file that has these counts."""
    return {LOADS: json.dumps({n: [c.rows, c.values] for n, c in sorted(loads.items())}).encode()}

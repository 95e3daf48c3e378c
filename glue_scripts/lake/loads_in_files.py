"""Which loads have rows in a file of the processed zone: its path says so, or it does itself.

A load's files lie in a folder of their own. Those that maintenance has merged of several carry the
counts of each of these in their footer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow.parquet as pq

from iceberg.written_file import Partition, partition_folder
from lake.errors import LakeError

LOADS = b"lake.loads"
"""In the key-value metadata of a merged file."""
_LOAD = re.compile(r"/load=([^/]+)/")


@dataclass(frozen=True)
class LoadCounts:
    """What a load has published of a dataset."""

    rows: int = 0
    values: int = 0
    """Those that are not null, over all columns that came with the data."""

    def __add__(self, other: LoadCounts) -> LoadCounts:
        return LoadCounts(self.rows + other.rows, self.values + other.values)


def load_folder(dataset: str, partition: Partition, load_id: str) -> str:
    """`orders/year=2026/month=01/day=31/load=…/`"""
    return f"{dataset}/{partition_folder(partition)}load={load_id}/"


def load_of(location: str) -> str:
    """The load whose folder a file lies in; "" for a merged one."""
    found = _LOAD.search(location)
    return found[1] if found else ""


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

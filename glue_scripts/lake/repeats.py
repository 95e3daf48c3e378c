"""Rows that repeat the key of a row before them in the same object.

The keys are read back from the files that were written, and compared object by object: as
hashes first, 8 bytes per row, then those with equal hashes as they are.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from lake.conversion import Converted
from lake.originals import Span
from lake.spreading import spread
from lake.store import fetch_file
from wires.manifest import ObjectVersion

Hashes = npt.NDArray[np.uint64]
Repeats = Mapping[ObjectVersion, Mapping[int, tuple[int, ...]]]
"""Of each object, by the start of a piece: which of its rows, counted from 0."""
_SEPARATOR = "\x1f"
_NULL = "\x00"


@dataclass(frozen=True)
class _Stretch:
    """Rows of one piece within a file."""

    file: int
    start: int
    rows: int
    span: Span


def find_repeats(
    spark: SparkSession, written: Sequence[Converted], key: Sequence[str], bucket: str
) -> Repeats:
    """The rows whose key stands in an earlier row of the same object."""
    files = [item.file for item in written if item.file]
    if not files:
        return {}
    hashes = spread(spark, partial(_hashes, bucket, tuple(key)), files, weight=lambda _: 1)
    found: dict[ObjectVersion, dict[int, tuple[int, ...]]] = {}
    for version, stretches in _stretches(written).items():
        own = np.concatenate([hashes[s.file][s.start : s.start + s.rows] for s in stretches])
        suspects = _not_the_first(own)
        if len(suspects):
            exact = _exact_keys(bucket, tuple(key), files, stretches)
            found[version] = _by_piece(stretches, _repeating(exact))
    return {version: places for version, places in found.items() if places}


def _stretches(written: Sequence[Converted]) -> Mapping[ObjectVersion, list[_Stretch]]:
    stretches: defaultdict[ObjectVersion, list[_Stretch]] = defaultdict(list)
    for file, item in enumerate(item for item in written if item.file):
        start = 0
        for piece, rows in zip(item.task.pieces, item.published, strict=True):
            stretches[piece.source.version].append(_Stretch(file, start, rows, piece.span))
            start += rows
    return stretches


def _hashes(bucket: str, key: Sequence[str], file: str) -> Hashes:
    digests = (
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for text in _keys_in(bucket, key, file)
    )
    return np.frombuffer(b"".join(digests), np.uint64)


def _keys_in(bucket: str, key: Sequence[str], file: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows")
        fetch_file(bucket, file, path)
        with pq.ParquetFile(path) as stored:
            for batch in stored.iter_batches(columns=list(key)):
                columns = [pc.fill_null(pc.cast(column, pa.string()), _NULL) for column in batch]
                yield from pc.binary_join_element_wise(*columns, _SEPARATOR).to_pylist()


def _not_the_first(hashes: Hashes) -> npt.NDArray[np.int64]:
    _, first = np.unique(hashes, return_index=True)
    again = np.ones(len(hashes), np.bool_)
    again[first] = False
    return np.flatnonzero(again)


def _exact_keys(
    bucket: str, key: Sequence[str], files: Sequence[str], stretches: Sequence[_Stretch]
) -> list[str]:
    keys: list[str] = []
    for stretch in stretches:
        whole = list(_keys_in(bucket, key, files[stretch.file]))
        keys += whole[stretch.start : stretch.start + stretch.rows]
    return keys


def _repeating(keys: Sequence[str]) -> list[int]:
    seen: set[str] = set()
    again = []
    for number, key in enumerate(keys):
        if key in seen:
            again.append(number)
        seen.add(key)
    return again


def _by_piece(
    stretches: Sequence[_Stretch], repeating: Sequence[int]
) -> dict[int, tuple[int, ...]]:
    places: dict[int, tuple[int, ...]] = {}
    begin = 0
    for stretch in stretches:
        own = tuple(n - begin for n in repeating if begin <= n < begin + stretch.rows)
        if own:
            places[stretch.span.start] = own
        begin += stretch.rows
    return places

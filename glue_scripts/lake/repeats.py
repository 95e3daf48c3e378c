"""Rows that repeat the key of a row before them in the same object.

The keys are read back from the files that were written, and compared object by object: as
hashes first, 8 bytes per row, then those with equal hashes as they are.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
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
Positions = npt.NDArray[np.int64]
Repeats = Mapping[ObjectVersion, Mapping[int, tuple[int, ...]]]
"""Of each object, by the start of a piece: which of its rows, counted from 0."""
_SEPARATOR = "\x1f"
Key = tuple[str | None, ...]


@dataclass(frozen=True)
class _Stretch:
    """Rows of one piece within a file."""

    file: int
    start: int
    rows: int
    span: Span


@dataclass(frozen=True)
class _Row:
    """A row whose key's hash does not stand alone."""

    file: int
    number: int
    """In the file, from 0."""
    span: Span
    in_piece: int
    """From 0."""


def find_repeats(
    spark: SparkSession, written: Sequence[Converted], key: Sequence[str], bucket: str
) -> Repeats:
    """The rows whose key stands in an earlier row of the same object."""
    files = [item.file for item in written if item.file]
    if not files:
        return {}
    hashes = spread(spark, partial(_hashes, bucket, tuple(key)), files, weight=lambda _: 1)
    suspects: dict[ObjectVersion, list[_Row]] = {}
    for version, stretches in _stretches(written).items():
        own = np.concatenate([hashes[s.file][s.start : s.start + s.rows] for s in stretches])
        rows = list(_rows_at(stretches, _not_alone(own)))
        if rows:
            suspects[version] = rows
    keys = _exact_keys(spark, bucket, tuple(key), files, suspects.values())
    found = {version: _repeating(rows, keys) for version, rows in suspects.items()}
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
        hashlib.blake2b(_SEPARATOR.join(map(str, values)).encode(), digest_size=8).digest()
        for values in _keys_in(bucket, key, file)
    )
    return np.frombuffer(b"".join(digests), np.uint64)


def _keys_in(bucket: str, key: Sequence[str], file: str) -> Iterator[Key]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows")
        fetch_file(bucket, file, path)
        with pq.ParquetFile(path) as stored:
            for batch in stored.iter_batches(columns=list(key)):
                columns = [pc.cast(column, pa.string()).to_pylist() for column in batch.columns]
                yield from zip(*columns, strict=True)


def _not_alone(hashes: Hashes) -> Positions:
    _, which, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.flatnonzero(counts[which] > 1)


def _rows_at(stretches: Sequence[_Stretch], positions: Positions) -> Iterator[_Row]:
    """In the order of the object. `positions` count its rows, and rise."""
    begin = 0
    for stretch in stretches:
        low, high = np.searchsorted(positions, (begin, begin + stretch.rows))
        for position in positions[low:high]:
            number = int(position) - begin
            yield _Row(stretch.file, stretch.start + number, stretch.span, number)
        begin += stretch.rows


def _exact_keys(
    spark: SparkSession,
    bucket: str,
    key: Sequence[str],
    files: Sequence[str],
    suspects: Iterable[Sequence[_Row]],
) -> Mapping[tuple[int, int], Key]:
    """By file and row; each file is read once."""
    wanted: defaultdict[int, set[int]] = defaultdict(set)
    for row in chain.from_iterable(suspects):
        wanted[row.file].add(row.number)
    asked = [(files[file], frozenset(rows)) for file, rows in wanted.items()]
    found = spread(spark, partial(_keys_at, bucket, tuple(key)), asked, weight=lambda _: 1)
    return {
        (file, number): values
        for file, rows in zip(wanted, found, strict=True)
        for number, values in rows.items()
    }


def _keys_at(bucket: str, key: Sequence[str], asked: tuple[str, frozenset[int]]) -> dict[int, Key]:
    file, wanted = asked
    return {n: values for n, values in enumerate(_keys_in(bucket, key, file)) if n in wanted}


def _repeating(
    rows: Sequence[_Row], keys: Mapping[tuple[int, int], Key]
) -> dict[int, tuple[int, ...]]:
    seen: set[Key] = set()
    places: defaultdict[int, list[int]] = defaultdict(list)
    for row in rows:
        values = keys[row.file, row.number]
        if values in seen:
            places[row.span.start].append(row.in_piece)
        seen.add(values)
    return {start: tuple(numbers) for start, numbers in places.items()}

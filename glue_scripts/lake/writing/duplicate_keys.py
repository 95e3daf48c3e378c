"""Detection of rows that repeat the key of an earlier row in the same object.

The keys are read back from the files that were written, and compared object by object: first as
hashes, 8 bytes per row, then in full if hashes are equal.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from lake.reading.originals import Span
from lake.running.isolation import Budget, Fault, Guarded
from lake.running.parallel_map import parallel_map_guarded
from lake.store import fetch_file
from lake.writing.conversion import Converted
from lake.writing.tasks import versions_of
from wires.manifest import ObjectVersion

Hashes = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.int64]
_SEPARATOR = "\x1f"
Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Repeats:
    """Rows that repeat a key, and files for which that is not known."""

    places: Mapping[ObjectVersion, Mapping[int, tuple[int, ...]]] = field(default_factory=dict)
    """For each object and start of a piece, the piece's rows that repeat a key, counted from 0."""
    faults: Mapping[frozenset[ObjectVersion], Fault] = field(default_factory=dict)
    """Objects whose file cannot be read back, and why."""

    def __or__(self, other: Repeats) -> Repeats:
        return Repeats({**self.places, **other.places}, {**self.faults, **other.faults})


@dataclass(frozen=True)
class _Stretch:
    """Rows of one piece within a file."""

    file: int
    start: int
    rows: int
    span: Span


@dataclass(frozen=True)
class _Row:
    """A row whose key has the same hash as another one."""

    file: int
    number: int
    """Number in the file, from 0."""
    span: Span
    in_piece: int
    """Number in the piece, from 0."""


def find_repeats(
    spark: SparkSession,
    written: Sequence[Converted],
    key: Sequence[str],
    bucket: str,
    budget: Budget,
) -> Repeats:
    """Find the rows whose key occurs in an earlier row of the same object."""
    stored = [item for item in written if item.file]
    files = [item.file for item in stored]
    seconds = partial(_seconds, budget, {item.file: item.task.size for item in stored})
    guarded = Guarded(partial(_hashes, bucket, tuple(key)), seconds)
    found = parallel_map_guarded(spark, guarded, files, weight=lambda _: 1)
    hashes = [item for item in found if not isinstance(item, Fault)]
    if len(hashes) < len(found):
        pairs = zip(stored, found, strict=True)
        return Repeats(faults={_objects(i): f for i, f in pairs if isinstance(f, Fault)})
    suspects: dict[ObjectVersion, list[_Row]] = {}
    for version, stretches in _stretches(written).items():
        own = np.concatenate([hashes[s.file][s.start : s.start + s.rows] for s in stretches])
        rows = list(_rows_at(stretches, _not_alone(own)))
        if rows:
            suspects[version] = rows
    guarded_keys = Guarded(partial(_keys_at, bucket, tuple(key)), partial(_seconds_at, seconds))
    keys, faults = _exact_keys(spark, guarded_keys, files, suspects.values())
    if faults:
        return Repeats(faults={_objects(stored[file]): fault for file, fault in faults.items()})
    repeating = {version: _repeating(rows, keys) for version, rows in suspects.items()}
    return Repeats({version: places for version, places in repeating.items() if places})


def _objects(item: Converted) -> frozenset[ObjectVersion]:
    return versions_of(item.task.pieces)


def _seconds(budget: Budget, sizes: Mapping[str, int], file: str) -> float:
    return budget.seconds(sizes[file])


def _seconds_at(seconds: Callable[[str], float], asked: tuple[str, frozenset[int]]) -> float:
    return seconds(asked[0])


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
    """Yield rows in the order of the object; `positions` count its rows, and ascend."""
    begin = 0
    for stretch in stretches:
        low, high = np.searchsorted(positions, (begin, begin + stretch.rows))
        for position in positions[low:high]:
            number = int(position) - begin
            yield _Row(stretch.file, stretch.start + number, stretch.span, number)
        begin += stretch.rows


def _exact_keys(
    spark: SparkSession,
    guarded: Guarded[tuple[str, frozenset[int]], dict[int, Key]],
    files: Sequence[str],
    suspects: Iterable[Sequence[_Row]],
) -> tuple[Mapping[tuple[int, int], Key], Mapping[int, Fault]]:
    """Return keys by file and row, and faults by file; each file is read once."""
    wanted: defaultdict[int, set[int]] = defaultdict(set)
    for row in chain.from_iterable(suspects):
        wanted[row.file].add(row.number)
    asked = [(files[file], frozenset(rows)) for file, rows in wanted.items()]
    found = parallel_map_guarded(spark, guarded, asked, weight=lambda _: 1)
    pairs = list(zip(wanted, found, strict=True))
    keys = {
        (file, number): values
        for file, rows in pairs
        if not isinstance(rows, Fault)
        for number, values in rows.items()
    }
    return keys, {file: rows for file, rows in pairs if isinstance(rows, Fault)}


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

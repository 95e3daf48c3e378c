"""Whether all of a source differs from what has landed last, and which of its rows have gone.

A row is a number that its values make, and all rows are the sum of these, in whatever order they
come. So nothing is kept of rows but a sum, and of their keys, where rows that have gone are to be
named, a number each in memory and a list in the staging folder.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pandas.util import hash_array

from connectors.landing import Place
from connectors.parquet_staging import ParquetStaging
from connectors.staging import AND_KEYS, Difference, NameOfFile, keys_in
from wires.layout import staged_file
from wires.sources import Limits

_SECRETS = ("one row, one sum", "another number..")
"""Two numbers of 64 bits for each row: keys of the hash, 16 letters each."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_NAMED = 20
"""Rows that have gone and that are named, each by its key."""


class ComparedStaging(ParquetStaging):
    """Stages batches, and compares all of them with what has landed last."""

    def __init__(self, s3: Any, bucket: str, *, limits: Limits, name: NameOfFile) -> None:
        super().__init__(s3, bucket, limits=limits, name=name)
        self._sums = [0] * len(_SECRETS)
        self._keys: _Keys | None = None
        self._before = ""
        self._place = Place(s3=s3, raw_bucket="", assets_bucket=bucket)

    def compare_with(self, state: str, *, key: Sequence[str], folder: str) -> None:
        """Say what has landed last, and where the keys of these rows are kept."""
        self._before = state
        if key:
            self._keys = _Keys(self._place, key, folder=folder, limits=self._limits)

    def add(self, batch: pa.RecordBatch) -> None:
        super().add(batch)
        for number, secret in enumerate(_SECRETS):
            found = int(_numbers(batch, secret).sum(dtype=np.uint64))
            self._sums[number] = (self._sums[number] + found) % 2**64
        if self._keys:
            self._keys.add(batch)

    def difference(self) -> Difference:
        total = f"{self.rows}-" + "".join(f"{one:016x}" for one in self._sums)
        if total == self._before.partition(AND_KEYS)[0]:
            return Difference(state=self._before, is_same=True)
        if self._keys is None:
            return Difference(state=total, is_same=False)
        self._keys.finish()
        state = f"{total}{AND_KEYS}{self._keys.folder}"
        found = Difference(state=state, is_same=False)
        before = keys_in(self._before)
        gone = list(self._keys.gone_since(before)) if before else []
        return replace(found, gone=len(gone), named=tuple(gone[:_NAMED]))


class _Keys:
    """The keys of all rows, in memory as numbers and in a folder as they are."""

    def __init__(self, place: Place, key: Sequence[str], *, folder: str, limits: Limits) -> None:
        self.folder = folder
        self._place = place
        self._key = list(key)
        self._numbers: list[np.ndarray[Any, Any]] = []
        self._staging = ParquetStaging(
            place.s3,
            place.assets_bucket,
            limits=replace(limits, rows_per_file=max(limits.rows_per_file, 1000)),
            name=lambda part: (staged_file(folder, part), ""),
        )

    def add(self, batch: pa.RecordBatch) -> None:
        keys = batch.select(self._key)
        self._numbers.append(_numbers(keys, _SECRETS[0]))
        self._staging.add(keys)

    def finish(self) -> None:
        self._staging.finish()

    def gone_since(self, folder: str) -> Iterator[str]:
        """Yield the keys of another folder that are none of these; a file at a time."""
        here = np.unique(np.concatenate([*self._numbers, np.empty(0, np.uint64)]))
        for name in self._place.staged_in(folder):
            body = self._place.s3.get_object(Bucket=self._place.assets_bucket, Key=name)["Body"]
            for batch in pq.ParquetFile(io.BytesIO(body.read())).iter_batches():
                yield from _named(batch, ~np.isin(_numbers(batch, _SECRETS[0]), here))


def _numbers(batch: pa.RecordBatch, secret: str) -> np.ndarray[Any, Any]:
    """Return a number for each row, that any change of a value or of a column's name changes."""
    total = np.full(len(batch), len(batch.schema.names), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for name, array in zip(batch.schema.names, batch.columns, strict=True):
            total = total * _MIX + hash_array(np.array([name], dtype=object), hash_key=secret)[0]
            # A null is told from every text by a number of its own.
            total = total * _MIX + np.asarray(pc.is_valid(array)).astype(np.uint64)
            texts = pc.fill_null(array.cast(pa.string()), "")
            values = np.asarray(texts.to_numpy(zero_copy_only=False), dtype=object)
            total = total * _MIX + hash_array(values, hash_key=secret, categorize=False)
            total ^= total >> np.uint64(29)
    return total


def _named(batch: pa.RecordBatch, wanted: np.ndarray[Any, Any]) -> Iterator[str]:
    """Yield the keys of some rows, for people."""
    for row in batch.filter(pa.array(wanted)).to_pylist():
        yield ", ".join(f"{name}={value}" for name, value in row.items())

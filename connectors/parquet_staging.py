"""Writes Arrow batches to Parquet files in the staging folder, each of which is in memory once."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.staging import NameOfFile, StagedFiles
from wires.sources import Limits

_CODEC, _LEVEL = "zstd", 1


class ParquetStaging(StagedFiles):
    """Takes batches, and stages a file whenever one is full."""

    ending = "parquet"

    def __init__(self, s3: Any, bucket: str, *, limits: Limits, name: NameOfFile) -> None:
        super().__init__(s3, bucket, limits=limits, name=name)
        self._writer: pq.ParquetWriter | None = None
        self._begin()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch, which may go to several files."""
        while len(batch):
            some = batch.slice(0, self._limits.rows_per_file - self._rows_in_file)
            self._write(some)
            batch = batch.slice(len(some))

    def finish(self) -> None:
        """Stage what has been taken since the last file, if anything has."""
        if self._writer is None:
            return
        self._writer.close()
        self._stage(self._buffer.getvalue(), self._rows_in_file)
        self._begin()

    def _write(self, batch: pa.RecordBatch) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._buffer, batch.schema, compression=_CODEC, compression_level=_LEVEL
            )
        self._writer.write_batch(batch)
        self._rows_in_file += len(batch)
        self._bytes_in_file += batch.nbytes
        self.rows += len(batch)
        limits = self._limits
        if (
            self._rows_in_file >= limits.rows_per_file
            or self._bytes_in_file >= limits.bytes_per_file
        ):
            self.finish()

    def _begin(self) -> None:
        self._buffer = io.BytesIO()
        self._writer = None
        self._rows_in_file = self._bytes_in_file = 0

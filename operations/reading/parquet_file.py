"""Answers as Parquet."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from operations.reading.answer import Answer

_ROW_GROUP = 64 << 20
"""Bytes in memory of the rows that are written together."""


def write_parquet(answer: Answer, file: BinaryIO) -> None:
    """Write the answer with its types, compressed by Zstandard."""
    with pq.ParquetWriter(file, answer.schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in answer.batches:
            waiting.append(batch)
            if sum(one.nbytes for one in waiting) >= _ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting, answer.schema))
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, answer.schema))

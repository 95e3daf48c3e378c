"""The answer to a query: columns with their types, and rows that come in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from operations.errors import OperationError
from operations.reading.spelling import unique


@dataclass(frozen=True)
class Limits:
    """What one query may take."""

    seconds: float = 1800
    rows: int = 50_000_000
    memory: str = "1GB"
    """That the engine on a laptop may use; Athena's own has none to set."""


@dataclass(frozen=True)
class Answer:
    """Rows that are read while they come: once."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]

    @classmethod
    def of(cls, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Answer:
        """Return an answer whose columns have different names: `a`, `a_2`."""
        named = pa.schema(
            field.with_name(name) for field, name in zip(schema, unique(schema.names), strict=True)
        )
        return cls(named, (batch.rename_columns(named.names) for batch in batches))

    def watched(self, look: Callable[[int], None]) -> Answer:
        """Return the same answer, which tells how many rows each batch has."""

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in self.batches:
                yield batch
                look(batch.num_rows)

        return replace(self, batches=batches())

    def limited(self, rows: int) -> Answer:
        """Return the same answer, which raises OperationError when it has more rows than that."""

        def batches() -> Iterator[pa.RecordBatch]:
            count = 0
            for batch in self.batches:
                count += batch.num_rows
                if count > rows:
                    raise OperationError(
                        f"expected at most {rows:,} rows, got more: ask for fewer (WHERE, LIMIT), "
                        "or allow more with --max-rows"
                    )
                yield batch

        return replace(self, batches=batches())

    def first(self, rows: int) -> tuple[pa.Table, bool]:
        """Return the first rows, and whether there are more."""
        taken: list[pa.RecordBatch] = []
        count = 0
        for batch in self.batches:
            taken.append(batch)
            count += batch.num_rows
            if count > rows:
                break
        return pa.Table.from_batches(taken, self.schema).slice(0, rows), count > rows

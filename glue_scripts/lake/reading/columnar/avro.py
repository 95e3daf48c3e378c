"""Avro files as Arrow batches. https://avro.apache.org/docs/1.12.0/specification/

Values are read as the schema's underlying types; logical types are applied column by column.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import fastavro
import pyarrow as pa

from lake.errors import InputRefused
from lake.reading.budgets import (
    BATCH_BYTES,
    check_empty_records,
    check_promise,
    check_records,
    rows_at_once,
)
from lake.reading.columnar.avro_columns import Column, Names, column_of, type_name
from lake.reading.columnar.avro_container import Block, blocks_of, header_of, unpacked
from lake.reading.contents import Content

_CELLS = 2_000_000
"""Values of Python's that are in memory at once: each takes several times of what Arrow's does."""
_BRANCHES_IN_A_BYTE = 64
Record = dict[str, Any]


class AvroFile:
    """One object container file. Raises ValueError and the like where its bytes are damaged."""

    title = "Avro"
    words: Mapping[str, str] = {}

    def __init__(self, content: Content) -> None:
        self._content = content
        self._header = header_of(content.open())

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema. Raises InputRefused, naming the field, for an unsupported type."""
        return pa.schema([(column.name, column.arrow) for column in self._columns])

    @cached_property
    def rows(self) -> int:
        """Number of rows, as the sum of what the blocks' heads say."""
        return sum(block.records for block in self._blocks)

    def batches(self) -> Iterator[pa.RecordBatch]:
        self._check_promise()
        rows: list[Record] = []
        held = 0
        for block in self._blocks:
            for row, size in self._records(block, self._unpacked(block)):
                rows.append(row)
                held += size
                if len(rows) >= self._rows_at_once or held > BATCH_BYTES:
                    yield self._batch(rows)
                    rows, held = [], 0
        if rows:
            yield self._batch(rows)

    def culprit(self) -> str:
        """Return "": records are read as a whole, so that no column can be named."""
        return ""

    @cached_property
    def _columns(self) -> Sequence[Column]:
        written = self._header.schema
        while isinstance(written, dict) and isinstance(written.get("type"), dict):
            # `{"type": "long"}` is another spelling of `"long"`.
            written = written["type"]
        if not isinstance(written, dict) or written.get("type") != "record":
            raise InputRefused(
                f"the Avro file holds values of type {type_name(written)}, expected records"
            )
        fields = written["fields"]
        check_promise(self.title, 0, len(fields), self._content.size)
        names = Names(written.get("namespace") or str(written["name"]).rpartition(".")[0])
        names.learn(written)
        return [column_of(field, names) for field in fields]

    @cached_property
    def _decoded_as(self) -> Any:
        """The schema for the decoder, in which fields are numbered.

        Their names play no part in the bytes, and may not be valid names.
        """
        fields = [
            {"name": f"f{number}", "type": column.read_as}
            for number, column in enumerate(self._columns)
        ]
        schema: Any = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
        for field in schema["fields"]:
            if isinstance(field["type"], list):
                # The decoder counts a negative branch from the end of the list: from these.
                field["type"] += ["no such branch"] * _BRANCHES_IN_A_BYTE
        return schema

    @cached_property
    def _blocks(self) -> Sequence[Block]:
        return list(blocks_of(self._content.open(), self._header, self._content.size))

    @cached_property
    def _rows_at_once(self) -> int:
        columns = self._columns
        cells = max(1, _CELLS // max(1, len(columns)))
        return min(cells, rows_at_once(column.widest for column in columns))

    @cached_property
    def _shortest(self) -> int:
        return sum(column.shortest for column in self._columns)

    def _check_promise(self) -> None:
        check_promise(self.title, self.rows, len(self._columns), self._content.size)
        check_records(self.title, self.rows, self._content.size)
        if not self._shortest:
            check_empty_records(self.title, self.rows, self._content.size)

    def _unpacked(self, block: Block) -> bytes:
        packed = bytes(self._content.read(block.start, block.start + block.size))
        data = unpacked(packed, self._header.codec, block.start)
        if block.records * self._shortest > len(data):
            raise self._miscounted(block)
        return data

    def _records(self, block: Block, data: bytes) -> Iterator[tuple[Record, int]]:
        """Yield the records, and how many bytes each takes."""
        source, decoded_as = io.BytesIO(data), self._decoded_as
        read, place = fastavro.schemaless_reader, 0
        for _ in range(block.records):
            row: Any = read(source, decoded_as, None)
            before, place = place, source.tell()
            yield row, place - before
        if source.tell() != len(data):
            raise self._miscounted(block)

    def _miscounted(self, block: Block) -> InputRefused:
        return InputRefused(
            f"the Avro file is damaged: its block at byte {block.start:,} does not hold the "
            f"{block.records:,} records that it says it has. Write and upload it again"
        )

    def _batch(self, rows: Sequence[Record]) -> pa.RecordBatch:
        arrays = [
            column.build([row[f"f{number}"] for row in rows])
            for number, column in enumerate(self._columns)
        ]
        return pa.record_batch(arrays, names=[column.name for column in self._columns])

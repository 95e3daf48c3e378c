"""The readers of files that bring their types with them: Parquet, ORC and Avro.

Such a file is read from a copy on the worker's disk, made while its bytes are digested. Its
rows are numbered from 1 where text would have lines.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from lake.avro_source import AvroFile
from lake.column_types import ColumnType
from lake.compression import decompress
from lake.errors import AccountingError, InputRefused, LakeError
from lake.originals import BlockDigests, Original, read_on
from lake.pieces import Chunk, Origin
from lake.typed import type_of, values_of

_ROWS = 65_536
_PARQUET, _ORC, _AVRO = FORMATS = ("parquet", "orc", "avro")


class _File(Protocol):
    @property
    def schema(self) -> pa.Schema: ...

    @property
    def rows(self) -> int:
        """As the file's own index says, apart from what is read."""
        ...

    def batches(self) -> Iterable[pa.RecordBatch]: ...


def columns_in(
    original: Original, name: str, *, compression: str, max_ratio: int
) -> tuple[list[str], list[ColumnType]]:
    """Names as they stand, and types. Raises InputRefused, naming the column, for one that has
    no place in a table."""
    with _opened(original, name, compression, max_ratio, BlockDigests()) as file:
        fields = list(file.schema)
    types = []
    for field in fields:
        kind = type_of(field.type)
        if kind is None:
            raise InputRefused(_homeless(field))
        types.append(kind)
    if not fields:
        raise InputRefused(f"the {name} file has no column")
    return [field.name for field in fields], types


@dataclass
class ColumnarReader:
    """Iterates over the chunks of a file; `position` and `lines` as `PieceReader` has them."""

    original: Original
    layout: str
    compression: str
    max_ratio: int
    digest: BlockDigests
    lines: int = 0

    @property
    def position(self) -> int:
        return self.original.size

    def __iter__(self) -> Iterator[Chunk]:
        source = (self.original, self.layout, self.compression, self.max_ratio, self.digest)
        with _opened(*source) as file, _refusals(self.layout, lambda: self.lines):
            for batch in file.batches():
                yield _chunk(batch, self.lines)
                self.lines += batch.num_rows
            if self.lines != file.rows:
                raise AccountingError(
                    f"{self.lines} rows were read of a {self.layout} file that says it has "
                    f"{file.rows}"
                )


def _chunk(batch: pa.RecordBatch, line: int) -> Chunk:
    table = pa.Table.from_batches([batch])
    typed = [values_of(column) for column in table.columns]
    rows = pa.table([values for _, values in typed], names=table.column_names)
    types = tuple(kind for kind, _ in typed)
    return Chunk(rows, [], batch.num_rows, lambda: _origin(rows, line), types)


def _origin(rows: pa.Table, line: int) -> Origin:
    """Rows of a file that is no text are shown as JSON."""

    def raw(number: int) -> bytes:
        [row] = rows.slice(number, 1).to_pylist()
        return json.dumps(row, default=str, ensure_ascii=False).encode()

    return Origin(range(line, line + rows.num_rows), raw)


@contextmanager
def _opened(
    original: Original, name: str, compression: str, max_ratio: int, digest: BlockDigests
) -> Iterator[_File]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "original")
        stored = digest.over(read_on(original, 0, original.size))
        with path.open("wb") as copy:
            copy.writelines(decompress(stored, compression, max_ratio=max_ratio))
        with _refusals(name, lambda: 0):
            file = _KINDS[name](path)
            _check_names(file.schema.names)
        yield file


def _check_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputRefused(f"two columns have one name: '{twice[0]}'")


@contextmanager
def _refusals(name: str, rows: Callable[[], int]) -> Iterator[None]:
    """What the libraries say about damage, for the uploader."""
    try:
        yield
    except (LakeError, MemoryError):
        raise
    except Exception as error:  # damaged bytes make these libraries raise anything
        where = f" behind row {rows()}" if rows() else ""
        raise InputRefused(
            f"the {name} file is damaged{where}, or was not written to its end: {error}"
        ) from error


def _homeless(field: pa.Field) -> str:
    advice = (
        "flatten it before the upload" if pa.types.is_nested(field.type) else "write it as text"
    )
    return (
        f"the column '{field.name}' is {field.type}, expected plain values (text, numbers, truth "
        f"values, dates, times): {advice}"
    )


@dataclass(frozen=True)
class _ParquetFile:
    file: pq.ParquetFile

    @classmethod
    def open(cls, path: Path) -> _ParquetFile:
        return cls(pq.ParquetFile(path))

    @property
    def schema(self) -> pa.Schema:
        return self.file.schema_arrow

    @property
    def rows(self) -> int:
        return int(self.file.metadata.num_rows)

    def batches(self) -> Iterable[pa.RecordBatch]:
        yield from self.file.iter_batches(batch_size=_ROWS)


@dataclass(frozen=True)
class _OrcFile:
    file: orc.ORCFile

    @classmethod
    def open(cls, path: Path) -> _OrcFile:
        return cls(orc.ORCFile(str(path)))

    @property
    def schema(self) -> pa.Schema:
        return self.file.schema

    @property
    def rows(self) -> int:
        return int(self.file.nrows)

    def batches(self) -> Iterable[pa.RecordBatch]:
        for stripe in range(self.file.nstripes):
            batch = self.file.read_stripe(stripe)
            for start in range(0, batch.num_rows, _ROWS):
                yield batch.slice(start, _ROWS)


_KINDS: Mapping[str, Any] = {
    _PARQUET: _ParquetFile.open,
    _ORC: _OrcFile.open,
    _AVRO: AvroFile,
}

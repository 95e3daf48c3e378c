"""Parquet files as Arrow batches. https://github.com/apache/parquet-format"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.columns.moments import may_be_misread, rebased, unwrapped
from lake.reading.budgets import check_promise
from lake.reading.columnar.parquet_batches import Leaf, Run, check_footer, runs_of
from lake.reading.columnar.parquet_int96 import check_days
from lake.reading.columnar.parquet_pages import check_alone, check_counts
from lake.reading.contents import Content

_UUID = "UUID"
_UUID_LETTERS = 36
_ENUM = "ENUM"
_WORDS = {
    "INTERVAL": "an interval of months, days and milliseconds",
    "BSON": "BSON",
    "GEOMETRY": "a geometry",
    "GEOGRAPHY": "a geography",
}
_LEGACY_DAYS = b"org.apache.spark.legacyDateTime"
_LEGACY_INT96 = b"org.apache.spark.legacyINT96"


class ParquetFile:
    """One Parquet file. Raises what pyarrow raises if its bytes are damaged."""

    title = "Parquet"

    def __init__(self, content: Content) -> None:
        self._content = content
        check_footer(content)
        self._file = self._opened()
        metadata = self._file.metadata
        self._checked: set[str] = set()
        """Columns of moments whose stored values have been checked."""
        check_promise(self.title, metadata.num_rows, metadata.num_columns, content.size)

    @property
    def rows(self) -> int:
        """Number of rows according to the footer, independent of what is read."""
        return int(self._file.metadata.num_rows)

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema, in which an enumeration's values are text."""
        schema = self._file.schema_arrow
        for number, field in enumerate(schema):
            if self._meaning.get(field.name) == _ENUM:
                schema = schema.set(number, field.with_type(pa.string()))
        return schema

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Words for unsupported types of columns, where Arrow's type does not show them."""
        return {n: _WORDS[what] for n, what in self._meaning.items() if what in _WORDS}

    def batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._read()
        except Exception:
            check_alone(self._content)
            raise
        check_counts(self._file.metadata, self._content)
        check_alone(self._content, self._file.metadata)

    def _read(self) -> Iterator[pa.RecordBatch]:
        for run in self._runs:
            if not self._wide_moments:
                yield from map(self._mended, self._batches(run))
                continue
            for batch, seconds in zip(self._batches(run), self._seconds(run), strict=True):
                yield self._mended(self._with_wide_moments(batch, seconds))

    def culprit(self) -> str:
        """Return the first column that cannot be read."""
        for name in self._file.schema_arrow.names:
            try:
                for run in self._runs:
                    for _ in self._batches(run, [name]):
                        pass
            except Exception:  # noqa: BLE001 - the cause is known already
                return str(name)
        return ""

    @cached_property
    def _runs(self) -> Sequence[Run]:
        groups = self._file.metadata.num_row_groups
        return runs_of(self._content, groups, self._leaves, self._longest)

    @property
    def _leaves(self) -> Sequence[Leaf]:
        schema = self._file.schema
        leaves = [schema.column(number) for number in range(len(schema))]
        return [Leaf(leaf.path, _size_of(leaf)) for leaf in leaves]

    def _batches(
        self,
        run: Run,
        columns: Sequence[str] | None = None,
        file: pq.ParquetFile | None = None,
    ) -> Iterator[pa.RecordBatch]:
        yield from (file or self._file).iter_batches(
            batch_size=run.rows,
            row_groups=list(run.groups),
            columns=None if columns is None else list(columns),
        )

    def _opened(self, **options: object) -> pq.ParquetFile:
        return pq.ParquetFile(self._content.open(), page_checksum_verification=True, **options)

    @cached_property
    def _meaning(self) -> Mapping[str, str]:
        """The logical type of each column that is not nested."""
        schema = self._file.schema
        leaves = [schema.column(number) for number in range(len(schema))]
        return {leaf.path: _meaning_of(leaf) for leaf in leaves if leaf.name == leaf.path}

    @cached_property
    def _wide_moments(self) -> Sequence[str]:
        """Columns in the old format INT96, which reaches farther than 64 bits of nanoseconds."""
        schema = self._file.schema
        leaves = [schema.column(number) for number in range(len(schema))]
        return [leaf.path for leaf in leaves if leaf.physical_type == "INT96"]

    def _seconds(self, run: Run) -> Iterator[pa.RecordBatch]:
        """Read the INT96 columns once more, in a unit that reaches far enough."""
        file = self._opened(coerce_int96_timestamp_unit="s")
        return self._batches(run, self._wide_moments, file)

    def _with_wide_moments(self, batch: pa.RecordBatch, seconds: pa.RecordBatch) -> pa.RecordBatch:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name in self._wide_moments:
            about = seconds.column(name)
            if name not in self._checked and may_be_misread(about, columns[name]):
                check_days(self._file.metadata, self._content, name)
                self._checked.add(name)
            columns[name] = unwrapped(about, columns[name], None)
        return pa.RecordBatch.from_pydict(columns)

    def _mended(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        for name, array in columns.items():
            if self._meaning.get(name) == _ENUM:
                columns[name] = array.cast(pa.binary()).view(pa.string())
            elif self._is_old(name, array.type):
                columns[name] = rebased(array)
        return pa.record_batch(columns) if columns else batch

    def _is_old(self, name: str, kind: pa.DataType) -> bool:
        """Whether Spark has written a column in the hybrid calendar, and says so.

        https://github.com/apache/spark/blob/master/docs/sql-data-sources-parquet.md
        """
        told = self._file.metadata.metadata or {}
        if pa.types.is_date32(kind):
            return _LEGACY_DAYS in told
        wide = name in self._wide_moments
        return pa.types.is_timestamp(kind) and (_LEGACY_INT96 if wide else _LEGACY_DAYS) in told

    def _longest(self, group: int, name: str) -> int:
        """Return the bytes of the longest text in the dictionary of a row group's column."""
        file = self._opened(read_dictionary=[name])
        batches = file.iter_batches(batch_size=1, row_groups=[group], columns=[name])
        found = [
            pc.max(pc.binary_length(array.dictionary)).as_py() or 0
            for batch in islice(batches, 1)
            for array in batch.columns
            if pa.types.is_dictionary(array.type)
        ]
        return max([1, *found])


def _size_of(leaf: pq.ColumnSchema) -> int:
    """Return the bytes of each value of a column, if its type says so."""
    return _UUID_LETTERS if _meaning_of(leaf) == _UUID else int(leaf.length or 0)


def _meaning_of(leaf: pq.ColumnSchema) -> str:
    """Return the name of a column's logical type; newer ones are known only by how they print."""
    logical = leaf.logical_type
    return str(logical).partition("(")[0].upper() if logical.type == "UNKNOWN" else logical.type

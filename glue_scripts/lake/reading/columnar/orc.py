"""ORC files as Arrow batches. https://orc.apache.org/specification/ORCv1/"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import dataset, orc

from lake.columns.moments import rebased, unwrapped
from lake.errors import InputRefused
from lake.reading.budgets import check_promise
from lake.reading.columnar.orc_batches import batch_rows
from lake.reading.columnar.orc_tail import OrcTail, check_alone, tail_of
from lake.reading.contents import Content

_DATE, _TIMESTAMP, _INSTANT = 15, 9, 18
_MOMENTS = (_TIMESTAMP, _INSTANT)
_SECONDS_TO_2015 = 1_420_070_400
"""ORC's timestamps count from 2015."""
_WORDS = {19: "a geometry", 20: "a geography"}


class OrcFile:
    """One ORC file. Raises what its library raises if its bytes are damaged."""

    title = "ORC"

    def __init__(self, content: Content) -> None:
        self._content = content
        self._tail: OrcTail = tail_of(content)
        if self._tail.is_encrypted:
            raise InputRefused(
                "the ORC file has encrypted columns, of which only masks can be read without a "
                "key: upload it unencrypted"
            )
        self._file = orc.ORCFile(content.open())
        columns = len(self._file.schema.names)
        check_promise(self.title, self.rows, columns, content.size)
        check_promise(self.title, self._tail.stripe_rows, columns, content.size)

    @property
    def rows(self) -> int:
        """Number of rows according to the footer, independent of what is read."""
        return int(self._file.nrows)

    @property
    def schema(self) -> pa.Schema:
        return self._file.schema

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Words for unsupported types of columns, where Arrow's type does not show them."""
        kinds = zip(self.schema.names, self._tail.kinds, strict=True)
        return {name: _WORDS[kind] for name, kind in kinds if kind in _WORDS}

    def batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._read()
        except Exception:
            check_alone(self._content, self._tail, everywhere=True)
            raise
        check_alone(self._content, self._tail)
        counted = self._tail.counted_rows
        if counted not in (None, self.rows):
            raise InputRefused(
                f"the ORC file is damaged, or its writer miscounts: it says that it has "
                f"{self.rows:,} rows, and its statistics count {counted:,}. Write it again"
            )

    def _read(self) -> Iterator[pa.RecordBatch]:
        names = self._of_kinds(*_MOMENTS)
        seconds = self._seconds(names)
        for batch in self._scanned(self._content, None):
            yield self._mended(batch, next(seconds) if names else None)

    def culprit(self) -> str:
        """Return the first column that cannot be read."""
        for name in self.schema.names:
            try:
                for _ in self._scanned(self._content, [name]):
                    pass
            except Exception:  # noqa: BLE001 - the cause is known already
                return str(name)
        return ""

    def _seconds(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        return self._scanned(self._content.tailed(self._tail.with_plain_seconds()), names)

    def _mended(self, batch: pa.RecordBatch, seconds: pa.RecordBatch | None) -> pa.RecordBatch:
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        if seconds is not None:
            if seconds.num_rows != batch.num_rows:
                raise ValueError("columns of the same length expected")
            columns |= {
                name: self._moments(columns[name], seconds.column(name))
                for name in seconds.schema.names
            }
        if self._tail.is_hybrid:
            columns |= {name: rebased(columns[name]) for name in self._of_kinds(_DATE)}
        return pa.record_batch(columns)

    def _moments(self, nanos: pa.Array, since_2015: pa.Array) -> pa.Array:
        seconds = pc.add(since_2015.cast(pa.int64()), _SECONDS_TO_2015)
        moments = unwrapped(seconds, nanos, nanos.type.tz)
        return rebased(moments) if self._tail.is_hybrid else moments

    def _of_kinds(self, *kinds: int) -> list[str]:
        found = zip(self.schema.names, self._tail.kinds, strict=True)
        return [name for name, kind in found if kind in kinds]

    def _scanned(self, content: Content, names: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        """Yield batches with little read-ahead: an archive may hold far more rows than memory."""
        fragment = dataset.OrcFileFormat().make_fragment(content.open())
        scanner = fragment.scanner(
            columns=names and list(names),
            batch_size=self._rows_at_once,
            batch_readahead=1,
            fragment_readahead=1,
            use_threads=False,
        )
        yield from scanner.to_batches()

    @cached_property
    def _rows_at_once(self) -> int:
        return batch_rows(self._content, self._tail)

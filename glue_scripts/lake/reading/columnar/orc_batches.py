"""How many rows of an ORC file are read at once, by the lengths of its texts.

The library makes a batch of so many rows, whatever these take: a text of a dictionary is spelled
out as often as it stands there. The lengths are in streams of their own, apart from the texts.
https://orc.apache.org/specification/ORCv1/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from lake.reading.budgets import BATCH_BYTES, BATCH_ROWS, check_parts, rows_at_once
from lake.reading.columnar.orc_runs import Numbers, numbers_in
from lake.reading.columnar.orc_tail import OrcTail, Stripe, all_of, fields_of, number_of
from lake.reading.contents import Content

_DATA, _LENGTH, _DICTIONARY = 1, 2, 3
"""Kinds of streams."""
_TEXTS = (7, 8, 16, 17)
"""Kinds of columns: string, binary, varchar, char."""
_IN_DICTIONARY = (1, 3)
_OF_VERSION_2 = (2, 3)
"""Kinds of encodings."""
_UNSURE_ROWS = 1024
_MOST_LENGTHS = 64 * 1024 * 1024
"""Bytes of unpacked lengths that are looked at."""


@dataclass(frozen=True)
class _Stream:
    kind: int
    column: int
    start: int
    size: int


def batch_rows(content: Content, tail: OrcTail) -> int:
    """Return the rows per batch. Raises InputRefused if blocks take too much memory.

    What is not understood is left to the library, which says what is wrong with it.
    """
    rows = rows_at_once([0.0] * len(tail.kinds))
    try:
        for stripe in tail.stripes:
            rows = min(rows, _rows_of(content, tail, stripe))
    except (IndexError, KeyError, OSError, TypeError, ValueError):
        rows = min(rows, _UNSURE_ROWS)
    return rows


def _rows_of(content: Content, tail: OrcTail, stripe: Stripe) -> int:
    footer = fields_of(tail.unpacked(bytes(content.read(stripe.footer, stripe.end))))
    streams = list(_streams(footer, stripe.start))
    if tail.codec != "none":
        blocks = sum(stream.size > 0 for stream in streams) * tail.block
        check_parts("ORC", "compressed blocks", blocks, content.size)
    by_column = {(stream.column, stream.kind): stream for stream in streams}
    encodings = [fields_of(item) for item in all_of(footer, 2)]
    texts = [
        _Texts(content, tail, stripe, by_column, column, number_of(encodings[column], 1))
        for column, kind in zip(tail.columns, tail.kinds, strict=True)
        if kind in _TEXTS
    ]
    rows = BATCH_ROWS
    while rows > 1 and sum(text.most(rows) for text in texts) > BATCH_BYTES:
        rows //= 2
    return rows


@dataclass
class _Texts:
    """The texts of one column of a stripe."""

    content: Content
    tail: OrcTail
    stripe: Stripe
    streams: Mapping[tuple[int, int], _Stream]
    column: int
    encoding: int
    _sums: Numbers | None = None

    def most(self, rows: int) -> int:
        """Return the most bytes that so many rows take when they are spelled out."""
        held = self._unpacked(_DICTIONARY if self._is_packed else _DATA)
        many = min(rows, self.stripe.rows)
        if held * (many if self._is_packed else 1) <= BATCH_BYTES // 8:
            return held * (many if self._is_packed else 1)
        if self._sums is None:
            self._sums = np.concatenate([[0], np.cumsum(self._lengths())])
        if self._is_packed:
            return int(np.diff(self._sums).max(initial=0)) * many
        step = min(many, len(self._sums) - 1)
        return int((self._sums[step:] - self._sums[: len(self._sums) - step]).max(initial=0))

    @property
    def _is_packed(self) -> bool:
        return self.encoding in _IN_DICTIONARY

    def _unpacked(self, kind: int) -> int:
        """Return the most bytes that a stream unpacks to, by its blocks' heads."""
        stream = self.streams.get((self.column, kind))
        if stream is None or self.tail.codec == "none":
            return stream.size if stream else 0
        held, place, end = 0, stream.start, stream.start + stream.size
        while place + 3 <= end:
            head = int.from_bytes(bytes(self.content.read(place, place + 3)), "little")
            held += head >> 1 if head & 1 else self.tail.block
            place += 3 + (head >> 1)
        return held

    def _lengths(self) -> Numbers:
        stream = self.streams[self.column, _LENGTH]
        if self._unpacked(_LENGTH) > _MOST_LENGTHS:
            raise ValueError("too many lengths")
        packed = bytes(self.content.read(stream.start, stream.start + stream.size))
        version = 2 if self.encoding in _OF_VERSION_2 else 1
        return numbers_in(
            self.tail.unpacked(packed, _MOST_LENGTHS), self.stripe.rows, version=version
        )


def _streams(footer: list[tuple[int, int | bytes]], start: int) -> Iterator[_Stream]:
    for item in all_of(footer, 1):
        fields = fields_of(item)
        size = number_of(fields, 3)
        yield _Stream(number_of(fields, 1), number_of(fields, 2), start, size)
        start += size

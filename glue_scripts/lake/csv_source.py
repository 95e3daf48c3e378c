"""How a CSV object is written: looking at its start, and here and there inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lake.column_types import ColumnType
from lake.compression import decompress, find_compression, first_block
from lake.decoding import (
    SINGLE_BYTE,
    Encoding,
    Utf8Census,
    decodes,
    find_encoding,
    to_utf8,
    up_to,
)
from lake.dialect import SAMPLE_BYTES
from lake.layout import CSV, Layout, find_layout, types_of
from lake.originals import READ_BYTES, Original, stored_blocks
from lake.records import MAX_RECORD_BYTES, first_record_start, no_line_end
from wires.contracts import CsvDemands

NOTHING_DEMANDED = CsvDemands()
_INNER_SAMPLES = 4
_INNER_SAMPLE_BYTES = 256 * 1024


def examine(
    original: Original, *, max_ratio: int, demands: CsvDemands = NOTHING_DEMANDED
) -> tuple[Layout, list[ColumnType]]:
    """The layout, and types that are likely. Raises InputRefused if it cannot be read as CSV."""
    for size in (SAMPLE_BYTES, 8 * SAMPLE_BYTES, MAX_RECORD_BYTES + READ_BYTES):
        layout, types, whole = _examine(original, size, max_ratio=max_ratio, demands=demands)
        if layout.columns or whole:
            break
    else:
        raise no_line_end()
    if layout.encoding == SINGLE_BYTE.name and not (whole or demands.encoding):
        sure = "cp1252" if is_single_byte(original, layout, max_ratio) else "utf-8"
        demands = replace(demands, encoding=sure)
        layout, types, _ = _examine(original, size, max_ratio=max_ratio, demands=demands)
    if layout.splittable and original.size > 2 * _INNER_SAMPLES * _INNER_SAMPLE_BYTES:
        for position in _inner_positions(original.size):
            sample = original.read(position, position + _INNER_SAMPLE_BYTES)
            start = first_record_start(sample, layout.dialect)
            seen = types_of(sample[start:], layout)
            types = [a.join(b) for a, b in zip(types, seen, strict=True)]
    return layout, types


def may_be_single_byte(layout: Layout) -> bool:
    """Whether the encoding is only presumed."""
    return layout.format == CSV and layout.encoding == "utf-8" and not layout.mark


def is_single_byte(original: Original, layout: Layout, max_ratio: int) -> bool:
    """Whether the whole text speaks against UTF-8."""
    census = Utf8Census()
    for block in decompress(stored_blocks(original), layout.compression, max_ratio=max_ratio):
        census.add(block)
    census.add(b"", final=True)
    return census.looks_single_byte


def _examine(
    original: Original, size: int, *, max_ratio: int, demands: CsvDemands
) -> tuple[Layout, list[ColumnType], bool]:
    head, stored = first_block(stored_blocks(original))
    compression = find_compression(head)
    start, plain = first_block(decompress(stored, compression, max_ratio=max_ratio))
    encoding = Encoding(demands.encoding) if demands.encoding else find_encoding(start)
    text = b"".join(up_to(cuttable(plain, encoding), size + 1))
    whole_file = len(text) <= size
    if encoding == Encoding() and _speaks_against_utf8(text[:size]):
        encoding = SINGLE_BYTE
    layout, types = find_layout(
        text[:size],
        whole_file=whole_file,
        compression=compression,
        encoding=encoding.name,
        mark=encoding.mark,
        demands=demands,
    )
    return layout, types, whole_file


def cuttable(plain: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """The text in a form in which records can be cut: one-byte encodings stay as they are."""
    return to_utf8(plain, Encoding() if encoding == SINGLE_BYTE else encoding)


def _speaks_against_utf8(sample: bytes) -> bool:
    if decodes(sample, "utf-8"):
        return False
    census = Utf8Census()
    census.add(sample)
    return census.looks_single_byte


def _inner_positions(size: int) -> list[int]:
    step = size // _INNER_SAMPLES
    inner = [step * i for i in range(1, _INNER_SAMPLES)]
    return [*inner, size - _INNER_SAMPLE_BYTES]

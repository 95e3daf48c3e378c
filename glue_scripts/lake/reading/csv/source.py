"""Inspection of a CSV object: its start, and some places inside."""

from __future__ import annotations

from dataclasses import replace

from lake.columns.types import ColumnType
from lake.errors import InputRefused
from lake.reading.compression import decompress, find_compression, first_block
from lake.reading.csv.dialect import SAMPLE_BYTES
from lake.reading.csv.layout import Sample, find_layout, types_of
from lake.reading.csv.record_boundaries import MAX_RECORD_BYTES, first_record_start, no_line_end
from lake.reading.decoding import (
    SINGLE_BYTE,
    Encoding,
    Utf8Census,
    decodes,
    find_encoding,
    to_utf8,
    up_to,
)
from lake.reading.encodings.detection import detect_encoding
from lake.reading.layout import CsvLayout, Layout
from lake.reading.originals import READ_BYTES, Original, stored_blocks
from lake.reading.presumption import Presumptions
from wires.contracts import CsvDemands

NOTHING_DEMANDED = CsvDemands()
_INNER_SAMPLES = 4
_INNER_SAMPLE_BYTES = 256 * 1024


def examine(
    original: Original,
    *,
    max_ratio: int,
    demands: CsvDemands = NOTHING_DEMANDED,
    presumptions: Presumptions | None = None,
) -> tuple[CsvLayout, list[ColumnType]]:
    """Return the layout and likely types. Raises InputRefused if it cannot be read as CSV."""
    if demands.encoding == SINGLE_BYTE.name:
        demands = replace(demands, encoding=_told(original, max_ratio))
    for size in (SAMPLE_BYTES, 8 * SAMPLE_BYTES, MAX_RECORD_BYTES + READ_BYTES):
        sample = _sample(original, size, max_ratio=max_ratio, demands=demands)
        if sample.is_other:
            other = _census(original, sample.compression, max_ratio)
            name = detect_encoding(other.told) if other.looks_single_byte else "utf-8"
            demands = replace(demands, encoding=name)
            sample = _sample(original, size, max_ratio=max_ratio, demands=demands)
        layout, types = find_layout(sample, demands, presumptions)
        if layout.fields or sample.whole_file:
            break
    else:
        raise no_line_end()
    if layout.splittable and original.size > 2 * _INNER_SAMPLES * _INNER_SAMPLE_BYTES:
        for position in _inner_positions(original.size):
            inner = original.read(position, position + _INNER_SAMPLE_BYTES)
            start = first_record_start(inner, layout.dialect)
            seen = types_of(inner[start:], layout)
            types = [a.join(b) for a, b in zip(types, seen, strict=True)]
    return layout, types


def may_be_single_byte(layout: Layout) -> bool:
    """Whether the encoding is only presumed to be UTF-8."""
    return isinstance(layout, CsvLayout) and layout.encoding == "utf-8" and not layout.mark


def is_single_byte(original: Original, layout: Layout, max_ratio: int) -> bool:
    """Whether the whole text is more likely in a one-byte encoding than in UTF-8."""
    return _census(original, layout.compression, max_ratio).looks_single_byte


def _told(original: Original, max_ratio: int) -> str:
    """Return the encoding of a file that is not in UTF-8, by all its lines."""
    head, _ = first_block(stored_blocks(original))
    return detect_encoding(_census(original, find_compression(head), max_ratio).told)


def _census(original: Original, compression: str, max_ratio: int) -> Utf8Census:
    census = Utf8Census()
    for block in decompress(stored_blocks(original), compression, max_ratio=max_ratio):
        census.add(block)
    census.add(b"", final=True)
    return census


def _sample(original: Original, size: int, *, max_ratio: int, demands: CsvDemands) -> Sample:
    head, stored = first_block(stored_blocks(original))
    compression = find_compression(head)
    start, plain = first_block(decompress(stored, compression, max_ratio=max_ratio))
    found = find_encoding(start)
    if demands.encoding:
        found = replace(found, name=demands.encoding) if _agree(found, demands) else found
    text = b"".join(up_to(to_utf8(plain, found), size + 1))
    return Sample(
        text=text[:size],
        whole_file=len(text) <= size,
        compression=compression,
        encoding=found,
        is_other=found == Encoding() and not demands.encoding and not _is_utf8(text, size),
    )


def _is_utf8(text: bytes, size: int) -> bool:
    whole = text if len(text) <= size else text[: text.rfind(b"\n") + 1 or size]
    return whole.isascii() or decodes(whole, "utf-8")


def _agree(found: Encoding, demands: CsvDemands) -> bool:
    """Return True. Raises InputRefused if a byte order mark contradicts the declared encoding."""
    if found.mark and found.name != demands.encoding:
        raise InputRefused(
            f"the byte order mark says {found.name}, the contract of the dataset says "
            f"{demands.encoding}: save the file in that, or leave csv: encoding out of the contract"
        )
    return True


def _inner_positions(size: int) -> list[int]:
    step = size // _INNER_SAMPLES
    inner = [step * i for i in range(1, _INNER_SAMPLES)]
    return [*inner, size - _INNER_SAMPLE_BYTES]

"""Damages files on their way, and tells what may still be demanded of them."""

from __future__ import annotations

import io
from dataclasses import replace

import pyarrow.parquet as pq

from fuzz.programs import Damage, File, Format, Harm
from fuzz.truth import Duty, Record, Standing, Written

_CHECKED = {"gzip", "bzip2"}
"""Compressions with a checksum of their contents."""
_PAGE_HEAD = 80
"""More bytes than the header of a page has, which no checksum covers."""


def damaged(file: File, written: Written) -> Written:
    damage = file.damage
    if damage is None or len(written.body) < 8:
        return written
    match damage.harm:
        case Harm.CUT_OFF:
            return _cut_off(file, written, damage)
        case Harm.FLIPPED:
            return _flipped(file, written, damage)
        case Harm.LIES:
            return _lying(file, written)
        case Harm.TRAILING:
            return _at_the_end(file, written)


def _place(damage: Damage, size: int) -> int:
    return min(size - 1, max(4, int(size * damage.where)))


def _cut_off(file: File, written: Written, damage: Damage) -> Written:
    """Cut the end off.

    Plain text keeps the records before the cut, and half a record, which may look whole.
    """
    at = _place(damage, len(written.body))
    body = written.body[:at]
    if file.format.is_columnar or file.compression:
        return replace(written, body=body).at_most(Duty.HONEST)
    if file.encoding != "utf-8" or file.format in (Format.JSON_LIST, Format.JSON_DOCUMENTS):
        return replace(written, body=body, duty=Duty.NONE)
    kept = [record for record in written.records if record.end <= at]
    if len(kept) < 3:
        return replace(written, body=body, duty=Duty.NONE)
    left = replace(written, body=body, records=tuple(kept), inventions=written.inventions + 1)
    return left.at_most(Duty.HONEST)


def _at_the_end(file: File, written: Written) -> Written:
    """Put something behind a file that is whole."""
    text = not (file.format.is_columnar or file.compression)
    body = written.body + (b"\n}}]]\n" if text else b"\0" * 16)
    told = not text or file.encoding == "utf-8"
    found = replace(written, body=body, inventions=2 if text else 0)
    return found.at_most(Duty.HONEST if told else Duty.NONE)


def _flipped(file: File, written: Written, damage: Damage) -> Written:
    body = bytearray(written.body)
    duty = Duty.HONEST if file.compression in _CHECKED else Duty.NONE
    at = _place(damage, len(body))
    if file.format is Format.PARQUET and not file.compression and file.rows:
        at, duty = _in_a_page(written.body, damage), Duty.HONEST
    body[at] ^= 1 << int(damage.where * 1000) % 8
    return replace(written, body=bytes(body)).at_most(duty)


def _in_a_page(body: bytes, damage: Damage) -> int:
    """Return the place of a byte that its page's checksum covers: the file is written with them."""
    metadata = pq.read_metadata(io.BytesIO(body))
    chunk = metadata.row_group(0).column(int(damage.where * metadata.num_columns))
    end = int(chunk.data_page_offset)
    start = int(chunk.dictionary_page_offset) if chunk.has_dictionary_page else end
    end = start + int(chunk.total_compressed_size)
    room = end - int(chunk.data_page_offset) - _PAGE_HEAD
    return end - 1 - (int(damage.where * 7919) % room if room > 1 else 0)


def _lying(file: File, written: Written) -> Written:
    """Change the count of rows in the file's index."""
    body, rows = written.body, file.rows
    patched = body
    if file.format is Format.PARQUET:
        patched = _first_in_footer(body, rows)
    elif file.format is Format.ORC:
        old, new = b"\x30" + _varint(rows), b"\x30" + _varint(rows + 2)
        postscript = len(body) - 1 - body[-1]
        patched = _replaced(body, old, new, body.rfind(old, 0, postscript))
    elif file.format is Format.AVRO:
        head = body.find(b"0123456789abcdef") + 16
        count = _zigzag(rows)
        if body.startswith(count, head):
            patched = body[:head] + _zigzag(rows + 2) + body[head + len(count) :]
    if patched == body:
        return written
    # Nobody can know whether rows or count are wrong, so the file is refused, or right.
    records = tuple(_doubtful(record) for record in written.records)
    return replace(written, body=patched, records=records).at_most(Duty.HONEST)


def _doubtful(record: Record) -> Record:
    return replace(record, standing=Standing.EITHER) if record.cells else record


def _first_in_footer(body: bytes, rows: int) -> bytes:
    size = int.from_bytes(body[-8:-4], "little")
    start = len(body) - 8 - size
    old, new = b"\x16" + _zigzag(rows), b"\x16" + _zigzag(rows + 2)
    return _replaced(body, old, new, body.find(old, start))


def _replaced(body: bytes, old: bytes, new: bytes, at: int) -> bytes:
    if at < 0 or len(old) != len(new):
        return body
    return body[:at] + new + body[at + len(old) :]


def _zigzag(number: int) -> bytes:
    return _varint(2 * number)


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])

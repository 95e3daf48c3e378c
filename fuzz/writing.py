"""Turns programs into the bytes of files."""

from __future__ import annotations

import bz2
import codecs
import gzip
from collections.abc import Callable, Mapping
from dataclasses import replace

import pyarrow as pa

from fuzz.columns_file import write_columns
from fuzz.csv_text import write_csv
from fuzz.damage import damaged
from fuzz.json_text import write_json
from fuzz.programs import File, Format
from fuzz.rivals import doubt
from fuzz.truth import Duty, Written

_MARKS = {
    "utf-8-sig": ("utf-8", codecs.BOM_UTF8),
    "utf-16-le": ("utf-16-le", codecs.BOM_UTF16_LE),
    "utf-16-be": ("utf-16-be", codecs.BOM_UTF16_BE),
}
"""Encodings with a byte order mark; the bytes of others do not tell their encoding."""


def write(file: File) -> Written:
    """Write a program's file, with the same bytes every time."""
    if file.format.is_columnar:
        written = write_columns(file)
    else:
        text, written = write_csv(file) if file.format is Format.CSV else write_json(file)
        if file.format is Format.CSV:
            written = written.at_most(doubt(file, text))
        written = _encoded(file, text, written)
    body = _COMPRESSIONS[file.compression](written.body)
    return damaged(file, replace(written, body=body))


def _encoded(file: File, text: str, written: Written) -> Written:
    name, mark = _MARKS.get(file.encoding, (file.encoding, b""))
    is_told = bool(mark) or name == "utf-8"
    body = mark + text.encode(name, "surrogateescape" if name == "utf-8" else "strict")
    told = is_told or (text.isascii() and body == text.encode())
    return replace(written, body=body).at_most(Duty.FULL if told else Duty.HONEST)


def _zstd(body: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(body, asbytes=True))


_COMPRESSIONS: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "gzip": lambda body: gzip.compress(body, compresslevel=6, mtime=0),
    "bzip2": bz2.compress,
    "zstd": _zstd,
}

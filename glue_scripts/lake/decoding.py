"""From stored bytes to UTF-8 text: byte order mark, encoding. Streams block by block."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from lake.compression import first_block
from lake.errors import InputRefused

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ESCAPED_BYTES = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Encoding:
    """How the text is spelled in bytes."""

    name: str = "utf-8"
    mark: bytes = b""
    """The byte order mark that the file starts with."""


SINGLE_BYTE = Encoding("cp1252")


class Utf8Census:
    """Counts, block by block, what speaks for UTF-8 and what against it."""

    def __init__(self) -> None:
        self.multi_byte = 0
        """Characters beyond ASCII that are spelled as UTF-8 demands."""
        self.stray = 0
        """Bytes that are not UTF-8."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")

    def add(self, block: bytes, *, final: bool = False) -> None:
        if block.isascii() and not self._decoder.getstate()[0]:
            return
        text = self._decoder.decode(block, final)
        stray = len(_ESCAPED_BYTES.findall(text))
        self.stray += stray
        self.multi_byte += len(text) - len(text.encode("ascii", "ignore")) - stray

    @property
    def looks_single_byte(self) -> bool:
        """Stray bytes outnumber proper UTF-8: the file is in a one-byte encoding."""
        return self.stray > self.multi_byte


def decodes(text: bytes, encoding: str) -> bool:
    """Whether there is a character for every byte."""
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def find_encoding(head: bytes) -> Encoding:
    """By the byte order mark; without one, UTF-8 until something speaks against it."""
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return Encoding(name, mark)
    return Encoding()


def to_utf8(blocks: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """The text in UTF-8, without byte order mark.

    In UTF-8 and in one-byte encodings, bytes that mean nothing are passed on as they are,
    for the cutter to quarantine their records. Raises InputRefused where UTF-16 or UTF-32
    does not decode, because nothing after the first damage can be trusted there.
    """
    head, source = first_block(blocks)
    source = chain([head.removeprefix(encoding.mark)], islice(source, 1, None))
    if encoding.name == "utf-8":
        yield from source
        return
    errors = "surrogateescape" if encoding == SINGLE_BYTE else "strict"
    decoder = codecs.getincrementaldecoder(encoding.name)(errors)
    try:
        for block in source:
            yield decoder.decode(block).encode("utf-8", errors)
        yield decoder.decode(b"", final=True).encode("utf-8", errors)
    except UnicodeError as error:
        raise InputRefused(
            f"the byte order mark says {encoding.name}, but the bytes do not decode ({error}): "
            "save the file again as UTF-8"
        ) from error


def up_to(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The first bytes of a text."""
    for block in blocks:
        yield block[:size]
        size -= len(block)
        if size <= 0:
            return

"""Decoding of stored bytes to UTF-8 text, block by block: byte order mark and encoding."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from lake.errors import InputRefused
from lake.reading.compression import first_block
from wires.contracts import ONE_BYTE_ENCODINGS
from wires.formats import wide_encoding

SINGLE_BYTE_ENCODINGS = frozenset(ONE_BYTE_ENCODINGS)
"""Text in these is cut as it is, and decoded when it is parsed: so it can be read in pieces."""
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ("utf-16", "utf-32")
_ESCAPE = b"\x1b"
_SWITCH = (_ESCAPE + b"$", _ESCAPE + b"(")
"""Sequences with which ISO-2022 switches to another alphabet."""


@dataclass(frozen=True)
class Encoding:
    """The encoding of a text."""

    name: str = "utf-8"
    mark: bytes = b""
    """The byte order mark that the file starts with."""


SINGLE_BYTE = Encoding("not utf-8")
"""Demanded for a file that is known not to be in UTF-8, before its encoding is known."""


class Utf8Census:
    """Counts, block by block, the lines that speak for UTF-8 and those that speak against it."""

    def __init__(self) -> None:
        self.multi_byte = 0
        """Lines with characters beyond ASCII that are valid UTF-8."""
        self.stray = 0
        """Lines with bytes that are not UTF-8."""
        self.told: dict[bytes, None] = {}
        """Some of the lines that are not UTF-8, each once."""
        self._rest = b""

    def add(self, block: bytes, *, final: bool = False) -> None:
        if block.isascii() and self._rest.isascii() and not final:
            self._rest = b""
            return
        text = self._rest + block
        end = len(text) if final else max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        self._rest = text[end:][-_LONGEST_LINE:]
        for line in text[:end].replace(b"\r", b"\n").split(b"\n"):
            if not line.isascii():
                self._judge(line)

    def _judge(self, line: bytes) -> None:
        if decodes(line, "utf-8"):
            self.multi_byte += 1
            return
        self.stray += 1
        if len(self.told) < _TOLD_LINES:
            self.told[line[:_LONGEST_LINE]] = None

    @property
    def looks_single_byte(self) -> bool:
        """Whether the text is in another encoding: more lines are not UTF-8 than are."""
        return self.stray > self.multi_byte


_LONGEST_LINE = 64 * 1024
_TOLD_LINES = 3000


def decodes(text: bytes, encoding: str) -> bool:
    """Whether the text can be decoded."""
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def is_foreign(record: bytes) -> bool:
    """Whether the record has characters beyond ASCII, and all are valid UTF-8."""
    return not record.isascii() and decodes(record, "utf-8")


def shown(raw: bytes, encoding: str) -> bytes:
    """Return a record for people, with its characters in UTF-8."""
    if encoding not in SINGLE_BYTE_ENCODINGS or raw.isascii():
        return raw
    return raw.decode(encoding, "backslashreplace").encode()


def find_encoding(head: bytes) -> Encoding:
    """Return the likely encoding of a text by its start.

    It is found by the byte order mark or, without one, by the zero bytes of UTF-16 and UTF-32 or by
    the escapes of ISO-2022; else it is UTF-8, until something contradicts that.
    """
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return Encoding(name, mark)
    if b"\0" in head[:4096]:
        return Encoding(wide_encoding(head) or "utf-8")
    # Searching for two letters takes far longer than for one.
    if _ESCAPE in head and any(switch in head for switch in _SWITCH) and head.isascii():
        return Encoding(
            "iso-2022-jp" if decodes(head[: head.rfind(b"\n") + 1], "iso-2022-jp") else "utf-8"
        )
    return Encoding()


def to_utf8(blocks: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """Yield the text in UTF-8, without byte order mark.

    Invalid bytes are passed on as they are, so that the cutter quarantines their records. Raises
    InputRefused if UTF-16, UTF-32 or ISO-2022 does not decode, because nothing after the first
    damage can be trusted there.
    """
    head, source = first_block(blocks)
    source = chain([head.removeprefix(encoding.mark)], islice(source, 1, None))
    if encoding.name == "utf-8" or encoding.name in SINGLE_BYTE_ENCODINGS:
        yield from source
        return
    strict = encoding.name.startswith((*_WIDE, "iso-2022"))
    errors = "strict" if strict else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding.name)(errors)
    try:
        for block in source:
            yield decoder.decode(block).encode("utf-8", errors)
        yield decoder.decode(b"", final=True).encode("utf-8", errors)
    except UnicodeError as error:
        told = "the byte order mark says" if encoding.mark else "the text seems to be in"
        raise InputRefused(
            f"{told} {encoding.name}, but the bytes do not decode ({_place(error)}): save the file "
            "again as UTF-8"
        ) from error


def _place(error: UnicodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        found = error.object[error.start : error.start + 4].hex(" ")
        return f"the bytes {found} are no character"
    return "half of a character"


def up_to(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes of a text."""
    for block in blocks:
        yield block[:size]
        size -= len(block)
        if size <= 0:
            return

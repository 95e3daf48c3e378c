"""Detects the format of a file by its first bytes.

The name counts in one case only: text that is named JSON is meant to be JSON.
"""

from __future__ import annotations

import bz2
import codecs
import re
import unicodedata
import zlib
from dataclasses import dataclass, replace
from enum import Enum

from wires.json_signs import name_says_json, start_says_json


class Kind(Enum):
    """How the data path treats a format."""

    TABULAR_TEXT = "text that may be CSV"
    OTHER_DATA = "data in another format"
    DROPPING = "left behind by an operating system"
    PROGRAM = "a program"
    NOT_DATA = "not data"


@dataclass(frozen=True)
class Format:
    """A format by name, as people know it."""

    name: str
    kind: Kind
    compression: str = ""

    @property
    def is_hidden(self) -> bool:
        """Whether a compression hides the content from detection here."""
        return self.compression == "zstd"


_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"PAR1", Format("Parquet", Kind.OTHER_DATA)),
    (b"PARE", Format("an encrypted Parquet file", Kind.NOT_DATA)),
    (b"Obj\x01", Format("Avro", Kind.OTHER_DATA)),
    (b"\x89PNG\r\n\x1a\n", Format("a PNG image", Kind.NOT_DATA)),
    (b"\xff\xd8\xff", Format("a JPEG image", Kind.NOT_DATA)),
    (b"GIF87a", Format("a GIF image", Kind.NOT_DATA)),
    (b"GIF89a", Format("a GIF image", Kind.NOT_DATA)),
    (b"%PDF-", Format("a PDF document", Kind.NOT_DATA)),
    (b"SQLite format 3\0", Format("an SQLite database", Kind.NOT_DATA)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format("an old Office document", Kind.NOT_DATA)),
    (b"PK\x03\x04", Format("a ZIP archive or Office document", Kind.NOT_DATA)),
    (b"PK\x05\x06", Format("an empty ZIP archive", Kind.NOT_DATA)),
    (b"7z\xbc\xaf\x27\x1c", Format("a 7z archive", Kind.NOT_DATA)),
    (b"Rar!\x1a\x07", Format("a RAR archive", Kind.NOT_DATA)),
    (b"\xfd7zXZ\x00", Format("an XZ file", Kind.NOT_DATA)),
    (b"\x7fELF", Format("a Linux program", Kind.PROGRAM)),
    (b"\xfe\xed\xfa\xce", Format("a macOS program", Kind.PROGRAM)),
    (b"\xfe\xed\xfa\xcf", Format("a macOS program", Kind.PROGRAM)),
    (b"\xce\xfa\xed\xfe", Format("a macOS program", Kind.PROGRAM)),
    (b"\xcf\xfa\xed\xfe", Format("a macOS program", Kind.PROGRAM)),
    (b"\xca\xfe\xba\xbe", Format("a Java class or macOS program", Kind.PROGRAM)),
    (b"#!/", Format("a script", Kind.PROGRAM)),
    (b"\x00\x05\x16\x07", Format("macOS file attributes", Kind.DROPPING)),
)
HEAD_BYTES = 65536
"""Bytes that are looked at, of each layer of compression."""
_MOST_LAYERS = 3
"""Layers that are unpacked. Readers take one; the next ones are for the reason that people get."""
BINARY = "binary data"
"""Name for bytes that match no other sign."""
_TEXT = Format("text", Kind.TABULAR_TEXT)
_NAMED_JSON = Format("JSON by its name", Kind.OTHER_DATA)
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_MARKUP_START = re.compile(rb"\s*<(!doctype|html|head|body|\?xml|svg)", re.IGNORECASE)
_WIDE_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[{\[\"\]])")
"""The start of JSON; two characters show their width even without a line end."""
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f") + b"\x7f"
_TOLERATED_CONTROL_SHARE = 0.05
_TOLERATED_CONTROLS = 8
"""A short CSV may contain a few control characters, such as a zero byte."""


def detect(head: bytes, name: str = "") -> Format:
    """Return the format of an object that starts with `head` (64 KiB tell all formats apart).

    If the content is any text, `name` decides: text that is named JSON is meant to be JSON. The
    work is bounded, whatever the bytes are: so much of each layer is looked at, and so many layers.
    """
    found = _by_content(head[:HEAD_BYTES])
    if found.kind is Kind.TABULAR_TEXT and not found.is_hidden and name_says_json(name):
        return replace(_NAMED_JSON, compression=found.compression)
    return found


def _by_content(head: bytes) -> Format:
    content, layers = head, 0
    outer = compression = _compression(head)
    while compression and layers < _MOST_LAYERS:
        content, layers = _unpacked(content, compression), layers + 1
        compression = _compression(content)
    if layers == 0:
        return _plain(content)
    if compression:
        return Format(f"data compressed more than {layers} times", Kind.NOT_DATA, outer)
    found = _inside(content)
    if layers > 1:
        times = "twice" if layers == 2 else f"{layers} times"
        return Format(f"{found.name} compressed {times}", Kind.NOT_DATA, outer)
    return replace(found, compression=outer)


def _compression(head: bytes) -> str:
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if is_bzip2(head):
        return "bzip2"
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") else ""


def _unpacked(head: bytes, compression: str) -> bytes:
    """Return the start of the content; empty if it is damaged or hidden."""
    try:
        if compression == "gzip":
            return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
        if compression == "bzip2":
            return bz2.BZ2Decompressor().decompress(head, HEAD_BYTES)
    except (OSError, zlib.error):
        return b""
    # The Lambda runtime has no zstd; the reader looks inside and refuses anything but text.
    return b""


def _inside(content: bytes) -> Format:
    """Return the format of what is compressed; what cannot be seen is left to the reader."""
    if content[257:262] == b"ustar":
        return Format("a TAR archive", Kind.NOT_DATA)
    return _plain(content) if content else _TEXT


def _plain(head: bytes) -> Format:
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    # Two letters are a weak sign: a CSV may begin with them, but a program soon has zero bytes.
    if head.startswith(b"MZ") and b"\0" in head[:64]:
        return Format("a Windows program", Kind.PROGRAM)
    if head.startswith(b"ORC") and any(byte in _CONTROL for byte in head[3:16]):
        return Format("ORC", Kind.OTHER_DATA)
    if head.startswith(_BYTE_ORDER_MARKS):
        return _json_or_text(head[3:]) if head.startswith(b"\xef\xbb\xbf") else _TEXT
    if b"\0" in head and wide_encoding(head):
        return _TEXT
    controls = len(head) - len(head.translate(None, _CONTROL))
    if controls > max(_TOLERATED_CONTROLS, len(head) * _TOLERATED_CONTROL_SHARE):
        return Format(BINARY, Kind.NOT_DATA)
    return _json_or_text(head)


def wide_encoding(head: bytes) -> str:
    """Detect UTF-16 or UTF-32 without a byte order mark; "" if `head` is neither."""
    for name, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        text = _decoded(head[: len(head) // width * width], name)
        if _WIDE_JSON.match(text):
            return name
        if text and _is_plain(text) and text.count("\n") * 2 > head.count(b"\n"):
            return name
    return ""


def _decoded(head: bytes, encoding: str) -> str:
    """Decode, ignoring a last character that is cut off; "" if the bytes are not text."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeError:
        return ""


def _is_plain(text: str) -> bool:
    """Return whether this is lines of ordinary characters, 5 % of them ASCII."""
    some = text[:4096]
    if "\n" not in some and "\r" not in some:
        return False
    odd = sum(unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs") for char in some)
    odd -= sum(char in "\t\r\n\f" for char in some)
    ascii_signs = sum(char in ",;|\t\r\n" or char.isascii() for char in some)
    return odd == 0 and ascii_signs * 20 >= len(some)


def _json_or_text(head: bytes) -> Format:
    if _MARKUP_START.match(head):
        return Format("an HTML or XML document", Kind.NOT_DATA)
    if start_says_json(head):
        lines = [line for line in head.split(b"\n") if line.strip()]
        many = len(lines) > 1 and all(line.lstrip()[:1] == b"{" for line in lines)
        return Format("JSON Lines" if many else "JSON", Kind.OTHER_DATA)
    return _TEXT


def is_bzip2(head: bytes) -> bool:
    """Return whether `head` is bzip2: its sign, then a block or the end of empty content."""
    return head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90")

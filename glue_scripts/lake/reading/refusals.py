"""Errors of libraries about files that they cannot read, in words for the uploader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lake.errors import InputRefused, LakeError

TITLES = {"parquet": "Parquet", "orc": "ORC", "avro": "Avro"}
_ABSURD_BYTES = 2**32
"""No valid size asks for so much memory at once."""
_ENCRYPTED = re.compile(r"[dD]ecrypt|[eE]ncrypt")
_CODEC = re.compile(r"(?:[Cc]odec|[Cc]ompression)\D*?(?:type|kind|for codec)?\W+'?(\w+)'?.*not ")
_CAUSES = (
    (r"CRC|checksum", "a page does not match its checksum, so bytes have changed since then"),
    (r"not the same size|same length", "its columns hold different numbers of rows"),
    (r"magic|not an? \w+ file|[Ii]nvalid footer|[Nn]ot an ORC", "its last bytes are not its end"),
    (r"physical column type|[Ii]nvalid.*type|type.*UNKNOWN", "its schema names an unknown type"),
    (r"[Ee]ncoding", "its values are in an encoding that is not known here"),
    (r"bit.?width", "a page says that its numbers have an impossible width"),
    (
        r"rep / def|repetition level|definition level",
        "a page holds other numbers of values than it says",
    ),
    (
        r"[Ii]ndex.*out of|[Dd]ictionary|no such branch",
        "a value refers to an entry that there is not",
    ),
    (r"too large to fit|out of (range|bounds)", "a number is larger than its type has room for"),
    (r"neither true nor false", "a truth value is neither true nor false"),
    (
        r"[Uu]nexpected end|EOF|[Ee]nd of (stream|file|data)|[Tt]runcated|bad read|bytes, read",
        "a part ends before its values do",
    ),
    (r"utf-?8|codec can't decode", "a name in it is no text"),
    (
        r"[Tt]hrift|protobuf|[Ff]ailed to parse|[Ff]ooter|stream (meta|not found)|postscript",
        "its description of itself cannot be read",
    ),
    (
        r"flatbuffers|IPC|metadata bytes|page header|fields",
        "its description of itself cannot be read",
    ),
    (r"[Mm]ap keys", "it describes a map as the format does not allow it"),
    (
        r"[Dd]ecompress|inflate|Codec failed|[Cc]orrupt|[Ss]nappy|ZSTD|zlib|[Ll][Zz]4",
        "a compressed part does not unpack",
    ),
)
_UNTOLD = "its bytes are not what the format says must stand there"


@contextmanager
def told_of(name: str, rows: Callable[[], int], culprit: Callable[[], str]) -> Iterator[None]:
    """Turn what a library raises into a refusal of the file.

    `rows` returns how many have been read, `culprit` the column at fault, or "".
    """
    try:
        yield
    except LakeError:
        raise
    except MemoryError as error:
        if not is_absurd(error):
            raise
        cause = "it says that a part of it is larger than any memory"
        raise InputRefused(_damaged(name, rows(), "", cause)) from error
    except Exception as error:  # damaged bytes make these libraries raise anything
        raise InputRefused(_reason(str(error), name, rows(), culprit())) from error


def joined(title: str, place: int) -> InputRefused:
    """Return the refusal of files that were concatenated.

    Formats with an index at one end are not made for that.
    """
    return InputRefused(
        f"the file is of several {title} files, put one behind the other: the first ends at byte "
        f"{place:,}, and of such a file only one would be read. Upload each by itself"
    )


def _reason(said: str, name: str, rows: int, column: str) -> str:
    title = TITLES[name]
    if _ENCRYPTED.search(said):
        what = f"the column '{column}' is" if column else f"the {title} file is"
        return f"{what} encrypted, and there is no key for it here: upload it unencrypted"
    if codec := _CODEC.search(said):
        return (
            f"the {title} file is compressed with {codec[1]}, which cannot be read here: write it "
            "with snappy, zstd or gzip"
        )
    cause = next((words for sign, words in _CAUSES if re.search(sign, said)), _UNTOLD)
    return _damaged(name, rows, column, cause)


def _damaged(name: str, rows: int, column: str, cause: str) -> str:
    behind = f" behind row {rows:,}" if rows else ""
    where = f", in the column '{column}'" if column else ""
    return (
        f"the {TITLES[name]} file is damaged{behind}{where}, or was not written to its end: "
        f"{cause}. Write and upload it again"
    )


def is_absurd(error: MemoryError) -> bool:
    """Whether so much memory was asked for that the bytes that told so must be damaged."""
    found = re.search(r"size (\d+)", str(error))
    return found is not None and int(found[1]) >= _ABSURD_BYTES

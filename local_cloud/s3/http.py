"""The HTTP side of large objects: bodies pass between socket and file a megabyte at a time.

Everything else about a request is left to moto.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

from local_cloud.errors import StorageError
from local_cloud.http.request import Environ
from local_cloud.s3.backend import RECEIVED_BODY
from local_cloud.s3.keys import FileKey
from local_cloud.s3.stored_bytes import ObjectStore

FindKey = Callable[[str, str, str | None], FileKey | None]

_BLOCK = 1 << 20
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def bucket_and_key(environ: Environ) -> tuple[str, str]:
    """Return both as the client named them: nothing is normalized, merged or decoded twice."""
    path = environ["RAW_URI"].partition("?")[0]
    bucket, _, key = path.lstrip("/").partition("/") if path[:2] != "//" else ("", "", "")
    return unquote(bucket), unquote(key)


def is_plain_write(environ: Environ) -> bool:
    """Whether a request is a PUT whose body is just the bytes of an object or of a part."""
    names = parse_qs(environ["QUERY_STRING"], keep_blank_values=True).keys()
    return (
        environ["REQUEST_METHOD"] == "PUT"
        and bool(bucket_and_key(environ)[1])
        and names <= {"partNumber", "uploadId", "x-id"}
        and "HTTP_X_AMZ_COPY_SOURCE" not in environ
    )


def receive_body(environ: Environ, store: ObjectStore) -> None:
    """Write the body to a file, and leave the request as if its body had been read."""
    source = environ["wsgi.input"]
    if environ.get("HTTP_X_AMZ_CONTENT_SHA256", "").startswith("STREAMING-"):
        trailer: dict[str, str] = {}
        stored = store.take(_signed_chunks(source, trailer))
        environ.update(_checksums(trailer))
    elif environ.get("wsgi.input_terminated"):
        stored = store.take(iter(lambda: source.read(_BLOCK), b""))
    else:
        stored = store.take(_exactly(source, int(environ.get("CONTENT_LENGTH") or 0)))
    algorithm = environ.get("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM", "").upper()
    if f"HTTP_X_AMZ_CHECKSUM_{algorithm}" not in environ:
        # moto would compute the checksum over the body, which is no longer there.
        environ.pop("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM", None)
    for name in ("HTTP_TRANSFER_ENCODING", "HTTP_X_AMZ_CONTENT_SHA256", "wsgi.input_terminated"):
        environ.pop(name, None)
    environ.update({RECEIVED_BODY: stored, "CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO()})


def answer_read(
    environ: Environ, find: FindKey
) -> tuple[str, list[tuple[str, str]], Iterable[bytes]] | None:
    """Return status, headers and body of a plain GET; None for what moto shall answer."""
    query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
    bucket, name = bucket_and_key(environ)
    conditions = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"}
    if environ["REQUEST_METHOD"] != "GET" or not name or not query.keys() <= {"versionId", "x-id"}:
        return None
    if conditions & environ.keys():
        return None
    key = find(bucket, name, query.get("versionId", [None])[0])
    if key is None or environ.get("HTTP_IF_MATCH", key.etag).strip('"') != key.etag.strip('"'):
        return None
    wanted = _wanted(environ.get("HTTP_RANGE", ""), key.size)
    if wanted is None:
        return None
    start, length = wanted
    headers = {**key.response_dict, **key.metadata, "Accept-Ranges": "bytes"}
    headers["content-length"] = str(length)
    status = "200 OK"
    if "HTTP_RANGE" in environ:
        status = "206 Partial Content"
        headers["content-range"] = f"bytes {start}-{start + length - 1}/{key.size}"
    spelled = [(name, str(value)) for name, value in headers.items()]
    return status, spelled, key.stored.blocks(start, length)


def _wanted(header: str, size: int) -> tuple[int, int] | None:
    """Return start and length, or None where S3 answers with an error or in its own way."""
    if not header:
        return 0, size
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if match is None or size == 0:
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last or 0), size)
        return (size - length, length) if length else None
    start, end = int(first), min(int(last or size - 1), size - 1)
    return (start, end - start + 1) if start <= end else None


def _exactly(source: Any, length: int) -> Iterator[bytes]:
    while length > 0:
        block = source.read(min(_BLOCK, length))
        if not block:
            raise StorageError(f"the body of an upload ended {length} bytes early")
        length -= len(block)
        yield block


def _signed_chunks(source: Any, trailer: dict[str, str]) -> Iterator[bytes]:
    """Decode `aws-chunked`: size in hexadecimal, bytes, …, size 0, trailing headers."""
    while length := int(source.readline().split(b";")[0].strip() or b"0", 16):
        yield from _exactly(source, length)
        source.readline()
    while line := source.readline().strip():
        name, _, value = line.decode().partition(":")
        trailer[name.strip().lower()] = value.strip()


def _checksums(trailer: dict[str, str]) -> Environ:
    return {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in trailer.items()
        if name.startswith("x-amz-checksum-")
    }

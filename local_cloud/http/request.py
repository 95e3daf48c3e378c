"""Parses a request into WSGI's environment, with the path as it was sent beside it."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from socket import socket
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)

Environ = dict[str, Any]
Headers = list[tuple[str, str]]

_LINE = 1 << 16
_HEADERS = 200
_AT_ONCE = 1 << 20
"""Bytes of a body that are read before the application is called."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_REFUSED = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def read_request(source: BinaryIO, connection: socket, *, port: int) -> Environ | None:
    """Return the next request of a connection; None if there is none, or it is not understood."""
    try:
        line = source.readline(_LINE)
        if not line.strip():
            return None
        method, target, version = line.decode("latin-1").split()
        headers = list(_headers(source))
        environ = {
            **_line(method, target, version),
            **_fields(headers),
            "SERVER_PORT": str(port),
            "REMOTE_PORT": str(_port_of(connection)),
        }
        if environ.get("HTTP_EXPECT", "").lower() == "100-continue":
            connection.sendall(_CONTINUE)
        environ["wsgi.input"] = _body(environ, source)
    except ValueError:
        connection.sendall(_REFUSED)
        return None
    return environ


def _port_of(connection: socket) -> int:
    """Return the port at the other end; 0 where connections have none."""
    name = connection.getpeername()
    return int(name[1]) if isinstance(name, tuple) else 0


def discard_body(environ: Environ, most: int) -> bool:
    """Read what the application has left of a body. False if that is more than `most` bytes."""
    body = environ["wsgi.unread"]
    while body is not None and body.left:
        most -= len(body.read(min(body.left, _LINE)) or b"")
        if most < 0:
            return False
    return True


def _headers(source: BinaryIO) -> Iterator[tuple[str, str]]:
    for _ in range(_HEADERS):
        line = source.readline(_LINE)
        if line in (b"\r\n", b"\n"):
            return
        name, colon, value = line.partition(b":")
        if not colon or name != name.strip():
            raise ValueError(f"no header: {line!r}")
        yield name.decode("latin-1"), value.strip().decode("latin-1")
    raise ValueError("too many headers")


def _line(method: str, target: str, version: str) -> Environ:
    path, _, query = target.partition("?")
    # A path that begins with two slashes is not the name of a host.
    plain = f"/{path.lstrip('/')}" if path.startswith("//") else path
    return {
        "REQUEST_METHOD": method,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(plain).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PROTOCOL": version,
        "SERVER_SOFTWARE": "local_cloud",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _fields(headers: Headers) -> Environ:
    """Return headers by WSGI's names; those with an underscore only if S3's metadata may be so."""
    fields: Environ = {}
    kept: Headers = []
    for name, value in headers:
        if "_" not in name:
            key = environ_key_for_header(name)
            fields[key] = f"{fields[key]},{value}" if key in fields else value
        elif should_preserve_original_header_name(name):
            kept.append((name, value))
    names: dict[str, str] = {}
    for name, value in kept:
        key = environ_key_for_header(name)
        if key not in fields or key in names:
            fields[key] = f"{fields[key]},{value}" if key in names else value
            names.setdefault(key, name)
    fields[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
    return fields


def _body(environ: Environ, source: BinaryIO) -> BinaryIO:
    """Return the body as a stream that ends where the body does. A small one is read at once."""
    environ["wsgi.unread"] = None
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        environ["wsgi.input_terminated"] = True
        unread: _Stretch = _Chunks(source)
    else:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length < 0:
            raise ValueError(f"a body of {length} bytes")
        if length <= _AT_ONCE:
            return io.BytesIO(source.read(length))
        unread = _Stretch(source, length)
    environ["wsgi.unread"] = unread
    return io.BufferedReader(unread, _LINE)


class _Stretch(io.RawIOBase):
    """A stream of the next `length` bytes."""

    def __init__(self, source: BinaryIO, length: int) -> None:
        self._source = source
        self.left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._source.read(min(len(buffer), self.left))
        self.left -= len(block)
        if not block:
            self.left = 0
        buffer[: len(block)] = block
        return len(block)


class _Chunks(_Stretch):
    """A body in chunks, each with its size in hexadecimal before it."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__(source, 0)
        self._start()

    def readinto(self, buffer: Any) -> int:
        read = super().readinto(buffer)
        if read and not self.left:
            self._source.readline(_LINE)
            self._start()
        return read

    def _start(self) -> None:
        self.left = int(self._source.readline(_LINE).split(b";")[0].strip() or b"0", 16)
        while not self.left and self._source.readline(_LINE).strip():
            pass

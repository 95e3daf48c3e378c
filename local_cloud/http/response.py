"""Sends what a WSGI application answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from email.utils import formatdate
from http import HTTPStatus
from socket import socket
from typing import Any

from local_cloud.http.request import Environ, Headers, discard_body

Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_DISCARDED = 64 << 20
"""Most bytes of an unread body that are read to keep its connection."""
_JOINED = 1 << 16
"""A first block up to this size goes out together with the headers."""
_BODYLESS = ("1", "204", "304")
logger = logging.getLogger(__name__)


def answer(application: Application, environ: Environ, connection: socket) -> bool:
    """Answer one request. True if the connection can serve another one."""
    started: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _: Any = None) -> None:
        started.append((status, headers))

    try:
        body = application(environ, start_response)
        try:
            blocks = iter(body)
            first = next(blocks, b"")
            status, headers = started[-1]
        except BaseException:
            _close(body)
            raise
    except Exception as error:
        logger.exception("%s %s", environ["REQUEST_METHOD"], environ["RAW_URI"])
        _send_failure(connection, error)
        return False
    try:
        is_whole = _Answer(environ, status, headers).send(connection, first, blocks)
    finally:
        _close(body)
    return is_whole and _may_stay(environ) and discard_body(environ, _DISCARDED)


class _Answer:
    """An answer, sent so that the client can tell where its body ends."""

    def __init__(self, environ: Environ, status: str, headers: Headers) -> None:
        self._head = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        names = {name.lower(): value for name, value in headers}
        self._is_bodyless = environ["REQUEST_METHOD"] == "HEAD" or status.startswith(_BODYLESS)
        self._length = int(names["content-length"]) if "content-length" in names else None
        self._is_chunked = self._length is None and environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        if "date" not in names:
            self._head.append(f"Date: {formatdate(usegmt=True)}")

    def send(self, connection: socket, first: bytes, others: Iterator[bytes]) -> bool:
        """Send the answer. False if only the end of the connection tells the client its end."""
        if self._is_bodyless:
            connection.sendall(self._headers())
            return True
        if self._length is None and self._is_chunked:
            self._head.append("Transfer-Encoding: chunked")
        elif self._length is None:
            self._head.append("Connection: close")
        sent = len(first)
        head, block = self._headers(), self._framed(first)
        connection.sendall(head + block if len(block) <= _JOINED else head)
        if len(block) > _JOINED:
            connection.sendall(block)
        for other in others:
            sent += len(other)
            connection.sendall(self._framed(other))
        if self._is_chunked:
            connection.sendall(b"0\r\n\r\n")
        return self._is_chunked or sent == self._length

    def _headers(self) -> bytes:
        return "\r\n".join([*self._head, "", ""]).encode("latin-1")

    def _framed(self, block: bytes) -> bytes:
        if not self._is_chunked or not block:
            return block
        return b"%x\r\n%b\r\n" % (len(block), block)


def _may_stay(environ: Environ) -> bool:
    asks_to_close = environ.get("HTTP_CONNECTION", "").lower() == "close"
    return environ["SERVER_PROTOCOL"] == "HTTP/1.1" and not asks_to_close


def _send_failure(connection: socket, error: Exception) -> None:
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    text = f"{type(error).__name__}: {error}".encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    )
    connection.sendall(head.encode() + text)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()

"""Listens, and gives each connection a thread that serves its requests until it is closed.

werkzeug's own server makes a connection and a thread for each request, which take longer than
the AWS of this process needs for its answer.
"""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from typing import Any

from local_cloud.http.request import Environ, read_request
from local_cloud.http.response import Application, answer

logger = logging.getLogger(__name__)


class HttpServer:
    """Serves one WSGI application from its construction to `close`."""

    def __init__(self, application: Application, *, host: str, port: int) -> None:
        self._application = application
        self._listener = socket.create_server((host, port), backlog=128)
        self._host = host
        self.port: int = self._listener.getsockname()[1]
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._closing = threading.Event()
        self._acceptor = threading.Thread(target=self._accept, name="http", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """End every connection, even if its client still uses it."""
        self._closing.set()
        # A new connection wakes up the thread that waits for one.
        with suppress(OSError):
            socket.create_connection((self._host, self.port)).close()
        self._acceptor.join()
        self._listener.close()
        for connection, thread in list(self._connections.items()):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                logger.exception("a connection could not be taken")
                continue
            if self._closing.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._connections[connection] = thread
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # An answer is written in one go: nothing is gained by waiting for more of it.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb", 1 << 16) as source:
                environ = self._next(connection, source)
                while environ and answer(self._application, environ, connection):
                    environ = self._next(connection, source)
        except OSError:
            logger.debug("a client has gone", exc_info=True)
        finally:
            self._connections.pop(connection, None)

    def _next(self, connection: socket.socket, source: Any) -> Environ | None:
        return None if self._closing.is_set() else read_request(source, connection, port=self.port)

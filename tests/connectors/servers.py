"""A real HTTP server on loopback: it has rows, pages them in each way, and misbehaves on demand."""

from __future__ import annotations

import base64
import gzip
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass
class Reply:
    """What a request is answered; None as body closes the connection without a word."""

    status: int = 200
    body: bytes | None = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    claimed_bytes: int | None = None
    """Content-Length, where it is not the truth."""


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


Fault = Callable[[Reply], Reply]


def status(code: int, **headers: str) -> Fault:
    """Answer with a status instead."""
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Reply(code, b'{"message": "not now"}', spelled)


def hang_up(_: Reply) -> Reply:
    return Reply(body=None)


def truncate(reply: Reply) -> Reply:
    """Say how long the answer is, and send half of it."""
    body = reply.body or b""
    return Reply(reply.status, body[: len(body) // 2], reply.headers, claimed_bytes=len(body))


def truncate_unnoticed(reply: Reply) -> Reply:
    """Send half of the answer as if it were all of it."""
    body = reply.body or b""
    return Reply(reply.status, body[: len(body) // 2], reply.headers)


def html(_: Reply) -> Reply:
    return Reply(200, b"<html>We will be back soon</html>")


class ApiServer:
    """Rows behind `/rows`, as lists with what each way of paging needs around them."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = [dict(row) for row in rows]
        self.faults: dict[int, Fault] = {}
        """By the number of the request, from 1; each is played once."""
        self.asked: list[Asked] = []
        self.allows: Callable[[Asked], bool] = lambda _: True
        self.size = 3
        self.total_told: Callable[[int], int] = lambda rows: rows
        self.answers: Callable[[Asked], Reply] | None = None
        """Answers everything else than usual, if it is there."""
        self.tokens = 0
        self.compresses = False
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/rows"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    port = 0

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            fault = self.faults.pop(len(self.asked), None)
        reply = self._usual(asked)
        if self.compresses and reply.body:
            packed = gzip.compress(reply.body)
            reply = Reply(reply.status, packed, {**reply.headers, "Content-Encoding": "gzip"})
        return fault(reply) if fault else reply

    def _usual(self, asked: Asked) -> Reply:
        if asked.path == "/token":
            return self._token(asked)
        if not self.allows(asked):
            return Reply(401, b'{"message": "who are you?"}')
        if self.answers:
            return self.answers(asked)
        return self._graphql(asked) if asked.path == "/graphql" else self._page(asked)

    def _token(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        self.tokens += 1
        pair = base64.b64decode(asked.headers.get("authorization", "Basic ")[6:]).decode()
        if pair != "me:hush-hush" or form["grant_type"] != "client_credentials":
            return Reply(400, b'{"error": "invalid_client", "hint": "hush-hush"}')
        token = {"access_token": f"token-number-{self.tokens}", "expires_in": 3600}
        return Reply(200, json.dumps(token).encode())

    def _page(self, asked: Asked) -> Reply:
        given = asked.parameters
        rows = self._between(given.get("since", ""), given.get("until", ""))
        start = (
            (int(given["page"]) - 1) * self.size
            if "page" in given
            else int(given.get("offset") or given.get("cursor") or given.get("at") or 0)
        )
        paged = {"page", "offset", "cursor", "at", "by"} & given.keys()
        end = start + self.size if paged else len(rows)
        more = end < len(rows)
        answer = {
            "items": rows[start:end],
            "meta": {
                "total": self.total_told(len(rows)),
                "next": str(end) if more else None,
                "more": more,
                "link": self._linked(given, end) if more else None,
            },
        }
        headers = {"Link": f'<{self._linked(given, end)}>; rel="next"'} if more else {}
        return Reply(200, json.dumps(answer).encode(), headers)

    def _linked(self, given: Mapping[str, str], at: int) -> str:
        kept = {name: value for name, value in given.items() if name != "at"}
        return f"/rows?{urlencode({**kept, 'at': at})}"

    def _graphql(self, asked: Asked) -> Reply:
        said = json.loads(asked.body)
        given = said["variables"]
        rows = self._between(given.get("since") or "", given.get("until") or "")
        start = int(given.get("after") or 0)
        end = start + int(given["first"])
        answer = {
            "edges": [{"cursor": "x", "node": row} for row in rows[start:end]],
            "pageInfo": {"hasNextPage": end < len(rows), "endCursor": str(end)},
        }
        return Reply(200, json.dumps({"data": {"rows": answer}}).encode())

    def _between(self, since: str, until: str) -> list[dict[str, Any]]:
        return [
            row
            for row in self.rows
            if "at" not in row
            or ((not since or row["at"] >= since) and (not until or row["at"] < until))
        ]


@contextmanager
def serving(server: ApiServer, *, certificate: Path | None = None) -> Iterator[ApiServer]:
    """Have a server answer until the block ends; by TLS if there is a certificate with its key."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                method=self.command,
                path=parts.path,
                parameters={n: v[0] for n, v in parse_qs(parts.query).items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(size),
            )
            self._send(server.reply(asked))

        do_POST = do_GET  # noqa: N815 - as http.server calls it

        def _send(self, reply: Reply) -> None:
            if reply.body is None:
                self.close_connection = True
                return
            length = len(reply.body) if reply.claimed_bytes is None else reply.claimed_bytes
            self.close_connection = length != len(reply.body)
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(length)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def handle(self) -> None:
            # A client that does not trust the certificate hangs up.
            with suppress(ssl.SSLError, ConnectionError):
                super().handle()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = listening.server_address[1]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()

"""One request to an allowed host, and its answer, whole or not at all."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Mapping
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from connectors.errors import AddressRefused, AnswerUnread
from connectors.http.addresses import Addresses
from connectors.http.connections import checked_pools
from connectors.http.messages import Answer, Request, place_of

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_PIECE = 2**16
_GZIP = b"\x1f\x8b"
_AGENT = "glue-etl-pipeline"


class BrokenExchange(Exception):
    """No answer, or not a whole one: worth another attempt."""


class Transport:
    """Sends requests to a source's own hosts, and to nobody else."""

    def __init__(
        self, *, origins: frozenset[str], addresses: Addresses, timeout: float, most_bytes: int
    ) -> None:
        """Take origins such as `https://api.example.com`, with a port that is not the usual one."""
        self._origins = origins
        self._pools = checked_pools(addresses)
        self._timeout = urllib3.Timeout(connect=timeout, read=timeout)
        self._most_bytes = most_bytes

    def close(self) -> None:
        self._pools.clear()

    def send(self, request: Request, headers: Mapping[str, str]) -> Answer:
        """Send a request, and follow redirects that stay within the hosts.

        Raises AddressRefused for another host or address, BrokenExchange if no whole answer came,
        AnswerUnread for one that is too large.
        """
        url = request.address
        for _ in range(_MOST_REDIRECTS):
            answer = self._exchange(request, url, headers)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not target:
                return answer
            url = urljoin(url, target)
            if request.method != "GET" and answer.status not in (307, 308):
                raise AnswerUnread(
                    f"{place_of(request.url)} redirects {request.method} to {place_of(url)}, which "
                    "would drop what was sent: give the source that address"
                )
        raise AnswerUnread(f"{place_of(request.url)} redirects more than {_MOST_REDIRECTS} times")

    def _exchange(self, request: Request, url: str, headers: Mapping[str, str]) -> Answer:
        body = None if request.body is None else json.dumps(request.body).encode()
        sent = {
            "User-Agent": _AGENT,
            "Accept-Encoding": "gzip",
            **({"Content-Type": "application/json"} if body is not None else {}),
            **dict(request.headers),
            **headers,
        }
        return self.exchange(request.method, url, body, sent)

    def exchange(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """Send exactly this, once, to an allowed host. Raises as `send` does."""
        self._check_origin(url)
        try:
            response = self._pools.request(
                method,
                url,
                body=body,
                headers=dict(headers),
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                return Answer(
                    status=response.status,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=self._unzipped(self._read(response)),
                )
            finally:
                # A connection with an answer that was not read to its end is of no further use.
                response.close()
                response.release_conn()
        except (HTTPError, OSError, EOFError, zlib.error) as error:
            # What urllib3 says has the whole address in it, with what may be secret.
            raise BrokenExchange(f"{place_of(url)}: {type(error).__name__}") from None

    def _read(self, response: urllib3.BaseHTTPResponse) -> bytes:
        pieces = io.BytesIO()
        for piece in response.stream(_PIECE, decode_content=True):
            pieces.write(piece)
            self._check_size(pieces.tell())
        return pieces.getvalue()

    def _unzipped(self, body: bytes) -> bytes:
        """Return a body, of which some servers send a file that is compressed by itself."""
        if not body.startswith(_GZIP):
            return body
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            found = file.read(self._most_bytes + 1)
        self._check_size(len(found))
        return found

    def _check_size(self, size: int) -> None:
        if size > self._most_bytes:
            raise AnswerUnread(
                f"an answer has more than {self._most_bytes:,} bytes: ask for smaller pages, or "
                "raise api.limits.bytes_per_answer"
            )

    def _check_origin(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.username is not None or origin_of(parts) not in self._origins:
            raise AddressRefused(
                f"{place_of(url)} is not at a host of the source's file "
                f"({', '.join(sorted(self._origins))}): if it belongs to it, add it to api.hosts"
            )


_PORTS = {"http": 80, "https": 443}


def origin_of(parts: SplitResult) -> str:
    """Return scheme, host and port as one text; the usual port is left out."""
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    port = parts.port
    return f"{scheme}://{host}" + (f":{port}" if port and port != _PORTS.get(scheme) else "")

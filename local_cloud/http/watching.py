"""Lets somebody watch each call of AWS, and stand in its way: before it is served, and after."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote

from local_cloud.calls import caller_of, operation_of
from local_cloud.http.request import Environ

Serve = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, kw_only=True)
class WatchedCall:
    """One call, as whoever watches sees it."""

    caller: str
    """Value of `CALLER_VARIABLE` in the calling process; "" where it is not set."""
    service: str
    operation: str
    access_key: str
    """Tells the session, and so the run, that calls."""
    path: str
    """Bucket and key, without a slash before them; "" for most other services."""
    body: bytes
    """The content of calls other than S3's."""
    port: int
    """Port at the caller's end, by which the system knows the process."""


@dataclass(frozen=True)
class Answer:
    """What is answered in place of the service."""

    status: str
    content_type: str
    body: bytes


class Watcher(Protocol):
    """Called from the threads of the endpoint, several at once."""

    def before(self, call: WatchedCall) -> Answer | None:
        """Return an answer if the service must not see the call."""

    def after(self, call: WatchedCall) -> None:
        """Called when the service has done what was asked, before the caller hears of it."""


class Watching:
    """The watcher of an endpoint, while there is one."""

    def __init__(self) -> None:
        self._watcher: Watcher | None = None

    @contextmanager
    def by(self, watcher: Watcher) -> Iterator[None]:
        """Have one watcher for the block. Raises RuntimeError if there is another one."""
        if self._watcher is not None:
            raise RuntimeError("expected no other watcher of this cloud: one at a time")
        self._watcher = watcher
        try:
            yield
        finally:
            self._watcher = None

    def serve(
        self, service: str, environ: Environ, start_response: Callable[..., Any], serve: Serve
    ) -> Iterable[bytes]:
        """Serve a call between the two looks of the watcher."""
        watcher = self._watcher
        if watcher is None:
            return serve(environ, start_response)
        call = _watched(service, environ)
        answer = watcher.before(call)
        if answer is not None:
            length = ("content-length", str(len(answer.body)))
            start_response(answer.status, [("content-type", answer.content_type), length])
            return [answer.body]
        served = serve(environ, start_response)
        watcher.after(call)
        return served


def _watched(service: str, environ: Environ) -> WatchedCall:
    body = environ["wsgi.input"]
    credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    return WatchedCall(
        caller=caller_of(environ),
        service=service,
        operation=operation_of(service, environ),
        access_key=credential.partition("/")[0],
        path=unquote(environ["RAW_URI"].partition("?")[0].lstrip("/")),
        body=body.getvalue() if service != "s3" and isinstance(body, io.BytesIO) else b"",
        port=int(environ["REMOTE_PORT"]),
    )

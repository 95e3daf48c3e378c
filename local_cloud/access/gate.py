"""The gate of the HTTP endpoint: serves what is allowed, and answers the rest with refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from local_cloud.access.call import AwsCall
from local_cloud.access.control import AccessControl
from local_cloud.access.needs.files import needs_of_reading, needs_of_writing
from local_cloud.access.needs.need import Need
from local_cloud.access.needs.s3 import listing
from local_cloud.access.refusal import Refusal
from local_cloud.access.sessions import Session
from local_cloud.http.request import Environ

FILES = "/_local_cloud/files"
"""Address at which Spark's driver asks before it opens `s3://` paths as files. No bucket can have
such a name."""

StartResponse = Callable[..., Any]
Serve = Callable[[Environ, StartResponse], Iterable[bytes]]


class Gate:
    """Stands before the application that serves calls."""

    def __init__(self, control: AccessControl, serve: Serve) -> None:
        self._control = control
        self._serve = serve

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        call = AwsCall(environ)
        session = self._control.sessions.find(call.access_key)
        if environ["RAW_URI"] == FILES:
            return self._judge_files(call, session, start_response)
        if session is None:
            return self._serve_people(call, start_response)
        refused = self._control.refusal_of_call(call, session)
        if refused is not None:
            return refused.answer(call, start_response)
        if call.service == "s3" and call.method in ("GET", "HEAD"):
            return self._serve_or_hide(call, session, start_response)
        return self._serve(environ, start_response)

    def _serve_people(self, call: AwsCall, start_response: StartResponse) -> Iterable[bytes]:
        body = self._serve(call.environ, start_response)
        if call.service in ("iam", "kms"):
            self._control.policies.forget()
        return body

    def _serve_or_hide(
        self, call: AwsCall, session: Session, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve a call, but do not tell who may not list the bucket that an object is missing."""
        started: list[tuple[Any, ...]] = []
        body = self._serve(call.environ, lambda *answer: started.append(answer))
        status, *others = started[-1]
        bucket, _, key = call.path.removeprefix("/").partition("/")
        if key and status.startswith("404"):
            facts = self._control.facts
            refused = self._control.refusal_of(session, [listing(bucket, facts)])
            if refused is not None:
                return refused.answer(call, start_response)
        start_response(status, *others)
        return body

    def _judge_files(
        self, call: AwsCall, session: Session | None, start_response: StartResponse
    ) -> Iterable[bytes]:
        refused: Refusal | None = None
        if session is not None:
            refused = self._control.refusal_of(session, self._needs_of_files(call))
        body = b"" if refused is None else refused.message.encode()
        status = "200 OK" if refused is None else "403 Forbidden"
        start_response(status, [("content-length", str(len(body)))])
        return [body]

    def _needs_of_files(self, call: AwsCall) -> Iterator[Need]:
        asked = json.loads(call.body)
        for location in asked["reads"]:
            yield from needs_of_reading(location, self._control.facts)
        for location in asked["writes"]:
            yield from needs_of_writing(location, self._control.facts)

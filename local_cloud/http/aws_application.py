"""Entry to the AWS in this process: one request at a time, except where bytes flow."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import Any

from local_cloud.access.control import AccessControl
from local_cloud.access.gate import FILES, Gate
from local_cloud.calls import Calls
from local_cloud.http.request import Environ
from local_cloud.http.watching import Watching
from local_cloud.moto_application import MotoApplication
from local_cloud.moto_lock import moto_lock
from local_cloud.s3.http import (
    FindKey,
    answer_read,
    bucket_and_key,
    is_plain_write,
    receive_body,
)
from local_cloud.s3.stored_bytes import ObjectStore


class AwsApplication:
    """moto's HTTP application behind a gate, with the bodies of objects handled before it."""

    def __init__(
        self,
        *,
        find_key: FindKey,
        store: ObjectStore,
        calls: Calls,
        access: AccessControl,
        watching: Watching,
    ) -> None:
        self._find_key = find_key
        self._store = store
        self._calls = calls
        self._watching = watching
        self._moto = MotoApplication()
        self._gate = Gate(access, self._serve)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["RAW_URI"] == FILES:
            return self._gate(environ, start_response)
        service = _service(environ)
        self._calls.note(service, environ)
        return self._watching.serve(service, environ, start_response, self._gate)

    def _serve(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        service = _service(environ)
        # moto takes a key from RAW_URI, but routes by PATH_INFO with a pattern that stops at a
        # line end.
        environ["PATH_INFO"] = environ["PATH_INFO"].replace("\n", "_").replace("\r", "_")
        if service == "s3" and bucket_and_key(environ)[1]:
            answer = answer_read(environ, self._find_key)
            if answer is not None:
                status, headers, body = answer
                start_response(status, headers)
                return body
            if is_plain_write(environ):
                receive_body(environ, self._store)
        if service == "lambda" or _may_wait(environ):
            return self._answer(environ, start_response)
        with moto_lock:
            return self._answer(environ, start_response)

    def _answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._moto(environ, start_response)
        return answer


def _service(environ: Environ) -> str:
    """Return the service in the signature's scope; S3 for unsigned requests, as moto does."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    return scope[3] if len(scope) > 3 else "s3"


def _may_wait(environ: Environ) -> bool:
    """Whether a call may sleep until a message comes, for which others need the lock."""
    if environ.get("HTTP_X_AMZ_TARGET") != "AmazonSQS.ReceiveMessage":
        return False
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return bool(json.loads(body).get("WaitTimeSeconds", 1) > 0)

"""Counts the calls of AWS by caller and kind: on AWS each has its price and its time."""

from __future__ import annotations

import io
import re
import threading
from collections import Counter
from dataclasses import dataclass
from urllib.parse import parse_qs

from local_cloud.http.request import Environ

CALLER_VARIABLE = "AWS_SDK_UA_APP_ID"
"""Environment variable whose value is in the user agent of each call that a process makes.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html
"""
_CALLER = re.compile(r"\bapp/(\S+)")
_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_OBJECT = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
_PARTS = {
    ("GET", "tagging"): "GetObjectTagging",
    ("PUT", "tagging"): "PutObjectTagging",
    ("PUT", "partNumber"): "UploadPart",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("POST", "delete"): "DeleteObjects",
    ("GET", "versions"): "ListObjectVersions",
    ("GET", "list-type"): "ListObjectsV2",
}


@dataclass(frozen=True, order=True)
class Call:
    """One kind of call."""

    caller: str
    """Value of `CALLER_VARIABLE` in the calling process; "" where it is not set."""
    service: str
    operation: str


class Calls:
    """Counts calls."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._counts: Counter[Call] = Counter()

    def note(self, service: str, environ: Environ) -> None:
        call = Call(caller_of(environ), service, operation_of(service, environ))
        with self._turn:
            self._counts[call] += 1

    def counts(self) -> Counter[Call]:
        """Return the counts so far."""
        with self._turn:
            return self._counts.copy()


def caller_of(environ: Environ) -> str:
    """Return the value of `CALLER_VARIABLE` in the calling process; "" where it is not set."""
    found = _CALLER.search(environ.get("HTTP_USER_AGENT", ""))
    return found[1] if found else ""


def operation_of(service: str, environ: Environ) -> str:
    """Return the operation's name in the service's reference; method and path for rare calls."""
    if target := environ.get("HTTP_X_AMZ_TARGET", ""):
        return str(target.rpartition(".")[2])
    if service == "s3":
        return _of_s3(environ)
    return _in_form(environ) or f"{environ['REQUEST_METHOD']} {environ['RAW_URI']}"


def _in_form(environ: Environ) -> str:
    """Return the operation that a form names, as calls of older services have it; "" if none."""
    body = environ["wsgi.input"]
    found = _ACTION.search(body.getvalue()) if isinstance(body, io.BytesIO) else None
    return found[1].decode() if found else ""


def _of_s3(environ: Environ) -> str:
    method = str(environ["REQUEST_METHOD"])
    query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
    for (asked, name), operation in _PARTS.items():
        if asked == method and name in query:
            return operation
    bucket, _, key = environ["RAW_URI"].partition("?")[0].lstrip("/").partition("/")
    if not key:
        return f"{method} bucket {bucket}"
    if "HTTP_X_AMZ_COPY_SOURCE" in environ:
        return "CopyObject"
    return _OBJECT.get(method, f"{method} of an object")

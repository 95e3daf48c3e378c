"""Calls of AWS as they arrive, with their parameters, whatever the service's protocol."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote

from local_cloud.http.request import Environ

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,\s]+)/(?P<scope>[^,\s]*)")


@dataclass(frozen=True)
class AwsCall:
    """One request. Its body is read when a parameter is asked for, and left as if unread."""

    environ: Environ

    @cached_property
    def _signature(self) -> tuple[str, list[str]]:
        """Return the access key, and date, region and service of the signature's scope."""
        found = _CREDENTIAL.search(self.environ.get("HTTP_AUTHORIZATION", ""))
        if found is not None:
            return found["key"], found["scope"].split("/")
        presigned = parse_qs(self.environ["QUERY_STRING"]).get("X-Amz-Credential", [""])[0]
        key, _, scope = presigned.partition("/")
        return key, scope.split("/")

    @property
    def access_key(self) -> str:
        """The access key id; "" for a request that nobody has signed."""
        return self._signature[0]

    @property
    def region(self) -> str:
        return self._part_of_scope(1)

    @property
    def service(self) -> str:
        """Name of the service as signatures have it; S3 for requests that nobody has signed."""
        return self._part_of_scope(2) or "s3"

    @property
    def operation(self) -> str:
        """Name of the operation in a header or a form; "" for services that name it by the path."""
        target: str = self.environ.get("HTTP_X_AMZ_TARGET", "")
        return target.rpartition(".")[2] or str(self._form.get("Action", ""))

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        if "HTTP_X_AMZ_TARGET" in self.environ:
            content: Mapping[str, Any] = json.loads(self.body or b"{}")
            return content
        return self._form

    @cached_property
    def query(self) -> Mapping[str, str]:
        """Parameters in the address; those without a value are there, and empty."""
        given = parse_qs(self.environ["QUERY_STRING"], keep_blank_values=True)
        return {name: values[0] for name, values in given.items()}

    @property
    def method(self) -> str:
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The path as it was sent, decoded once."""
        return unquote(str(self.environ["RAW_URI"]).partition("?")[0])

    def header(self, name: str) -> str:
        """Return a header's value; "" if it was not sent."""
        return str(self.environ.get(f"HTTP_{name.upper().replace('-', '_')}", ""))

    @cached_property
    def body(self) -> bytes:
        source = self.environ["wsgi.input"]
        if isinstance(source, io.BytesIO):
            return source.getvalue()
        body: bytes = source.read()
        self.environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        return body

    @cached_property
    def _form(self) -> Mapping[str, str]:
        if "x-www-form-urlencoded" not in self.environ.get("CONTENT_TYPE", ""):
            return {}
        given = parse_qs(self.body.decode(), keep_blank_values=True)
        return {name: values[0] for name, values in given.items()}

    def _part_of_scope(self, place: int) -> str:
        scope = self._signature[1]
        return scope[place] if len(scope) > place else ""

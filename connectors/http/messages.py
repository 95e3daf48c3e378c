"""Requests and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from wires.api_sources import Pairs


@dataclass(frozen=True, kw_only=True, repr=False)
class Request:
    """What is asked for, without credentials."""

    url: str
    method: str = "GET"
    parameters: Pairs = ()
    headers: Pairs = ()
    body: Mapping[str, Any] | None = None
    """Sent as JSON."""

    @property
    def address(self) -> str:
        """The address with its parameters, beside those that it may have."""
        if not self.parameters:
            return self.url
        joint = "&" if urlsplit(self.url).query else "?"
        return f"{self.url}{joint}{urlencode(self.parameters)}"

    def with_parameter(self, name: str, value: str) -> Request:
        """Return the request with a parameter, in place of one of that name."""
        others = tuple(pair for pair in self.parameters if pair[0] != name)
        return replace(self, parameters=(*others, (name, value)))

    def with_variable(self, name: str, value: object) -> Request:
        """Return a GraphQL request with another variable."""
        body = dict(self.body or {})
        return replace(self, body={**body, "variables": {**body["variables"], name: value}})

    def __repr__(self) -> str:
        return f"Request({self.method} {place_of(self.url)})"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came, read to its end."""

    status: int
    headers: Mapping[str, str]
    """By names in small letters."""
    body: bytes
    content: Any = None
    """What whoever asked has read out of the body."""


def place_of(url: str) -> str:
    """Return an address without what may be secret in it, for people."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"

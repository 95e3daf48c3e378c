"""The section `api` of a file in `sources/`; docs/sources.md is generated from this definition."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.dataset_document import Written
from config.one_of import one_of
from wires.api_sources import (
    AnswerFormat,
    ClientPlace,
    KeyPlace,
    Login,
    Paging,
    Validator,
)

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?")
_URL = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(/[^\s#]*)?")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_OF_LOGINS = frozenset({"authorization", "cookie", "proxy-authorization"})


def _url(value: object) -> object:
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise ValueError("must be an address such as https://api.example.com/v1/orders")
    return value


def _pairs(value: object) -> object:
    """Take a mapping of texts; numbers and truth values are spelled as JSON does."""
    if not isinstance(value, dict):
        raise ValueError("must be a mapping (`name: value` lines)")
    for name, one in value.items():
        if one is None or isinstance(one, dict | list):
            raise ValueError(f"gives '{name}' the value {one!r:.60}, expected text or a number")
    return tuple((n, v if isinstance(v, str) else json.dumps(v)) for n, v in value.items())


def _headers(value: object) -> object:
    for name in value if isinstance(value, dict) else ():
        if not _HEADER.fullmatch(str(name)):
            raise ValueError(f"has '{name}', which is no name of a header")
        if str(name).lower() in _OF_LOGINS:
            raise ValueError(f"has '{name}': credentials are in the secret, see authentication")
    return _pairs(value)


def _json(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("must be a mapping (`name: value` lines)")
    return json.dumps(value)


def _hosts(value: object) -> object:
    if not isinstance(value, list) or not all(
        isinstance(one, str) and _HOST.fullmatch(one) for one in value
    ):
        raise ValueError("must be a list of hosts, such as [files.example.com]")
    return tuple(value)


def _networks(value: object) -> object:
    rule = "must be a list of networks, such as [10.20.0.0/16]"
    if not isinstance(value, list):
        raise ValueError(rule)
    try:
        return tuple(str(ipaddress.ip_network(one)) for one in value)
    except ValueError:
        raise ValueError(rule) from None


Url = Annotated[str, BeforeValidator(_url)]
Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)]
Json = Annotated[str, BeforeValidator(_json)]


class PaginationDocument(Written):
    """How the API is asked for page after page."""

    kind: Annotated[Paging, one_of(Paging)] = Field(
        default=Paging.NONE,
        description="`none`: all rows are in one answer; `page`: pages are numbered; `offset`: "
        "rows are counted; `cursor`: each answer has the next cursor; `link`: each answer "
        "has the next address, in the header `Link` or at `next`; `connection`: one of GraphQL "
        "with `pageInfo { hasNextPage endCursor }`",
    )
    parameter: str = Field(
        default="",
        description="parameter, or variable of a query, with the number, the offset or the cursor",
    )
    first: int = Field(default=1, ge=0, description="number of the first page of kind `page`")
    size_parameter: str = Field(
        default="", description="parameter, or variable, with the rows of a page"
    )
    size: int = Field(default=0, ge=0, description="its value")
    next: str = Field(
        default="",
        description="where an answer has the cursor or the address of the next page, such as "
        "`meta.next`; of a connection where the object with `pageInfo` is, such as `data.orders`",
    )
    more: str = Field(
        default="",
        description="where an answer says whether pages follow, such as `has_more`; left out, "
        "pages of kind `page` and `offset` end with an empty one, or with the `total`",
    )


class AuthenticationDocument(Written):
    """How requests say who asks."""

    kind: Annotated[Login, one_of(Login)] = Field(
        default=Login.NONE,
        description='`key`: the secret is `{"key": "…"}`; `bearer`: `{"token": "…"}`; `basic`: '
        '`{"username": "…", "password": "…"}`; `oauth2`: client credentials, '
        '`{"client_id": "…", "client_secret": "…"}`; `none`',
    )
    place: Annotated[KeyPlace, one_of(KeyPlace)] = Field(
        default=KeyPlace.HEADER, description="of a key: `header`, or `parameter` of the address"
    )
    name: str = Field(default="", description="of that header or parameter, such as `X-Api-Key`")
    token_url: Url = Field(
        default="", description="where OAuth2 tokens are given; its host is called too"
    )
    scope: str = Field(default="", description="of the token that is asked for")
    token_parameters: Pairs = Field(
        default=(), description="further fields of the token's request, such as `audience: …`"
    )
    client_in: Annotated[ClientPlace, one_of(ClientPlace)] = Field(
        default=ClientPlace.HEADER,
        description="where the token's request has id and secret: `header` (basic) or `body`",
    )


class GraphQlDocument(Written):
    """A GraphQL query."""

    query: str = Field(
        min_length=1,
        description="the query, with variables for what changes: the range, the cursor, the size",
    )
    variables: Json = Field(default="{}", description="values of the other variables")


class ApiLimitsDocument(Written):
    """How gently the API is asked."""

    requests_per_minute: int = Field(
        default=60, ge=1, le=60_000, description="requests of any minute, at most"
    )
    attempts: int = Field(
        default=6,
        ge=1,
        le=20,
        description="requests for one page before the run fails. Tried again is what may change: "
        "no whole answer, 408, 425, 429, 500, 502, 503, 504, at longer and longer pauses, or when "
        "`Retry-After` says",
    )
    timeout_seconds: int = Field(
        default=60,
        ge=1,
        le=900,
        description="for a connection, and between two pieces of an answer",
    )
    longest_wait_seconds: int = Field(
        default=900,
        ge=0,
        le=3600,
        description="a server that asks for a longer pause is left alone until the next run",
    )
    bytes_per_answer: int = Field(
        default=64 * 2**20,
        ge=1024,
        le=2**29,
        description="of one answer, uncompressed; a page is in memory as a whole",
    )


class ApiDocument(Written):
    """One resource of an HTTP API."""

    url: Url = Field(
        description="of the resource. `http://` only to hosts in `networks`; no other host is ever "
        "called but this one, those in `hosts` and that of `token_url`"
    )
    method: Literal["GET", "POST"] = Field(
        default="GET", description="`POST` for an API that takes its question as a body"
    )
    parameters: Pairs = Field(default=(), description="of every request")
    headers: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_headers)] = Field(
        default=(), description="of every request; credentials are in the secret"
    )
    body: Annotated[str, BeforeValidator(_json)] = Field(
        default="", description="sent as JSON with `POST`"
    )
    format: Annotated[AnswerFormat, one_of(AnswerFormat)] = Field(
        default=AnswerFormat.JSON, description="of answers: `json`, or `json_lines`, a row in each"
    )
    records: str = Field(
        default="",
        description="where an answer has its rows, such as `data.items`, or "
        "`data.orders.edges[].node` where each item has the row inside; left out, the answer is "
        "the list",
    )
    since: str = Field(
        default="", description="parameter, or variable, with the beginning of the range"
    )
    since_is_exclusive: bool = Field(
        default=False,
        description="whether the server sends only rows after it, for an `integer` such as an id",
    )
    until: str = Field(
        default="",
        description="parameter, or variable, with the end of the range, itself not in it; without "
        "one, rows that come too early are left to the next range",
    )
    validator: Annotated[Validator, one_of(Validator)] = Field(
        default=Validator.NONE,
        description="`etag` or `last_modified`: the header that tells whether anything has "
        "changed, for a cursor of type `opaque`",
    )
    total: str = Field(
        default="",
        description="where an answer says how many rows there are on all pages; it is compared",
    )
    pagination: PaginationDocument = Field(
        default=PaginationDocument(), description="how the API is asked for page after page"
    )
    authentication: AuthenticationDocument = Field(
        default=AuthenticationDocument(), description="how requests say who asks"
    )
    graphql: GraphQlDocument | None = Field(
        default=None, description="a GraphQL query, which is sent with POST"
    )
    hosts: Annotated[tuple[str, ...], BeforeValidator(_hosts)] = Field(
        default=(), description="further hosts that links to pages and redirects may lead to"
    )
    networks: Annotated[tuple[str, ...], BeforeValidator(_networks)] = Field(
        default=(),
        description="private networks in which the hosts may be, such as `[10.20.0.0/16]`; "
        "addresses in others are refused, those of metadata services always",
    )
    limits: ApiLimitsDocument = Field(
        default=ApiLimitsDocument(), description="how gently the API is asked"
    )

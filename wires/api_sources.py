"""HTTP APIs as sources: where they are, and how they want to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Pairs = tuple[tuple[str, str], ...]


class AnswerFormat(StrEnum):
    """What an answer's body is."""

    JSON = "json"
    JSON_LINES = "json_lines"


class Paging(StrEnum):
    """How an API is asked for the next page."""

    NONE = "none"
    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    LINK = "link"
    CONNECTION = "connection"
    """As GraphQL's cursor connections do, with `pageInfo`."""


class Login(StrEnum):
    """How requests say who asks."""

    NONE = "none"
    KEY = "key"
    BEARER = "bearer"
    BASIC = "basic"
    OAUTH2 = "oauth2"
    """Client credentials: a token is asked for, and asked for anew when it has run out."""


class KeyPlace(StrEnum):
    """Where a key is sent."""

    HEADER = "header"
    PARAMETER = "parameter"


class ClientPlace(StrEnum):
    """Where OAuth2's client id and secret are sent."""

    HEADER = "header"
    BODY = "body"


class Validator(StrEnum):
    """Header by which a server says whether anything has changed; the state of an opaque cursor."""

    NONE = "none"
    ETAG = "etag"
    LAST_MODIFIED = "last_modified"


@dataclass(frozen=True, kw_only=True)
class Pagination:
    """How an API is asked for page after page."""

    kind: Paging = Paging.NONE
    parameter: str = ""
    """Parameter, or variable, with the page's number, the offset or the cursor."""
    first: int = 1
    """Number of the first page."""
    size_parameter: str = ""
    size: int = 0
    next: str = ""
    """Where an answer has the next cursor, or the address of the next page; of a connection: where
    the object with `pageInfo` is."""
    more: str = ""
    """Where an answer says whether there are more pages."""


@dataclass(frozen=True, kw_only=True)
class Authentication:
    """How requests say who asks; the credentials themselves are in the secret."""

    kind: Login = Login.NONE
    place: KeyPlace = KeyPlace.HEADER
    name: str = ""
    """Header or parameter of a key."""
    token_url: str = ""
    scope: str = ""
    token_parameters: Pairs = ()
    """Further fields of the token's request, such as an audience."""
    client_in: ClientPlace = ClientPlace.HEADER


@dataclass(frozen=True, kw_only=True)
class GraphQl:
    """A query, which is sent with its variables."""

    query: str
    variables: str = "{}"
    """JSON object."""


@dataclass(frozen=True, kw_only=True)
class ApiLimits:
    """How gently an API is asked."""

    requests_per_minute: int = 60
    attempts: int = 6
    """Requests for one page, before the run fails."""
    timeout_seconds: int = 60
    """For a connection, and between two bytes of an answer."""
    longest_wait_seconds: int = 900
    """A server that wants a longer pause than this is left alone until the next run."""
    bytes_per_answer: int = 64 * 2**20
    """Uncompressed; a page is in memory as a whole."""


@dataclass(frozen=True, kw_only=True)
class ApiSource:
    """One resource of an HTTP API."""

    url: str
    method: str = "GET"
    parameters: Pairs = ()
    headers: Pairs = ()
    body: str = ""
    """JSON that is sent with POST; "" for none."""
    format: AnswerFormat = AnswerFormat.JSON
    records: str = ""
    """Where an answer has its rows; "" if it is a list of them."""
    since: str = ""
    """Parameter or variable with the beginning of the range."""
    since_is_exclusive: bool = False
    """Whether the server takes it as the last one that is known, and sends those after it."""
    until: str = ""
    validator: Validator = Validator.NONE
    total: str = ""
    """Where an answer says how many rows there are on all pages."""
    pagination: Pagination = Pagination()
    authentication: Authentication = Authentication()
    graphql: GraphQl | None = None
    hosts: tuple[str, ...] = ()
    """Further hosts, which links to pages and redirects may lead to."""
    networks: tuple[str, ...] = ()
    """Private networks in which the hosts may be."""
    limits: ApiLimits = ApiLimits()

"""Sources at a server on loopback, and a clock that does not wait."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.http.api_connector import ApiConnector
from connectors.http.pace import Clock
from connectors.secrets import Secrets
from tests.connectors.servers import ApiServer
from wires.api_sources import (
    ApiLimits,
    ApiSource,
    Authentication,
    GraphQl,
    Login,
    Pagination,
    Paging,
)
from wires.positions import Span
from wires.sources import Cursor, CursorType

EVERYTHING = Span(since="", until="", asked_from="")
BY_TIME = Cursor(type=CursorType.TIMESTAMP, field="at")
PAGINATIONS: Mapping[str, Pagination] = {
    "none": Pagination(),
    "page": Pagination(kind=Paging.PAGE, parameter="page"),
    "page until it says so": Pagination(kind=Paging.PAGE, parameter="page", more="meta.more"),
    "offset": Pagination(kind=Paging.OFFSET, parameter="offset"),
    "cursor": Pagination(
        kind=Paging.CURSOR, parameter="cursor", next="meta.next", size_parameter="by", size=3
    ),
    "link header": Pagination(kind=Paging.LINK, size_parameter="by", size=3),
    "link inside": Pagination(kind=Paging.LINK, next="meta.link", size_parameter="by", size=3),
}


class QuickClock(Clock):
    """Time passes when somebody waits."""

    def __init__(self) -> None:
        self.waited: list[float] = []

    def monotonic(self) -> float:
        return sum(self.waited)

    def now(self) -> datetime:
        return datetime(2026, 1, 15, 12, tzinfo=UTC) + timedelta(seconds=sum(self.waited))

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


def api_at(server: ApiServer, **changes: Any) -> ApiSource:
    """The rows of a server, page by page, unless changed."""
    values: dict[str, Any] = {
        "url": server.url,
        "records": "items",
        "pagination": PAGINATIONS["page"],
        "networks": ("127.0.0.0/8",),
        "limits": ApiLimits(requests_per_minute=10_000, timeout_seconds=5),
    }
    return ApiSource(**{**values, **changes})


def graphql_at(server: ApiServer, **changes: Any) -> ApiSource:
    return api_at(
        server,
        **{
            "url": f"{server.origin}/graphql",
            "records": "data.rows.edges[].node",
            "pagination": Pagination(
                kind=Paging.CONNECTION,
                parameter="after",
                next="data.rows",
                size_parameter="first",
                size=3,
            ),
            "graphql": GraphQl(query="query($after: String) { rows(after: $after) { id } }"),
            **changes,
        },
    )


def oauth_at(server: ApiServer, **changes: Any) -> ApiSource:
    login = Authentication(kind=Login.OAUTH2, token_url=f"{server.origin}/token", scope="read")
    return api_at(server, authentication=replace(login, **changes))


def secret(**values: str) -> Secrets:
    return Secrets("the_secret" if values else "", lambda: json.dumps(values))


def connector_to(
    api: ApiSource,
    *,
    cursor: Cursor | None = None,
    secrets: Secrets | None = None,
    clock: Clock | None = None,
    said: list[str] | None = None,
) -> ApiConnector:
    return ApiConnector(
        api,
        cursor,
        secrets or secret(),
        say=(said if said is not None else []).append,
        clock=clock or QuickClock(),
    )


def lines_from(connector: ApiConnector, span: Span = EVERYTHING) -> list[str]:
    """The rows as they are landed."""
    return [row.line.decode() for page in connector.pages(span) for row in page.rows]


def rows_from(connector: ApiConnector, span: Span = EVERYTHING) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines_from(connector, span)]

"""Rules of a source's section `api` that more than one value is about."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from config.api_document import ApiDocument, AuthenticationDocument, PaginationDocument
from config.errors import BrokenRule
from config.source_document import SourceDocument
from wires.addresses import NEVER
from wires.api_sources import AnswerFormat, KeyPlace, Login, Paging, Validator
from wires.sources import CursorType

_NEEDS_PARAMETER = (Paging.PAGE, Paging.OFFSET, Paging.CURSOR, Paging.CONNECTION)
_NEEDS_NEXT = (Paging.CURSOR, Paging.CONNECTION)


def broken_api(document: SourceDocument, api: ApiDocument) -> Iterator[BrokenRule]:
    """Yield every contradiction within the section, and between it and the rest of the file."""
    yield from _broken_way(api)
    yield from _broken_pagination(api, api.pagination)
    yield from _broken_login(document, api.authentication)
    yield from _broken_network(api)
    yield from _broken_range(document, api)


def _broken_way(api: ApiDocument) -> Iterator[BrokenRule]:
    if api.body and api.method != "POST":
        yield _rule("body", api.body, "needs method: POST")
    if api.graphql and (api.body or api.method == "POST"):
        yield _rule("graphql", "…", "is sent with POST and has its own body: leave both out")
    if api.format is AnswerFormat.JSON_LINES and (api.records or api.total or api.graphql):
        yield _rule("format", "json_lines", "has rows alone: leave records, total, graphql out")


def _broken_pagination(api: ApiDocument, how: PaginationDocument) -> Iterator[BrokenRule]:
    kind = how.kind
    if kind is Paging.CONNECTION and not api.graphql:
        yield _rule("pagination.kind", kind.value, "needs graphql")
    if kind in _NEEDS_PARAMETER and not how.parameter:
        yield _rule("pagination.parameter", how.parameter, f"needed for the kind {kind}")
    if kind in _NEEDS_NEXT and not how.next:
        yield _rule("pagination.next", how.next, f"needed for the kind {kind}")
    if bool(how.size_parameter) is not bool(how.size):
        yield _rule("pagination.size", how.size, "goes together with pagination.size_parameter")
    if api.format is AnswerFormat.JSON_LINES and (how.next or how.more):
        yield _rule("pagination", kind.value, "cannot look into answers of json_lines")


def _broken_login(document: SourceDocument, login: AuthenticationDocument) -> Iterator[BrokenRule]:
    if (login.kind is Login.NONE) is bool(document.secret):
        rule = f"needed for authentication of kind {login.kind}"
        if document.secret:
            rule = "must be left out where api.authentication.kind is none"
        yield BrokenRule(field="secret", value=document.secret, rule=rule)
    if (login.kind is Login.KEY) is not bool(login.name):
        yield _rule("authentication.name", login.name, "must be there for a key, and only then")
    if login.kind is not Login.KEY and login.place is not KeyPlace.HEADER:
        yield _rule("authentication.place", login.place.value, "is for the kind key")
    if (login.kind is Login.OAUTH2) is not bool(login.token_url):
        rule = "must be there for oauth2, and only then"
        yield _rule("authentication.token_url", login.token_url, rule)


def _broken_network(api: ApiDocument) -> Iterator[BrokenRule]:
    for position, text in enumerate(api.networks):
        network = ipaddress.ip_network(text)
        if any(never.version == network.version and never.overlaps(network) for never in NEVER):
            rule = "must leave the addresses out that machines have for themselves (169.254.0.0/16)"
            yield _rule(f"networks[{position}]", text, rule)
    for field, url in (
        ("url", api.url),
        ("authentication.token_url", api.authentication.token_url),
    ):
        parts = urlsplit(url)
        if parts.scheme == "http" and not api.networks:
            yield _rule(field, url, "must be https://, where nobody reads along")
        if parts.username is not None:
            yield _rule(field, url, "must have no credentials: they are in the secret")


def _broken_range(document: SourceDocument, api: ApiDocument) -> Iterator[BrokenRule]:
    cursor = document.cursor
    opaque = cursor is not None and cursor.type is CursorType.OPAQUE
    if opaque is (api.validator is Validator.NONE):
        rule = "must be etag or last_modified for an opaque cursor, and none for others"
        yield _rule("validator", api.validator.value, rule)
    if cursor is not None and cursor.type is CursorType.TIMESTAMP_AND_INTEGER:
        yield BrokenRule(field="cursor.type", value=cursor.type.value, rule="is for databases")
    for name in ("since", "until"):
        value = getattr(api, name)
        if value and (cursor is None or opaque):
            yield _rule(name, value, "needs a cursor that the API can be asked by")
    if cursor is not None and not opaque and not api.since:
        yield _rule("since", "", "needed, or each run would fetch everything: set mode to full")
    if cursor is not None and api.until and not cursor.type.is_clock:
        yield _rule("until", api.until, "is for a cursor of times: a number has no end beforehand")
    if api.since_is_exclusive and (cursor is None or cursor.type is not CursorType.INTEGER):
        yield _rule("since_is_exclusive", True, "is for a cursor of type integer")


def _rule(field: str, value: object, rule: str) -> BrokenRule:
    return BrokenRule(field=f"api.{field}", value=value, rule=rule)

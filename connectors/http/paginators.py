"""How to ask for the next page: one class for each way, which decides and asks nobody. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, Protocol
from urllib.parse import urljoin

from connectors.errors import AnswerUnread, PagesDisagree
from connectors.http.json_rows import found_at
from connectors.http.messages import Request, place_of
from wires.api_sources import Pagination, Paging


class Came(NamedTuple):
    """One page, as far as pagination looks at it."""

    around: Any
    """What the answer says beside its rows."""
    headers: Mapping[str, str]
    rows: int
    """On this page."""
    rows_so_far: int
    total: int | None
    """Rows on all pages, if the server says so."""


class Paginator(Protocol):
    """Asks for one page after the other."""

    def first(self, request: Request) -> Request:
        """Return the request for the first page."""
        ...

    def next(self, request: Request, came: Came) -> Request | None:
        """Return the request for the page after one that came; None if it was the last."""
        ...


def paginator_for(pagination: Pagination, *, is_graphql: bool) -> Paginator:
    """Return a paginator for one range of a source."""
    if pagination.kind is Paging.NONE:
        return Single()
    if pagination.kind is Paging.LINK:
        return Links(pagination)
    if pagination.kind in (Paging.PAGE, Paging.OFFSET):
        return Counting(pagination, is_graphql=is_graphql)
    return Cursors(pagination, is_graphql=is_graphql)


class Single:
    """Everything is on one page."""

    def first(self, request: Request) -> Request:
        return request

    def next(self, request: Request, came: Came) -> Request | None:  # noqa: ARG002 - as the others
        return None


class _Asking:
    """Puts what pagination wants to say where the API reads it."""

    def __init__(self, pagination: Pagination, *, is_graphql: bool = False) -> None:
        self._pagination = pagination
        self._is_graphql = is_graphql

    def _sized(self, request: Request) -> Request:
        how = self._pagination
        return self._with(request, how.size_parameter, how.size) if how.size_parameter else request

    def _with(self, request: Request, name: str, value: int | str) -> Request:
        if self._is_graphql:
            return request.with_variable(name, value)
        return request.with_parameter(name, str(value))

    def _says_it_is_over(self, came: Came) -> bool:
        """Whether the answer says that no page follows."""
        more = self._pagination.more
        return bool(more) and found_at(came.around, more) in (False, "false", 0, None)


class Counting(_Asking):
    """Pages, or rows, are counted.

    The end is where the server says so, where all rows have come that it told of, or an empty
    page: a page that is shorter than asked for may have others after it.
    """

    def __init__(self, pagination: Pagination, *, is_graphql: bool = False) -> None:
        super().__init__(pagination, is_graphql=is_graphql)
        self._page = pagination.first

    def first(self, request: Request) -> Request:
        begin = self._page if self._pagination.kind is Paging.PAGE else 0
        return self._with(self._sized(request), self._pagination.parameter, begin)

    def next(self, request: Request, came: Came) -> Request | None:
        if self._says_it_is_over(came) or not came.rows:
            return None
        # One that says that it has more is believed, whatever it has told of a total.
        if not self._pagination.more and came.total == came.rows_so_far:
            return None
        self._page += 1
        counted = self._page if self._pagination.kind is Paging.PAGE else came.rows_so_far
        return self._with(request, self._pagination.parameter, counted)


class Cursors(_Asking):
    """Each answer has the cursor of the next page. Raises PagesDisagree for one that was there."""

    def __init__(self, pagination: Pagination, *, is_graphql: bool = False) -> None:
        super().__init__(pagination, is_graphql=is_graphql)
        self._seen: set[str] = set()

    def first(self, request: Request) -> Request:
        return self._sized(request)

    def next(self, request: Request, came: Came) -> Request | None:
        cursor = self._cursor(came)
        if cursor in (None, "") or self._says_it_is_over(came):
            return None
        if str(cursor) in self._seen:
            raise PagesDisagree(
                f"{place_of(request.url)} gives the cursor of a page that it has given before, "
                f"after {came.rows_so_far:,} rows: its pages go round in a circle"
            )
        self._seen.add(str(cursor))
        return self._with(request, self._pagination.parameter, cursor)

    def _cursor(self, came: Came) -> Any:
        how = self._pagination
        if how.kind is not Paging.CONNECTION:
            return found_at(came.around, how.next)
        info = found_at(came.around, f"{how.next}.pageInfo")
        if not isinstance(info, Mapping) or "hasNextPage" not in info or "endCursor" not in info:
            raise AnswerUnread(
                f"expected pageInfo {{ hasNextPage endCursor }} at {how.next}: add it to the query"
            )
        return info["endCursor"] if info["hasNextPage"] else None


class Links(_Asking):
    """Each answer has the address of the next page, in a header or at a place of its own.

    Raises PagesDisagree for one that was there already.
    """

    def __init__(self, pagination: Pagination) -> None:
        super().__init__(pagination)
        self._seen: set[str] = set()

    def first(self, request: Request) -> Request:
        self._seen.add(self._sized(request).address)
        return self._sized(request)

    def next(self, request: Request, came: Came) -> Request | None:
        told = found_at(came.around, self._pagination.next) if self._pagination.next else None
        target = told or (None if self._pagination.next else linked(came.headers.get("link", "")))
        if not target or self._says_it_is_over(came):
            return None
        url = urljoin(request.url, str(target))
        if url in self._seen:
            raise PagesDisagree(
                f"{place_of(url)} links to a page that has come before, after "
                f"{came.rows_so_far:,} rows: its pages go round in a circle"
            )
        self._seen.add(url)
        return replace(request, url=url, parameters=())


_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^",;\s]+))*)')
_RELATION = re.compile(r';\s*rel\s*=\s*"?([^";]*)"?', re.IGNORECASE)


def linked(header: str) -> str | None:
    """Return the address with the relation `next` in a Link header.

    https://www.rfc-editor.org/rfc/rfc8288#section-3
    """
    for target, parameters in _LINK.findall(header):
        found = _RELATION.search(parameters)
        if found and "next" in found[1].lower().split():
            return str(target)
    return None

"""Reads a resource of an HTTP API, REST or GraphQL, page by page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from connectors.errors import AnswerUnread, PagesDisagree
from connectors.http.client import ApiClient, Say
from connectors.http.json_rows import JsonAnswer, JsonRow, NoRows, found_at, read_answer
from connectors.http.messages import Answer, Request, place_of
from connectors.http.pace import Clock
from connectors.http.paginators import Came, paginator_for
from connectors.http.transport import BrokenExchange
from connectors.pages import Page, Row
from connectors.secrets import Secrets, without_secrets
from wires.api_sources import ApiSource, Validator
from wires.errors import PositionError
from wires.positions import Span, position_of, spelled
from wires.sources import Cursor, CursorType

_VALIDATORS = {
    Validator.ETAG: ("etag", "If-None-Match"),
    Validator.LAST_MODIFIED: ("last-modified", "If-Modified-Since"),
}
_LONGEST_WORDS = 300


class ApiConnector:
    """Reads ranges of a source. A page is in memory as a whole; nothing else is."""

    def __init__(
        self,
        api: ApiSource,
        cursor: Cursor | None,
        secrets: Secrets,
        *,
        say: Say,
        clock: Clock | None = None,
    ) -> None:
        self._api = api
        self._cursor = cursor
        self._secrets = secrets
        self._say = say
        self._clock = clock or Clock()

    def pages(self, span: Span) -> Generator[Page, None, None]:
        """Yield all rows of a range.

        Raises SourceFailed, also for pages that come twice or that do not add up to the total that
        the server tells.
        """
        client = ApiClient(self._api, self._secrets, clock=self._clock, say=self._say)
        with closing(client), without_secrets(self._secrets):
            yield from self._all(client, span)

    def _all(self, client: ApiClient, span: Span) -> Generator[Page, None, None]:
        paginator = paginator_for(self._api.pagination, is_graphql=self._api.graphql is not None)
        request: Request | None = paginator.first(self._asking(span))
        check = _PageCheck(place_of(self._api.url))
        while request is not None:
            answer = client.ask(request, self._read)
            if answer.status == 304:
                return
            found: JsonAnswer = answer.content
            came = check.page(found, answer, total=self._total(found))
            yield Page(rows=[self._row(row) for row in found.rows], state=self._state(answer))
            request = paginator.next(request, came)
        check.whole()

    def _asking(self, span: Span) -> Request:
        """Return the request for a range, without anything about pages."""
        api = self._api
        request = Request(
            url=api.url,
            method="POST" if api.graphql else api.method,
            parameters=api.parameters,
            headers=api.headers,
            body=_body(api),
        )
        for name, position in self._bounds(span):
            request = (
                request.with_variable(name, position)
                if api.graphql
                else request.with_parameter(name, position)
            )
        if api.validator is not Validator.NONE and span.asked_from:
            header = (_VALIDATORS[api.validator][1], span.asked_from)
            request = replace(request, headers=(*request.headers, header))
        return request

    def _bounds(self, span: Span) -> list[tuple[str, str]]:
        if self._cursor is None or self._cursor.type is CursorType.OPAQUE:
            return []
        begin = span.asked_from
        if begin and self._api.since_is_exclusive and self._cursor.type is CursorType.INTEGER:
            begin = str(int(begin) - 1)
        named = ((self._api.since, begin), (self._api.until, span.until))
        return [(name, spelled(at, self._cursor.type)) for name, at in named if name and at]

    def _read(self, answer: Answer) -> JsonAnswer:
        """Return what an answer says. Raises BrokenExchange for one that is cut off or garbled,
        AnswerUnread for one that is whole and says something else."""
        api = self._api
        try:
            self._check_graphql(answer)
            return read_answer(answer.body, records=api.records, kind=api.format)
        except NoRows as error:
            raise AnswerUnread(
                f"{place_of(api.url)} has {error}; the API has changed, or api.records is wrong"
            ) from None
        except ValueError:
            begin = " ".join(answer.body[:60].decode("utf-8", "replace").split())
            raise BrokenExchange(
                f"{place_of(api.url)} answers {answer.status} with what is not JSON: {begin!r}"
            ) from None

    def _check_graphql(self, answer: Answer) -> None:
        if self._api.graphql is None:
            return
        said = json.loads(answer.body)
        errors = said.get("errors") if isinstance(said, dict) else None
        if errors:
            words = self._secrets.hidden_in(json.dumps(errors))[:_LONGEST_WORDS]
            raise AnswerUnread(f"{place_of(self._api.url)} answers with errors: {words}")

    def _total(self, found: JsonAnswer) -> int | None:
        if not self._api.total:
            return None
        total = found_at(found.around, self._api.total)
        if isinstance(total, bool) or not str(total).isdigit():
            raise AnswerUnread(
                f"expected the number of rows at {self._api.total}, got {total!r:.60}: leave "
                "api.total out if the API no longer tells it"
            )
        return int(str(total))

    def _state(self, answer: Answer) -> str:
        if self._api.validator is Validator.NONE:
            return ""
        return answer.headers.get(_VALIDATORS[self._api.validator][0], "")

    def _row(self, row: JsonRow) -> Row:
        line = row.text.encode()
        cursor = self._cursor
        if cursor is None or not cursor.field:
            return Row(line)
        value = found_at(row.value, cursor.field)
        if value is None:
            return Row(line)
        try:
            return Row(line, position_of(value, cursor.type))
        except PositionError as error:
            raise AnswerUnread(f"{cursor.field} of a row: {error}") from None


class _PageCheck:
    """Notices pages that come twice, and rows that are missing or too many."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._pages: dict[bytes, int] = {}
        self._rows = 0
        self._totals: list[int] = []

    def page(self, found: JsonAnswer, answer: Answer, *, total: int | None) -> Came:
        """Take down a page. Raises PagesDisagree for one that has come before."""
        self._rows += len(found.rows)
        if total is not None:
            self._totals = [*self._totals[:1], total]
        if found.rows:
            self._demand_new(found)
        return Came(
            around=found.around,
            headers=answer.headers,
            rows=len(found.rows),
            rows_so_far=self._rows,
            total=total,
        )

    def _demand_new(self, found: JsonAnswer) -> None:
        digest = hashlib.sha256("\n".join(row.text for row in found.rows).encode()).digest()
        number = len(self._pages) + 1
        before = self._pages.setdefault(digest, number)
        if before != number:
            raise PagesDisagree(
                f"{self._place}: page {number} has the very rows of page {before}: the server does "
                "not know the parameter of the pages, or its rows have moved meanwhile; nothing of "
                "this range is landed"
            )

    def whole(self) -> None:
        """Raises PagesDisagree if fewer or more rows came than the server told of.

        Rows may come and go while they are read, so what it told first and last are the bounds.
        """
        if not self._totals:
            return
        least, most = min(self._totals), max(self._totals)
        if not least <= self._rows <= most:
            told = f"{least:,}" if least == most else f"{least:,} to {most:,}"
            raise PagesDisagree(
                f"{self._place} told of {told} rows, and {self._rows:,} came: pages are missing or "
                "came twice; nothing of this range is landed"
            )


def _body(api: ApiSource) -> Mapping[str, Any] | None:
    if api.graphql:
        return {"query": api.graphql.query, "variables": json.loads(api.graphql.variables)}
    if not api.body:
        return None
    body: Mapping[str, Any] = json.loads(api.body)
    return body

"""API connector and landing together: what the source has lands once, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import SourceFailed
from connectors.fetch import Fetch
from connectors.http.transport import Transport
from connectors.order import Order
from tests.aws import ASSETS, RAW, SmallAws
from tests.connectors.apis import api_at, connector_to, graphql_at, oauth_at, secret
from tests.connectors.servers import ApiServer, Fault, hang_up, serving, status, truncate
from tests.connectors.sources import (
    NOON,
    ListedRows,
    any_source,
    fetch_of,
    hourly_events,
    ids,
    landed_rows,
    landed_versions,
)
from tests.kills import Killed
from wires.api_sources import ApiLimits, ApiSource
from wires.sources import Source


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with serving(ApiServer(hourly_events(12))) as one:
        yield one


def fetching(aws: SmallAws, api: ApiSource, *, source: Source | None = None, **own: Any) -> Fetch:
    found = source or any_source()
    fetch = fetch_of(aws, ListedRows(found, []), **own)
    secrets = secret(client_id="me", client_secret="hush-hush")  # noqa: S106 - of a test's server
    ranged = replace(api, since="since", until="until")
    fetch.connector = connector_to(ranged, cursor=found.cursor, secrets=secrets)
    return fetch


@pytest.fixture
def http_calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[str]]:
    """Switch the run off at its `limit`-th call of HTTP, before it or after it."""
    exchange = Transport.exchange

    def limited(limit: int, *, after: bool = False) -> list[str]:
        made: list[str] = []

        def counted(self: Transport, method: str, url: str, *rest: Any) -> Any:
            if len(made) >= limit and not after:
                raise Killed
            made.append(url)
            answer = exchange(self, method, url, *rest)
            if len(made) > limit:
                raise Killed
            return answer

        monkeypatch.setattr(Transport, "exchange", counted)
        return made

    return limited


WAYS: dict[str, Callable[[ApiServer], ApiSource]] = {
    "rest": lambda server: api_at(server, total="meta.total"),
    "rest with tokens": oauth_at,
    "graphql": graphql_at,
}


SLOW = pytest.mark.slow


@pytest.mark.parametrize("after", [False, pytest.param(True, marks=SLOW)], ids=["before", "after"])
@pytest.mark.parametrize("way", ["rest", *(pytest.param(way, marks=SLOW) for way in [*WAYS][1:])])
def test_killed_at_any_http_call_the_next_run_lands_all_of_it_once(
    aws: SmallAws, server: ApiServer, http_calls: Any, way: str, after: bool
) -> None:
    api = WAYS[way](server)
    calls = http_calls(1000)
    fetching(aws, api, source=any_source(dataset="counted")).run(Order())
    total = len(calls)
    assert total >= 4
    for limit in range(total):
        source = any_source(name=f"events_{limit}", dataset=f"events_{limit}")
        http_calls(limit, after=after)
        with pytest.raises(Killed):
            fetching(aws, api, source=source).run(Order())
        http_calls(1000)
        assert landed_versions(aws, dataset=source.dataset) == []
        fetching(aws, api, source=source, later_runs=1).run(Order())
        assert landed_rows(aws, dataset=source.dataset) == server.rows


FAULTS: dict[str, Fault] = {
    "429": status(429, Retry_After="1"),
    "503": status(503),
    "hangs up": hang_up,
    "truncates": truncate,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_under_faults_all_of_it_lands_once(aws: SmallAws, server: ApiServer, fault: str) -> None:
    server.faults |= dict.fromkeys((1, 3, 4, 6), FAULTS[fault])
    fetching(aws, api_at(server, total="meta.total")).run(Order())
    assert landed_rows(aws) == server.rows


def test_of_a_range_that_fails_nothing_lands_and_the_next_run_lands_it(
    aws: SmallAws, server: ApiServer
) -> None:
    api = api_at(server, limits=ApiLimits(attempts=2))
    server.faults |= {3: status(503), 4: status(503)}
    with pytest.raises(SourceFailed, match="in 2 attempts"):
        fetching(aws, api).run(Order())
    assert aws.keys(RAW) == []
    assert aws.keys(ASSETS) != [], "what came is staged, and nobody sees it"
    fetching(aws, api).run(Order())
    assert landed_rows(aws) == server.rows
    assert aws.keys(ASSETS) == []


def test_a_page_that_is_lost_is_noticed_and_nothing_lands(aws: SmallAws, server: ApiServer) -> None:
    usual = server._page

    def losing(asked: Any) -> Any:
        reply = usual(asked)
        if asked.parameters["page"] != "2":
            return reply
        answer = json.loads(reply.body or b"")
        return replace(reply, body=json.dumps({**answer, "items": []}).encode())

    server.answers = losing
    with pytest.raises(SourceFailed, match="told of 12 rows, and 3 came"):
        fetching(aws, api_at(server, total="meta.total")).run(Order())
    assert aws.keys(RAW) == []


def test_a_day_later_the_rest_has_landed_beside_it(aws: SmallAws, server: ApiServer) -> None:
    server.rows = hourly_events(30)
    fetching(aws, api_at(server)).run(Order())
    assert ids(landed_rows(aws)) == list(range(12))
    fetching(aws, api_at(server), now=NOON + timedelta(days=1)).run(Order())
    assert ids(landed_rows(aws)) == list(range(30))

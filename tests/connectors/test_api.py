"""The API connector against a real server on loopback."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import (
    AccessRefused,
    AddressRefused,
    AnswerUnread,
    PagesDisagree,
    SourceFailed,
)
from connectors.http.messages import place_of
from connectors.secrets import Secrets
from tests.connectors.apis import (
    BY_TIME,
    EVERYTHING,
    PAGINATIONS,
    QuickClock,
    api_at,
    connector_to,
    graphql_at,
    lines_from,
    oauth_at,
    rows_from,
    secret,
)
from tests.connectors.servers import (
    ApiServer,
    Asked,
    Fault,
    Reply,
    hang_up,
    html,
    serving,
    status,
    truncate,
    truncate_unnoticed,
)
from tests.connectors.sources import hourly_events
from wires.api_sources import (
    AnswerFormat,
    ApiLimits,
    Authentication,
    ClientPlace,
    KeyPlace,
    Login,
    Pagination,
    Paging,
    Validator,
)
from wires.positions import Span
from wires.sources import Cursor, CursorType

MORNING = Span(
    since="2026-01-15T02:00:00.000000Z",
    until="2026-01-15T09:00:00.000000Z",
    asked_from="2026-01-15T02:00:00.000000Z",
)


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with serving(ApiServer(hourly_events(10))) as one:
        yield one


@pytest.mark.parametrize("way", PAGINATIONS)
def test_every_way_of_paging_brings_each_row_once(server: ApiServer, way: str) -> None:
    api = api_at(server, pagination=PAGINATIONS[way], total="meta.total")
    assert rows_from(connector_to(api)) == server.rows
    assert len(server.asked) == (1 if way == "none" else 4)


def test_a_graphql_connection_brings_each_row_once(server: ApiServer) -> None:
    assert rows_from(connector_to(graphql_at(server))) == server.rows
    assert {asked.method for asked in server.asked} == {"POST"}


@pytest.mark.parametrize("way", PAGINATIONS)
def test_a_range_is_asked_for_by_parameters(server: ApiServer, way: str) -> None:
    api = api_at(server, pagination=PAGINATIONS[way], since="since", until="until")
    assert rows_from(connector_to(api, cursor=BY_TIME), MORNING) == server.rows[2:9]


def test_a_range_is_asked_for_by_variables(server: ApiServer) -> None:
    api = graphql_at(server, since="since", until="until")
    assert rows_from(connector_to(api, cursor=BY_TIME), MORNING) == server.rows[2:9]


def test_a_page_that_is_short_is_not_the_last(server: ApiServer) -> None:
    """Servers leave rows out of a page that somebody may not see; others follow."""
    api = api_at(server, pagination=PAGINATIONS["offset"])
    usual = server._page

    def short(asked: Asked) -> Reply:
        answer = json.loads(usual(asked).body or b"")
        answer["items"] = answer["items"][:1]
        return Reply(200, json.dumps(answer).encode())

    server.answers = short
    assert rows_from(connector_to(api)) == server.rows


def test_a_number_that_the_server_takes_as_known_is_the_one_before(server: ApiServer) -> None:
    api = api_at(server, since="since", since_is_exclusive=True, pagination=Pagination())
    cursor = Cursor(type=CursorType.INTEGER, field="id")
    connector = connector_to(api, cursor=cursor)
    server.answers = lambda _: Reply(200, b'{"items": [{"id": 42}]}')
    (page,) = connector.pages(Span(since="42", until="", asked_from="42"))
    assert server.asked[0].parameters["since"] == "41"
    assert page.rows[0].position == "42"


def test_rows_keep_the_spelling_that_they_have_in_the_answer(server: ApiServer) -> None:
    rows = [
        '{"n": 12345678901234567890.10, "id": 1}',
        '{"twice": 1, "twice": 2, "é": "\\u00e9 \\ud83d\\ude00", "e": 1E400}',
        '{ "nested": {"a": [1,  2]} }',
    ]
    body = '{"items": [' + ",\n".join(rows) + '], "meta": {}}'
    server.answers = lambda _: Reply(200, body.encode())
    found = lines_from(connector_to(api_at(server, pagination=Pagination())))
    assert found == rows


def test_rows_over_several_lines_become_one_each(server: ApiServer) -> None:
    body = json.dumps({"items": server.rows}, indent=2).replace("\n", "\r\n")
    server.answers = lambda _: Reply(200, body.encode())
    found = lines_from(connector_to(api_at(server, pagination=Pagination())))
    assert [json.loads(line) for line in found] == server.rows
    assert not any("\n" in line or "\r" in line for line in found)


def test_what_is_no_object_is_a_row_as_well(server: ApiServer) -> None:
    server.answers = lambda _: Reply(200, b'[1, "a", null, [2]]')
    api = api_at(server, records="", pagination=Pagination())
    assert [row["value"] for row in rows_from(connector_to(api))] == [1, "a", None, [2]]


def test_new_members_of_rows_come_along(server: ApiServer) -> None:
    server.rows[5] |= {"since_today": {"x": 1}}
    assert rows_from(connector_to(api_at(server)))[5]["since_today"] == {"x": 1}


def test_lines_of_json_are_rows(server: ApiServer) -> None:
    lines = [json.dumps(row) for row in server.rows] + ['{"a": "\u2028"}']
    server.answers = lambda _: Reply(200, "\n".join(lines).encode() + b"\n\n")
    api = api_at(server, records="", format=AnswerFormat.JSON_LINES, pagination=Pagination())
    assert lines_from(connector_to(api)) == lines


def test_a_compressed_answer_and_a_compressed_file_are_read(server: ApiServer) -> None:
    server.compresses = True
    assert rows_from(connector_to(api_at(server))) == server.rows
    server.compresses = False
    body = gzip.compress(json.dumps({"items": server.rows}).encode())
    server.answers = lambda _: Reply(200, body)
    assert rows_from(connector_to(api_at(server, pagination=Pagination()))) == server.rows


@pytest.mark.parametrize("way", ["etag", "last_modified"])
def test_a_server_that_says_that_nothing_has_changed_is_believed(
    server: ApiServer, way: str
) -> None:
    sent, asked_by = {
        "etag": ("ETag", "if-none-match"),
        "last_modified": ("Last-Modified", "if-modified-since"),
    }[way]

    def answer(asked: Asked) -> Reply:
        same = asked.headers.get(asked_by) == "now"
        return Reply(304) if same else Reply(200, b'{"items": [{"id": 1}]}', {sent: "now"})

    server.answers = answer
    api = api_at(server, validator=Validator(way), pagination=Pagination())
    connector = connector_to(api, cursor=Cursor(type=CursorType.OPAQUE))
    (page,) = connector.pages(EVERYTHING)
    assert page.state == "now"
    assert list(connector.pages(Span(since="now", until="", asked_from="now"))) == []


@pytest.mark.parametrize(
    "fault",
    [status(429), status(500), status(503), hang_up, truncate, truncate_unnoticed, html],
    ids=["429", "500", "503", "hangs up", "truncates", "truncates unnoticed", "html"],
)
@pytest.mark.parametrize("request_number", [1, 2, 4])
def test_what_may_come_otherwise_is_asked_for_again(
    server: ApiServer, fault: Fault, request_number: int
) -> None:
    server.faults[request_number] = fault
    assert rows_from(connector_to(api_at(server, total="meta.total"))) == server.rows
    assert len(server.asked) == 5


def test_a_server_that_does_not_answer_in_time_is_asked_again(server: ApiServer) -> None:
    def late(reply: Reply) -> Reply:
        time.sleep(0.5)
        return reply

    server.faults[2] = late
    api = api_at(server, limits=ApiLimits(requests_per_minute=1000, timeout_seconds=1))
    api = replace(api, limits=replace(api.limits, timeout_seconds=0.2))  # type: ignore[arg-type]  # a test has less time than people
    assert rows_from(connector_to(api)) == server.rows


def test_pauses_grow_and_end(server: ApiServer) -> None:
    server.answers = lambda _: Reply(503, b"busy")
    clock, said = QuickClock(), list[str]()
    with pytest.raises(SourceFailed, match="answers 503, in 6 attempts"):
        rows_from(connector_to(api_at(server), clock=clock, said=said))
    assert len(server.asked) == 6
    assert all(0.5 * 2**n <= pause <= 2**n for n, pause in enumerate(clock.waited))
    assert len(said) == 5


def test_what_will_not_come_otherwise_is_not_asked_for_again(server: ApiServer) -> None:
    server.answers = lambda _: Reply(404, b'{"message": "no such thing"}')
    with pytest.raises(SourceFailed, match=r"answers 404: .*no such thing"):
        rows_from(connector_to(api_at(server)))
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", 7), ("Thu, 15 Jan 2026 12:00:20 GMT", 20), ("soon", 0.5)],
)
def test_a_server_that_asks_for_a_pause_gets_it(
    server: ApiServer, told: str, seconds: float
) -> None:
    server.faults[1] = status(429, Retry_After=told)
    clock = QuickClock()
    assert rows_from(connector_to(api_at(server), clock=clock)) == server.rows
    assert seconds <= clock.waited[0] <= max(seconds, 1)


def test_a_server_that_asks_for_a_long_pause_is_left_to_the_next_run(server: ApiServer) -> None:
    server.faults[1] = status(429, Retry_After="86400")
    with pytest.raises(SourceFailed, match="left alone for 86400 s"):
        rows_from(connector_to(api_at(server)))
    assert len(server.asked) == 1


def test_no_minute_has_more_requests_than_the_budget(server: ApiServer) -> None:
    clock = QuickClock()
    server.size = 1
    limits = ApiLimits(requests_per_minute=4)
    api = api_at(server, limits=limits, total="meta.total")
    assert rows_from(connector_to(api, clock=clock)) == server.rows
    assert clock.waited == [60.0, 60.0]


def test_pages_that_are_the_same_are_noticed(server: ApiServer) -> None:
    """The server does not know the parameter, and gives its first page for ever."""
    api = api_at(server, pagination=Pagination(kind=Paging.PAGE, parameter="seite"))
    server.answers = lambda _: Reply(200, json.dumps({"items": server.rows[:3]}).encode())
    with pytest.raises(PagesDisagree, match="page 2 has the very rows of page 1"):
        rows_from(connector_to(api))


@pytest.mark.parametrize("way", ["cursor", "link header", "link inside"])
def test_pages_that_go_round_in_a_circle_are_noticed(server: ApiServer, way: str) -> None:
    usual, came = server._page, iter(range(100))

    def circling(asked: Asked) -> Reply:
        answer = json.loads(usual(asked).body or b"")
        answer["items"] = [{"id": next(came)}]
        answer["meta"] |= {"next": "3", "link": "/rows?at=3&by=3"}
        link = {"Link": '</first>; rel="first", </rows?at=3&by=3>; rel="next"'}
        return Reply(200, json.dumps(answer).encode(), link)

    server.answers = circling
    with pytest.raises(PagesDisagree, match="round in a circle"):
        rows_from(connector_to(api_at(server, pagination=PAGINATIONS[way])))
    assert len(server.asked) == 2


@pytest.mark.parametrize("told", [9, 12])
def test_rows_that_are_missing_or_too_many_are_noticed(server: ApiServer, told: int) -> None:
    server.total_told = lambda _: told
    api = api_at(server, pagination=PAGINATIONS["cursor"], total="meta.total")
    with pytest.raises(PagesDisagree, match=f"told of {told} rows, and 10 came"):
        rows_from(connector_to(api))


def test_rows_may_come_and_go_while_they_are_read(server: ApiServer) -> None:
    told = iter([12, 11, 10, 9])
    server.total_told = lambda _: next(told)
    api = api_at(server, pagination=PAGINATIONS["cursor"], total="meta.total")
    assert rows_from(connector_to(api)) == server.rows


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"entries": []}, "nothing at items, beside entries"),
        ({"items": {"id": 1}}, "an object with id at items, where a list should be"),
        ([1], "a list at the top, where an object should be"),
    ],
)
def test_an_answer_of_another_shape_is_an_error_and_not_nothing(
    server: ApiServer, body: Any, words: str
) -> None:
    server.answers = lambda _: Reply(200, json.dumps(body).encode())
    with pytest.raises(AnswerUnread, match=words):
        rows_from(connector_to(api_at(server)))
    assert len(server.asked) == 1


def test_errors_of_graphql_are_errors(server: ApiServer) -> None:
    server.answers = lambda _: Reply(200, b'{"data": null, "errors": [{"message": "no field x"}]}')
    with pytest.raises(AnswerUnread, match="no field x"):
        rows_from(connector_to(graphql_at(server)))


def test_an_answer_that_is_too_large_is_not_taken_into_memory(server: ApiServer) -> None:
    """Also one that is small until it is uncompressed."""
    server.compresses = True
    server.answers = lambda _: Reply(200, b" " * 5_000_000 + b"[]")
    api = api_at(server, limits=ApiLimits(bytes_per_answer=100_000))
    with pytest.raises(AnswerUnread, match="more than 100,000 bytes"):
        rows_from(connector_to(api))


def test_a_position_that_cannot_be_read_is_told(server: ApiServer) -> None:
    server.rows[3]["at"] = "yesterday"
    with pytest.raises(AnswerUnread, match="at of a row: expected a position of type timestamp"):
        rows_from(connector_to(api_at(server), cursor=BY_TIME))


LOGINS = {
    "key in a header": (
        Authentication(kind=Login.KEY, name="X-Api-Key"),
        {"key": "k1-of-mine"},
        lambda asked: asked.headers.get("x-api-key") == "k1-of-mine",
    ),
    "key in the address": (
        Authentication(kind=Login.KEY, name="api_key", place=KeyPlace.PARAMETER),
        {"key": "k1 of&mine"},
        lambda asked: asked.parameters.get("api_key") == "k1 of&mine",
    ),
    "bearer": (
        Authentication(kind=Login.BEARER),
        {"token": "t1-of-mine"},
        lambda asked: asked.headers.get("authorization") == "Bearer t1-of-mine",
    ),
    "basic": (
        Authentication(kind=Login.BASIC),
        {"username": "me", "password": "päss"},
        lambda asked: asked.headers.get("authorization") == "Basic bWU6cMOkc3M=",
    ),
}


@pytest.mark.parametrize("way", LOGINS)
@pytest.mark.parametrize("paged", ["page", "link header"])
def test_each_request_says_who_asks(server: ApiServer, way: str, paged: str) -> None:
    authentication, values, allows = LOGINS[way]
    server.allows = allows
    api = api_at(server, authentication=authentication, pagination=PAGINATIONS[paged])
    assert rows_from(connector_to(api, secrets=secret(**values))) == server.rows


@pytest.mark.parametrize("way", LOGINS)
def test_who_is_refused_is_told_so_without_the_secret(server: ApiServer, way: str) -> None:
    authentication, values, _ = LOGINS[way]
    values = {name: f"{value}-marked" for name, value in values.items()}
    server.allows = lambda _: False
    said: list[str] = []
    api = api_at(server, authentication=authentication)
    with pytest.raises(AccessRefused, match="answers 401 to the credentials") as error:
        rows_from(connector_to(api, secrets=secret(**values), said=said))
    assert "marked" not in f"{error.value!r} {said}"
    assert len(server.asked) == 1


def test_a_token_is_asked_for_once_and_used(server: ApiServer) -> None:
    server.allows = lambda a: a.headers.get("authorization") == "Bearer token-number-1"
    secrets = secret(client_id="me", client_secret="hush-hush")  # noqa: S106 - of a test's server
    assert rows_from(connector_to(oauth_at(server), secrets=secrets)) == server.rows
    assert server.tokens == 1
    assert b"scope=read" in server.asked[0].body


def test_a_token_that_is_refused_in_the_middle_is_renewed(server: ApiServer) -> None:
    good = ["Bearer token-number-1"]
    server.allows = lambda a: a.headers.get("authorization") in good
    server.faults[3] = status(401)
    usual = server.reply

    def revoke(asked: Asked) -> Reply:
        if len(server.asked) == 2:
            good[:] = ["Bearer token-number-2"]
        return usual(asked)

    server.reply = revoke  # type: ignore[method-assign]  # the server changes its mind
    secrets = secret(client_id="me", client_secret="hush-hush")  # noqa: S106 - of a test's server
    assert rows_from(connector_to(oauth_at(server), secrets=secrets)) == server.rows
    assert server.tokens == 2


def test_a_client_that_gets_no_token_is_told_so_without_the_secret(server: ApiServer) -> None:
    secrets = secret(client_id="me", client_secret="hush-hushed")  # noqa: S106 - of a test's server
    with pytest.raises(AccessRefused, match="answers 400 invalid_client") as error:
        rows_from(connector_to(oauth_at(server), secrets=secrets))
    assert "hush" not in str(error.value)
    with pytest.raises(AccessRefused):
        rows_from(connector_to(oauth_at(server, client_in=ClientPlace.BODY), secrets=secrets))


def test_a_secret_that_was_replaced_meanwhile_is_read_again(server: ApiServer) -> None:
    texts = iter(['{"token": "old-one"}', '{"token": "new-one"}'])
    server.allows = lambda a: a.headers.get("authorization") == "Bearer new-one"
    api = api_at(server, authentication=Authentication(kind=Login.BEARER))
    secrets = Secrets("rotated", lambda: next(texts))
    assert rows_from(connector_to(api, secrets=secrets)) == server.rows


def test_what_a_server_says_of_an_error_is_told_without_the_secret(server: ApiServer) -> None:
    server.answers = lambda asked: Reply(400, f"bad: {asked.headers}".encode())
    api = api_at(server, authentication=Authentication(kind=Login.BEARER))
    with pytest.raises(SourceFailed, match=r"bad: .*\(hidden\)") as error:
        rows_from(connector_to(api, secrets=secret(token="marked-token")))  # noqa: S106
    assert "marked" not in str(error.value)


@pytest.mark.parametrize("target", ["https://example.org/rows", "http://127.0.0.1:1/rows"])
def test_a_redirect_to_another_host_is_refused(server: ApiServer, target: str) -> None:
    server.faults[1] = lambda _: Reply(302, b"", {"Location": target})
    with pytest.raises(AddressRefused, match="not at a host of the source's file"):
        rows_from(connector_to(api_at(server)))
    assert len(server.asked) == 1


def test_a_redirect_within_the_host_is_followed(server: ApiServer) -> None:
    server.faults[1] = lambda _: Reply(307, b"", {"Location": "/rows?page=1&moved=1"})
    assert rows_from(connector_to(api_at(server))) == server.rows


def test_a_redirect_that_would_drop_the_question_is_refused(server: ApiServer) -> None:
    server.faults[1] = lambda _: Reply(302, b"", {"Location": "/graphql"})
    with pytest.raises(AnswerUnread, match="would drop what was sent"):
        rows_from(connector_to(graphql_at(server)))


def test_a_redirect_without_end_is_refused(server: ApiServer) -> None:
    server.answers = lambda _: Reply(302, b"", {"Location": "/rows"})
    with pytest.raises(AnswerUnread, match="more than 5 times"):
        rows_from(connector_to(api_at(server)))


def test_a_link_to_another_host_is_refused(server: ApiServer) -> None:
    link = {"Link": '<http://169.254.169.254/latest/meta-data>; rel="next"'}
    server.answers = lambda _: Reply(200, b'{"items": [{"id": 1}]}', link)
    api = api_at(server, pagination=Pagination(kind=Paging.LINK))
    with pytest.raises(AddressRefused, match="add it to api"):
        rows_from(connector_to(api))


def test_a_private_address_is_refused_unless_the_file_names_its_network(
    server: ApiServer,
) -> None:
    with pytest.raises(AddressRefused, match="no public address"):
        rows_from(connector_to(api_at(server, networks=())))
    assert server.asked == []


def test_an_address_is_told_without_its_parameters() -> None:
    assert place_of("https://me:pw@a.b:8443/c?key=1#d") == "https://a.b:8443/c"

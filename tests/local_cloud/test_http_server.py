from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from local_cloud.http.server import HttpServer

Serve = Callable[..., HttpServer]
HOST = "127.0.0.1"
LARGE = 3 << 20


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """What was asked for, and the body behind it."""
    body = environ["wsgi.input"].read()
    answer = f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} ".encode() + body
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers = []

    def started(application: Any = echo) -> HttpServer:
        servers.append(HttpServer(application, host=HOST, port=0))
        return servers[-1]

    yield started
    for server in servers:
        server.close()


@pytest.fixture
def client(serve: Serve) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(HOST, serve().port)
    yield connection
    connection.close()


def ask(connection: HTTPConnection, *request: Any, **options: Any) -> bytes:
    connection.request(*request, **options)
    return connection.getresponse().read()


def raw(port: int, request: bytes) -> bytes:
    """All that comes until the server closes the connection."""
    with socket.create_connection((HOST, port)) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_one_connection_serves_one_request_after_the_other(client: HTTPConnection) -> None:
    sockets = []
    for number in range(5):
        assert ask(client, "PUT", f"/{number}", body=b"x" * number).endswith(b"x" * number)
        sockets.append(client.sock)
    assert len(set(map(id, sockets))) == 1


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, LARGE])
@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_body_of_any_size_arrives_however_it_is_sent(
    client: HTTPConnection, size: int, in_chunks: bool
) -> None:
    body = bytes(range(256)) * (size // 256) + b"e" * (size % 256)
    blocks = [body[start : start + 70_000] for start in range(0, size, 70_000)]
    sent = iter(blocks) if in_chunks else body
    answer = ask(
        client,
        "PUT",
        "/",
        body=sent,
        encode_chunked=in_chunks,
        headers=({"Transfer-Encoding": "chunked"} if in_chunks else {}),
    )
    assert answer == b"PUT / " + body
    assert ask(client, "GET", "/next") == b"GET /next "


def test_what_the_application_has_not_read_is_not_taken_for_a_request(serve: Serve) -> None:
    def deaf(_: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    connection = HTTPConnection(HOST, serve(deaf).port)
    for _ in range(3):
        assert ask(connection, "PUT", "/", body=b"GET / HTTP/1.1\r\n\r\n" * 100_000) == b"ok"
    connection.close()


def test_an_answer_of_unknown_length_ends_where_it_ends(serve: Serve) -> None:
    def stream(_: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return iter([b"a" * 100_000, b"", b"b"])

    port = serve(stream).port
    connection = HTTPConnection(HOST, port)
    for _ in range(2):
        assert ask(connection, "GET", "/") == b"a" * 100_000 + b"b"
    connection.close()
    old = raw(port, b"GET / HTTP/1.0\r\n\r\n")
    assert old.partition(b"\r\n\r\n")[2] == b"a" * 100_000 + b"b"


def test_an_answer_to_head_has_the_length_and_nothing_else(client: HTTPConnection) -> None:
    client.request("HEAD", "/x")
    answer = client.getresponse()
    assert answer.headers["Content-Length"] == str(len("HEAD /x "))
    assert answer.read() == b""
    assert ask(client, "GET", "/next") == b"GET /next "


def test_who_waits_for_leave_to_send_gets_it(serve: Serve) -> None:
    head = b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection((HOST, serve().port)) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"x")
        assert connection.recv(1000).endswith(b"PUT / x")


def test_paths_and_headers_come_as_they_were_sent(serve: Serve) -> None:
    seen: dict[str, Any] = {}

    def look(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.update(environ)
        return echo(environ, start_response)

    request = (
        b"GET //b/a%2Fb%C3%BC?x=%201 HTTP/1.1\r\nX-One: 1\r\nx-one: 2\r\nX_One: forged\r\n"
        b"x-amz-meta-my_key: v\r\nConnection: close\r\n\r\n"
    )
    assert b"200 OK" in raw(serve(look).port, request)
    assert seen["RAW_URI"] == "//b/a%2Fb%C3%BC?x=%201"
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/b/a/bü"
    assert seen["QUERY_STRING"] == "x=%201"
    assert seen["HTTP_X_ONE"] == "1,2"
    assert seen["HTTP_X_AMZ_META_MY_KEY"] == "v"


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 500 + b"\r\n",
    ],
)
def test_what_is_no_request_is_refused(serve: Serve, request_: bytes) -> None:
    server = serve()
    assert raw(server.port, request_).startswith(b"HTTP/1.1 400 ")
    assert b"200 OK" in raw(server.port, b"GET / HTTP/1.0\r\n\r\n")


def test_a_failure_is_told_and_ends_its_connection_alone(serve: Serve) -> None:
    def fail(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["RAW_URI"] == "/bad":
            raise KeyError("what was it")
        return echo(environ, start_response)

    port = serve(fail).port
    answer = raw(port, b"GET /bad HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"what was it" in answer
    assert b"200 OK" in raw(port, b"GET /good HTTP/1.0\r\n\r\n")


def test_a_client_that_goes_in_the_middle_harms_nobody(serve: Serve) -> None:
    port = serve().port
    for broken in (b"", b"GET", b"PUT / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\nx"):
        with socket.create_connection((HOST, port)) as connection:
            connection.sendall(broken)
    assert b"200 OK" in raw(port, b"GET / HTTP/1.0\r\n\r\n")


def test_connections_end_with_the_server() -> None:
    server = HttpServer(echo, host=HOST, port=0)
    with socket.create_connection((HOST, server.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"200 OK" in connection.recv(1000)
        server.close()
        assert connection.recv(1000) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, server.port))

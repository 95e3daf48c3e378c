"""One server of each kind for all tests of a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count

import pytest

from tests.connectors.database.servers import NoServer, Server, mysql_server, postgres_server

_NUMBERS = count(1)


def _started(start: Callable[[], AbstractContextManager[Server]]) -> Iterator[Server]:
    manager = start()
    try:
        server = manager.__enter__()
    except NoServer as error:
        pytest.skip(str(error))
    try:
        yield server
    finally:
        manager.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    yield from _started(postgres_server)


@pytest.fixture(scope="session")
def mysql() -> Iterator[Server]:
    yield from _started(mysql_server)


@pytest.fixture(params=["postgres", "mysql"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each kind of server."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def table() -> str:
    """The name of a table that no other test has."""
    return f"rows_{next(_NUMBERS)}"

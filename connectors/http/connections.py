"""urllib3's connections, made to addresses that are checked."""

from __future__ import annotations

import socket

from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from connectors.http.addresses import Addresses


def checked_pools(addresses: Addresses) -> PoolManager:
    """Return connections to allowed addresses, without proxies, which would resolve names anew.

    Certificates are verified for the name, as always.
    """

    def connect(connection: HTTPConnection) -> socket.socket:
        try:
            timeout = connection.timeout
            seconds = timeout if isinstance(timeout, int | float) else None
            return addresses.connect(connection.host, connection.port or 0, seconds)
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, f"{connection.host}: timed out") from error
        except OSError as error:
            raise NewConnectionError(connection, f"{connection.host}: {error}") from error

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    pools = PoolManager(num_pools=4, maxsize=1)
    pools.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return pools

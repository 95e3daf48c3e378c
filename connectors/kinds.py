"""The connector of each kind of source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.errors import OrderError
from connectors.http.api_connector import ApiConnector
from connectors.pages import Connector
from connectors.secrets import Secrets
from wires.sources import Source


def connector_for(source: Source, secrets: Secrets, *, say: Callable[[str], Any]) -> Connector:
    """Return what reads a source. Raises OrderError for a kind that nothing reads."""
    if source.api is not None:
        return ApiConnector(source.api, source.cursor, secrets, say=say)
    if source.database is not None:
        # Jobs of other sources have no packages for databases.
        from connectors.database.database_connector import DatabaseConnector  # noqa: PLC0415

        return DatabaseConnector(source.database, source.cursor, secrets, say=say)
    raise OrderError(f"{source.name} is of kind {source.kind}, and has no section of that name")

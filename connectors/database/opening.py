"""The session of each kind of database.

Its driver is imported here and not before: a job has those of its own source alone.
"""

from __future__ import annotations

from connectors.database.login import Login
from connectors.database.session import Session
from wires.database_sources import DatabaseSource, Engine


def opened(source: DatabaseSource, login: Login, moment: str = "") -> Session:
    """Connect, and begin a transaction. Raises SourceFailed if the database cannot be had."""
    if source.engine is Engine.POSTGRESQL:
        from connectors.database.postgresql import PostgresSession  # noqa: PLC0415 - see above

        return PostgresSession(source, login, moment=moment)
    if source.engine is Engine.MYSQL:
        from connectors.database.mysql import MysqlSession  # noqa: PLC0415 - see above

        return MysqlSession(source, login)
    from connectors.database.other import OtherSession  # noqa: PLC0415 - see above

    return OtherSession(source, login)

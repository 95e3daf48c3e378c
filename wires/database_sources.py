"""Databases as sources: where they are, and what is read of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Engine(StrEnum):
    """What answers, and by which way rows come out of it."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    """MariaDB too."""
    OTHER = "other"
    """What SQLAlchemy speaks, by a driver that the adopter ships."""

    @property
    def port(self) -> int:
        """Where it listens, if nobody says; 0 if there is no such custom."""
        return {Engine.POSTGRESQL: 5432, Engine.MYSQL: 3306}.get(self, 0)


class Tls(StrEnum):
    """What is demanded of a connection before a password goes over it."""

    VERIFY_FULL = "verify_full"
    """Encrypted, to a server whose certificate is valid and names the host."""
    VERIFY_CA = "verify_ca"
    """Encrypted, to a server whose certificate is valid, whatever it names."""
    REQUIRE = "require"
    """Encrypted, to whoever answers."""
    OFF = "off"


class Isolation(StrEnum):
    """Which moments the statements of a landing see."""

    REPEATABLE_READ = "repeatable_read"
    """One moment."""
    READ_COMMITTED = "read_committed"
    """Each its own, for servers that cannot keep a moment for so long."""


class WithoutPosition(StrEnum):
    """What is done about rows whose cursor is null: no range has them."""

    REFUSE = "refuse"
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class KeyRanges:
    """A large table is read by ranges of a number at once."""

    column: str
    at_once: int


@dataclass(frozen=True, kw_only=True)
class DatabaseSource:
    """One table of a database, or one query."""

    engine: Engine
    dialect: str = ""
    """SQLAlchemy's name of dialect and driver, for the engine OTHER."""
    host: str = ""
    """"" if the secret has it, as secrets of RDS do; and so are port and name."""
    port: int = 0
    name: str = ""
    table: str = ""
    query: str = ""
    columns: tuple[str, ...] = ()
    """None for all."""
    as_text: tuple[str, ...] = ()
    """Columns that land as the server spells them."""
    key: tuple[str, ...] = ()
    """Columns by which a row is known again, in a full fetch that is compared with the last."""
    tls: Tls = Tls.VERIFY_FULL
    isolation: Isolation = Isolation.REPEATABLE_READ
    without_position: WithoutPosition = WithoutPosition.REFUSE
    ranges: KeyRanges | None = None
    batch_bytes: int = 4 * 2**20
    connect_seconds: int = 30
    wait_seconds: int = 600
    """The longest silence of a server that was asked something."""
    replica_lag_seconds: int = 0
    """A replica that is further behind is not read; 0: not asked, where that needs a right."""

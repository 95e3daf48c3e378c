"""The section `database` of a file in `sources/`; docs/sources.md is generated from it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from config.dataset_document import Written
from config.one_of import one_of
from wires.database_sources import Engine, Isolation, Tls, WithoutPosition


def _names(value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError("must be a list of columns, such as [id, updated_at]")
    if len(set(value)) != len(value):
        raise ValueError("must name each column once")
    return tuple(value)


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class KeyRangesDocument(Written):
    """How a large table is read by several connections at once."""

    column: str = Field(
        min_length=1,
        description="a whole number that each row has, best the primary key; its lowest and "
        "highest value are cut into equal ranges",
    )
    at_once: int = Field(
        default=4,
        ge=2,
        le=16,
        description="ranges, each with a connection of its own; all of them see the same moment",
    )


class DatabaseDocument(Written):
    """One table of a database, or one query."""

    engine: Annotated[Engine, one_of(Engine)] = Field(
        description="`postgresql`; `mysql`, MariaDB too; `other`: what SQLAlchemy speaks, see "
        "`dialect`"
    )
    dialect: str = Field(
        default="",
        pattern=r"^([a-z0-9]+\+[a-z0-9_]+)?$",
        description="of the engine `other`: dialect and driver as SQLAlchemy calls them, such as "
        "`oracle+oracledb`; the driver has to be added to `delivery/database_wheels.txt`",
    )
    host: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.:-]*$",
        description="left out, the secret has it, as secrets that RDS makes do",
    )
    port: int = Field(
        default=0, ge=0, le=65535, description="left out, the secret's, or the engine's usual one"
    )
    name: str = Field(default="", description="of the database; left out, the secret's `dbname`")
    table: str = Field(
        default="", description="what is read, such as `orders` or `sales.orders`; or `query`"
    )
    query: str = Field(
        default="",
        description="one SELECT, without a semicolon; the cursor's condition is put around it, so "
        "its column has to be among those of the query",
    )
    columns: Names = Field(default=(), description="which ones, in this order; left out, all")
    as_text: Names = Field(
        default=(),
        description="columns that land in the server's own spelling, where a type cannot hold all "
        "values: `infinity`, days before Christ, zero dates, `NaN` among decimals",
    )
    key: Names = Field(
        default=(),
        description="of the mode `changed`: columns by which a row is known again, so that a run "
        "says which ones have gone",
    )
    tls: Annotated[Tls, one_of(Tls)] = Field(
        default=Tls.VERIFY_FULL,
        description="`verify_full`: the certificate is valid and names the host; `verify_ca`: it "
        "is valid; `require`: whoever answers, encrypted; `off`. The secret may have a `ca`, and a "
        "`certificate` with its `private_key`, each as PEM",
    )
    isolation: Annotated[Isolation, one_of(Isolation)] = Field(
        default=Isolation.REPEATABLE_READ,
        description="`repeatable_read`: a landing sees one moment of the database; "
        "`read_committed`: for servers that cannot keep one for so long",
    )
    without_position: Annotated[WithoutPosition, one_of(WithoutPosition)] = Field(
        default=WithoutPosition.REFUSE,
        description="rows whose cursor is null, which no range has: `refuse`: the run fails, and "
        "says how many there are; `leave`: it says so",
    )
    ranges: KeyRangesDocument | None = Field(
        default=None, description="of a large table in PostgreSQL: it is read in parts at once"
    )
    batch_bytes: int = Field(
        default=4 * 2**20,
        ge=2**16,
        le=2**28,
        description="of rows in memory at once, for each connection; a row may be larger",
    )
    connect_seconds: int = Field(default=30, ge=1, le=300, description="for a connection")
    wait_seconds: int = Field(
        default=600,
        ge=1,
        le=840,
        description="the longest silence of the server, also before the first row",
    )
    replica_lag_seconds: int = Field(
        default=0,
        ge=0,
        description="a replica that is further behind is not read, the run fails. 0: no limit; a "
        "standby of PostgreSQL ends a range of times at what it has replayed anyway",
    )

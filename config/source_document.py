"""The format of a file in `sources/`; docs/sources.md is generated from this definition."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from config.api_document import ApiDocument
from config.database_document import DatabaseDocument
from config.dataset_document import Name, Written
from config.one_of import one_of
from config.settings import Schedule
from config.stream_document import KafkaDocument, KinesisDocument, SqsDocument, StreamDocument
from wires.sources import CursorType, Kind, Mode, Repeats


def _position(value: object) -> object:
    """Take numbers and dates too: YAML makes a date of 2026-01-15 without quotes."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class CursorDocument(Written):
    """How far the source has been fetched, and what the next run asks for."""

    type: Annotated[CursorType, one_of(CursorType)] = Field(
        description="what positions are: `timestamp` (ISO 8601), `date`, `epoch_seconds`, "
        "`epoch_milliseconds`, `integer` (a number that grows), `timestamp_and_integer` (of a "
        "database: `field` and `then` together, such as `2026-01-15T10:00:00Z/4711`), or `opaque` "
        "(the source's own state, such as an ETag)"
    )
    field: str = Field(
        default="",
        description="where a row has its position, such as `updated_at`, or `meta.updated_at` in "
        "an object; left out for an opaque one",
    )
    then: str = Field(
        default="",
        description="column with the number that orders rows of one time, such as `id`, for "
        "`timestamp_and_integer`",
    )
    start: Annotated[str, BeforeValidator(_position)] = Field(
        default="", description="position at which the first run begins; `--since` asks for others"
    )
    overlap: int = Field(
        default=0,
        ge=0,
        description="seconds, or units of an `integer`, that each run goes back for rows that came "
        "late; they come again, see `repeats`",
    )
    lag_seconds: int = Field(
        default=0,
        ge=0,
        description="rows younger than this wait for the next run: the source may still be about "
        "to show others of that time",
    )
    window_seconds: int = Field(
        default=0,
        ge=0,
        description="the most that one landing covers; a run makes one after the other. "
        "0: everything up to now at once",
    )


class LimitsDocument(Written):
    """How large files become, and how long a run goes on."""

    rows_per_file: int = Field(
        default=0,
        ge=0,
        description="rows of one file, at most; 0: 100,000, or 1,000,000 of a database",
    )
    bytes_per_file: int = Field(
        default=64 * 2**20,
        ge=1024,
        le=2**29,
        description="bytes of one file before compression, after which the next one begins",
    )
    minutes: int = Field(
        default=60,
        ge=1,
        le=10_080,
        description="a run begins no further landing after so many; the next run goes on",
    )


class SourceDocument(Written):
    """A source, and where its rows go."""

    name: Name = Field(description="of the source, and of the file; part of its job's name")
    kind: Annotated[Kind, one_of(Kind)] = Field(
        description="`api`: HTTP, REST or GraphQL; `database`: a table, or a query; `kinesis`, "
        "`sqs` or `kafka`: a stream, which a function takes in as it comes"
    )
    dataset: Name = Field(
        description="dataset that the rows go to, as if somebody had uploaded them; its contract "
        "is a file in `config/datasets/`, if there is one"
    )
    secret: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9/_+=.@-]*$",
        description="name of the secret in Secrets Manager with the credentials, a JSON object; "
        "the name is the same in all environments. Left out, none are sent",
    )
    schedule: Schedule = Field(
        default="",
        description="when it is fetched, in UTC: `cron(10 * * * ? *)`; left out, people start it. "
        "`jobs` in `config/environments.yaml` may say otherwise for an environment",
    )
    mode: Annotated[Mode, one_of(Mode)] = Field(
        default=Mode.INCREMENTAL,
        description="`incremental`: what has come since the last run; `full`: everything each "
        "time; `changed`, of a database: everything, if it differs from what has landed last",
    )
    cursor: CursorDocument | None = Field(
        default=None,
        description="how far it has been fetched; needed where `mode` is `incremental`",
    )
    repeats: Annotated[Repeats, one_of(Repeats)] = Field(
        default=Repeats.BY_KEY,
        description="rows that come again, in an `overlap` or in another full fetch: `by_key`: the "
        "dataset's contract has a `primary_key`, of whose rows the latest counts; `keep`: each is "
        "a row of its own",
    )
    connection: str = Field(
        default="",
        description="name of a Glue connection that you have made, for a source in a network of "
        "yours; left out, the environment's network. A VPC of this product has no way out",
    )
    limits: LimitsDocument = Field(
        default=LimitsDocument(), description="how large files become, and how long a run goes on"
    )
    api: ApiDocument | None = Field(
        default=None, description="what is asked, and how; needed for the kind `api`"
    )
    kinesis: KinesisDocument | None = Field(
        default=None, description="which stream; needed for the kind `kinesis`"
    )
    sqs: SqsDocument | None = Field(
        default=None, description="which queue; needed for the kind `sqs`"
    )
    kafka: KafkaDocument | None = Field(
        default=None, description="which topic; needed for the kind `kafka`"
    )
    database: DatabaseDocument | None = Field(
        default=None, description="what is read, and how; needed for the kind `database`"
    )

    @property
    def stream(self) -> StreamDocument | None:
        """The section of a stream's kind; None for a source that a job fetches."""
        return self.kinesis or self.sqs or self.kafka

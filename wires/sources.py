"""Sources: where connectors fetch what nobody uploads, as their owners have described them.

A file of `config/sources/` becomes a `Source` at synth, which its job reads as JSON. Positions are
texts: times in UTC as `2026-01-15T10:00:00.000000Z`, whose order is that of the alphabet, whole
numbers as digits, and whatever a source calls its own state.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from wires.api_sources import ApiSource
from wires.database_sources import DatabaseSource
from wires.typed_json import TypedJson

SOURCE_PACKAGE, SOURCE_FILE = "source_definition", "source.json"
"""Package in a job's library with the source that it fetches."""


class Kind(StrEnum):
    """What a source is, and which connector reads it."""

    API = "api"
    DATABASE = "database"
    KINESIS = "kinesis"
    SQS = "sqs"
    KAFKA = "kafka"

    @property
    def is_stream(self) -> bool:
        """Whether it sends by itself what a function takes in, instead of being asked by a job."""
        return self in (Kind.KINESIS, Kind.SQS, Kind.KAFKA)


class Mode(StrEnum):
    """What a run fetches."""

    INCREMENTAL = "incremental"
    """What has come since the last run."""
    FULL = "full"
    """Everything, each time."""
    CHANGED = "changed"
    """Everything, if it differs from what has landed last."""

    @property
    def is_whole(self) -> bool:
        """Whether everything is asked for, without a cursor."""
        return self is not Mode.INCREMENTAL


class Repeats(StrEnum):
    """What becomes of rows that come again, in an overlap or in another full fetch."""

    BY_KEY = "by_key"
    """The dataset's contract has a primary key, of whose rows the latest counts."""
    KEEP = "keep"
    """Each is a row of its own."""


class CursorType(StrEnum):
    """What positions of a source are."""

    TIMESTAMP = "timestamp"
    DATE = "date"
    EPOCH_SECONDS = "epoch_seconds"
    EPOCH_MILLISECONDS = "epoch_milliseconds"
    INTEGER = "integer"
    """A number that grows with each row."""
    TIMESTAMP_AND_INTEGER = "timestamp_and_integer"
    """A time, and among rows of one time a number: `2026-01-15T10:00:00.000000Z/4711`."""
    OPAQUE = "opaque"
    """A state that the source names and only the source understands, such as an ETag."""

    @property
    def is_clock(self) -> bool:
        """Whether positions are times, so that a range has an end before anything is fetched."""
        return self not in _NO_CLOCKS


_NO_CLOCKS = (CursorType.INTEGER, CursorType.TIMESTAMP_AND_INTEGER, CursorType.OPAQUE)


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """How far a source has been fetched."""

    type: CursorType
    field: str = ""
    """Where a row has its position: names with dots between them; "" for an opaque one."""
    then: str = ""
    """Where it has its number, for a time and a number."""
    start: str = ""
    """Position of the first fetch."""
    overlap: int = 0
    """Seconds, or units of a number, that each fetch goes back for rows that came late."""
    lag_seconds: int = 0
    """Age of the youngest rows that are fetched; younger ones may not all be there yet."""
    window_seconds: int = 0
    """The most that one landing covers; 0 for everything up to now."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one file holds, and how long a run begins new landings."""

    rows_per_file: int = 100_000
    bytes_per_file: int = 64 * 2**20
    """Of JSON Lines or Arrow, before compression."""
    minutes: int = 60
    """A run begins no further landing after so many."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Everything that the owner of a source has declared."""

    name: str
    kind: Kind
    dataset: str
    secret: str = ""
    """Name of the secret with its credentials; "" if it needs none."""
    mode: Mode = Mode.INCREMENTAL
    cursor: Cursor | None = None
    repeats: Repeats = Repeats.BY_KEY
    limits: Limits = Limits()
    api: ApiSource | None = None
    """Of kind API."""
    database: DatabaseSource | None = None
    """Of kind DATABASE."""


def source_to_json(source: Source) -> str:
    return json.dumps(TypedJson().plain(source), indent=1)


def source_from_json(text: str) -> Source:
    """Undo `source_to_json`. Raises UnexpectedJson for a source of another version."""
    return TypedJson().read(Source, json.loads(text))

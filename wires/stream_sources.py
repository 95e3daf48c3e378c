"""Streams as sources: what their records are, and what lands of each."""

from __future__ import annotations

from enum import StrEnum


class RecordFormat(StrEnum):
    """What one record is."""

    JSON = "json"
    """A JSON object."""
    JSON_LINES = "json_lines"
    """JSON objects, one on each line; the record is taken as a whole or not at all."""
    BYTES = "bytes"
    """Anything; it lands as base64 in an envelope."""


class RowShape(StrEnum):
    """What lands of a record."""

    RECORD = "record"
    """The object as it was sent, in its own spelling."""
    ENVELOPE = "envelope"
    """An object with place, key, time and headers of the record, and the record as `value`."""


class KafkaLogin(StrEnum):
    """How Lambda says to brokers who it is; credentials are in the source's secret."""

    NONE = "none"
    IAM = "iam"
    """By the function's role; of MSK alone."""
    BASIC = "basic"
    """SASL/PLAIN."""
    SCRAM_256 = "scram_256"
    SCRAM_512 = "scram_512"
    CERTIFICATE = "certificate"
    """Mutual TLS."""


class StartAt(StrEnum):
    """Where a mapping begins to read that has read nothing yet."""

    TRIM_HORIZON = "trim_horizon"
    """With the oldest record that the stream has."""
    LATEST = "latest"
    """With what comes from then on."""

"""Entry point: takes one delivery of a stream or queue, lands its records, says what failed."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from connectors.landing import Place
from wires.message_ledger import MessageLedger
from wires.sources import Kind
from wires.stream_ledger import REDRIVEN, LineLedger, redriven_line
from wires.stream_sources import RecordFormat, RowShape

from .calls import AT_ONCE
from .errors import UnreadableDelivery
from .lines import Lines
from .messages import Messages
from .metrics import Counts
from .quarantine import RecordQuarantine
from .records import Record, records_of
from .rows import RowMaker
from .settings import StreamSettings

Answer = dict[str, Any]

CALLS = Config(
    connect_timeout=5,
    read_timeout=20,
    max_pool_connections=AT_ONCE + 4,
    retries={"mode": "standard", "total_max_attempts": 3},
)
"""By default one call that gets no answer would last longer than the function may."""
logger = Logger(service="streams")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Intake:
    """The parts of one source's function."""

    def __init__(
        self,
        settings: StreamSettings,
        *,
        s3: Any,
        state: Any,
        now: Callable[[], datetime] = _utc_now,
        at_once: int = AT_ONCE,
    ) -> None:
        """Take a client of S3, and the state table as DynamoDB's `Table` resource."""
        source = settings.source
        parts: dict[str, Any] = {
            "source": source,
            "dataset": settings.dataset,
            "quarantine": RecordQuarantine(
                s3=s3, bucket=settings.quality_bucket, source=source, at_once=at_once
            ),
            "maker": RowMaker(
                record_format=RecordFormat(settings.record_format), shape=RowShape(settings.rows)
            ),
            "now": now,
        }
        self.settings = settings
        self.kind = Kind(settings.kind)
        self.lines = Lines(
            s3=s3, bucket=settings.raw_bucket, ledger=LineLedger(state, source), **parts
        )
        self.messages = Messages(
            place=Place(
                s3=s3, raw_bucket=settings.raw_bucket, assets_bucket=settings.assets_bucket
            ),
            ledger=MessageLedger(state, source),
            invocation_seconds=settings.timeout_seconds,
            at_once=at_once,
            **parts,
        )

    def handle(self, event: dict[str, Any]) -> Answer:
        """Take in a delivery. Returns which records must come again, where Lambda asks for it.

        A delivery that a person sends again names its first record, as `redriven`. Raises what
        keeps all of them from being taken in.
        """
        counts = Counts()
        try:
            return self._taken(records_of(event, self.kind), counts, _redriven(event, self.kind))
        finally:
            counts.write(namespace=self.settings.metrics_namespace, source=self.settings.source)

    def _taken(self, records: list[Record], counts: Counts, redriven: str) -> Answer:
        if self.kind is Kind.SQS:
            return _failures(sorted(self.messages.take(records, counts)))
        again = [
            self._again(redriven_line(line, redriven) if redriven else line, of_it, counts)
            for line, of_it in _by_line(records)
        ]
        return _failures([sequence for sequence in again if sequence])

    def _again(self, line: str, records: list[Record], counts: Counts) -> str:
        """Take in records of a line; returns the first that must come again, "" for none.

        Raises the error if that is the first of them all, and where Lambda sends whole batches.
        """
        try:
            self.lines.take(line, records, counts)
        except Exception:
            left = self.lines.left(line, records)
            if self.kind is Kind.KAFKA or len(left) == len(records):
                raise
            logger.exception("some records come again", extra={"line": line, "left": len(left)})
            return left[0].sequence if left else ""
        return ""


def _redriven(event: dict[str, Any], kind: Kind) -> str:
    """Return the sequence number at which a batch begins that is sent again; "" for Lambda's."""
    first = str(event.get(REDRIVEN, ""))
    if first and (kind is not Kind.KINESIS or not first.isdigit()):
        raise UnreadableDelivery(
            f"expected `redriven` in a delivery of Kinesis alone, with the sequence number of its "
            f"first record, got {first!r} in one of {kind.value}"
        )
    return first


def _by_line(records: list[Record]) -> list[tuple[str, list[Record]]]:
    def place(record: Record) -> tuple[str, int]:
        return record.line, int(record.sequence)

    ordered = sorted(records, key=place)
    return [(line, list(of_it)) for line, of_it in groupby(ordered, lambda one: one.line)]


def _failures(ids: list[str]) -> Answer:
    return {"batchItemFailures": [{"itemIdentifier": id} for id in ids]}


@cache
def _intake() -> Intake:
    """Return the function's parts, which are made once per runtime."""
    settings = StreamSettings.from_environ(os.environ)
    state = boto3.resource("dynamodb", config=CALLS).Table(settings.state_table)
    return Intake(settings, s3=boto3.client("s3", config=CALLS), state=state)


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> Answer:  # noqa: ARG001 - Lambda's
    """Handle a delivery; the template names this function."""
    return _intake().handle(event)

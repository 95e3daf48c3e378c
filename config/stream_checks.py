"""Rules of a stream's file that more than one value is about."""

from __future__ import annotations

from collections.abc import Iterator

from config.errors import BrokenRule
from config.source_document import SourceDocument
from config.stream_document import KafkaDocument, KinesisDocument, SqsDocument, StreamDocument
from wires.sources import Kind
from wires.stream_sources import KafkaLogin, RecordFormat, RowShape

STREAM_KINDS = tuple(kind for kind in Kind if kind.is_stream)
_OF_JOBS = ("schedule", "mode", "cursor", "repeats", "connection", "limits", "api")
_WITHOUT_SECRET = (KafkaLogin.NONE, KafkaLogin.IAM)
_OF_SERVERS = (KafkaLogin.BASIC, KafkaLogin.SCRAM_256)
_YOUNGEST = 60


def broken_stream(document: SourceDocument) -> Iterator[BrokenRule]:
    """Yield every contradiction within the file of a stream."""
    kind = document.kind
    others = [name for name in (*_OF_JOBS, *STREAM_KINDS) if name != kind]
    for name in others:
        if name in document.model_fields_set:
            rule = f"must be left out of a source of kind {kind}: its function takes in what comes"
            yield BrokenRule(field=name, value="…", rule=rule)
    section = getattr(document, kind.value)
    if section is None:
        yield BrokenRule(field=kind.value, absent=True, rule=f"needed for the kind {kind}")
        return
    if document.secret and not isinstance(section, KafkaDocument):
        rule = f"must be left out: a source of kind {kind} is read by the function's role"
        yield BrokenRule(field="secret", value=document.secret, rule=rule)
    for field, value, rule in _broken(document, section):
        yield BrokenRule(field=field, value=value, rule=rule)


def without_stream(document: SourceDocument) -> Iterator[BrokenRule]:
    """Yield a stream's sections in the file of a source that is none."""
    for name in STREAM_KINDS:
        if getattr(document, name.value) is not None:
            rule = f"must be left out of a source of kind {document.kind}"
            yield BrokenRule(field=name.value, value="…", rule=rule)


_Broken = Iterator[tuple[str, object, str]]


def _broken(document: SourceDocument, section: StreamDocument) -> _Broken:
    kind = document.kind.value
    if section.format is RecordFormat.BYTES and section.rows is not RowShape.ENVELOPE:
        yield f"{kind}.rows", section.rows.value, "must be envelope where format is bytes"
    if isinstance(section, KinesisDocument):
        yield from _broken_kinesis(section)
    elif isinstance(section, SqsDocument):
        yield from _broken_sqs(section)
    elif isinstance(section, KafkaDocument):
        yield from _broken_cluster(section)
        yield from _broken_login(document, section)


def _broken_kinesis(kinesis: KinesisDocument) -> _Broken:
    if kinesis.parallelization != 1:
        rule = (
            "must be 1: batches of a shard that are taken in side by side have no last sequence "
            "number up to which everything has landed. Split the shard instead"
        )
        yield "kinesis.parallelization", kinesis.parallelization, rule
    if kinesis.maximum_age_seconds != -1 and kinesis.maximum_age_seconds < _YOUNGEST:
        rule = f"must be -1, or {_YOUNGEST} at least"
        yield "kinesis.maximum_age_seconds", kinesis.maximum_age_seconds, rule


def _broken_sqs(sqs: SqsDocument) -> _Broken:
    if not sqs.queue.endswith(".fifo"):
        return
    if sqs.batch_size > 10:
        yield "sqs.batch_size", sqs.batch_size, "must be at most 10 for a FIFO queue"
    if sqs.window_seconds:
        yield "sqs.window_seconds", sqs.window_seconds, "must be 0 for a FIFO queue"


def _broken_cluster(kafka: KafkaDocument) -> _Broken:
    if bool(kafka.cluster) is bool(kafka.servers):
        rule = "must be there, or servers, and not both"
        yield "kafka.cluster", kafka.cluster, rule
    if bool(kafka.subnets) is not bool(kafka.security_groups):
        rule = "goes together with kafka.security_groups"
        yield "kafka.subnets", list(kafka.subnets), rule
    if kafka.cluster:
        for name in ("subnets", "ca_secret"):
            if getattr(kafka, name):
                yield f"kafka.{name}", getattr(kafka, name), "is for servers: MSK has its own"


def _broken_login(document: SourceDocument, kafka: KafkaDocument) -> _Broken:
    login = kafka.authentication
    if (login in _WITHOUT_SECRET) is bool(document.secret):
        rule = f"needed for authentication of kind {login}"
        if document.secret:
            rule = f"must be left out where kafka.authentication is {login}"
        yield "secret", document.secret, rule
    if login is KafkaLogin.IAM and kafka.servers:
        yield "kafka.authentication", login.value, "is for MSK: name its cluster"
    if login in _OF_SERVERS and kafka.cluster:
        yield "kafka.authentication", login.value, "is not for MSK, which takes scram_512"

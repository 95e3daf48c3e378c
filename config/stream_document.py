"""The sections `kinesis`, `sqs` and `kafka` of a file in `sources/`; docs/sources.md is generated
from this definition."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from config.dataset_document import Written
from config.one_of import one_of
from wires.stream_sources import KafkaLogin, RecordFormat, RowShape, StartAt

_PLACE = r"arn:aws[a-z-]*:{service}:[a-z0-9-]+:[0-9]{{12}}:{resource}"
_KEY = re.compile(_PLACE.format(service="kms", resource="key/[A-Za-z0-9-]+"))
_STREAM_ARN = re.compile(_PLACE.format(service="kinesis", resource="stream/[A-Za-z0-9_.-]{1,128}"))
_QUEUE_ARN = re.compile(_PLACE.format(service="sqs", resource=r"[A-Za-z0-9_-]{1,75}(\.fifo)?"))
_CLUSTER_ARN = re.compile(_PLACE.format(service="kafka", resource=r"cluster/[A-Za-z0-9_-]+/[\w-]+"))
_STREAM = re.compile("[A-Za-z0-9_.-]{1,128}")
_QUEUE = re.compile(r"[A-Za-z0-9_-]{1,75}(\.fifo)?")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_SERVER = re.compile(r"[A-Za-z0-9.-]+:\d{1,5}")
_SECRET = re.compile(r"[A-Za-z0-9/_+=.@-]+")


def _one(*patterns: re.Pattern[str], example: str) -> BeforeValidator:
    """Return a validator of texts that have one of some forms."""

    def check(value: object) -> object:
        if not isinstance(value, str) or not any(one.fullmatch(value) for one in patterns):
            raise ValueError(f"must be {example}")
        return value

    return BeforeValidator(check)


def _several(pattern: re.Pattern[str], example: str, *, most: int) -> BeforeValidator:
    """Return a validator of lists of texts that have one form."""

    def check(value: object) -> object:
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise ValueError(f"must be a list of 1 to {most}, such as [{example}]")
        for one in value:
            if not isinstance(one, str) or not pattern.fullmatch(one):
                raise ValueError(f"has {one!r:.60}, which is not like {example}")
        return tuple(value)

    return BeforeValidator(check)


_STREAM_EXAMPLE = (
    "the name of a stream in the environment's account and region, or its ARN, such as "
    "arn:aws:kinesis:eu-central-1:111111111111:stream/clicks"
)
_QUEUE_EXAMPLE = (
    "the name of a queue in the environment's account and region, or its ARN, such as "
    "arn:aws:sqs:eu-central-1:111111111111:orders"
)
_CLUSTER_EXAMPLE = (
    "the ARN of an MSK cluster, such as arn:aws:kafka:eu-central-1:111111111111:cluster/demo/…"
)
_KEY_EXAMPLE = "the ARN of a key, such as arn:aws:kms:eu-central-1:111111111111:key/…"


class StreamDocument(Written):
    """What all streams have."""

    format: Annotated[RecordFormat, one_of(RecordFormat)] = Field(
        default=RecordFormat.JSON,
        description="of a record: `json`, an object; `json_lines`, an object on each line; "
        "`bytes`, anything, which lands as base64 and needs `rows: envelope`",
    )
    rows: Annotated[RowShape, one_of(RowShape)] = Field(
        default=RowShape.RECORD,
        description="what lands of a record: `record`, the object as it was sent; `envelope`, an "
        "object with `stream`, `shard`, `sequence`, `came_at`, `key`, `headers` and the record as "
        "`value`",
    )
    window_seconds: int = Field(
        default=300,
        ge=0,
        le=300,
        description="how long a batch is gathered; it ends earlier with `batch_size` records, or "
        "with 6 MB as Lambda counts them. Each batch is a file",
    )
    key: Annotated[str, _one(_KEY, re.compile(""), example=_KEY_EXAMPLE)] = Field(
        default="",
        description="ARN of the KMS key of your own that it is encrypted with; left out, it has "
        "none",
    )


class _Ordered(StreamDocument):
    """What streams have whose records have an order."""

    batch_size: int = Field(
        default=10_000, ge=1, le=10_000, description="records of a batch, at most"
    )
    start: Annotated[StartAt, one_of(StartAt)] = Field(
        default=StartAt.TRIM_HORIZON,
        description="where the first reading begins: `trim_horizon`, with the oldest record that "
        "is there; `latest`, with what comes from then on",
    )


class KinesisDocument(_Ordered):
    """A Kinesis data stream."""

    stream: Annotated[str, _one(_STREAM, _STREAM_ARN, example=_STREAM_EXAMPLE)] = Field(
        description=_STREAM_EXAMPLE
    )
    enhanced_fan_out: bool = Field(
        default=False,
        description="whether the function has 2 MB/s of each shard for itself, at a price; else "
        "it shares them with the stream's other readers",
    )
    parallelization: int = Field(
        default=1,
        ge=1,
        description="batches of a shard at a time; 1, because batches side by side have no last "
        "sequence number up to which everything has landed. Split the shard instead",
    )
    bisect: bool = Field(
        default=True, description="whether a batch that fails is halved before it comes again"
    )
    retries: int = Field(
        default=-1,
        ge=-1,
        le=10_000,
        description="times that a batch comes again before it is given up; -1: until it lands",
    )
    maximum_age_seconds: int = Field(
        default=-1,
        ge=-1,
        le=604_800,
        description="age at which records are given up; -1: never, but the stream's own retention "
        "goes on",
    )


class SqsDocument(StreamDocument):
    """A queue."""

    queue: Annotated[str, _one(_QUEUE, _QUEUE_ARN, example=_QUEUE_EXAMPLE)] = Field(
        description=f"{_QUEUE_EXAMPLE}. Its visibility timeout must be 300 seconds at "
        "least; 1,800 are better"
    )
    batch_size: int = Field(
        default=1_000,
        ge=1,
        le=5_000,
        description="messages of a batch, at most, each of which is a write to the state table; 10 "
        "of a queue whose name ends with `.fifo`",
    )
    concurrency: int = Field(
        default=2, ge=2, le=1000, description="batches that are taken in at a time"
    )


class KafkaDocument(_Ordered):
    """A topic of MSK, or of a Kafka cluster of yours."""

    topic: Annotated[str, _one(_TOPIC, example="the name of a topic")] = Field(
        description="name of the topic"
    )
    cluster: Annotated[str, _one(_CLUSTER_ARN, re.compile(""), example=_CLUSTER_EXAMPLE)] = Field(
        default="", description=f"{_CLUSTER_EXAMPLE}; or else `servers`"
    )
    servers: Annotated[tuple[str, ...], _several(_SERVER, "broker-1.example.com:9096", most=10)] = (
        Field(default=(), description="bootstrap servers of a cluster of yours, `host:port`")
    )
    authentication: Annotated[KafkaLogin, one_of(KafkaLogin)] = Field(
        default=KafkaLogin.NONE,
        description="`iam`, by the function's role, with MSK; `scram_512`, and with `servers` "
        '`scram_256` and `basic`: the secret is `{"username": "…", "password": "…"}`; '
        '`certificate`: it is `{"certificate": "…", "privateKey": "…"}`; `none`',
    )
    ca_secret: Annotated[str, _one(_SECRET, re.compile(""), example="the name of a secret")] = (
        Field(
            default="",
            description="name of a secret with the certificate of the authority that has signed "
            'those of the brokers, `{"certificate": "…"}`, if it is a private one; with `servers`',
        )
    )
    consumer_group: Annotated[
        str, _one(_TOPIC, re.compile(""), example="the name of a consumer group")
    ] = Field(default="", description="name of the consumer group; left out, Lambda makes one up")
    subnets: Annotated[
        tuple[str, ...],
        _several(re.compile("subnet-[0-9a-f]+"), "subnet-0123456789abcdef0", most=16),
    ] = Field(
        default=(),
        description="subnets from which Lambda reaches `servers`, with a way to Secrets Manager, "
        "STS and Lambda; left out, they are reached over the internet. Of MSK its own are taken",
    )
    security_groups: Annotated[
        tuple[str, ...], _several(re.compile("sg-[0-9a-f]+"), "sg-0123456789abcdef0", most=5)
    ] = Field(default=(), description="security groups there; needed with `subnets`")
    lag_records: int = Field(
        default=100_000,
        ge=1,
        description="records that may wait in the topic before people are told that the function "
        "is behind",
    )

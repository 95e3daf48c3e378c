"""Files of streams: what they say is checked, and told with field, value and rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.errors import NamingError, ValueRuleError
from config.naming import Names
from config.source_document import SourceDocument
from config.sources import load_sources
from wires.stream_sources import KafkaLogin, RecordFormat, RowShape, StartAt

Load = Callable[[Mapping[str, Any]], SourceDocument]
CLUSTER = "arn:aws:kafka:eu-central-1:111111111111:cluster/demo/e9f754c6-d29a-4430"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def write_and_load(content: Mapping[str, Any]) -> SourceDocument:
        (tmp_path / "clicks.yaml").write_text(yaml.safe_dump(dict(content)))
        (document,) = load_sources(tmp_path, tmp_path / "none")
        return document

    return write_and_load


def stream(kind: str = "kinesis", **section: Any) -> dict[str, Any]:
    usual: Mapping[str, dict[str, Any]] = {
        "kinesis": {"stream": "clicks"},
        "sqs": {"queue": "orders"},
        "kafka": {"topic": "orders", "cluster": CLUSTER},
    }
    given = {name: value for name, value in {**usual[kind], **section}.items() if value != "-"}
    return {"name": "clicks", "kind": kind, "dataset": "clicks", kind: given}


def test_a_name_is_enough_and_the_rest_lets_files_become_large_and_nothing_be_given_up(
    load: Load,
) -> None:
    kinesis = load(stream()).kinesis
    assert kinesis is not None
    assert (kinesis.batch_size, kinesis.window_seconds, kinesis.start) == (
        10_000,
        300,
        StartAt.TRIM_HORIZON,
    )
    assert (kinesis.bisect, kinesis.retries, kinesis.maximum_age_seconds) == (True, -1, -1)
    assert (kinesis.format, kinesis.rows) == (RecordFormat.JSON, RowShape.RECORD)


def test_a_cluster_of_ones_own_has_servers_a_secret_and_a_network(load: Load) -> None:
    own = {
        "cluster": "-",
        "servers": ["broker-1.example.com:9096", "10.0.0.1:9096"],
        "authentication": "basic",
        "subnets": ["subnet-0a1b"],
        "security_groups": ["sg-0a1b"],
    }
    document = load({**stream("kafka", **own), "secret": "project/clicks"})
    assert document.kafka is not None
    assert document.kafka.authentication is KafkaLogin.BASIC
    assert document.kafka.servers == ("broker-1.example.com:9096", "10.0.0.1:9096")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ({**stream(), "kinesis": None}, "kinesis is missing: needed for the kind kinesis"),
        ({**stream(), "schedule": "cron(1 * * * ? *)"}, "schedule is '…': must be left out of a"),
        ({**stream(), "mode": "full"}, "mode is '…': must be left out of a source of kind kinesis"),
        ({**stream(), "secret": "a/b"}, "is read by the function's role"),
        ({**stream(), "sqs": {"queue": "orders"}}, "sqs is '…': must be left out of a source of"),
        (stream(stream="a/b"), "kinesis.stream is 'a/b': must be the name of a stream"),
        (stream(stream=f"{CLUSTER}"), "or its ARN, such as arn:aws:kinesis:"),
        (stream(parallelization=2), "Split the shard instead"),
        (stream(batch_size=10_001), "kinesis.batch_size is 10001: must be at most 10000"),
        (stream(window_seconds=301), "kinesis.window_seconds is 301: must be at most 300"),
        (stream(retries=-2), "kinesis.retries is -2: must be at least -1"),
        (stream(maximum_age_seconds=10), "must be -1, or 60 at least"),
        (stream(start="now"), "kinesis.start is 'now': must be one of trim_horizon, latest"),
        (stream(format="csv"), "kinesis.format is 'csv': must be one of json, json_lines, bytes"),
        (stream(format="bytes"), "kinesis.rows is 'record': must be envelope where format is"),
        (stream(bisct=True), "did you mean bisect?"),
        (stream(key="alias/aws/kinesis"), "must be the ARN of a key"),
        (stream("sqs", queue="https://sqs/orders"), "must be the name of a queue"),
        (stream("sqs", queue="a.fifo", window_seconds=0), "must be at most 10 for a FIFO queue"),
        (stream("sqs", queue="a.fifo", batch_size=10), "sqs.window_seconds is 300: must be 0"),
        (stream("sqs", concurrency=1), "sqs.concurrency is 1: must be at least 2"),
        (stream("kafka", cluster="-"), "kafka.cluster is '': must be there, or servers"),
        (stream("kafka", servers=["a:1"]), "must be there, or servers, and not both"),
        (stream("kafka", cluster="-", servers=["a"]), "has 'a', which is not like broker-1"),
        (stream("kafka", authentication="scram_512"), "secret is '': needed for authentication"),
        (
            stream("kafka", cluster="-", servers=["a:1"], authentication="iam"),
            "kafka.authentication is 'iam': is for MSK",
        ),
        (
            stream("kafka", cluster="-", servers=["a:1"], subnets=["subnet-1"]),
            "goes together with kafka.security_groups",
        ),
        (stream("kafka", ca_secret="a/b"), "kafka.ca_secret is 'a/b': is for servers"),  # noqa: S106 - a name
    ],
)
def test_a_wrong_value_is_told_with_its_field_and_its_rule(
    load: Load, content: Mapping[str, Any], rule: str
) -> None:
    with pytest.raises(ValueRuleError) as error:
        load({name: value for name, value in content.items() if value is not None})
    assert "sources/clicks.yaml has 1 wrong value" in str(error.value)
    assert rule in str(error.value)


def test_a_name_that_makes_others_too_long_is_told() -> None:
    names = Names(project="p", environment="dev", account="1" * 12, region="eu-central-1")
    names.check_stream("a" * 40)
    with pytest.raises(NamingError, match="3 to 64 characters"):
        names.check_stream("a" * 60)

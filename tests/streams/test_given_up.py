"""Batches that Lambda has given up are sent again by a person: all of it lands, and once."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from config.environments import Environment
from config.source_document import SourceDocument
from local_cloud.cloud import LocalCloud
from operations.place import reaching
from operations.progress import Progress
from operations.recovery import given_up
from operations.recovery.estate import Estate
from operations.recovery.failed import Troubles, add_batches
from operations.recovery.given_up import GivenUp
from operations.recovery.redrive import Choice, Redrive
from operations.site import ToldSite
from tests.local_cloud import tiny
from tests.streams.deliveries import any_settings
from wires.layout import PARTITION_KEY, SORT_KEY
from wires.sources import Kind

ROOT = Path(__file__).resolve().parents[2]
CODE = f"""
import os, pathlib, sys
sys.path.insert(0, {str(ROOT)!r})
from infra_app.lambdas.streams import handler

def handle(event, context):
    if pathlib.Path(os.environ["BROKEN"]).exists():
        raise OSError("broken today")
    answer = handler.handle(event, context)
    if pathlib.Path(os.environ["SPEECHLESS"]).exists():
        raise OSError("landed, and could not say so")
    return answer
"""


@dataclass
class Clicks:
    """The stream `clicks` of a project, with its function and what Lambda has given up of it."""

    cloud: LocalCloud
    estate: Estate
    document: SourceDocument
    broken: Path
    speechless: Path

    def put(self, *numbers: int) -> None:
        kinesis = self.cloud.client("kinesis")
        for number in numbers:
            data = json.dumps({"id": number}).encode() if number >= 0 else b"no json"
            kinesis.put_record(StreamName=tiny.STREAM, Data=data, PartitionKey="one")
        self.cloud.settle()

    def landed(self) -> list[int]:
        s3, bucket = self.cloud.client("s3"), self.estate.names.raw_bucket
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
        bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
        return sorted(json.loads(x)["id"] for b in bodies for x in gzip.decompress(b).splitlines())

    def quarantined(self) -> int:
        s3, bucket = self.cloud.client("s3"), self.estate.names.quality_bucket
        return int(s3.list_objects_v2(Bucket=bucket)["KeyCount"])

    def letters(self) -> int:
        return GivenUp(self.estate, self.document).box().count()

    def redrive(self, *, dry_run: bool = False) -> dict[str, Any]:
        found = Redrive(estate=self.estate, progress=Progress(), dry_run=dry_run)
        return found.run(Choice(streams=[self.document])).to_json()


def resources_of(site: ToldSite, folder: Path) -> tiny.Resources:
    names = site.names
    found = tiny.stream_and_function(MaximumRetryAttempts=0)
    settings = any_settings(
        raw_bucket=names.raw_bucket,
        quality_bucket=names.quality_bucket,
        assets_bucket=names.assets_bucket,
        state_table=names.state_table,
    )
    found["Function"]["Properties"] |= {
        "FunctionName": names.stream_function("clicks"),
        "Environment": {
            "Variables": {
                **settings.to_environ(),
                "BROKEN": str(folder / "broken"),
                "SPEECHLESS": str(folder / "speechless"),
            }
        },
    }
    found["DeadLetters"]["Properties"]["QueueName"] = names.stream_failures("clicks")
    found["Inbox"]["Properties"]["BucketName"] = names.raw_bucket
    table = found["Table"]["Properties"]
    table["TableName"] = names.state_table
    table["KeySchema"] = [
        {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
        {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
    ]
    table["AttributeDefinitions"] = [
        {"AttributeName": name, "AttributeType": "S"} for name in (PARTITION_KEY, SORT_KEY)
    ]
    found["Quality"] = {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": names.quality_bucket},
    }
    return found


@pytest.fixture
def clicks(dev: Environment, tmp_path: Path) -> Iterator[Clicks]:
    site = ToldSite(names=replace(dev.names, account=tiny.ACCOUNT, region=tiny.REGION))
    stacks = tiny.stacks(tmp_path / "assembly", resources_of(site, tmp_path), function=CODE)
    document = SourceDocument.model_validate(
        {
            "name": "clicks",
            "kind": "kinesis",
            "dataset": "clicks",
            "kinesis": {"stream": tiny.STREAM},
        }
    )
    with ExitStack() as stack:
        cloud = stack.enter_context(LocalCloud.for_stacks(stacks, work=tmp_path / "work"))
        cloud.deploy(stacks)
        stack.enter_context(reaching(cloud.endpoint))
        estate = Estate(site, boto3.Session(region_name=tiny.REGION))
        yield Clicks(cloud, estate, document, tmp_path / "broken", tmp_path / "speechless")


def test_what_was_given_up_is_told_and_lands_once_however_often_it_is_sent(clicks: Clicks) -> None:
    clicks.put(1)
    clicks.broken.touch()
    clicks.put(2, -3, 4)
    clicks.broken.unlink()
    # The shard goes on, and its line passes over what comes before.
    clicks.put(5, 6)
    assert (clicks.landed(), clicks.letters()) == ([1, 5, 6], 1)
    told = clicks.redrive(dry_run=True)
    assert told["counts"]["is sent again"] == 1
    assert told["steps"][0]["what"].startswith("clicks: 3 records of tiny-stream/shardId-")
    assert (clicks.landed(), clicks.letters()) == ([1, 5, 6], 1)
    done = clicks.redrive()
    assert [step["why"] for step in done["steps"]] == ["3 sent again, 0 had landed"]
    assert (clicks.landed(), clicks.quarantined(), clicks.letters()) == ([1, 2, 4, 5, 6], 1, 0)
    assert clicks.redrive()["steps"] == []


def test_what_had_landed_all_the_same_does_not_land_again(clicks: Clicks) -> None:
    clicks.speechless.touch()
    clicks.put(1, 2)
    clicks.speechless.unlink()
    clicks.put(3)
    assert (clicks.landed(), clicks.letters()) == ([1, 2, 3], 1)
    done = clicks.redrive()
    assert [step["why"] for step in done["steps"]] == ["0 sent again, 2 had landed"]
    assert (clicks.landed(), clicks.letters()) == ([1, 2, 3], 0)


def test_a_redrive_that_is_killed_after_it_was_taken_in_is_made_up_for(
    clicks: Clicks, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicks.broken.touch()
    clicks.put(1)
    clicks.broken.unlink()
    send = GivenUp.send_again

    def killed(self: GivenUp, batch: given_up.Batch) -> str:
        send(self, batch)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(GivenUp, "send_again", killed)
        with pytest.raises(KeyboardInterrupt):
            clicks.redrive()
    assert (clicks.landed(), clicks.letters()) == ([1], 1)
    # As if its file could not be seen yet: the function itself knows what it has taken in.
    with monkeypatch.context() as patch:
        patch.setattr(GivenUp, "_landed", lambda *_: iter(()))
        (step,) = clicks.redrive()["steps"]
    assert step["why"] == "1 sent again, 0 had landed"
    assert (clicks.landed(), clicks.letters()) == ([1], 0)


def test_what_cannot_be_taken_in_stays_with_its_reason(clicks: Clicks) -> None:
    clicks.broken.touch()
    clicks.put(1)
    (step,) = clicks.redrive()["steps"]
    assert (step["action"], clicks.letters()) == ("is left alone", 1)
    assert re.search(r"could not take them in: .* raised OSError: broken today", step["why"])
    clicks.broken.unlink()
    clicks.cloud.client("kinesis").delete_stream(StreamName=tiny.STREAM)
    (step,) = clicks.redrive()["steps"]
    assert "expected the stream arn:aws:kinesis:" in step["why"]
    assert "got ResourceNotFoundException" in step["why"]
    assert (clicks.landed(), clicks.letters()) == ([], 1)


def test_records_that_the_stream_has_lost_are_told(
    clicks: Clicks, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicks.broken.touch()
    clicks.put(1)
    clicks.broken.unlink()
    whole = given_up.batch_of

    def larger(body: str, document: SourceDocument) -> given_up.Batch:
        batch = whole(body, document)
        return replace(batch, first="0", size=3)

    # moto keeps records for good, so the message tells of more than it has.
    monkeypatch.setattr(given_up, "batch_of", larger)
    monkeypatch.setattr(
        GivenUp, "_records", lambda self, batch: _from_the_oldest(self, batch, clicks)
    )
    (step,) = clicks.redrive()["steps"]
    assert step["action"] == "is left alone"
    assert "2 of 3 records are older than what the stream keeps" in step["why"]
    assert (clicks.landed(), clicks.letters()) == ([1], 1)


def _from_the_oldest(stream: GivenUp, batch: given_up.Batch, clicks: Clicks) -> Iterator[Any]:
    """Kinesis begins with the oldest record where one that is asked for has gone."""
    kinesis = clicks.cloud.client("kinesis")
    assert stream.name == "clicks"
    iterator = kinesis.get_shard_iterator(
        StreamName=tiny.STREAM, ShardId=batch.shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    yield from kinesis.get_records(ShardIterator=iterator)["Records"]


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("kinesis", "{}", "expected a message with KinesisBatchInfo, as Lambda sends it, got '{}'"),
        ("kinesis", "no json", "expected a message with KinesisBatchInfo"),
        ("kafka", "{}", "records of kafka are not sent again by this command"),
    ],
)
def test_other_messages_are_left_with_what_to_do(
    clicks: Clicks, kind: str, body: str, told: str
) -> None:
    document = clicks.document.model_copy(update={"kind": Kind(kind)})
    with pytest.raises(given_up.Unreadable, match=told):
        given_up.batch_of(body, document)


def test_a_stream_that_is_not_deployed_is_left_alone(clicks: Clicks) -> None:
    clicks.document = clicks.document.model_copy(update={"name": "newer"})
    (step,) = clicks.redrive()["steps"]
    assert (step["action"], step["what"]) == ("is left alone", "newer")
    assert step["why"] == "dev has no such stream: deploy it first"


def test_failed_lists_them(clicks: Clicks) -> None:
    clicks.broken.touch()
    clicks.put(1)
    found = Troubles(limit=10)
    add_batches(GivenUp(clicks.estate, clicks.document), found)
    assert found.to_json()["counts"]["batches_given_up"] == 1
    assert any("redrive --given-up sends them again" in line for line in found.lines())
    assert clicks.letters() == 1

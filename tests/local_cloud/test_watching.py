"""Somebody may watch the calls of a cloud, and stand in their way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from faults.machine import caller_at
from local_cloud.aws import InProcessAws
from local_cloud.http.watching import Answer, WatchedCall

REGION = "eu-central-1"


class Guard:
    """Writes down what it sees; refuses writes below `closed/`."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, WatchedCall]] = []

    def before(self, call: WatchedCall) -> Answer | None:
        self.seen.append(("before", call))
        if call.operation == "PutObject" and "/closed/" in call.path:
            body = b"<Error><Code>AccessDenied</Code><Message>closed</Message></Error>"
            return Answer("403 Forbidden", "application/xml", body)
        return None

    def after(self, call: WatchedCall) -> None:
        self.seen.append(("after", call))


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[InProcessAws]:
    with InProcessAws(account="123456789012", region=REGION, work=tmp_path) as made:
        made.client("s3").create_bucket(
            Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield made


def test_a_watcher_sees_each_call_before_it_is_served_and_after(aws: InProcessAws) -> None:
    guard = Guard()
    s3 = aws.client("s3")
    with aws.watching.by(guard):
        s3.put_object(Bucket="a-bucket", Key="open/ü x.csv", Body=b"1")
        aws.client("sns").create_topic(Name="alerts")
    s3.put_object(Bucket="a-bucket", Key="later.csv", Body=b"1")
    told = [(when, call.service, call.operation, call.path) for when, call in guard.seen]
    assert told == [
        ("before", "s3", "PutObject", "a-bucket/open/ü x.csv"),
        ("after", "s3", "PutObject", "a-bucket/open/ü x.csv"),
        ("before", "sns", "CreateTopic", ""),
        ("after", "sns", "CreateTopic", ""),
    ]
    assert b"alerts" in guard.seen[2][1].body
    assert {call.access_key for _, call in guard.seen} == {"AKIALOCALCLOUD000000"}


def test_what_a_watcher_answers_is_not_served(aws: InProcessAws) -> None:
    guard = Guard()
    s3 = aws.client("s3")
    with aws.watching.by(guard), pytest.raises(ClientError, match="closed"):
        s3.put_object(Bucket="a-bucket", Key="closed/x.csv", Body=b"1")
    assert [when for when, _ in guard.seen] == ["before"]
    assert s3.list_objects_v2(Bucket="a-bucket")["KeyCount"] == 0


def test_the_port_tells_which_process_calls(aws: InProcessAws) -> None:
    callers: list[int] = []

    class Looking(Guard):
        def before(self, call: WatchedCall) -> Answer | None:
            callers.append(caller_at(call.port, [os.getpid()]))
            return None

    with aws.watching.by(Looking()):
        aws.client("s3").list_buckets()
    assert callers == [os.getpid()]


def test_two_watchers_at_once_are_refused(aws: InProcessAws) -> None:
    with (
        aws.watching.by(Guard()),
        pytest.raises(RuntimeError, match="one at a time"),
        aws.watching.by(Guard()),
    ):
        pass

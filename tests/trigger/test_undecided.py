"""Uploads that cannot be decided about: they come again while that may help, and are never lost."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.aws import JOB, OBJECTS, QUALITY, RAW, SmallAws
from tests.trigger.platforms import TICK, Platform, failing
from wires.quarantine import COPIED_AT_MOST, KEPT_AT

LAST = 10
"""Receives that the queue gives a message."""
READ = "GetObject"
FAULTS: list[tuple[Exception | str, int, int]] = [
    # error, HTTP status, receives after which nothing is expected of another one
    ("InvalidObjectState", 403, 1),
    ("InvalidRequest", 400, 1),
    ("MethodNotAllowed", 405, 1),
    ("AccessDenied", 403, 3),
    ("KMS.DisabledException", 400, 3),
    ("KMS.NotFoundException", 400, 3),
    ("SlowDown", 503, LAST),
    ("InternalError", 500, LAST),
    ("RequestTimeout", 400, LAST),
    ("NeverHeardOf", 400, LAST),
    (EndpointConnectionError(endpoint_url="https://s3"), 0, LAST),
    (ReadTimeoutError(endpoint_url="https://s3"), 0, LAST),
    (RecursionError("a bug"), 0, LAST),
    (MemoryError(), 0, LAST),
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), 0, LAST),
]
Faults = list[tuple[Exception | str, int, int]]


def named(faults: Faults) -> pytest.MarkDecorator:
    names = [fault if isinstance(fault, str) else type(fault).__name__ for fault, _, _ in faults]
    return pytest.mark.parametrize(("fault", "status", "most"), faults, ids=names)


@pytest.fixture
def platform(aws: SmallAws) -> Platform:
    return Platform(aws)


def of_uploads(request: Mapping[str, Any]) -> bool:
    return "Range" in request.get("headers", {})


@named(FAULTS)
@pytest.mark.few(6)
def test_an_upload_comes_again_while_that_may_help_and_is_failed_then(
    aws: SmallAws, platform: Platform, fault: Exception | str, status: int, most: int
) -> None:
    event = platform.upload("a.csv")
    s3 = platform.trigger.registrar._s3
    with failing(s3, READ, fault, status=status, when=of_uploads):
        for receives in range(1, most):
            assert platform.receive(event, receives=receives) == ["0"]
        assert platform.statuses() == {}
        assert aws.announcements() == []
        assert platform.receive(event, receives=most) == []
        assert platform.receive(event, receives=most) == []
    assert platform.statuses() == {"a.csv": "failed"}
    [item] = platform.objects.all_objects()
    [alert] = aws.announcements()
    assert alert["Subject"] == "Upload failed"
    told = fault if isinstance(fault, str) else type(fault).__name__
    for text in (item["reason"], alert["Message"]):
        assert told in text
        assert "upload it again" in text
    assert "s3://raw/a.csv" in alert["Message"]
    assert platform.glue_runs() == []


@named([fault for fault in FAULTS if fault[2] > 1])
@pytest.mark.few(6)
def test_what_passes_is_taken_in_the_next_time(
    platform: Platform, fault: Exception | str, status: int, most: int
) -> None:
    event = platform.upload("a.csv")
    s3 = platform.trigger.registrar._s3
    with failing(s3, READ, fault, status=status, when=of_uploads):
        assert platform.receive(event, receives=most - 1) == ["0"]
    assert platform.receive(event, receives=most) == []
    assert platform.statuses() == {"a.csv": "running"}


def test_of_a_batch_each_upload_is_decided_by_itself(platform: Platform) -> None:
    events = [platform.upload(f"{number}.csv") for number in range(3)]
    s3 = platform.trigger.registrar._s3

    def is_second(request: Mapping[str, Any]) -> bool:
        return of_uploads(request) and "/1.csv" in request["url_path"]

    with failing(s3, READ, "InvalidObjectState", status=403, when=is_second):
        assert platform.receive(*events) == []
    assert platform.statuses() == {"0.csv": "running", "1.csv": "failed", "2.csv": "running"}


def test_an_upload_that_is_compressed_a_thousand_times_is_refused_at_once(
    platform: Platform,
) -> None:
    content = b"a,b\n1,2\n"
    for _ in range(1000):
        content = gzip.compress(content)
    assert platform.receive(platform.upload("a.csv.gz", content[: 25 * 1024])) == []
    assert platform.statuses() == {"a.csv.gz": "rejected"}


def test_a_scan_that_never_ends_is_told(aws: SmallAws) -> None:
    platform = Platform(aws, malware_scan_required=1)
    event = platform.upload("a.csv")
    assert platform.receive(event, receives=LAST - 1) == ["0"]
    assert platform.receive(event, receives=LAST) == []
    assert platform.statuses() == {"a.csv": "failed"}
    assert "GuardDuty" in aws.announcements()[0]["Message"]


def test_a_ledger_that_does_not_take_the_last_word_makes_a_dead_letter_that_is_told(
    aws: SmallAws, platform: Platform
) -> None:
    event = platform.upload("a.csv")
    table = platform.objects._table.meta.client
    mine = platform.trigger.registrar._ledger._table.meta.client

    def is_entry(request: Mapping[str, Any]) -> bool:
        return bool(json.loads(request["body"])["TableName"] == OBJECTS)

    with failing(mine, "PutItem", "InternalServerError", status=500, when=is_entry):
        assert platform.receive(event, receives=LAST - 1) == ["0"]
        assert platform.receive(event, receives=LAST) == ["0"]
    assert table is not mine
    assert "Events given up" in [message["Subject"] for message in aws.announcements()]


def test_an_alert_that_cannot_be_sent_keeps_no_upload_out_of_the_ledger(
    platform: Platform,
) -> None:
    event = platform.upload("a.csv")
    s3, sns = platform.trigger.registrar._s3, platform.trigger.alerts.sns
    with failing(s3, READ, "SlowDown", status=503), failing(sns, "Publish", "Throttling"):
        platform.receive(event, receives=LAST)
    assert platform.statuses() == {"a.csv": "failed"}


def test_events_that_are_none_are_told_the_last_time_in_one_alert(
    aws: SmallAws, platform: Platform
) -> None:
    bad = ["not json", {"detail-type": "Other\nSubject: x"}, "{}"]
    assert platform.receive(*bad, receives=LAST - 1) == ["0", "1", "2"]
    assert aws.announcements() == []
    assert platform.receive(*bad, TICK, receives=LAST) == ["0", "1", "2"]
    [alert] = aws.announcements()
    assert alert["Subject"] == "Events given up"
    assert alert["Message"].startswith("3 events")
    assert "not json" in alert["Message"]


def test_the_end_of_a_run_that_glue_does_not_know_is_no_failure(platform: Platform) -> None:
    detail = {"jobName": JOB, "jobRunId": "jr_gone", "state": "SUCCEEDED"}
    assert platform.receive({"detail-type": "Glue Job State Change", "detail": detail}) == []


def test_uploads_for_which_no_time_is_left_come_back_and_the_others_are_dispatched(
    platform: Platform,
) -> None:
    event = platform.upload("a.csv")
    assert platform.receive(event, seconds=40) == ["0"]
    assert platform.statuses() == {}
    assert platform.receive(event, receives=LAST, seconds=40) == []
    assert platform.statuses() == {"a.csv": "running"}


def large(platform: Platform, key: str = "huge.csv", size: int = 50 * 1024**3) -> dict[str, Any]:
    event = platform.upload(key)
    event["detail"]["object"]["size"] = size
    return event


def test_a_refused_object_of_50_gib_is_kept_where_it_is(aws: SmallAws, platform: Platform) -> None:
    s3 = platform.trigger.registrar._s3
    event = large(platform)
    with (
        failing(s3, "CopyObject", "InternalError") as whole,
        failing(s3, "CreateMultipartUpload", "InternalError") as parts,
    ):
        assert platform.receive(event) == []
    assert whole + parts == []
    version = event["detail"]["object"]["version-id"]
    place = f"s3://{RAW}/huge.csv?versionId={version}"
    [item] = platform.objects.all_objects()
    assert (item["status"], item["details"]) == ("rejected", {KEPT_AT: place})
    [note] = aws.keys(QUALITY)
    assert json.loads(aws.body(QUALITY, note))[KEPT_AT] == place
    [alert] = aws.announcements()
    assert place in alert["Message"]
    assert "No copy was made" in alert["Message"]


def test_copies_are_made_up_to_a_size(aws: SmallAws) -> None:
    platform = Platform(aws, max_object_bytes=1)
    sizes = {"a.csv": COPIED_AT_MOST, "b.csv": COPIED_AT_MOST + 1}
    platform.receive(*[large(platform, key, size) for key, size in sizes.items()])
    kept = {item["key"]: item["details"][KEPT_AT] for item in platform.objects.all_objects()}
    assert kept["a.csv"].startswith(f"s3://{QUALITY}/quarantine/objects/")
    assert kept["b.csv"].startswith(f"s3://{RAW}/b.csv?versionId=")
    assert aws.body(QUALITY, kept["a.csv"].removeprefix(f"s3://{QUALITY}/")) == b"a,b\n1,2\n"


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException", "InvalidObjectState"])
def test_a_refused_object_that_cannot_be_copied_is_kept_where_it_is(
    platform: Platform, code: str
) -> None:
    with failing(platform.trigger.registrar._s3, "CopyObject", code, status=403):
        assert platform.receive(platform.upload("x/../up.csv")) == []
    [item] = platform.objects.all_objects()
    assert item["status"] == "rejected"
    assert item["details"][KEPT_AT].startswith(f"s3://{RAW}/x/../up.csv?versionId=")


def test_of_a_refused_object_that_is_gone_nothing_is_kept(
    aws: SmallAws, platform: Platform
) -> None:
    event = platform.upload("x/../up.csv")
    version = event["detail"]["object"]["version-id"]
    aws.s3.delete_object(Bucket=RAW, Key="x/../up.csv", VersionId=version)
    assert platform.receive(event) == []
    [item] = platform.objects.all_objects()
    assert (item["status"], item["details"]) == ("rejected", {KEPT_AT: ""})
    assert "It was deleted" in aws.announcements()[0]["Message"]


def test_a_copy_that_fails_for_a_moment_is_made_the_next_time(platform: Platform) -> None:
    event = platform.upload("x/../up.csv")
    with failing(platform.trigger.registrar._s3, "CopyObject", "SlowDown", status=503):
        assert platform.receive(event) == ["0"]
    assert platform.receive(event, receives=2) == []
    [item] = platform.objects.all_objects()
    assert item["details"][KEPT_AT].startswith(f"s3://{QUALITY}/")


@pytest.mark.parametrize("key", ["a\nb\r\n/../c.csv", "\u202egpj.exe/..", "ü😀/../x" + "y" * 1000])
def test_a_key_writes_no_lines_into_an_alert(aws: SmallAws, platform: Platform, key: str) -> None:
    platform.receive(platform.upload(key))
    [alert] = aws.announcements()
    assert len(alert["Message"].splitlines()) == 3
    assert all(letter.isprintable() for letter in alert["Message"].replace("\n", ""))

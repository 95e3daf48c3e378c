"""What the trigger asks of AWS for each object, which is what it costs and how long it takes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.aws import RAW, SmallAws
from tests.trigger.platforms import Platform
from wires.manifest import ObjectVersion
from wires.routes import Route

MALWARE = {"TagSet": [{"Key": "GuardDutyMalwareScanStatus", "Value": "THREATS_FOUND"}]}


@pytest.fixture
def platform(aws: SmallAws) -> Platform:
    return Platform(aws, objects_per_run=500, runs_at_once=1)


def calls_of(platform: Platform, do: Any) -> Counter[str]:
    """By operation, of all clients of the trigger."""
    counts: Counter[str] = Counter()

    def note(model: Any, **_: Any) -> None:
        counts[model.name] += 1

    registrar = platform.trigger.registrar
    table = registrar._ledger._table.meta.client
    clients = (registrar._s3, registrar._alerts.sns, platform.trigger.runs.glue, table)
    for client in clients:
        client.meta.events.register("before-call", note, unique_id="counted")
    do()
    for client in clients:
        client.meta.events.unregister("before-call", unique_id="counted")
    return counts


def test_an_object_is_looked_at_once_and_entered_once(platform: Platform) -> None:
    few = [platform.upload(f"few/{number}.csv") for number in range(5)]
    many = [platform.upload(f"many/{number}.csv") for number in range(105)]
    platform.receive(*few)  # takes the only run that there is room for
    ten = calls_of(platform, lambda: platform.receive(*many[:5]))
    hundred_and_ten = calls_of(platform, lambda: platform.receive(*many))
    more = hundred_and_ten - ten
    assert more == {"GetObject": 100, "PutItem": 100}


@pytest.mark.slow
def test_a_hundred_objects_join_a_run_in_a_few_calls(platform: Platform) -> None:
    events = [platform.upload(f"many/{number}.csv") for number in range(150)]
    counts = calls_of(platform, lambda: platform.receive(*events))
    assert set(platform.statuses().values()) == {"running"}
    assert counts["BatchGetItem"] == 2
    assert counts["TransactWriteItems"] == 2
    assert counts["GetItem"] + counts["UpdateItem"] + counts["Query"] < 25


def test_what_waits_is_not_read_while_there_is_no_room(platform: Platform) -> None:
    platform.receive(platform.upload("first.csv"))
    events = [platform.upload(f"many/{number}.csv") for number in range(20)]
    counts = calls_of(platform, lambda: platform.receive(*events))
    assert len(platform.glue_runs()) == 1
    assert counts["BatchGetItem"] == 0


def test_a_finding_of_malware_is_honoured_though_tags_are_read_of_few(
    aws: SmallAws, platform: Platform
) -> None:
    event = platform.upload("bad.csv")
    aws.s3.put_object_tagging(Bucket=RAW, Key="bad.csv", Tagging=MALWARE)
    counts = calls_of(platform, lambda: platform.receive(event, platform.upload("good.csv")))
    assert platform.statuses() == {"bad.csv": "rejected", "good.csv": "running"}
    assert counts["GetObjectTagging"] >= 1


def test_malware_that_a_bucket_s_policy_hides_is_rejected_all_the_same(
    aws: SmallAws, platform: Platform
) -> None:
    event = platform.upload("bad.csv")
    aws.s3.put_object_tagging(Bucket=RAW, Key="bad.csv", Tagging=MALWARE)
    forbid(platform)
    assert platform.receive(event) == []
    assert platform.statuses() == {"bad.csv": "rejected"}


def test_an_object_that_may_not_be_read_for_no_known_reason_comes_again(
    platform: Platform,
) -> None:
    event = platform.upload("secret.csv")
    forbid(platform)
    assert platform.receive(event) == ["0"]
    assert platform.statuses() == {}


def test_a_refusal_that_is_told_twice_is_announced_once(aws: SmallAws, platform: Platform) -> None:
    event = platform.upload("x.png", b"\x89PNG\r\n\x1a\n")
    platform.receive(event)
    platform.receive(event, event)
    assert len(aws.announcements()) == 1


def forbid(platform: Platform) -> None:
    """S3 answers as where a policy denies reading."""
    s3 = platform.trigger.registrar._s3

    def denied(params: Any, **_: Any) -> None:
        if "range" in {name.lower() for name in params.get("headers", {})}:
            error = {"Error": {"Code": "AccessDenied", "Message": "no"}}
            raise s3.exceptions.ClientError(error, "GetObject")

    s3.meta.events.register("before-call.s3.GetObject", denied)


def test_versions_are_asked_for_in_the_order_in_which_they_are_given(platform: Platform) -> None:
    platform.receive(platform.upload("first.csv"))
    platform.receive(*[platform.upload(f"{number}.csv") for number in range(120)])
    waiting = platform.objects.pending(RAW, Route.FILES, limit=500)
    other = ObjectVersion(key="other", version_id="1", size=1, uploaded_at="now")
    assert platform.objects.still_pending([other, *waiting, waiting[0]]) == waiting

"""One delivery: what lands of it, what is put aside, what comes again."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra_app.lambdas.streams.errors import UnreadableDelivery
from infra_app.lambdas.streams.handler import Intake
from tests.aws import QUALITY, RAW, REGION, STATE, SmallAws, make_table
from tests.streams.deliveries import Sent, any_settings, of_kafka, of_kinesis, of_sqs, row
from wires.layout import PARTITION_KEY, SORT_KEY, quarantined_records
from wires.stream_ledger import LineLedger, LineState

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
SHARD = "shardId-000000000000"
Make = Callable[..., Intake]
_NUMBERS = count()


@pytest.fixture(scope="module")
def aws() -> Iterator[SmallAws]:
    with mock_aws():
        keys = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "testing")
        session = boto3.Session(region_name=REGION, **keys)
        s3, tables = session.client("s3"), session.resource("dynamodb")
        place = {"LocationConstraint": REGION}
        for bucket in (RAW, QUALITY, "assets"):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        make_table(tables, STATE, (PARTITION_KEY, SORT_KEY))
        yield SmallAws(s3, None, None, None, tables, "", "")


@pytest.fixture
def intake(aws: SmallAws) -> Make:
    """Functions of a source that no other test has."""
    name = f"source_{next(_NUMBERS)}"

    def make(**settings: Any) -> Intake:
        found = any_settings(source=name, dataset=name, **settings)
        state = aws.tables.Table(STATE)
        return Intake(found, s3=aws.s3, state=state, now=lambda: NOON, at_once=4)

    return make


def sent(sequence: int, data: bytes | None, **changes: Any) -> Sent:
    values = {"shard": SHARD, "at": NOON.timestamp() - 5, **changes}
    return Sent(sequence=str(sequence), data=data, **values)


def landed(aws: SmallAws, intake: Intake) -> dict[str, list[str]]:
    """Lines by the names of files."""
    folder = f"data/incoming/2026/01/15/{intake.settings.dataset}/{intake.settings.source}-"
    return {
        key.removeprefix(folder): gzip.decompress(aws.body(RAW, key)).decode().splitlines()
        for key in aws.keys(RAW, folder)
    }


def quarantined(aws: SmallAws, intake: Intake) -> list[dict[str, Any]]:
    keys = aws.keys(QUALITY, quarantined_records(intake.settings.source))
    return [json.loads(aws.body(QUALITY, key)) for key in keys]


def test_a_batch_of_a_shard_lands_as_one_file_in_the_records_own_spelling(
    aws: SmallAws, intake: Make
) -> None:
    function = intake()
    texts = ['{"n": 1.50, "n": 1e400}', '{"t": "ä\\u00e4"}', '{\r\n "a": [1,\n2]}']
    answer = function.handle(of_kinesis([sent(n, t.encode()) for n, t in enumerate(texts)]))
    assert answer == {"batchItemFailures": []}
    lines = [texts[0], texts[1], '{   "a": [1, 2]}']
    assert landed(aws, function) == {f"clicks-{SHARD}-000000001.jsonl.gz": lines}


def test_what_comes_again_with_more_lands_without_what_has_landed(
    aws: SmallAws, intake: Make
) -> None:
    function = intake()
    records = [sent(n, row(n)) for n in range(10)]
    for some in (records[:4], records[:4], records[2:7], records, records[5:]):
        function.handle(of_kinesis(some))
    files = landed(aws, function)
    assert [len(lines) for lines in files.values()] == [4, 3, 3]
    assert [json.loads(line)["id"] for lines in files.values() for line in lines] == [*range(10)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no json", "it is no JSON: Expecting value"),
        (b"\xff{}", "it is no UTF-8, at byte 0"),
        (b"[1]", "it is JSON, and no object but list"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b"", "it is no JSON"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b'{"a": 1}\n{"a": 2}', "it is no JSON: Extra data"),
        (b"\xf3\x89\x9a\xc2\x0a\x01k", "aggregated by the Kinesis Producer Library"),
    ],
    ids=["text", "bytes", "list", "nan", "empty", "deep", "two", "kpl"],
)
def test_what_is_no_row_is_put_aside_with_its_place_and_bytes_and_the_others_land(
    aws: SmallAws, intake: Make, data: bytes, reason: str
) -> None:
    function = intake()
    event = of_kinesis([sent(7, row(7)), sent(8, data), sent(9, row(9))])
    assert function.handle(event) == function.handle(event) == {"batchItemFailures": []}
    ((_, lines),) = landed(aws, function).items()
    assert [json.loads(line)["id"] for line in lines] == [7, 9]
    (note,) = quarantined(aws, function)
    assert reason in note["reason"]
    assert (note["stream"], note["shard"], note["sequence"]) == ("clicks", SHARD, "8")
    assert base64.b64decode(note["data_base64"]) == data


def test_a_record_of_lines_lands_as_its_rows_or_not_at_all(aws: SmallAws, intake: Make) -> None:
    function = intake(record_format="json_lines")
    event = of_kinesis([sent(1, b'{"a":1}\n{"a":2}\r\n\n'), sent(2, b'{"a":3}\nx'), sent(3, b"\n")])
    function.handle(event)
    assert [*landed(aws, function).values()] == [['{"a":1}', '{"a":2}']]
    assert {note["sequence"] for note in quarantined(aws, function)} == {"2", "3"}


def test_bytes_land_as_base64_beside_what_is_known_of_the_record(
    aws: SmallAws, intake: Make
) -> None:
    function = intake(record_format="bytes", rows="envelope")
    function.handle(of_kinesis([sent(1, b"\x00\xff")]))
    ((_, (line,)),) = landed(aws, function).items()
    assert json.loads(line) == {
        "stream": "clicks",
        "shard": SHARD,
        "sequence": "1",
        "came_at": "2026-01-15T11:59:55Z",
        "key": "k",
        "headers": "{}",
        "value": "AP8=",
    }


@pytest.mark.parametrize("is_msk", [True, False], ids=["msk", "self-managed"])
def test_kafka_has_keys_headers_and_tombstones(aws: SmallAws, intake: Make, is_msk: bool) -> None:
    function = intake(kind="kafka", rows="envelope")
    place = {"shard": "my-topic/3"}
    records = [sent(0, b'{"a": 1.0}', **place), sent(1, None, **place, key=None)]
    function.handle(of_kafka(records, is_msk=is_msk))
    (lines,) = landed(aws, function).values()
    first, second = (json.loads(line) for line in lines)
    assert (first["stream"], first["shard"], first["sequence"]) == ("my-topic", "3", "0")
    assert (first["key"], first["value"]) == ("k", {"a": 1.0})
    assert json.loads(first["headers"]) == {"greeting": "héllo"}
    assert (second["key"], second["value"]) == (None, None)


def test_a_tombstone_is_put_aside_where_records_land_by_themselves(
    aws: SmallAws, intake: Make
) -> None:
    function = intake(kind="kafka")
    function.handle(of_kafka([sent(4, None, shard="t/0")]))
    (note,) = quarantined(aws, function)
    assert note["data_base64"] is None
    assert "rows: envelope" in note["reason"]
    assert landed(aws, function) == {}


def test_a_message_lands_once_however_often_a_queue_hands_it_out(
    aws: SmallAws, intake: Make
) -> None:
    function = intake(kind="sqs")
    messages = [sent(n, row(n), shard="") for n in range(5)]
    for some in (messages[:3], [messages[4], messages[4], messages[1]], messages[::-1]):
        assert function.handle(of_sqs(some)) == {"batchItemFailures": []}
    ids = [json.loads(line)["id"] for lines in landed(aws, function).values() for line in lines]
    assert sorted(ids) == [*range(5)]
    assert aws.keys("assets") == []


def test_a_message_that_another_invocation_holds_comes_again(aws: SmallAws, intake: Make) -> None:
    function = intake(kind="sqs")
    ledger = function.messages.ledger
    ledger.begin("other", at=int(NOON.timestamp()) - 60)
    ledger.claim("1", "other", at=0)
    answer = function.handle(of_sqs([sent(n, row(n), shard="") for n in range(3)]))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    ledger.begin("other", at=int(NOON.timestamp()) - 121)
    assert function.handle(of_sqs([sent(1, row(1), shard="")])) == {"batchItemFailures": []}
    assert not ledger.seal("other", {})
    ids = [json.loads(line)["id"] for lines in landed(aws, function).values() for line in lines]
    assert sorted(ids) == [0, 1, 2]


def test_a_stream_that_was_made_anew_loses_nothing(aws: SmallAws, intake: Make) -> None:
    """Its numbers begin anew, so they look as if they had landed."""
    function = intake(kind="kafka")
    function.handle(of_kafka([sent(n, row(n), shard="t/0") for n in range(5)]))
    later = NOON.timestamp() + 3600
    function.handle(of_kafka([sent(2, row(7), shard="t/0", at=later)]))
    (note,) = quarantined(aws, function)
    assert base64.b64decode(note["data_base64"]) == row(7)
    assert "made anew under its old name" in note["reason"]


def test_a_delivery_that_is_none_is_refused_with_what_came(intake: Make) -> None:
    with pytest.raises(UnreadableDelivery, match=r"delivery of kinesis.*\['detail'\]"):
        intake().handle({"detail": {}})
    for first, kind in (("one", "kinesis"), ("1", "sqs")):
        with pytest.raises(UnreadableDelivery, match=f"`redriven`.*got '{first}' in one of {kind}"):
            intake(kind=kind).handle({"Records": [], "redriven": first})


def test_counts_are_told_by_source(intake: Make, capsys: pytest.CaptureFixture[str]) -> None:
    function = intake()
    function.handle(of_kinesis([sent(1, row(1)), sent(2, b"x")]))
    function.handle(of_kinesis([sent(2, b"x"), sent(3, row(3))]))
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = ("RecordsLanded", "RecordsQuarantined", "RecordsRepeated")
    assert [[one[name] for name in names] for one in told] == [[[1], [1], [0]], [[1], [0], [1]]]
    assert {one["Source"] for one in told} == {function.settings.source}


def test_a_line_never_goes_back(aws: SmallAws) -> None:
    ledger = LineLedger(aws.tables.Table(STATE), "never_back")
    fixed = ledger.fix("shard", LineState(), "key")
    assert fixed is not None
    passed = ledger.pass_over("shard", fixed, position="20", at="now")
    assert passed is not None
    closed = ledger.close("shard", passed, position="5", at="now")
    assert closed == ledger.state("shard") == LineState(number=1, position="20", taken_at="now")
    assert ledger.fix("shard", fixed, "other") is None

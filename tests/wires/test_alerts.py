"""What people are sent, whatever the texts in it are."""

from __future__ import annotations

import ast
import json
import unicodedata
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from moto import mock_aws

from tests.aws import REGION
from wires.alerts import LONGEST_SUBJECT, MOST_BYTES, message_of, send_alert, subject_of, text_of

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("glue_scripts", "infra_app", "operations", "wires")
texts = st.text(max_size=1024) | st.text(
    alphabet="a\r\n\t\0\x1b\x85\u2028\u2029\u200e\u202e\u2066\ud800\ufeff😀ü", max_size=200
)


def is_seen(letter: str) -> bool:
    return unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(texts)
@example("")
@example("\n")
@example(" \u202egpj.exe")
@example("x" * 100)
@example("ü" * 1024)
def test_any_text_makes_a_subject_that_sns_takes(text: str) -> None:
    subject = subject_of(text)
    assert 1 <= len(subject) <= LONGEST_SUBJECT < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert subject == subject.strip()


@given(st.lists(texts, max_size=4))
@example(["a\nSubject: b", "\u202egpj.exe", "\ud800"])
def test_each_line_is_one_line_whatever_is_in_it(lines: list[str]) -> None:
    text = text_of(lines)
    assert text.encode()
    assert len(text.split("\n")) == max(1, len(lines))
    assert all(is_seen(letter) for letter in text.replace("\n", ""))


def test_what_is_seen_stays_as_it_is() -> None:
    assert text_of(["Büro 1+2/日本😀.csv", "second"]) == "Büro 1+2/日本😀.csv\nsecond"
    assert subject_of("Quality: orders halted") == "Quality: orders halted"


@given(
    st.lists(st.tuples(st.sampled_from("a😀\0"), st.integers(0, 400_000)), min_size=1, max_size=60)
)
@example([("😀", 10_000)] * 60)
@example([("a", 10_000)] * 60)
def test_no_text_is_larger_than_sns_takes(lines: list[tuple[str, int]]) -> None:
    made = [letter * count for letter, count in lines]
    text = text_of(made)
    assert 0 < len(text.encode()) <= MOST_BYTES
    if sum(len(line) for line in made) < 1000:
        assert "cut off" not in text


@given(st.lists(texts | st.sampled_from(['"' * 90_000, "\\" * 90_000, "ü" * 90_000]), max_size=4))
@example(['"' * 10_000] * 60)
@example(["<!channel>"] * 9_000)
def test_all_forms_of_a_message_together_are_no_larger_than_sns_takes(lines: list[str]) -> None:
    message = message_of("subject", lines)
    assert len(message.encode()) <= 256 * 1024
    forms = json.loads(message)
    assert forms["default"] == text_of(lines)
    shown = json.loads(forms["https"])
    assert (shown["version"], shown["source"]) == ("1.0", "custom")
    assert len(shown["content"]["description"]) <= 8_000


def test_a_name_of_an_upload_calls_nobody_in_a_chat() -> None:
    forms = json.loads(message_of("a <!here>", ["<!channel> & <https://example.org|click>"]))
    content = json.loads(forms["https"])["content"]
    assert content["title"] == "a &lt;!here&gt;"
    assert content["description"] == ("&lt;!channel&gt; &amp; &lt;https://example.org|click&gt;")
    assert forms["default"] == "<!channel> & <https://example.org|click>"


def test_a_webhook_gets_json_and_a_queue_gets_text(sns: Any) -> None:
    sqs = boto3.client("sqs", region_name=REGION)
    queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    arn = topic.replace(":sns:", ":sqs:").replace("alerts", "inbox")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    send_alert(sns, topic, "Load failed", "why", "what to do")
    [received] = sqs.receive_message(QueueUrl=queue)["Messages"]
    body = json.loads(received["Body"])
    assert (body["Subject"], body["Message"]) == ("Load failed", "why\nwhat to do")


def test_of_a_very_long_line_the_start_is_shown_and_later_lines_are_seen() -> None:
    text = text_of(["x" * 1_000_000, "what to do"])
    assert text.endswith("(992,000 more characters)\nwhat to do")


@pytest.fixture
def sns(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("sns", region_name=REGION)


def answer(sns: Any, code: str) -> None:
    """Have SNS refuse whatever it is sent."""

    def refuse(**_: Any) -> None:
        raise sns.exceptions.ClientError({"Error": {"Code": code, "Message": "no"}}, "Publish")

    sns.meta.events.register("before-call.sns.Publish", refuse)


def test_what_sns_finds_invalid_stops_nobody(sns: Any) -> None:
    answer(sns, "InvalidParameter")
    send_alert(sns, "arn", "subject", "line")


def test_what_may_succeed_the_next_time_is_told(sns: Any) -> None:
    answer(sns, "Throttling")
    with pytest.raises(sns.exceptions.ClientError):
        send_alert(sns, "arn", "subject", "line")


def test_nobody_sends_a_message_in_another_way() -> None:
    """A call of `publish` with SNS's arguments is made in one module."""
    found = [
        str(path.relative_to(ROOT))
        for package in PRODUCT
        for path in sorted((ROOT / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"publish", "publish_batch"}
        and {word.arg for word in node.keywords} & {"TopicArn", "TargetArn", "Message"}
    ]
    assert found == ["wires/alerts.py"]

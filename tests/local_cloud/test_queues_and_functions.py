from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.deployment import zipped
from local_cloud.errors import FunctionError, UnsupportedResourceError
from local_cloud.functions.process import FunctionProcess
from local_cloud.inventory import FunctionSpec
from tests.local_cloud import tiny
from tests.local_cloud.conftest import Deploy


@pytest.fixture
def cloud(deploy: Deploy) -> LocalCloud:
    return deploy(tiny.queue_and_function())


def send(cloud: LocalCloud, *bodies: str) -> None:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=tiny.QUEUE)["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def waiting(cloud: LocalCloud, queue: str) -> int:
    sqs = cloud.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], AttributeNames=names
    )["Attributes"]
    return sum(int(attributes[name]) for name in names)


def records(cloud: LocalCloud) -> list[dict[str, Any]]:
    """As the function received them."""
    items = cloud.table(tiny.TABLE).scan()["Items"]
    return [json.loads(item["record"]) for item in items]


def test_an_upload_reaches_the_function_through_rule_queue_and_mapping(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    source = tmp_path / "x.csv"
    source.write_bytes(b"a,b\n")
    version = cloud.upload(tiny.BUCKET, "in/Büro 1+2.csv", source)
    cloud.settle()
    (record,) = records(cloud)
    event = json.loads(record["body"])
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["detail"]["bucket"] == {"name": tiny.BUCKET}
    described = event["detail"]["object"]
    assert described["key"] == "in/Büro 1+2.csv"
    assert (described["size"], described["version-id"]) == (4, version)
    assert event["detail"]["reason"] == "PutObject"
    assert (event["account"], event["region"]) == (tiny.ACCOUNT, tiny.REGION)


def test_later_events_of_a_key_have_greater_sequencers(cloud: LocalCloud) -> None:
    s3 = cloud.client("s3")
    for body in (b"1", b"2", b"3"):
        s3.put_object(Bucket=tiny.BUCKET, Key="x", Body=body)
    cloud.settle()
    objects = [json.loads(record["body"])["detail"]["object"] for record in records(cloud)]
    versions = [v["VersionId"] for v in s3.list_object_versions(Bucket=tiny.BUCKET)["Versions"]]
    in_sequence = sorted(objects, key=lambda found: str(found["sequencer"]), reverse=True)
    assert [found["version-id"] for found in in_sequence] == versions


def test_a_multipart_upload_brings_one_event(cloud: LocalCloud, tmp_path: Path) -> None:
    source = tmp_path / "large"
    source.write_bytes(bytes(9 << 20))
    cloud.client("s3").upload_file(str(source), tiny.BUCKET, "large")
    cloud.settle()
    (record,) = records(cloud)
    detail = json.loads(record["body"])["detail"]
    assert (detail["reason"], detail["object"]["size"]) == ("CompleteMultipartUpload", 9 << 20)


def test_the_function_sees_records_as_lambda_makes_them(cloud: LocalCloud) -> None:
    send(cloud, "hello")
    cloud.settle()
    (record,) = records(cloud)
    assert record["body"] == "hello"
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == f"arn:aws:sqs:{tiny.REGION}:{tiny.ACCOUNT}:{tiny.QUEUE}"
    assert record["awsRegion"] == tiny.REGION
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record.keys() == {
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    }


def test_many_messages_are_handed_over_in_batches_and_none_is_lost(cloud: LocalCloud) -> None:
    send(cloud, *(str(number) for number in range(60)))
    cloud.settle()
    assert sorted(int(record["body"]) for record in records(cloud)) == list(range(60))
    assert waiting(cloud, tiny.QUEUE) == 0


def test_of_a_batch_only_what_failed_comes_again_and_ends_among_the_dead_letters(
    cloud: LocalCloud,
) -> None:
    send(cloud, "good", "refuse this", "good too")
    cloud.settle()
    assert sorted(record["body"] for record in records(cloud)) == ["good", "good too"]
    assert {record["attributes"]["ApproximateReceiveCount"] for record in records(cloud)} == {"1"}
    assert waiting(cloud, tiny.QUEUE) == 0
    assert waiting(cloud, tiny.DEAD_LETTERS) == 1


def test_without_partial_batch_responses_an_answer_counts_for_the_whole_batch(
    deploy: Deploy,
) -> None:
    resources = tiny.queue_and_function()
    del resources["Mapping"]["Properties"]["FunctionResponseTypes"]
    cloud = deploy(resources)
    send(cloud, "refuse this")
    cloud.settle()
    assert waiting(cloud, tiny.DEAD_LETTERS) == waiting(cloud, tiny.QUEUE) == 0


def test_a_function_that_raises_fails_its_batch(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    resources["Function"]["Properties"]["Handler"] = "tiny.no_such_function"
    cloud = deploy(resources)
    send(cloud, "a", "b")
    cloud.settle()
    assert waiting(cloud, tiny.DEAD_LETTERS) == 2
    assert "no_such_function" in (cloud.logs / f"{tiny.FUNCTION}.log").read_text()


def test_messages_that_fail_for_ever_do_not_hold_up_the_caller(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    del resources["Queue"]["Properties"]["RedrivePolicy"]
    cloud = deploy(resources)
    send(cloud, "refuse this")
    cloud.settle(lambda: 1)
    assert waiting(cloud, tiny.QUEUE) == 1


def test_the_function_is_invoked_through_the_api_too(cloud: LocalCloud) -> None:
    answer = cloud.client("lambda").invoke(
        FunctionName=tiny.FUNCTION, Payload=json.dumps({"Records": []})
    )
    assert json.load(answer["Payload"]) == {"batchItemFailures": []}
    failed = cloud.client("lambda").invoke(FunctionName=tiny.FUNCTION, Payload=b"{}")
    assert failed["FunctionError"] == "Unhandled"
    assert "KeyError" in json.load(failed["Payload"])["errorMessage"]


def test_a_schedule_comes_round_while_something_is_unfinished(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    resources["Tick"] = tiny.rule(schedule="rate(1 minute)")
    cloud = deploy(resources)
    cloud.settle(lambda: 2 - len(records(cloud)))
    events = [json.loads(record["body"]) for record in records(cloud)]
    assert [event["detail-type"] for event in events] == ["Scheduled Event"] * 2
    (rule_arn,) = {arn for event in events for arn in event["resources"]}
    assert rule_arn.startswith(f"arn:aws:events:{tiny.REGION}:{tiny.ACCOUNT}:rule/")


def test_a_schedule_that_nobody_takes_in_is_not_repeated_for_long(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    resources["Tick"] = tiny.rule(schedule="rate(1 minute)")
    resources["Function"]["Properties"]["Handler"] = "tiny.no_such_function"
    cloud = deploy(resources)
    cloud.settle(lambda: 1)
    assert waiting(cloud, tiny.DEAD_LETTERS) == 3


def test_a_schedule_does_not_listen_to_events(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    resources["Uploads"] = tiny.rule(schedule="rate(1 minute)")
    cloud = deploy(resources)
    cloud.client("s3").put_object(Bucket=tiny.BUCKET, Key="x", Body=b"1")
    cloud.settle()
    assert records(cloud) == []


@pytest.mark.parametrize(
    ("target", "received"),
    [
        ({"Input": '{"fixed": 1}'}, {"fixed": 1}),
        ({"InputPath": "$.detail.object.key"}, "x"),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"name": "$.detail.object.key"},
                    "InputTemplate": '{"file": "<name>"}',
                }
            },
            {"file": "x"},
        ),
    ],
)
def test_a_target_gets_the_input_that_its_rule_describes(
    deploy: Deploy, target: dict[str, Any], received: Any
) -> None:
    resources = tiny.queue_and_function()
    resources["Uploads"]["Properties"]["Targets"][0].update(target)
    cloud = deploy(resources)
    cloud.client("s3").put_object(Bucket=tiny.BUCKET, Key="x", Body=b"1")
    cloud.settle()
    (record,) = records(cloud)
    assert json.loads(record["body"]) == received


def test_a_rule_may_have_the_function_itself_as_its_target(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    resources["Uploads"]["Properties"]["Targets"] = [
        {
            "Id": "Function",
            "Arn": {"Fn::GetAtt": ["Function", "Arn"]},
            "Input": json.dumps({"Records": [{"body": "direct", "messageId": "1"}]}),
        }
    ]
    resources["Permission"] = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": {"Ref": "Function"},
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": {"Fn::GetAtt": ["Uploads", "Arn"]},
        },
    }
    cloud = deploy(resources)
    cloud.client("s3").put_object(Bucket=tiny.BUCKET, Key="x", Body=b"1")
    cloud.settle()
    assert [record["body"] for record in records(cloud)] == ["direct"]


def test_a_target_that_nobody_can_deliver_to_is_found_at_deployment(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    arn = f"arn:aws:states:{tiny.REGION}:{tiny.ACCOUNT}:stateMachine:x"
    resources["Uploads"]["Properties"]["Targets"][0]["Arn"] = arn
    with pytest.raises(UnsupportedResourceError, match="states"):
        deploy(resources)


def test_two_disabled_things_do_nothing(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    resources["Uploads"]["Properties"]["State"] = "DISABLED"
    resources["Mapping"]["Properties"]["Enabled"] = False
    cloud = deploy(resources)
    cloud.client("s3").put_object(Bucket=tiny.BUCKET, Key="x", Body=b"1")
    send(cloud, "stays")
    cloud.settle()
    assert records(cloud) == []
    assert waiting(cloud, tiny.QUEUE) == 1


MakeProcess = Callable[..., FunctionProcess]


@pytest.fixture
def process(tmp_path: Path, request: pytest.FixtureRequest) -> MakeProcess:
    """A process for a function with this code, whose module is `code`."""

    def make(code: str, *, timeout: int = 20, **environment: str) -> FunctionProcess:
        spec = FunctionSpec(
            name="any",
            arn="arn:aws:lambda:eu-central-1:111122223333:function:any",
            role="",
            handler="code.handle",
            code_bucket="",
            code_key="",
            environment=environment,
            timeout=timeout,
            memory=256,
        )
        folder = tmp_path / "code"
        folder.mkdir()
        (folder / "code.py").write_text(code)
        made = FunctionProcess(spec, code=lambda: zipped(folder), environment={}, work=tmp_path)
        request.addfinalizer(made.close)
        return made

    return make


def test_a_function_keeps_its_process_between_invocations(process: MakeProcess) -> None:
    function = process(
        "count = []\ndef handle(event, context):\n count.append(1)\n return len(count)"
    )
    assert [function.invoke("{}") for _ in range(3)] == [1, 2, 3]


def test_what_a_function_prints_is_in_its_log_and_not_in_its_answer(process: MakeProcess) -> None:
    function = process(
        "import os\n"
        "def handle(event, context):\n print('printed')\n os.system('echo echoed')\n return event"
    )
    assert function.invoke('{"a": 1}') == {"a": 1}
    assert {"printed", "echoed"} <= set(function.log.read_text().split())


def test_a_function_that_hangs_is_ended_and_works_the_next_time(process: MakeProcess) -> None:
    function = process(
        "import time\ndef handle(event, context):\n time.sleep(event)\n return 'woke'", timeout=1
    )
    with pytest.raises(FunctionError, match="more than 1 s"):
        function.invoke("60")
    assert function.invoke("0") == "woke"


def test_a_function_that_dies_says_so_and_works_the_next_time(process: MakeProcess) -> None:
    function = process(
        "import os\ndef handle(event, context):\n return os._exit(7) if event else 'ok'"
    )
    with pytest.raises(FunctionError, match="exit code 7"):
        function.invoke("1")
    assert function.invoke("0") == "ok"


def test_an_exit_ends_the_invocation_only(process: MakeProcess) -> None:
    function = process("import sys\ndef handle(event, context):\n sys.exit('enough')")
    with pytest.raises(FunctionError, match="SystemExit: enough"):
        function.invoke("1")


def test_a_function_finds_its_own_code_and_nothing_of_this_repository(
    process: MakeProcess,
) -> None:
    function = process(
        "import importlib.util as u\n"
        "def handle(event, context):\n return [bool(u.find_spec(n)) for n in event]"
    )
    names = ["code", "boto3", "local_cloud", "wires", "process", "registry"]
    found = function.invoke(json.dumps(names))
    assert dict(zip(names, found, strict=True)) == {
        "code": True,
        "boto3": True,
        "local_cloud": False,
        "wires": False,
        "process": False,
        "registry": False,
    }


def test_the_context_tells_who_is_running(process: MakeProcess) -> None:
    function = process(
        "def handle(event, context):\n"
        " return [context.function_name, context.memory_limit_in_mb, len(context.aws_request_id),"
        " 0 < context.get_remaining_time_in_millis() <= 20000]"
    )
    assert function.invoke("{}") == ["any", "256", 36, True]


def test_a_bucket_that_does_not_talk_to_eventbridge_brings_no_events(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    del resources["Inbox"]["Properties"]["NotificationConfiguration"]
    cloud = deploy(resources)
    cloud.client("s3").put_object(Bucket=tiny.BUCKET, Key="x", Body=b"1")
    cloud.settle()
    assert records(cloud) == []

"""A stream is a file: function, mapping, role and alarms are derived from it, and it is played."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from config.boundaries import Boundary
from config.environments import Environment, load_environments
from infra_app.constructs.stream_alarms import STREAM_RUNBOOKS
from infra_app.lambdas.streams.settings import StreamSettings
from operations.account_policies.boundary import boundary_document
from operations.cost.bill import Bill
from operations.cost.charges import Situation
from tests.contract.clones import changed, cloned, run
from tests.operations.test_execution_policies import PURPOSES_OF_ENVIRONMENTS, check
from tests.streams.play import POISON, ROWS
from tests.templates import Json, Template, as_list, text_of

pytestmark = pytest.mark.slow

PROJECT = load_environments().project
ACCOUNT = load_environments().all[0].account.aws_account_id
CLUSTER = (
    f"arn:aws:kafka:eu-central-1:{ACCOUNT}:cluster/demo/e9f754c6-d29a-4430-a7db-958a19fd2c54-4"
)
SOURCES: Mapping[str, Json] = {
    "clicks": {
        "kind": "kinesis",
        "dataset": "clicks",
        "kinesis": {"stream": "clicks", "batch_size": 10, "enhanced_fan_out": True, "retries": 5},
    },
    "orders_queue": {
        "kind": "sqs",
        "dataset": "queue_orders",
        "sqs": {"queue": "orders", "window_seconds": 60, "batch_size": 1000},
    },
    "payments": {
        "kind": "kafka",
        "dataset": "payments",
        "kafka": {"topic": "payments", "cluster": CLUSTER, "authentication": "iam"},
    },
    "shipments": {
        "kind": "kafka",
        "dataset": "shipments",
        "secret": f"{PROJECT}/shipments",
        "kafka": {
            "topic": "shipments",
            "servers": ["broker-1.example.com:9096"],
            "authentication": "scram_512",
            "rows": "envelope",
            "subnets": ["subnet-0123456789abcdef0"],
            "security_groups": ["sg-0123456789abcdef0"],
        },
    },
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with one stream of each kind."""
    folder = cloned(tmp_path_factory.mktemp("streams") / "clone")
    for name, source in SOURCES.items():
        text = yaml.safe_dump({"name": name, **source})
        (folder / "config" / "sources" / f"{name}.yaml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def template(clone: Path) -> Template:
    """The infrastructure of dev, as the local cloud synthesizes it, with both rule packs."""
    code = "from local_cloud.synthesis import synthesized; print(synthesized()[0])"
    folder = Path(run(clone, "-c", code).strip().splitlines()[-1])
    (file,) = folder.glob("assembly-Dev/*.template.json")
    return Template.read(file)


@pytest.fixture(scope="module")
def dev() -> Environment:
    return load_environments().all[0]


def of_role(template: Template, source: str) -> Iterator[Json]:
    """The statements of a stream's role."""
    word = "".join(part.capitalize() for part in source.split("_"))
    for id, policy in template.resources("AWS::IAM::Policy").items():
        if id.startswith(f"Stream{word}Role"):
            yield from policy["Properties"]["PolicyDocument"]["Statement"]


def resources_of(template: Template, source: str, action: str) -> list[str]:
    return [
        text_of(resource)
        for statement in of_role(template, source)
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def test_what_is_sent_is_in_the_processed_tables_once(clone: Path) -> None:
    assert changed(clone) == {f"config/sources/{name}.yaml" for name in SOURCES}
    found = json.loads(run(clone, "-m", "tests.streams.play").strip().splitlines()[-1])
    expected = sorted((str(id), str(id / 4)) for id in range(ROWS + 1))
    for table in ("clicks", "queue_orders", "payments"):
        rows = [(row["id"], str(float(row["price"]))) for row in found["rows"][table]]
        assert sorted(rows) == expected, table
    assert len(found["rows"]["shipments"]) == ROWS + 1
    assert found["statuses"] == ["published"]
    (note,) = found["quarantined"]
    assert (note["source"], note["stream"]) == ("clicks", "clicks")
    assert note["shard"].startswith("shardId-")
    assert note["sequence"].isdigit()
    assert base64.b64decode(note["data_base64"]) == POISON
    assert set(found["left"].values()) == {"0"}


def test_each_function_reads_back_its_environment(template: Template) -> None:
    for source in SOURCES:
        name = f"stream-{source.replace('_', '-')}"
        variables = template.function(name)["Environment"]["Variables"]
        environ = {key: text_of(value) for key, value in variables.items()}
        settings = StreamSettings.from_environ(environ)
        assert settings.to_environ() == environ
        assert (settings.source, settings.dataset) == (source, SOURCES[source]["dataset"])


def test_mappings_are_as_the_files_say(template: Template) -> None:
    by_function = {
        text_of(one["FunctionName"]): one
        for one in template.properties("AWS::Lambda::EventSourceMapping")
    }
    (clicks,) = (one for name, one in by_function.items() if "StreamClicks" in name)
    assert clicks["BatchSize"] == 10
    assert clicks["MaximumBatchingWindowInSeconds"] == 300
    assert clicks["MaximumRetryAttempts"] == 5
    assert clicks["BisectBatchOnFunctionError"] is True
    assert clicks["ParallelizationFactor"] == 1
    assert clicks["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "Failures" in text_of(clicks["DestinationConfig"])
    reader = template.only("AWS::Kinesis::StreamConsumer")
    assert text_of(reader["StreamARN"]).endswith("stream/clicks")
    assert "ConsumerARN" in text_of(clicks["EventSourceArn"])
    (shipments,) = (one for name, one in by_function.items() if "StreamShipments" in name)
    kinds = {one["Type"]: text_of(one["URI"]) for one in shipments["SourceAccessConfigurations"]}
    assert kinds["SASL_SCRAM_512_AUTH"].endswith(f"secret:{PROJECT}/shipments")
    assert kinds["VPC_SUBNET"] == "subnet:subnet-0123456789abcdef0"
    assert kinds["VPC_SECURITY_GROUP"] == "security_group:sg-0123456789abcdef0"


@pytest.mark.parametrize("source", SOURCES)
def test_a_role_reads_one_stream_and_writes_the_files_of_its_source(
    template: Template, source: str
) -> None:
    dataset = SOURCES[source]["dataset"]
    writes = resources_of(template, source, "s3:PutObject")
    patterns = {re.search(r"/[a-z].*?\*(?=\"|$)", one.replace("\\", ""))[0] for one in writes}  # type: ignore[index]
    own = {
        f"/data/incoming/????/??/??/{dataset}/{source}-*",
        f"/quarantine/records/{source}/*",
    }
    assert patterns == own | ({f"/fetched/{source}/*"} if source == "orders_queue" else set())
    (state,) = (one for one in of_role(template, source) if "dynamodb" in str(one["Action"]))
    keys = state["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert all(source in key for key in as_list(keys))
    reads = {
        "clicks": ("kinesis:GetRecords", "stream/clicks"),
        "orders_queue": ("sqs:ReceiveMessage", ":orders"),
        "payments": ("kafka-cluster:ReadData", "/payments"),
        "shipments": ("secretsmanager:GetSecretValue", f"{PROJECT}/shipments-??????"),
    }
    action, ending = reads[source]
    (resource,) = resources_of(template, source, action)
    assert ending in resource
    others = {action for action, _ in reads.values()} - {action}
    assert not any(resources_of(template, source, other) for other in others)


def test_each_stream_has_alarms_with_runbooks(template: Template) -> None:
    texts = {
        one["AlarmName"]: one["AlarmDescription"]
        for one in template.properties("AWS::CloudWatch::Alarm")
        if "-stream-" in one["AlarmName"] and "-job-" not in one["AlarmName"]
    }
    assert len(texts) == 4 * len(SOURCES) - 1  # a queue has dead letters of its own
    told = {re.search(r"docs/runbooks/([a-z-]+)\.md$", text)[1] for text in texts.values()}  # type: ignore[index]
    assert told == set(STREAM_RUNBOOKS)
    assert all(Path(f"docs/runbooks/{name}.md").is_file() for name in told)


def test_messages_are_forgotten_where_there_is_a_queue(
    template: Template, dev: Environment
) -> None:
    state = template.named("AWS::DynamoDB::Table", TableName=dev.names.state_table)
    assert state["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_cloudformation_may_make_it_and_each_role_is_within_its_boundary(
    template: Template, dev: Environment
) -> None:
    assert list(check(template, PURPOSES_OF_ENVIRONMENTS, dev)) == []
    text = boundary_document(dev.project, Boundary.ENVIRONMENT, dev.account)
    within = {a for s in json.loads(text)["Statement"] for a in as_list(s["Action"])}
    for source in SOURCES:
        for statement in of_role(template, source):
            assert set(as_list(statement["Action"])) <= within


def test_cloudformation_s_own_schemas_find_nothing_wrong(template: Template) -> None:
    config = ManualArgs(regions=["eu-central-1"], ignore_checks=["W3005"])
    assert [match.message for match in lint(json.dumps(template.document), config=config)] == []


def test_a_stream_of_which_little_comes_costs_less_than_two_dollars(
    template: Template, dev: Environment
) -> None:
    situation = Situation.of(dev, {"infrastructure": template.document})
    bill = Bill.for_situation("dev", situation, readers=False)
    usd = sum(one.usd for one in bill.charges if "/StreamClicks" in one.resource)
    assert 1 < usd < 2

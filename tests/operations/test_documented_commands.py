"""Every command of the runbooks and of docs/operations.md, run against the local cloud."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from config.environments import Environment, load_environments
from config.jobs import FILE_PROCESSOR
from lake import store
from local_cloud.cli import _parser as local_cloud_parser
from local_cloud.platform import Platform, deployed
from operations.cli import _parser as operations_parser
from operations.cli import main
from operations.place import reaching
from operations.progress import Progress
from operations.recovery import dead_letters
from operations.recovery.release import DISPATCHER_LEASE_SECONDS
from tests.documented import AwsCall, Command, WrongCommand, aws_call, commands_in
from tests.operations.estates import SmallEstate
from tests.operations.lakes import Lake
from wires.layout import DISPATCHER, publisher
from wires.lease import Leases
from wires.load_ledger import LoadState
from wires.object_ledger import ObjectStatus
from wires.refresh_ledger import RefreshLedger
from wires.run_ledger import RunLedger

RUNBOOKS = tuple(sorted(Path("docs/runbooks").glob("*.md")))
OPERATIONS = Path("docs/operations.md")
COMMANDS = tuple(commands_in(*RUNBOOKS, OPERATIONS))
FURTHER = (
    "docs/deployment.md",
    "docs/cost.md",
    "docs/connectors.md",
    "docs/access.md",
    "README.md",
)
ELSEWHERE = tuple(commands_in(*map(Path, FURTHER)))
Said = pytest.CaptureFixture[str]

EXPECTED: Mapping[str, tuple[int, str]] = {
    r"failed .*": (0, r"[1-9]\d* uploads ended badly"),
    r"objects .*--json": (0, r'"dataset": "orders"'),
    r"objects .*platform_check_.*": (0, r"0 pending"),
    r"objects .*--since .*": (0, r"[1-9]\d* failed"),
    r"records .*--json": (0, r'"counts": \{\}'),
    r"records .*": (0, r"^0 records of streams are in quarantine$"),
    r"redrive .*--given-up.*": (0, r"^nothing that was chosen has ended badly$"),
    r"redrive .*--dry-run": (0, r"would be"),
    r"redrive .*--dead-letters.*": (0, r"^[1-9]\d* is sent again$"),
    r"redrive .*--all": (0, r"^[1-9]\d* is decided again, [1-9]\d* is sent again, [1-9]\d* waits"),
    r"redrive .*": (0, r"\b[1-9]\d* waits again"),
    r"reconcile .*--repair --json": (1, r'"stuck"'),
    r"reconcile .*": (1, r"stuck"),
    r"release [0-9a-f]{16} .*": (0, r"is free \(.*attempt 2 is next"),
    r"release dispatcher .*": (0, r"the lease dispatcher of dead is free"),
    r"release publisher#orders .*": (0, r"the lease publisher#orders of jr_gone is free"),
    r"runs .*--failed.*": (0, r"jr_failed +FAILED"),
    r"runs .*--open": (0, r"jr_open +RUNNING"),
    r"export .*": (0, r"^1 rows are in (sales|then)\.(xlsx|csv|parquet) "),
    r"queries .*--show .*": (0, r"^SELECT year, month, day, count\(\*\)"),
    r"queries .*--json": (0, r'"name": "orders: rows by day"'),
    r"queries .*": (0, r"^orders: rows by day +there is no table orders yet$"),
    r"access .*": (0, r"^dev has no Lake Formation, and so no group of readers$"),
    r"advise .*--json": (0, r'"usd_per_run": 0.0147'),
    r"advise .*": (0, r"workers: 5"),
}
"""By patterns of commands of ours, of which the first that fits counts: exit code, and a line."""

ANSWERS: Mapping[tuple[str, str], str] = {
    ("cloudwatch", "describe_alarms"): "MetricAlarms",
    ("dynamodb", "delete_item"): "ResponseMetadata",
    ("dynamodb", "query"): "Items",
    ("glue", "get_job_runs"): "JobRuns",
    ("glue", "start_job_run"): "JobRunId",
    ("lambda", "list_event_source_mappings"): "EventSourceMappings",
    ("logs", "filter_log_events"): "events",
}
"""What calls of AWS answer with."""
PARSED_ONLY = {
    ("lambda", "get_account_settings"),
    ("glue", "batch_stop_job_run"),
    ("kinesis", "get_shard_iterator"),
    ("redshift-serverless", "get_namespace"),
}
"""Calls that moto does not have, and one about a stream, of which there is none as shipped."""


@dataclass
class Prepared:
    """A cloud with something wrong of each kind, anew for each command."""

    platform: Platform
    environment: Environment
    rounds: int = 0
    failed_load: str = ""
    stuck_load: str = ""
    small: SmallEstate = field(init=False)

    def __post_init__(self) -> None:
        self.small = SmallEstate(self.environment, "", {})

    def again(self) -> None:
        """Put a failed load, a stuck one, a dead letter and leases of the dead there."""
        self.rounds += 1
        folder = f"orders/2026-01/{self.rounds}"
        small, now = self.small, datetime.now(UTC).isoformat()
        version = small.upload(f"{folder}/failed.csv", at=now)
        small.objects.register(small.names.raw_bucket, version, registered_at=now)
        self.failed_load = small.load([version], LoadState.FAILED, has_run=False)
        small.end(
            version,
            ObjectStatus.FAILED,
            load_id=self.failed_load,
            dataset="orders",
            reason="no luck",
        )
        small.registered(f"{folder}/rejected.csv", ObjectStatus.REJECTED, reason="no rows")
        self._stick(f"{folder}/stuck.csv")
        small.dead_letter(small.event(small.upload(f"{folder}/lost.csv")))
        self._leave_leases()
        self._run_jobs()
        self._judge_a_table()

    def _stick(self, key: str) -> None:
        small = self.small
        version = small.registered(key, ObjectStatus.PENDING)
        self.stuck_load = small.load([version], LoadState.READY, has_run=False)
        small.loads.mark_running(small.loads.get(self.stuck_load), run_id="jr_gone")
        small.loads.claim(self.stuck_load, attempt=1, run_id="jr_gone")
        small.objects.mark_running([version], self.stuck_load)

    def _leave_leases(self) -> None:
        past = Leases(
            self.small.estate.table(self.small.names.state_table),
            now=lambda: time.time() - DISPATCHER_LEASE_SECONDS,
        )
        past.take(DISPATCHER, owner="dead", seconds=DISPATCHER_LEASE_SECONDS)
        past.take(publisher("orders"), owner="jr_gone", seconds=900)

    def _run_jobs(self) -> None:
        names = self.environment.names
        ledger = RunLedger(self.small.estate.table(names.runs_table))
        for number in range(6):
            facts = {
                "state": "SUCCEEDED",
                "started_at": f"2026-01-15T10:0{number}:00+00:00",
                "seconds": 12,
                "timeout_minutes": 120,
                "worker_type": "G.1X",
                "workers": 10,
                "execution_class": "STANDARD",
                "dpu_seconds": "120",
                "usd": "0.014667",
            }
            ledger.record(names.job(FILE_PROCESSOR), f"jr_{number}", facts)
        for run, state in (("jr_failed", "FAILED"), ("jr_open", "RUNNING")):
            facts = {"state": state, "started_at": datetime.now(UTC).isoformat()}
            ledger.record(names.job(FILE_PROCESSOR), run, facts)

    def _judge_a_table(self) -> None:
        ledger = RefreshLedger(self.small.estate.table(self.environment.names.state_table))
        record = "refreshes/table/sales/1/refresh.json"
        self.small.s3.put_object(
            Bucket=self.environment.names.assets_bucket, Key=record, Body=b'{"days": []}'
        )
        ledger.stage("table/sales", record)
        ledger.judge("table/sales", verdict="warned", score="70", report="s3://quality/r.html")

    def filled(self, text: str) -> str:
        """Put what there is in the place of what the page leaves open."""
        names, endpoint = self.environment.names, self.platform.cloud.endpoint
        load = self.stuck_load if " release " in text else self.failed_load
        for pattern, value in {
            r"\bPROJECT-ENV\b": names.of("").rstrip("-"),
            r"\bENV\b": self.environment.name,
            r"\bFUNCTION\b": names.trigger_function,
            r"\bMONITOR\b": names.monitor_function,
            r"\bSTATE-TABLE\b": names.state_table,
            r"\bJOB\b": names.job(FILE_PROCESSOR),
            r"\bRUNS-TABLE\b": names.runs_table,
            r"\b1f0c9a3be2d45a77\b": load,
            r"http://127\.0\.0\.1:\d+": endpoint,
        }.items():
            text = re.sub(pattern, value, text)
        return text


@pytest.fixture(scope="module")
def prepared() -> Iterator[Prepared]:
    environment = load_environments().all[0]
    with (
        deployed("dev", progress=Progress()) as platform,
        reaching(platform.cloud.endpoint),
    ):
        os.environ["AWS_DEFAULT_REGION"] = environment.account.aws_region
        names = environment.names
        store.client.cache_clear()
        lake = Lake.of(boto3.client("glue"), names.curated_database, names.curated_bucket)
        lake.publish("daily_sales", "load-1")
        yield Prepared(platform, environment)


def named(command: Command) -> str:
    return re.sub(r"[^\w.-]+", "-", str(command))


OPERATED = [c for c in COMMANDS if c.text.startswith("python -m operations ")]
CHECKS = [c for c in OPERATED if "check-environment" in c.words]
"""They take minutes of a cloud that works: `test_on_the_local_cloud.py` and `test_watching_jobs.py`
run the same checks."""
OF_REDSHIFT = [c for c in OPERATED if "redshift" in c.words]
"""They need a warehouse, which a laptop lacks: `test_warehouse.py` has one that speaks its APIs."""
OURS = [c for c in OPERATED if c not in (*CHECKS, *OF_REDSHIFT)]
LOCAL = [c for c in COMMANDS if c.text.startswith("python -m local_cloud ")]
AWS = [c for c in COMMANDS if c.text.startswith("aws ")]


@pytest.mark.parametrize("command", OURS, ids=named)
@pytest.mark.few(8)
def test_a_command_of_ours_does_what_its_page_says(
    prepared: Prepared,
    command: Command,
    capsys: Said,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(dead_letters, "_WAIT_SECONDS", 0)
    monkeypatch.chdir(tmp_path)
    prepared.again()
    _, _, _, *words = Command(command.page, prepared.filled(command.text)).words
    wanted = [
        found for pattern, found in EXPECTED.items() if re.fullmatch(pattern, " ".join(words))
    ]
    assert wanted, f"say in EXPECTED what {command} does"
    if "--local" not in words:
        words += ["--local", prepared.platform.cloud.endpoint]
    capsys.readouterr()
    ended = main(words)
    said = capsys.readouterr()
    code, line = wanted[0]
    assert (ended, said.err if ended == 2 else "") == (code, "")
    assert re.search(line, said.out, re.MULTILINE), said.out


@pytest.mark.parametrize("command", [*CHECKS, *OF_REDSHIFT, *LOCAL], ids=named)
def test_a_command_that_is_run_elsewhere_has_options_that_there_are(command: Command) -> None:
    text = re.sub(r"\bENV\b", "dev", command.text)
    _, _, package, *words = Command(command.page, text).words
    parser = {"operations": operations_parser, "local_cloud": local_cloud_parser}[package]()
    assert callable(parser.parse_args(words).command)


@pytest.mark.parametrize("command", AWS, ids=named)
def test_a_call_of_aws_is_one_that_there_is_and_is_answered(
    prepared: Prepared, command: Command
) -> None:
    prepared.again()
    call = aws_call(Command(command.page, prepared.filled(command.text)).words)
    key = ANSWERS.get((call.service, call.method))
    if key is None:
        assert (call.service, call.method) in PARSED_ONLY
        return
    client: Any = boto3.client(call.service)
    answer = getattr(client, call.method)(**call.parameters)
    assert key in answer
    if call.method == "query":
        found = {name: value["S"] for name, value in answer["Items"][0].items() if "S" in value}
        # Of runs the last one first.
        assert found.get("run_id") in {"jr_failed", "jr_open"} or found["score"] == "70"


def test_all_that_the_pages_have_is_run_or_said_why_not() -> None:
    others = {command.text for command in COMMANDS} - {
        c.text for c in (*OURS, *AWS, *CHECKS, *OF_REDSHIFT)
    }
    assert others == {command.text for command in LOCAL}
    assert {command.words[3] for command in LOCAL} == {"up", "health"}
    assert '"up"' in Path("tests/local_cloud/test_command_line.py").read_text()
    assert "check-environment" in Path("tests/operations/test_on_the_local_cloud.py").read_text()
    assert '"--apply"' in Path("tests/operations/test_warehouse.py").read_text()
    assert "health(" in Path("tests/operations/test_watching_jobs.py").read_text()
    assert len(OURS) > 12
    assert len(AWS) > 6


@pytest.mark.parametrize("command", [c for c in ELSEWHERE if c.text.startswith("aws ")], ids=named)
def test_calls_of_aws_on_other_pages_are_ones_that_there_are(command: Command) -> None:
    assert isinstance(aws_call(command.words), AwsCall)


@pytest.mark.parametrize(
    "command",
    [c for c in (*COMMANDS, *ELSEWHERE) if c.text.startswith("make ")],
    ids=named,
)
def test_a_target_of_make_is_one_that_there_is(command: Command) -> None:
    targets = re.findall(r"^([\w-]+):", Path("Makefile").read_text(), re.MULTILINE)
    assert command.words[1] in targets


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("aws glu get-job-runs", "no service glu"),
        ("aws glue get-job-run", "needs JobName"),
        ("aws glue get-jobs-runs", "no operation get-jobs-runs"),
        ("aws glue get-job-runs --job-name a --maximum 3", "has no --maximum"),
        ("aws cloudwatch describe-alarms --state-value BAD", "expected one of"),
        ("aws logs tail /a --since yesterday", "such as 1h"),
    ],
)
def test_a_wrong_call_of_aws_is_found(text: str, why: str) -> None:
    with pytest.raises(WrongCommand, match=why):
        aws_call(text.split())


def test_commands_are_found_in_blocks_and_in_text(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Run `aws a b` or\n\n    AWS_PROFILE=x make y \\\n        ENV=z   # for z\n\n"
        "and `python -m operations\nfailed`, not `failed`.\n"
    )
    found = [command.words for command in commands_in(page)]
    assert found == [
        ["make", "y", "ENV=z"],
        ["aws", "a", "b"],
        ["python", "-m", "operations", "failed"],
    ]


def test_the_answers_of_commands_that_say_so_are_one_json_object(
    prepared: Prepared, capsys: Said
) -> None:
    prepared.again()
    for command in [c for c in OURS if "--json" in c.words]:
        _, _, _, *words = Command(command.page, prepared.filled(command.text)).words
        capsys.readouterr()
        main([*words, "--local", prepared.platform.cloud.endpoint])
        assert isinstance(json.loads(capsys.readouterr().out), dict), command

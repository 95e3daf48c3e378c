"""`objects`, `failed`, `redrive`, `reconcile` and `release` from the command line."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest

from config.jobs import DATA_QUALITY, FILE_PROCESSOR
from infra_app.lambdas.streams.quarantine import Poison, RecordQuarantine
from infra_app.lambdas.streams.records import Record
from operations.cli import FAILURE, SUCCESS, WRONG_USE, main
from operations.errors import CheckFailed, WrongUse
from operations.place import reaching
from operations.recovery.release import DISPATCHER_LEASE_SECONDS, DISPATCHER_SECONDS, Release
from tests.operations.estates import UPLOADED, SmallEstate, keys_of
from wires.layout import DISPATCHER, publisher
from wires.lease import Leases
from wires.load_ledger import LoadState
from wires.object_ledger import ObjectStatus
from wires.run_ledger import RunLedger

Said = pytest.CaptureFixture[str]
TRICK = "bidi-\u202egpj.csv"


@pytest.fixture
def told(small: SmallEstate) -> SmallEstate:
    small.registered("orders/1.csv", ObjectStatus.PENDING)
    small.registered(TRICK, ObjectStatus.REJECTED, reason="it\nreverses")
    version = small.registered("orders/2.csv", ObjectStatus.PENDING)
    load_id = small.load([version], LoadState.FAILED)
    small.end(version, ObjectStatus.FAILED, load_id=load_id, dataset="orders", reason="no luck")
    small.dead_letter(small.event(small.upload("lost.csv")))
    return small


def run(said: Said, *arguments: str) -> tuple[int, str, str]:
    code = main([*arguments, "--env", "dev"])
    output = said.readouterr()
    return code, output.out, output.err


def json_of(said: Said, *arguments: str) -> Any:
    """The one JSON object on standard output."""
    _, out, _ = run(said, *arguments, "--json")
    return json.loads(out)


def test_quarantined_records_are_counted_and_the_last_ones_shown(
    small: SmallEstate, capsys: Said
) -> None:
    at = datetime(2026, 1, 15, tzinfo=UTC)
    for source, count in (("clicks", 3), ("orders", 1)):
        quarantine = RecordQuarantine(
            s3=small.s3, bucket=small.names.quality_bucket, source=source, at_once=1
        )
        records = [
            Record(line="topic/7", sequence=str(n), came_at=at, data=b"\xff") for n in range(count)
        ]
        quarantine.keep([Poison(record=one, reason="no\nJSON") for one in records])
    answer = json_of(capsys, "records", "--limit", "2")
    assert answer["counts"] == {"clicks": 3, "orders": 1}
    assert len(answer["records"]) == 2
    (only,) = json_of(capsys, "records", "--source", "orders")["records"]
    assert (only["source"], only["stream"], only["shard"]) == ("orders", "topic", "7")
    assert only["data_base64"] == "/w=="
    assert json_of(capsys, "records", "--since", "2999-01-01")["counts"] == {}
    _, out, _ = run(capsys, "records", "--limit", "2")
    assert "4 records of streams are in quarantine" in out
    assert r"no\nJSON" in out
    assert "2 of them are shown" in out


@pytest.mark.usefixtures("told")
def test_objects_are_counted_and_listed_with_their_keys_escaped(capsys: Said) -> None:
    code, out, _ = run(capsys, "objects")
    assert code == SUCCESS
    counts, head, *lines = out.splitlines()
    assert "1 pending" in counts
    assert "1 failed" in counts
    assert head.split()[:3] == ["key", "version", "status"]
    assert len(lines) == 3
    assert "\u202e" not in out
    assert r"bidi-\u202egpj.csv" in out
    assert r"it\nreverses" in out


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        ((), ["orders/1.csv", "orders/2.csv", TRICK]),
        (("--status", "failed,rejected"), ["orders/2.csv", TRICK]),
        (("--key", "orders/*"), ["orders/1.csv", "orders/2.csv"]),
        (("--dataset", "orders"), ["orders/2.csv"]),
        (("--since", "2026-01-15T10:00:01"), []),
        (("--since", "2026-01-15"), ["orders/1.csv", "orders/2.csv", TRICK]),
        (("--limit", "1"), ["orders/2.csv"]),
    ],
)
@pytest.mark.few(4)
def test_objects_are_filtered(capsys: Said, arguments: tuple[str, ...], keys: list[str]) -> None:
    assert keys_of(json_of(capsys, "objects", *arguments)["objects"]) == sorted(keys)


@pytest.mark.usefixtures("told")
def test_how_many_there_are_is_told_however_few_are_shown(capsys: Said) -> None:
    answer = json_of(capsys, "objects", "--limit", "1", "--status", "failed,rejected")
    assert answer["matching"] == 2
    assert answer["counts"]["pending"] == 1
    assert "1 of 3 are shown" in run(capsys, "objects", "--limit", "1")[1]


@pytest.fixture
def ran(small: SmallEstate) -> SmallEstate:
    ledger = RunLedger(small.estate.table(small.names.runs_table))
    for day, name, state, job in (
        (1, "jr_1", "SUCCEEDED", FILE_PROCESSOR),
        (2, "jr_2", "FAILED", FILE_PROCESSOR),
        (3, "jr_3", "RUNNING", DATA_QUALITY),
        (4, "jr_4", "LOST", DATA_QUALITY),
    ):
        facts = {"state": state, "started_at": f"2026-01-0{day}T10:00:00+00:00", "seconds": day}
        error = {"error": "no\nluck"} if state == "FAILED" else {}
        ledger.record(small.names.job(job), name, {**facts, **error})
    return small


@pytest.mark.usefixtures("ran")
@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), ["jr_4", "jr_3", "jr_2", "jr_1"]),
        (("--open",), ["jr_3"]),
        (("--failed",), ["jr_4", "jr_2"]),
        (("--job", "file_processor"), ["jr_2", "jr_1"]),
        (("--since", "2026-01-03"), ["jr_4", "jr_3"]),
        (("--limit", "1"), ["jr_4"]),
    ],
)
@pytest.mark.few(3)
def test_runs_are_filtered_and_the_last_one_is_first(
    capsys: Said, arguments: tuple[str, ...], found: list[str]
) -> None:
    assert [one["run_id"] for one in json_of(capsys, "runs", *arguments)["runs"]] == found


@pytest.mark.usefixtures("ran")
def test_runs_are_counted_and_their_errors_are_one_line(capsys: Said) -> None:
    counts, head, *lines, more = run(capsys, "runs", "--limit", "3")[1].splitlines()
    assert counts == "1 FAILED, 1 LOST, 1 RUNNING, 1 SUCCEEDED"
    assert head.split()[:4] == ["started", "job", "run", "state"]
    assert len(lines) == 3
    assert lines[-1].endswith(r"no\nluck")
    assert more.startswith("3 of 4 are shown")
    assert run(capsys, "runs", "--since", "2026-02-01")[1] == "no such run\n"
    code, _, err = run(capsys, "runs", "--job", "nothing")
    assert (code, "expected one of file_processor" in err) == (WRONG_USE, True)


def test_failed_shows_all_that_needs_a_person(told: SmallEstate, capsys: Said) -> None:
    version = told.registered("refused.csv", ObjectStatus.PENDING)
    refused = told.load([version], LoadState.READY, has_run=False)
    told.estate.table(told.names.loads_table).update_item(
        Key={"load_id": refused},
        UpdateExpression="SET refusal = :it, another = :it",
        ExpressionAttributeValues={":it": {"reason": "denied", "times": 3, "since": UPLOADED}},
    )
    answer = json_of(capsys, "failed")
    assert answer["counts"] == {
        "objects": 2,
        "waiting": 2,
        "loads_given_up": 1,
        "loads_refused": 1,
        "dead_letters": 1,
        "batches_given_up": 0,
    }
    assert keys_of(answer["objects"]) == sorted([TRICK, "orders/2.csv"])
    (rejected,) = (o for o in answer["objects"] if o["status"] == "rejected")
    place = f"s3://{told.names.quality_bucket}/quarantine/objects/2026/01/15/"
    assert rejected["kept_at"].startswith(place)
    assert answer["loads_refused"][0]["reason"] == "denied"
    assert answer["dead_letters"][0]["about"] == "upload lost.csv"
    _, out, _ = run(capsys, "failed")
    assert "2 uploads ended badly" in out
    assert "\u202e" not in out


def test_failed_leaves_the_dead_letters_to_others(told: SmallEstate, capsys: Said) -> None:
    run(capsys, "failed")
    assert len(told.taken(told.estate.dead_letters)) == 1


def test_failed_finds_nothing_where_all_is_well(small: SmallEstate, capsys: Said) -> None:
    small.registered("a.csv", ObjectStatus.EMPTY)
    assert run(capsys, "failed")[1] == "nothing needs a person\n"


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "expected what to redrive"),
        (("--dry-run",), "expected what to redrive"),
        (("--all", "--key", "*"), "got both"),
        (("--status", "published"), "expected --status of failed, rejected"),
    ],
)
def test_a_redrive_without_a_choice_is_wrong_use(
    capsys: Said, arguments: tuple[str, ...], expected: str
) -> None:
    code, _, err = run(capsys, "redrive", *arguments)
    assert code == WRONG_USE
    assert expected in err


def test_a_redrive_says_what_it_does(told: SmallEstate, capsys: Said) -> None:
    code, out, _ = run(capsys, "redrive", "--all", "--dry-run")
    assert code == SUCCESS
    assert out.startswith("this would be done:")
    assert "1 waits again" in out
    assert "1 is decided again" in out
    assert "1 is sent again" in out
    assert told.statuses()["orders/2.csv"] == "failed"
    assert run(capsys, "redrive", "--all")[1].startswith("done:")
    assert told.statuses()["orders/2.csv"] == "pending"


def test_reconcile_ends_with_1_if_something_was_found(small: SmallEstate, capsys: Said) -> None:
    assert run(capsys, "reconcile")[0] == SUCCESS
    small.upload("nobody-knows\u202e.csv")
    code, out, _ = run(capsys, "reconcile", "--older-than", "0m")
    assert code == FAILURE
    assert r"nobody-knows\u202e.csv version" in out
    assert "--repair sends the event" in out
    answer = json_of(capsys, "reconcile", "--older-than", "0m", "--repair")
    assert answer["classes"]["unknown"]["repaired"] == 1
    small.work()
    assert run(capsys, "reconcile", "--older-than", "0m")[0] == SUCCESS


def test_a_load_is_freed_once_no_run_works_on_it(small: SmallEstate, capsys: Said) -> None:
    version = small.registered("a.csv", ObjectStatus.PENDING)
    load_id = small.load([version], LoadState.RUNNING)
    code, _, err = run(capsys, "release", load_id)
    assert code == FAILURE
    assert f"load {load_id} is at work: run " in err
    small.end_run(load_id, "TIMEOUT")
    code, out, _ = run(capsys, "release", load_id)
    assert code == SUCCESS
    assert "has ended as TIMEOUT); attempt 2 is next" in out
    small.work()
    assert small.loads.get(load_id).state is LoadState.RUNNING
    assert small.statuses() == {"a.csv": "running"}


def test_a_load_that_nothing_holds_is_left_as_it_is(small: SmallEstate, capsys: Said) -> None:
    version = small.registered("a.csv", ObjectStatus.PENDING)
    ready = small.load([version], LoadState.READY, has_run=False)
    before = small.items()
    assert "nothing holds it" in run(capsys, "release", ready)[1]
    assert small.items() == before
    assert run(capsys, "release", "0123")[0] == WRONG_USE


class Watch:
    """A release that waits without taking time."""

    def __init__(self, small: SmallEstate, *, at: float) -> None:
        self.waited = 0.0
        self.leases = Leases(small.estate.table(small.names.state_table), now=lambda: at)
        self.release = Release(estate=small.estate, say=lambda _: None, pause=self._pause)
        self.each: Any = None

    def _pause(self, seconds: float) -> None:
        self.waited += seconds
        if self.each:
            self.each()


def test_the_lease_of_a_dispatcher_is_freed_once_its_function_has_ended(
    small: SmallEstate,
) -> None:
    now = small.estate.now().timestamp()
    for age, waits in ((DISPATCHER_SECONDS + 1, 0), (DISPATCHER_SECONDS - 30, 30), (-9999, 120)):
        watch = Watch(small, at=now - age)
        assert watch.leases.take(DISPATCHER, owner="dead", seconds=DISPATCHER_LEASE_SECONDS)
        assert "of dead is free" in watch.release.free(DISPATCHER)
        assert watch.waited == pytest.approx(waits, abs=2.0 + 10)
        assert "nobody holds" in watch.release.free(DISPATCHER)


def test_a_dispatcher_that_lives_keeps_its_lease(small: SmallEstate) -> None:
    watch = Watch(small, at=small.estate.now().timestamp())
    watch.leases.take(DISPATCHER, owner="first", seconds=DISPATCHER_LEASE_SECONDS)

    def next_one() -> None:
        watch.leases.give_back(DISPATCHER, owner="first")
        watch.leases.take(DISPATCHER, owner="second", seconds=DISPATCHER_LEASE_SECONDS)

    watch.each = next_one
    assert "it is alive" in watch.release.free(DISPATCHER)
    assert not watch.leases.take(DISPATCHER, owner="third", seconds=1)


def test_a_turn_at_a_dataset_is_freed_once_its_load_has_no_run(small: SmallEstate) -> None:
    version = small.registered("a.csv", ObjectStatus.PENDING)
    load_id = small.load([version], LoadState.RUNNING)
    watch = Watch(small, at=small.estate.now().timestamp())
    watch.leases.take(publisher("orders"), owner=load_id, seconds=900)
    with pytest.raises(CheckFailed, match="is at work"):
        watch.release.free("publisher#orders")
    small.end_run(load_id)
    assert "has ended as FAILED" in watch.release.free("publisher#orders")
    with pytest.raises(WrongUse, match="nothing to free"):
        watch.release.free("publisher#orders")


def test_the_times_of_the_dispatcher_are_those_of_its_function() -> None:
    from infra_app.constructs.trigger import TIMEOUT  # noqa: PLC0415 - takes seconds to import
    from infra_app.lambdas.trigger.dispatch import LEASE_SECONDS  # noqa: PLC0415

    assert (TIMEOUT.to_seconds(), LEASE_SECONDS) == (DISPATCHER_SECONDS, DISPATCHER_LEASE_SECONDS)


@pytest.mark.usefixtures("aws")
def test_what_aws_refuses_is_told_with_what_to_do(capsys: Said) -> None:
    for command in (("objects",), ("failed",), ("reconcile",), ("redrive", "--all")):
        code, _, err = run(capsys, *command)
        assert code == FAILURE
        assert "ResourceNotFoundException" in err
        assert "docs/operations.md" in err
        assert "Traceback" not in err


def test_commands_go_to_a_local_cloud_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://elsewhere")
    with reaching("http://127.0.0.1:5000"):
        ours = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        assert ours.pop("AWS_ENDPOINT_URL") == "http://127.0.0.1:5000"
        assert set(ours.values()) <= {"any", os.devnull, "2"}
    assert os.environ["AWS_PROFILE"] == "prod"
    with pytest.raises(WrongUse, match="local_cloud up"), reaching("5000"):
        pass


def test_a_local_cloud_that_is_not_up_is_told(capsys: Said) -> None:
    code, _, err = run(capsys, "objects", "--local", "http://127.0.0.1:9")
    assert code == FAILURE
    assert "expected to reach dev" in err

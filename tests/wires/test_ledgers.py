from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto import mock_aws

from tests.aws import LOADS, OBJECTS, RAW, RUNS, STATE, make_small_aws
from wires.dataset_names import DatasetNames
from wires.errors import LeaseError, LoadStateError
from wires.lease import Leases
from wires.load_ledger import Load, LoadLedger, LoadState
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectLedger, ObjectOutcome, ObjectStatus
from wires.routes import Route
from wires.run_ledger import RunLedger

VERSION = ObjectVersion(
    key="a.csv", version_id="1", size=3, uploaded_at="2026-01-15T10:00:00+00:00"
)
LOAD = Load(load_id="load", bucket=RAW, job="job", created_at="2026-01-15T10:00:00+00:00")


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield make_small_aws().tables


@pytest.fixture
def objects(tables: Any) -> ObjectLedger:
    return ObjectLedger(tables.Table(OBJECTS))


@pytest.fixture
def loads(tables: Any) -> LoadLedger:
    return LoadLedger(tables.Table(LOADS))


def test_a_version_is_entered_once_whatever_became_of_it(objects: ObjectLedger) -> None:
    assert objects.register(RAW, VERSION, registered_at="now")
    assert not objects.register(RAW, VERSION, registered_at="later")
    outcome = ObjectOutcome(key="a.csv", version_id="1", status=ObjectStatus.PUBLISHED)
    objects.finish(outcome, load_id="load", finished_at="now")
    assert not objects.register(RAW, VERSION, registered_at="later")
    assert objects.get("a.csv", "1")["status"] == "published"


def test_pending_versions_are_listed_until_they_run(objects: ObjectLedger) -> None:
    objects.register(RAW, VERSION, registered_at="now")
    done = replace(VERSION, version_id="2")
    objects.register(RAW, done, registered_at="now", status=ObjectStatus.EMPTY, reason="0 bytes")
    assert objects.pending(RAW, Route.FILES, limit=10) == [VERSION]
    objects.mark_running([VERSION], "load")
    assert objects.pending(RAW, Route.FILES, limit=10) == []
    assert objects.still_pending([VERSION]) == []


def test_what_waits_in_one_lane_is_not_read_for_another(objects: ObjectLedger) -> None:
    layered = replace(VERSION, key="data/incoming/2026/01/15/orders/a.json")
    for version in (VERSION, layered):
        objects.register(RAW, version, registered_at="now")
    assert objects.pending(RAW, Route.FILES, limit=10) == [VERSION]
    assert objects.pending(RAW, Route.LAYERED, limit=10) == [layered]
    objects.mark_running([VERSION], "load")
    assert objects.pending(RAW, Route.LAYERED, limit=10) == [layered]
    assert objects.pending(RAW, Route.FILES, limit=10) == []


def test_a_final_state_is_not_taken_back(objects: ObjectLedger) -> None:
    objects.register(RAW, VERSION, registered_at="now", status=ObjectStatus.REJECTED)
    objects.mark_running([VERSION], "load")
    assert objects.get("a.csv", "1")["status"] == "rejected"


@pytest.mark.slow
def test_many_versions_move_together_but_for_those_that_have_ended(objects: ObjectLedger) -> None:
    many = [replace(VERSION, version_id=str(number)) for number in range(230)]
    for version in many:
        objects.register(RAW, version, registered_at="now")
    ended = ObjectOutcome(key="a.csv", version_id="7", status=ObjectStatus.EMPTY)
    objects.finish(ended, load_id="other", finished_at="now")
    nobody = replace(VERSION, key="nobody knows it")
    objects.mark_running([*many, nobody], "load")
    statuses = {item["version_id"]: item["status"] for item in objects.all_objects()}
    assert statuses == {version.version_id: "running" for version in many} | {"7": "empty"}
    assert objects.still_pending(many) == []


@pytest.mark.slow
def test_many_endings_are_written_as_one_would_be(objects: ObjectLedger) -> None:
    outcomes = [
        ObjectOutcome(
            key="a.csv",
            version_id=str(number),
            status=ObjectStatus.PUBLISHED,
            dataset="a",
            rows_in=number,
            details={"encoding": "utf-8", "lines": {"above": number}},
        )
        for number in range(120)
    ]
    objects.finish_all(outcomes, load_id="load", finished_at="now")
    items = {item["version_id"]: item for item in objects.all_objects()}
    assert len(items) == 120
    for outcome in outcomes:
        together = items[outcome.version_id]
        objects.finish(outcome, load_id="load", finished_at="now")
        assert objects.get("a.csv", outcome.version_id) == together
        assert together["rows_in"] == outcome.rows_in


def test_content_belongs_to_the_first_version_until_it_is_passed_on(objects: ObjectLedger) -> None:
    second = replace(VERSION, version_id="2")
    assert objects.claim_content(VERSION, "digest") == "1"
    assert objects.claim_content(VERSION, "digest") == "1"
    assert objects.claim_content(second, "digest") == "1"
    assert objects.claim_content(second, "other") == "2"
    assert objects.take_over_content(second, "digest", holder="1")
    assert not objects.take_over_content(VERSION, "digest", holder="1")
    assert list(objects.all_objects()) == []


def test_content_that_a_client_took_over_without_an_answer_is_its_own_when_it_asks_again(
    objects: ObjectLedger,
) -> None:
    second = replace(VERSION, version_id="2")
    objects.claim_content(VERSION, "digest")
    assert objects.take_over_content(second, "digest", holder="1")
    assert objects.take_over_content(second, "digest", holder="1")


def test_one_run_claims_an_attempt(loads: LoadLedger) -> None:
    assert loads.create(LOAD)
    assert not loads.create(LOAD)
    assert loads.claim("load", attempt=1, run_id="first")
    assert loads.claim("load", attempt=1, run_id="first")
    assert not loads.claim("load", attempt=1, run_id="second")
    assert not loads.claim("load", attempt=2, run_id="second")
    assert not loads.claim("no such load", attempt=1, run_id="first")


def test_a_run_that_has_lost_its_load_cannot_commit(loads: LoadLedger) -> None:
    loads.create(LOAD)
    loads.claim("load", attempt=1, run_id="first")
    assert loads.retry(loads.get("load"), reason="timeout")
    assert loads.claim("load", attempt=2, run_id="second")
    assert not loads.commit("load", run_id="first", commit="its key")
    assert loads.commit("load", run_id="second", commit="key")
    # A client that got no answer asks again.
    assert loads.commit("load", run_id="second", commit="key")
    assert not loads.commit("load", run_id="second", commit="another key")
    assert loads.get("load").commit == "key"


def test_a_load_is_open_until_its_run_is_recorded(loads: LoadLedger) -> None:
    loads.create(LOAD)
    loads.mark_running(LOAD, run_id="run")
    loads.claim("load", attempt=1, run_id="run")
    assert not loads.finish("load")
    loads.commit("load", run_id="run", commit="key")
    assert loads.finish("load")
    assert [load.state for load in loads.open_loads(RAW)] == [LoadState.PUBLISHED]
    assert not loads.retry(loads.get("load"), reason="late news")
    assert loads.close(loads.get("load"))
    assert list(loads.open_loads(RAW)) == []


def test_only_a_load_that_nobody_works_on_is_withdrawn(loads: LoadLedger) -> None:
    loads.create(LOAD)
    loads.claim("load", attempt=1, run_id="run")
    assert not loads.withdraw(LOAD)
    other = replace(LOAD, load_id="other")
    loads.create(other)
    assert loads.withdraw(other)
    # A client that got no answer sends it again.
    assert loads.withdraw(other)
    assert loads.find(other.load_id) is None
    with pytest.raises(LoadStateError, match="no load other"):
        loads.get("other")


def test_a_failed_load_can_be_opened_again(loads: LoadLedger) -> None:
    loads.create(LOAD)
    loads.fail(LOAD, reason="gave up")
    assert list(loads.open_loads(RAW)) == []
    assert loads.reopen(loads.get("load"))
    [load] = loads.open_loads(RAW)
    assert (load.state, load.attempt) == (LoadState.READY, 2)


def test_a_lease_has_one_holder_until_it_runs_out(tables: Any) -> None:
    clock = [1000.0]
    leases = Leases(tables.Table(STATE), now=lambda: clock[0])
    assert leases.take("x", owner="a", seconds=60)
    assert not leases.take("x", owner="b", seconds=60)
    assert leases.take("x", owner="a", seconds=60)
    clock[0] += 61
    assert leases.take("x", owner="b", seconds=60)
    leases.give_back("x", owner="a")
    assert not leases.take("x", owner="a", seconds=60)
    with (
        pytest.raises(LeaseError, match="x was not free within 0 s"),
        leases.held("x", owner="a", seconds=60, wait=0),
    ):
        pass
    leases.give_back("x", owner="b")
    with leases.held("x", owner="a", seconds=60, wait=0):
        assert not leases.take("x", owner="b", seconds=60)
    assert leases.take("x", owner="b", seconds=60)


def test_a_name_keeps_its_first_owner(tables: Any) -> None:
    names = DatasetNames(tables.Table(STATE))
    assert names.claim("sales", "Sales") == "Sales"
    assert names.claim("sales", "SALES") == "Sales"


def test_facts_of_a_run_add_up(tables: Any) -> None:
    runs = RunLedger(tables.Table(RUNS))
    runs.record("job", "run", {"state": "RUNNING", "started_at": "now", "objects": 2})
    runs.record("job", "run", {"state": "SUCCEEDED", "seconds": 7})
    assert runs.get("job", "run") == {
        "job": "job",
        "run_id": "run",
        "state": "SUCCEEDED",
        "started_at": "now",
        "objects": 2,
        "seconds": 7,
    }
    assert [run["run_id"] for run in runs.all_runs()] == ["run"]


@pytest.mark.slow
def test_many_leases_are_held_together_and_given_back(tables: Any) -> None:
    leases = Leases(tables.Table(STATE), now=lambda: 1000.0)
    names = [f"lease#{number:03d}" for number in range(205)]
    with leases.held_all(names, owner="me", seconds=60, wait=0):
        assert not any(leases.take(name, owner="you", seconds=60) for name in names)
        assert all(leases.take(name, owner="me", seconds=60) for name in names)
    assert all(leases.take(name, owner="you", seconds=60) for name in names)


def test_a_lease_that_is_held_is_kept_without_asking_while_most_of_it_is_left(tables: Any) -> None:
    clock = [1000.0]
    leases, others = (Leases(tables.Table(STATE), now=lambda: clock[0]) for _ in range(2))
    assert leases.keep("turn", owner="me", seconds=100)
    assert not leases.keep("turn", owner="somebody else", seconds=100)
    clock[0] += 9
    assert leases.keep("turn", owner="me", seconds=100)
    assert not others.take("turn", owner="you", seconds=100)
    clock[0] += 92
    assert others.take("turn", owner="you", seconds=100)
    assert not leases.keep("turn", owner="me", seconds=100)
    assert not leases.keep("turn", owner="me", seconds=100)


def test_of_many_leases_none_is_kept_if_one_cannot_be_had(tables: Any) -> None:
    leases = Leases(tables.Table(STATE), now=lambda: 1000.0)
    names = [f"lease#{number:03d}" for number in range(105)]
    assert leases.take("lease#050", owner="you", seconds=60)
    with (
        pytest.raises(LeaseError, match="lease#050"),
        leases.held_all(names, owner="me", seconds=60, wait=0),
    ):
        raise AssertionError("it was not to be had")
    assert all(leases.take(name, owner="you", seconds=60) for name in names)


def test_a_lease_that_ran_out_is_not_given_back_for_its_next_holder(tables: Any) -> None:
    clock = [1000.0]
    leases = Leases(tables.Table(STATE), now=lambda: clock[0])
    names = ["lease#a", "lease#b", "lease#c"]
    with leases.held_all(names, owner="me", seconds=60, wait=0):
        clock[0] += 100
        assert leases.take("lease#b", owner="you", seconds=60)
    assert not leases.take("lease#b", owner="me", seconds=60)
    assert leases.take("lease#a", owner="you", seconds=60)


def test_a_dataset_s_name_is_asked_for_once(tables: Any) -> None:
    table = tables.Table(STATE)
    names = DatasetNames(table)
    calls = []
    table.meta.client.meta.events.register("before-call", lambda model, **_: calls.append(model))
    assert [names.claim("a", owner) for owner in ("A", "a", "A")] == ["A", "A", "A"]
    assert len(calls) == 1
    assert DatasetNames(table).claim("a", "a") == "A"

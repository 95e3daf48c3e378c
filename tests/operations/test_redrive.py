"""Second tries: what is chosen is tried again once, however often it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from operations.progress import Progress
from operations.recovery import dead_letters
from operations.recovery.entries import FINISHED_BADLY, Selection
from operations.recovery.estate import Estate
from operations.recovery.redrive import Action, Choice, Redrive, Redriven
from tests.operations.conftest import NewEstate
from tests.operations.estates import Killed, SmallEstate
from wires.load_ledger import LoadState
from wires.object_ledger import ObjectStatus
from wires.redrives import event_of

EVERYTHING = Choice(objects=Selection(statuses=FINISHED_BADLY), letters=True)
TOO_LARGE = "the file has 20,000 bytes, the limit is 10,000"


def redriven(
    small: SmallEstate, choice: Choice = EVERYTHING, *, dry_run: bool = False, session: Any = None
) -> Redriven:
    estate = Estate(small.environment, session or small.session())
    return Redrive(estate=estate, progress=Progress(), dry_run=dry_run).run(choice)


def failed_load(small: SmallEstate, *keys: str, committed: bool = False) -> str:
    versions = [small.registered(key, ObjectStatus.PENDING) for key in keys]
    load_id = small.load(versions, LoadState.FAILED, committed=committed)
    for version in versions:
        small.end(version, ObjectStatus.FAILED, load_id=load_id, reason="gave up")
    small.end_run(load_id)
    return load_id


def troubled(small: SmallEstate) -> None:
    """One of everything that can be redriven."""
    failed_load(small, "given-up/1.csv", "given-up/2.csv")
    failed_load(small, "committed.csv", committed=True)
    alone = small.registered("alone.csv", ObjectStatus.PENDING)
    load_id = small.load([alone], LoadState.PUBLISHED)
    small.end(alone, ObjectStatus.FAILED, load_id=load_id, reason="the catalog refuses the table")
    small.registered("too-large.csv", ObjectStatus.REJECTED, reason=TOO_LARGE)
    refused = small.upload("program.csv", b"\x7fELF\x02\x01\x01")
    small.receive(small.event(refused))
    small.registered("undecided.csv", ObjectStatus.FAILED, reason="S3 denied it")
    small.dead_letter(small.event(small.upload("lost.csv")))
    small.dead_letter(json.dumps({"detail-type": "Scheduled Event"}))
    small.announced()


def state(small: SmallEstate) -> Any:
    """What has become of everything, without names that are made up anew each time."""
    small.work()
    small.work()
    counts = {e["key"]: int(e.get("redriven", 0)) for e in small.objects.all_objects()}
    under_way = [key for manifest in small.open_manifests() for key in manifest]
    letters = small.sqs.get_queue_attributes(
        QueueUrl=small.estate.dead_letters, AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    return small.statuses(), counts, sorted(under_way), small.announced(), letters


EXPECTED_STATUSES = {
    "alone.csv": "running",
    "committed.csv": "failed",
    "given-up/1.csv": "running",
    "given-up/2.csv": "running",
    "lost.csv": "running",
    "program.csv": "rejected",
    "too-large.csv": "running",
    "undecided.csv": "running",
}


def test_everything_that_ended_badly_is_tried_again_once(small: SmallEstate) -> None:
    troubled(small)
    done = redriven(small)
    assert done.counts == {
        Action.WAITS: 3,
        Action.REOPENED: 1,
        Action.DECIDED: 3,
        Action.SENT: 2,
    }
    statuses, counts, under_way, announced, letters = state(small)
    assert statuses == EXPECTED_STATUSES
    # What was published in part goes on in its own load, with what that had written.
    assert under_way == sorted(set(statuses) - {"program.csv"})
    assert counts == dict.fromkeys(statuses, 1) | dict.fromkeys(
        ("committed.csv", "lost.csv", "program.csv"), 0
    )
    # The refusal of the program is no news.
    assert announced == []
    assert letters == {"ApproximateNumberOfMessages": "0"}


def test_a_second_redrive_changes_nothing(small: SmallEstate) -> None:
    troubled(small)
    redriven(small)
    before = state(small)
    done = redriven(small)
    assert set(done.counts) <= {Action.DECIDED.value, Action.LEFT.value}
    assert state(small) == before


def test_an_object_alone_in_a_published_load_comes_in_another_one(small: SmallEstate) -> None:
    version = small.registered("alone.csv", ObjectStatus.PENDING)
    load_id = small.load([version], LoadState.PUBLISHED)
    small.end(version, ObjectStatus.FAILED, load_id=load_id, reason="refused")
    redriven(small, Choice(objects=Selection(load=load_id, statuses=FINISHED_BADLY)))
    small.work()
    (load,) = small.loads.open_loads(small.names.raw_bucket)
    assert load.load_id != load_id
    assert load.state is LoadState.RUNNING
    assert small.loads.get(load_id).state is LoadState.PUBLISHED


def test_a_load_is_at_work_and_its_objects_are_left_alone(small: SmallEstate) -> None:
    version = small.registered("a.csv", ObjectStatus.PENDING)
    load_id = small.load([version], LoadState.RUNNING)
    small.end(version, ObjectStatus.FAILED, load_id=load_id, reason="its table is refused")
    before = small.items()
    done = redriven(small)
    assert done.counts == {Action.LEFT: 1}
    assert f"release {load_id}" in done.shown[0].why
    assert small.items() == before


def test_a_dry_run_says_the_same_and_changes_nothing(small: SmallEstate) -> None:
    troubled(small)
    before = small.items()
    said = redriven(small, dry_run=True)
    assert small.items() == before
    assert small.taken(small.estate.uploads_queue) == []
    done = redriven(small)
    assert said.counts == done.counts
    assert [step.told() for step in said.shown] == [step.told() for step in done.shown]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(objects=Selection(statuses=FINISHED_BADLY, key="given-up/*")), 2),
        (Choice(objects=Selection(statuses=frozenset({"rejected"}))), 2),
        (Choice(objects=Selection(statuses=frozenset({"failed"}))), 5),
        (Choice(letters=True), 2),
        (Choice(letters=True, key="lost*"), 1),
    ],
)
def test_what_is_chosen_is_tried_again_and_nothing_else(
    small: SmallEstate, choice: Choice, expected: int
) -> None:
    troubled(small)
    assert sum(redriven(small, choice).counts.values()) == expected


def test_a_letter_that_is_not_chosen_stays_and_can_be_received_at_once(small: SmallEstate) -> None:
    troubled(small)
    redriven(small, Choice(letters=True, key="lost*"))
    (left,) = small.taken(small.estate.dead_letters)
    assert json.loads(left)["detail-type"] == "Scheduled Event"


def test_a_new_reason_for_a_refusal_is_announced(small: SmallEstate) -> None:
    small.registered("a.csv", ObjectStatus.REJECTED, reason="another one, of an earlier release")
    version = small.upload("b.csv", b"\x7fELF\x02\x01\x01")
    bucket, reason = small.names.raw_bucket, "the reason of an earlier release"
    rejected = ObjectStatus.REJECTED
    small.objects.register(bucket, version, registered_at="2026", status=rejected, reason=reason)
    redriven(small)
    small.work()
    assert small.statuses() == {"a.csv": "running", "b.csv": "rejected"}
    assert small.announced() == ["Upload refused"]
    entry = small.objects.get("b.csv", version.version_id)
    assert entry["reason"] != reason
    assert "decide_again" not in entry


def test_an_event_of_a_redrive_that_comes_twice_is_handled_once(small: SmallEstate) -> None:
    small.registered("a.csv", ObjectStatus.REJECTED, reason=TOO_LARGE)
    redriven(small)
    (event,) = small.taken(small.estate.uploads_queue)
    small.receive(event, event)
    small.receive(event)
    assert small.open_manifests() == [["a.csv"]]
    assert int(next(small.objects.all_objects())["redriven"]) == 1


def test_an_event_without_a_mark_decides_nothing_anew(small: SmallEstate) -> None:
    version = small.registered("a.csv", ObjectStatus.REJECTED, reason=TOO_LARGE)
    entry = small.objects.get("a.csv", version.version_id)
    small.receive(event_of(entry, bucket=small.names.raw_bucket))
    assert small.statuses() == {"a.csv": "rejected"}


def calls(estates: NewEstate) -> range:
    """Places of the calls of a whole redrive."""
    with estates() as small:
        troubled(small)
        session, made = small.killed_session(10**9)
        redriven(small, session=session)
        return range(1, len(made) + 1)


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.few(2)
def test_a_redrive_that_is_killed_after_any_call_is_made_up_for_by_another(
    estates: NewEstate, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    # Two minutes later: letters that it had in its hands can be received again.
    monkeypatch.setattr(dead_letters, "_MOVE_SECONDS", 0)
    for place in calls(estates)[::step]:
        with estates() as small:
            troubled(small)
            session, made = small.killed_session(place)
            with pytest.raises(Killed):
                redriven(small, session=session)
            assert len(made) >= place
            redriven(small)
            assert state(small)[0] == EXPECTED_STATUSES, made[-1]
            check_once(small)


@pytest.mark.parametrize("step", [17, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("other", ["redrive", "dispatcher", "both"])
@pytest.mark.few(2)
def test_what_happens_beside_a_redrive_makes_nothing_happen_twice(
    estates: NewEstate, monkeypatch: pytest.MonkeyPatch, other: str, step: int
) -> None:
    monkeypatch.setattr(dead_letters, "_MOVE_SECONDS", 0)
    start = len(other) % step
    for place in calls(estates)[start::step]:
        with estates() as small:
            troubled(small)
            session = small.interrupted_session(place, beside(small, other))
            redriven(small, session=session)
            assert state(small)[0] == EXPECTED_STATUSES
            check_once(small)


def beside(small: SmallEstate, other: str) -> Callable[[], None]:
    def happens() -> None:
        if other != "dispatcher":
            redriven(small)
        if other != "redrive":
            small.work()

    return happens


def check_once(small: SmallEstate) -> None:
    """Each object is under way once, and was put back once at the most."""
    under_way = [key for manifest in small.open_manifests() for key in manifest]
    assert len(under_way) == len(set(under_way))
    assert all(int(e.get("redriven", 0)) <= 1 for e in small.objects.all_objects())
    assert len(small.glue_runs()) == len(list(small.loads.all_loads())) + 1
    assert small.announced() == []


@pytest.mark.parametrize(
    ("state_of_load", "committed", "moves"),
    [
        (LoadState.READY, False, False),
        (LoadState.RUNNING, False, False),
        (LoadState.RUNNING, True, False),
        (LoadState.FAILED, True, False),
        (LoadState.FAILED, False, True),
        (LoadState.PUBLISHED, True, True),
        (None, False, True),
    ],
)
def test_nothing_is_put_back_out_of_a_load_that_may_yet_publish_it(
    small: SmallEstate, state_of_load: LoadState | None, committed: bool, moves: bool
) -> None:
    version = small.registered("a.csv", ObjectStatus.PENDING)
    load_id = "0123456789abcdef"
    if state_of_load:
        load_id = small.load([version], state_of_load, committed=committed)
    small.end(version, ObjectStatus.FAILED, load_id=load_id)
    entry = small.objects.get(version.key, version.version_id)
    moved = small.estate.redrives.put_back([entry], now="2026-02-01T00:00:00+00:00")
    assert moved == (1 if moves else 0)
    assert small.estate.redrives.put_back([entry], now="2026-02-01T00:00:00+00:00") == 0
    waiting = small.objects.still_pending([version])
    # An event does not know how often it was put back: the table does.
    assert [one.redriven for one in waiting] == ([1] if moves else [])


def test_those_of_a_load_that_have_moved_do_not_keep_the_others(small: SmallEstate) -> None:
    failed_load(small, "a.csv", "b.csv", "c.csv")
    entries = list(small.objects.all_objects())
    small.estate.redrives.put_back(entries[:1], now="2026-02-01T00:00:00+00:00")
    assert small.estate.redrives.put_back(entries, now="2026-02-01T00:00:00+00:00") == 2
    assert set(small.statuses().values()) == {"pending"}

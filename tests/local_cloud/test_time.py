from __future__ import annotations

import pytest

from local_cloud.events.bus import LocalRule
from local_cloud.events.schedules import Schedules, seconds_between
from local_cloud.patience import Patience
from tests.local_cloud import tiny


def any_rule(name: str, schedule: str) -> LocalRule:
    return LocalRule(
        name=name,
        account_id=tiny.ACCOUNT,
        region_name=tiny.REGION,
        description=None,
        event_pattern=None,
        schedule_exp=schedule,
        role_arn=None,
        event_bus_name="default",
        state=None,
    )


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(5 minutes)", 300),
        ("rate(2 hours)", 7200),
        ("rate(1 day)", 86400),
        ("cron(0 3 * * ? *)", None),
    ],
)
def test_a_rate_is_a_number_of_seconds(expression: str, seconds: float | None) -> None:
    assert seconds_between(expression) == seconds


def test_a_rule_is_due_once_each_time_that_its_rate_has_passed() -> None:
    schedules = Schedules([any_rule("tick", "rate(1 minute)")], start=100)
    assert [bool(schedules.due(now)) for now in (100, 159, 160, 161, 219, 221)] == [
        *[False, False, True, False, False, True]
    ]


def test_time_that_was_slept_through_is_not_made_up_for() -> None:
    schedules = Schedules([any_rule("tick", "rate(1 minute)")], start=0)
    assert len(schedules.due(3600)) == 1
    assert schedules.due(3601) == []


def test_a_schedule_that_is_not_followed_is_named() -> None:
    schedules = Schedules([any_rule("nightly", "cron(0 3 * * ? *)")], start=0)
    assert schedules.not_followed == ["cron(0 3 * * ? *) of rule nightly"]


def test_patience_ends_when_nothing_moves() -> None:
    slept: list[float] = []
    patience = Patience(limit=10, sleep=slept.append)
    while patience.is_left(3):
        pass
    assert 10 <= sum(slept) < 16
    assert slept == sorted(slept)


def test_patience_starts_afresh_when_less_is_left_than_ever() -> None:
    slept: list[float] = []
    patience = Patience(limit=1, sleep=slept.append)
    for left in (3, 3, 2, 2, 1, 1):
        assert patience.is_left(left)
    assert slept == [0.1, 0.1, 0.1]


def test_ups_and_downs_are_no_progress() -> None:
    patience = Patience(limit=1, sleep=lambda _: None)
    asked = 0
    while patience.is_left(3 + asked % 2):
        asked += 1
        assert asked < 100

from __future__ import annotations

import pytest

from local_cloud.events.schedules import Schedule, Schedules, most_frequent, seconds_between
from local_cloud.stall_timeout import StallTimeout


def any_schedule(name: str, expression: str) -> Schedule:
    return Schedule(name=name, expression=expression, come_round=lambda: None)


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
    schedules = Schedules([any_schedule("rule tick", "rate(1 minute)")], start=100)
    assert [bool(schedules.due(now)) for now in (100, 159, 160, 161, 219, 221)] == [
        *[False, False, True, False, False, True]
    ]


def test_time_that_was_slept_through_is_not_made_up_for() -> None:
    schedules = Schedules([any_schedule("rule tick", "rate(1 minute)")], start=0)
    assert len(schedules.due(3600)) == 1
    assert schedules.due(3601) == []


def test_a_schedule_that_is_not_followed_is_named() -> None:
    schedules = Schedules([any_schedule("rule nightly", "cron(0 3 * * ? *)")], start=0)
    assert schedules.not_followed == ["cron(0 3 * * ? *) of rule nightly"]


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(5 minutes)", 300),
        ("cron(* * * * ? *)", 60),
        ("cron(0/15 * * * ? *)", 900),
        ("cron(5 * * * ? *)", 3600),
        ("cron(5 */2 * * ? *)", 7200),
        ("cron(0 3 * * ? *)", 86400),
        ("cron(0 3 ? * MON-FRI *)", 86400),
        ("cron(0 3 ? * SUN *)", 7 * 86400),
        ("cron(0 3 1 * ? *)", 28 * 86400),
        ("at(2026-11-20T00:00:00)", float("inf")),
    ],
)
def test_a_schedule_has_a_shortest_time_between_two_of_its_times(
    expression: str, seconds: float
) -> None:
    assert any_schedule("x", expression).period == seconds


def test_the_most_frequent_schedules_are_those_with_the_shortest_period_of_all() -> None:
    expressions = ("cron(0 3 * * ? *)", "rate(1 minute)", "rate(1 hour)", "cron(* * * * ? *)")
    schedules = [any_schedule(expression, expression) for expression in expressions]
    assert most_frequent(schedules) == [schedules[1], schedules[3]]
    assert most_frequent(schedules[:1]) == schedules[:1]
    assert most_frequent([]) == []


def test_patience_ends_when_nothing_moves() -> None:
    slept: list[float] = []
    stall_timeout = StallTimeout(limit=10, sleep=slept.append)
    while stall_timeout.is_left(3):
        pass
    assert 10 <= sum(slept) < 16
    assert slept == sorted(slept)


def test_patience_starts_afresh_when_less_is_left_than_ever() -> None:
    slept: list[float] = []
    stall_timeout = StallTimeout(limit=1, sleep=slept.append)
    for left in (3, 3, 2, 2, 1, 1):
        assert stall_timeout.is_left(left)
    assert slept == [0.1, 0.1, 0.1]


def test_ups_and_downs_are_no_progress() -> None:
    stall_timeout = StallTimeout(limit=1, sleep=lambda _: None)
    asked = 0
    while stall_timeout.is_left(3 + asked % 2):
        asked += 1
        assert asked < 100

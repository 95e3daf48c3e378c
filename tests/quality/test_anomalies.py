"""Series of which a person can say what is unusual."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from quality.anomalies import Usual, judge_value
from quality.history import Point

MONDAY = datetime(2026, 9, 7, 6, tzinfo=UTC)
METRIC = "RowCount"


def daily(values: Sequence[float], *, missing: Sequence[int] = ()) -> list[Point]:
    """A value for each day from a Monday on, but for days that are missing."""
    return [
        Point(MONDAY + timedelta(days=day), value)
        for day, value in enumerate(values)
        if day not in missing
    ]


def judged_after(points: Sequence[Point], value: float, *, day: int) -> Usual:
    return judge_value(METRIC, value, points, at=MONDAY + timedelta(days=day)).usual


def test_a_jump_is_an_anomaly() -> None:
    # The median is 100, and the median distance from it is 1: 3.5 deviations are 3.5 × 1.4826 × 1.
    points = daily([100, 101, 99, 102, 100, 98, 101])
    assert judged_after(points, 105, day=7) is Usual.YES
    assert judged_after(points, 106, day=7) is Usual.NO
    assert judged_after(points, 94, day=7) is Usual.NO
    reason = judge_value(METRIC, 150, points, at=MONDAY + timedelta(days=7)).reason
    assert reason == "150 is unusual, expected 94.811 to 105.189 after 7 earlier values"


def test_a_drift_that_goes_on_is_usual_and_one_that_runs_off_is_not() -> None:
    # 0, 1, … 19 has the median 9.5 and the median distance 5; after it 20 is 1.4 deviations off.
    points = daily([*range(20)])
    assert judged_after(points, 20, day=20) is Usual.YES
    assert judged_after(points, 60, day=20) is Usual.NO


def test_a_weekly_season_is_expected_on_its_days() -> None:
    week = [1000, 1010, 990, 1005, 995, 100, 105]
    wobble = [0, 4, -3, 2]
    points = daily([value + wobble[number] for number in range(4) for value in week])
    assert judged_after(points, 101, day=33) is Usual.YES  # a Saturday
    assert judged_after(points, 101, day=28) is Usual.NO  # a Monday
    assert judged_after(points, 1001, day=28) is Usual.YES
    assert judged_after(points, 1001, day=33) is Usual.NO


def test_a_season_without_noise_leaves_room_for_nothing_else() -> None:
    points = daily([10, 20, 30, 40, 50, 60, 70] * 3)
    assert judged_after(points, 10, day=21) is Usual.YES
    assert judged_after(points, 20, day=21) is Usual.NO


def test_two_weeks_are_no_season() -> None:
    points = daily([1000, 1010, 990, 1005, 995, 100, 105] * 2)
    judgement = judge_value(METRIC, 100, points, at=MONDAY + timedelta(days=14))
    assert "apart" not in judgement.reason


def test_after_a_constant_series_any_other_value_is_an_anomaly() -> None:
    points = daily([1.0] * 10)
    assert judged_after(points, 1.0, day=10) is Usual.YES
    assert judged_after(points, 0.999, day=10) is Usual.NO


def test_a_series_that_is_mostly_constant_still_has_a_spread() -> None:
    # The mean distance is 2 × 10 / 10 = 2: 3.5 deviations are 3.5 × 1.253314 × 2 = 8.77.
    points = daily([50, 50, 60, 50, 50, 50, 40, 50, 50, 50])[:10]
    assert judged_after(points, 58, day=12) is Usual.YES
    assert judged_after(points, 59, day=12) is Usual.NO


def test_days_that_are_missing_do_not_shift_the_season() -> None:
    week = [1000, 1010, 990, 1005, 995, 100, 105]
    points = daily(
        [value + number for number in range(5) for value in week], missing=[3, 4, 9, 15, 16, 20, 30]
    )
    assert judged_after(points, 102, day=40) is Usual.YES  # a Saturday
    assert judged_after(points, 102, day=36) is Usual.NO  # a Tuesday


def test_one_anomaly_in_the_history_hides_no_other() -> None:
    points = daily([100, 101, 99, 10_000, 100, 98, 101, 102])
    assert judged_after(points, 9_000, day=8) is Usual.NO
    assert judged_after(points, 100, day=8) is Usual.YES


@pytest.mark.parametrize(("count", "said"), [(0, "0 values"), (1, "1 value"), (6, "6 values")])
def test_a_short_history_says_how_much_it_lacks(count: int, said: str) -> None:
    judgement = judge_value(METRIC, 1.0, daily([1.0] * count), at=MONDAY)
    assert judgement.usual is Usual.UNKNOWN
    assert judgement.reason == f"history too short: {said}, needs 7"


def test_what_was_eight_weeks_ago_is_forgotten() -> None:
    points = daily([*([1000.0] * 60), *([10.0, 11.0] * 28)])
    assert judged_after(points, 10.5, day=116) is Usual.YES
    assert judged_after(points, 1000.0, day=116) is Usual.NO

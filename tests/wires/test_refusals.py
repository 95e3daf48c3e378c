from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wires.refusals import Refusal, RefusalKind, refused

START = datetime(2026, 1, 15, 10, tzinfo=UTC)


@pytest.mark.parametrize("kind", RefusalKind)
def test_pauses_grow_up_to_a_bound(kind: RefusalKind) -> None:
    refusal, at, pauses = None, START, []
    for _ in range(1200):
        refusal = refused(refusal, kind, "no", at=at)
        until = datetime.fromisoformat(refusal.until)
        pauses.append((until - at) / timedelta(minutes=1))
        assert not refusal.is_over(until - timedelta(seconds=1))
        assert refusal.is_over(until)
        at = until
    longest = 5 if kind.is_of_the_job else 60
    assert pauses[:8] == [min(2**n, longest) for n in range(8)]
    assert pauses[-1] == longest
    assert refusal
    assert refusal.times == 1200
    assert refusal.lasts(at) == at - START


@given(st.sampled_from(RefusalKind), st.text(), st.integers(1, 50))
def test_a_refusal_is_read_back_as_it_was_written(
    kind: RefusalKind, reason: str, times: int
) -> None:
    refusal = None
    for _ in range(times):
        refusal = refused(refusal, kind, reason, at=START)
    assert refusal
    assert Refusal.from_item(refusal.to_item()) == refusal
    assert Refusal.from_item(None) is None

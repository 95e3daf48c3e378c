"""Of the parameters of a test marked `few`, the same ones stay in the quick suite each time."""

from __future__ import annotations

import pytest

QUICK = {0, 4}


@pytest.mark.parametrize("number", range(7))
@pytest.mark.few(2)
def test_a_few_are_quick_and_all_others_are_slow(
    number: int, request: pytest.FixtureRequest
) -> None:
    is_slow = request.node.get_closest_marker("slow") is not None
    assert is_slow == (number not in QUICK)

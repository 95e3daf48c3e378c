"""What somebody sees who waits."""

from __future__ import annotations

import pytest

from operations.progress import Counter


def test_a_count_is_told_as_often_as_it_has_grown_and_never_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("operations.progress.time.monotonic", lambda: now)
    said: list[str] = []
    counter = Counter(said.append, "files", 10)
    for now, number in ((1, 2), (3, 0), (6, 0), (7, 1), (7.5, 1), (9.5, 0), (20, 0)):  # noqa: B007
        counter.add(number)
    assert said == ["2 of 10 files", "3 of 10 files", "4 of 10 files"]

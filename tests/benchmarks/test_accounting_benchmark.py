"""What accounting costs is measured where it is done, and told against what it may cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import accounting
from benchmarks.accounting import Results, Round, as_markdown
from benchmarks.datasets import Recipe, prepare

SMALL = Recipe(megabytes=0.5)


@pytest.mark.parametrize(("cutting", "said"), [(0.01, "that is within"), (0.2, "that is **not**")])
def test_the_share_is_held_against_what_it_may_be(cutting: float, said: str) -> None:
    page = as_markdown(Results(SMALL, [Round(2.0, cutting, 0.02)] * 3))
    assert said in page
    assert f"{(cutting + 0.02) / 2:.2%}" in page


def test_both_counts_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounting, "_WORK", tmp_path)
    found = accounting._round(prepare(SMALL, tmp_path).files)
    assert 0 < found.cutting < found.whole
    assert 0 < found.reading_back < found.whole

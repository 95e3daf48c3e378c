"""Exports of large tables: the page about them, and that memory does not grow with rows."""

from __future__ import annotations

import pytest

from benchmarks.exports import Measured, as_markdown, measure


def test_the_page_has_what_each_export_took() -> None:
    found = Measured(10_000_000, "csv", 40.0, 512 * 1024**2, 453 * 1024**2)
    assert "| 10,000,000 | csv | 40.0 | 250,000 | 512 | 453.0 |" in as_markdown([found], 1.5, [])


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows() -> None:
    [small] = measure(1_000_000, ["csv"])
    [large] = measure(4_000_000, ["csv"])
    assert large.size > 3.9 * small.size
    assert large.peak < 1.3 * small.peak

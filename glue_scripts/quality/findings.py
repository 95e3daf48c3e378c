"""Findings of rules, and rules on their way to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from quality.needs import Need, Results
from quality.row_tests import RowTest
from quality.verdicts import Verdict


@dataclass(frozen=True)
class Finding:
    verdict: Verdict
    reason: str
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A rule that is ready: what it needs to know, what it makes of that, and what it demands of
    each row where it is about rows. `by_row` where nothing but the rows decides."""

    needs: Sequence[Need]
    judge: Callable[[Results], Finding]
    test: RowTest | None = None
    by_row: bool = False


def decided(holds: bool, reason: str, metrics: Mapping[str, float] | None = None) -> Finding:
    """Passed or failed."""
    return Finding(Verdict.PASSED if holds else Verdict.FAILED, reason, metrics or {})


def settled(finding: Finding) -> Check:
    """A rule for which the schema is all there is to know."""
    return Check((), lambda _: finding)

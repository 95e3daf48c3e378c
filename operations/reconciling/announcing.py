"""People are told of findings once for each set of them, and once when nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from operations.reconciling.report import Report
from wires.alerts import send_alert
from wires.findings_ledger import FindingsLedger


@dataclass(frozen=True, kw_only=True)
class Announcing:
    """Sends alerts about reports of one environment."""

    ledger: FindingsLedger
    sns: Any
    topic_arn: str
    """Topic of failures."""
    recoveries_topic_arn: str

    def announce(self, report: Report) -> bool:
        """Tell people of a report, unless they know. Returns whether they were told."""
        told = self.ledger.told()
        if report.fingerprint == told:
            return False
        topic = self.recoveries_topic_arn if report.is_clean else self.topic_arn
        send_alert(self.sns, topic, _subject(report), *_lines(report))
        # Afterwards: telling twice is better than not at all.
        self.ledger.tell(report.fingerprint)
        return True


def _subject(report: Report) -> str:
    if report.is_clean:
        return f"Reconciled: everything agrees again in {report.environment}"
    return f"Reconciliation: {sum(report.counts.values()):,} findings in {report.environment}"


def _lines(report: Report) -> Iterator[str]:
    yield from report.lines()
    if report.is_clean:
        yield "What was found before is over."
    else:
        yield (
            "This is told once for these findings, and once when nothing is left of any. "
            "docs/runbooks/reconcile-findings.md says what to do."
        )

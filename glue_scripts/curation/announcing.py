"""Announces the result of a quality check to people; sends nothing if all is well."""

from __future__ import annotations

from collections.abc import Iterator

from lake.store import client
from quality.verdicts import Verdict
from quality_report.report import GateVerdict, QualityReport
from wires.alerts import send_alert

_MOST = 10
_WHAT_HAPPENED = {
    GateVerdict.PASSED: "was published",
    GateVerdict.WARNED: "was published although rules failed",
    GateVerdict.QUARANTINED: "was published without the rows that break rules",
    GateVerdict.HALTED: "was not published; readers see what they saw before",
}


def announce(report: QualityReport, page: str, *, topic: str) -> None:
    """Tell of failed rules, and of values that are unusual."""
    if report.verdict is GateVerdict.PASSED and not report.unusual:
        return
    score = "no score" if report.score is None else f"score {report.score:g}"
    send_alert(
        client("sns"),
        topic,
        f"Quality: {report.model} {report.verdict.value}",
        f"{report.model} {_WHAT_HAPPENED[report.verdict]} ({report.rows:,} rows, {score}).",
        *list(_lines(report))[:_MOST],
        f"Report: {page}",
    )


def announce_recovery(report: QualityReport, page: str, *, topic: str) -> None:
    """Tell that a table is well again, after a check of which people were told."""
    if report.verdict is not GateVerdict.PASSED or report.unusual:
        return
    send_alert(
        client("sns"),
        topic,
        f"Quality: {report.model} passes again",
        f"{report.model} was published, and all of its rules hold ({report.rows:,} rows).",
        f"Report: {page}",
    )


def _lines(report: QualityReport) -> Iterator[str]:
    for rule in report.rules_that(Verdict.FAILED, Verdict.ERROR):
        yield f"- {rule.text}: {rule.reason}"
    for one in report.unusual:
        yield f"- {one.metric}: {one.reason}"

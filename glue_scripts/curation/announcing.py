"""What people hear of a judgement: nothing if all is well."""

from __future__ import annotations

from collections.abc import Iterator

from lake.store import client
from quality_report.model import QualityReport, Verdict

_MOST = 10
_WHAT_HAPPENED = {
    Verdict.PASSED: "was published",
    Verdict.WARNED: "was published although rules failed",
    Verdict.QUARANTINED: "was published without the rows that break rules",
    Verdict.HALTED: "was not published; readers see what they saw before",
}


def announce(report: QualityReport, page: str, *, topic: str) -> None:
    """Tell of failed rules, and of values that are unusual."""
    if report.verdict is Verdict.PASSED and not report.unusual:
        return
    score = "no score" if report.score is None else f"score {report.score:g}"
    client("sns").publish(
        TopicArn=topic,
        Subject=f"Quality: {report.unit} {report.verdict.value}"[:100],
        Message="\n".join(
            [
                f"{report.unit} {_WHAT_HAPPENED[report.verdict]} ({report.rows:,} rows, {score}).",
                *list(_lines(report))[:_MOST],
                f"Report: {page}",
            ]
        ),
    )


def _lines(report: QualityReport) -> Iterator[str]:
    for rule in report.rules:
        if rule.verdict.value in ("failed", "error"):
            yield f"- {rule.text}: {rule.reason}"
    for one in report.unusual:
        yield f"- {one.metric}: {one.reason}"

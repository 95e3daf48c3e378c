"""A report in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import floor

from dqdl import Composite, Rule, RuleType, spell
from dqdl.spelling import spell_operand
from dqdl.syntax import Text
from quality.history import Point
from quality.verdicts import Verdict
from quality_report.report import GateVerdict, QualityReport

_WITHOUT_CONDITION = {
    RuleType.COLUMN_EXISTS: "the column exists",
    RuleType.COLUMN_NAMES_MATCH_PATTERN: "a match of every column's name",
    RuleType.CUSTOM_SQL: "no row that breaks it",
    RuleType.DETECT_ANOMALIES: "a value in the usual range",
    RuleType.IS_COMPLETE: "a value in every row",
    RuleType.IS_PRIMARY_KEY: "a value in every row, and none twice",
    RuleType.IS_UNIQUE: "no value twice",
}
VERDICTS = {
    GateVerdict.PASSED: "Passed",
    GateVerdict.WARNED: "Published with warnings",
    GateVerdict.QUARANTINED: "Published without the rows put aside",
    GateVerdict.HALTED: "Halted: nothing published",
}
_CONSEQUENCES = {
    GateVerdict.PASSED: "",
    GateVerdict.WARNED: "The data was published all the same.",
    GateVerdict.QUARANTINED: "Rows that break rules were put aside, and the others published.",
    GateVerdict.HALTED: "Nothing was published, so readers still see the data of the run before.",
}


@dataclass(frozen=True)
class Summary:
    happened: str
    to_do: str


def summary(report: QualityReport) -> Summary:
    """Says what happened and what to do about it."""
    said = [_judged(report), _CONSEQUENCES[report.verdict], _unusual(report)]
    return Summary(" ".join(part for part in said if part), _to_do(report))


def expected(rule: Rule | Composite) -> str:
    """The demand of a rule, without what it is about."""
    if isinstance(rule, Composite):
        return rule.text
    demand = spell(rule.condition) if rule.condition else _WITHOUT_CONDITION[rule.type]
    where = [f"where {spell_operand(Text(rule.where))}"] if rule.where else []
    threshold = [f"with threshold {spell(rule.threshold)}"] if rule.threshold else []
    return (" " if rule.condition else ", ").join([demand, *where, *threshold])


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def percent(part: int, whole: int) -> str:
    """Neither 0 % nor 100 % unless it is exactly that."""
    if not whole:
        return "–"
    tenths = part * 1000 / whole
    if 0 < tenths < 1:
        return "< 0.1 %"
    shown = floor(tenths) if part < whole and tenths > 999 else round(tenths)
    return f"{shown / 10:g} %"


def figure(value: float | Decimal) -> str:
    """A number as short as it may be read at a glance."""
    number = float(value)
    size = abs(number)
    if number == round(number) and size < 1e15:
        return f"{number:,.0f}"
    if size >= 1e15 or size < 1e-4:
        return f"{number:.4g}"
    if size >= 1:
        return f"{number:,.2f}".rstrip("0").rstrip(".")
    return f"{float(f'{number:.4g}'):.8f}".rstrip("0")


def told(points: Sequence[Point]) -> str:
    """A series for those who do not see its chart."""
    values = [point.value for point in points]
    return (
        f"{plural(len(points), 'value')} from {day(points[0].at)} to {day(points[-1].at)}, "
        f"lowest {figure(min(values))}, highest {figure(max(values))}"
    )


def verdict_in_words(report: QualityReport) -> str:
    """Nothing has passed where nothing was judged."""
    if report.verdict is GateVerdict.PASSED and report.score is None:
        return "Published, nothing judged"
    return VERDICTS[report.verdict]


def _judged(report: QualityReport) -> str:
    failed = len(report.rules_that(Verdict.FAILED))
    errors = len(report.rules_that(Verdict.ERROR))
    passed = len(report.rules_that(Verdict.PASSED))
    total = failed + errors + passed
    if not total:
        rows = plural(report.rows, "row")
        return f"No rule was judged, so the quality of its {rows} is not known."
    if passed == total:
        every = "The only rule" if total == 1 else f"All {total} rules"
        return f"{every} passed on {plural(report.rows, 'row')}."
    said = []
    if failed:
        said.append(f"{failed} of {plural(total, 'rule')} failed on {plural(report.rows, 'row')}.")
    if errors:
        said.append(f"{plural(errors, 'rule')} could not be judged.")
    return " ".join(said)


def _unusual(report: QualityReport) -> str:
    count = len(report.unusual)
    if not count:
        return ""
    return "1 value is unusual." if count == 1 else f"{count} values are unusual."


def _to_do(report: QualityReport) -> str:
    advice = []
    if report.rules_that(Verdict.FAILED):
        advice.append(
            "look at the failed rules below, and correct the data where it comes from, or the rule "
            "if it asks too much"
        )
    if report.rules_that(Verdict.ERROR):
        advice.append("mend the rules that could not be judged")
    if report.unusual:
        advice.append("check whether there is a known cause for what is unusual")
    if advice and report.verdict is GateVerdict.HALTED:
        advice.append("run it again")
    if not advice:
        return _to_do_at_ease(report)
    text = "; then ".join(advice)
    return f"{text[0].upper()}{text[1:]}."


def _to_do_at_ease(report: QualityReport) -> str:
    if report.score is not None:
        return "There is nothing to do."
    if report.rules:
        return "There is nothing to do but wait: its rules need more history."
    return "Write rules for it. A profile suggests where to begin."

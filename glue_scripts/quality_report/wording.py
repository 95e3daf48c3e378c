"""What a report says in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import floor

from quality_report.model import QualityReport, UnitKind, Verdict
from quality_report.results import RuleVerdict

_TARGET = re.compile(r'\s*\w+\s*(?:of\s+)?(?:(?:"(?:\\.|[^"\\])*"|\$\w+)\s*)*', re.DOTALL)
_WITHOUT_CONDITION = {
    "IsComplete": "a value in every row",
    "IsUnique": "no value twice",
    "IsPrimaryKey": "a value in every row, and none twice",
    "ColumnExists": "the column exists",
    "DetectAnomalies": "a value in the usual range",
    "CustomSql": "no row that breaks it",
    "CustomSQL": "no row that breaks it",
}
VERDICTS = {
    Verdict.PASSED: "Passed",
    Verdict.WARNED: "Published with warnings",
    Verdict.QUARANTINED: "Published without the rows put aside",
    Verdict.HALTED: "Halted: nothing published",
}
_CONSEQUENCES = {
    Verdict.PASSED: "",
    Verdict.WARNED: "The data was published all the same.",
    Verdict.QUARANTINED: "Rows that break rules were put aside, and the others published.",
    Verdict.HALTED: "Nothing was published, so readers still see the data of the run before.",
}


@dataclass(frozen=True)
class Summary:
    happened: str
    to_do: str


def summary(report: QualityReport) -> Summary:
    """What happened and what to do about it."""
    said = [_judged(report), _CONSEQUENCES[report.verdict], _unusual(report)]
    return Summary(" ".join(part for part in said if part), _to_do(report))


def expected(rule: str) -> str:
    """What a rule demands, without what it is about."""
    condition = rule[len(match.group()) :] if (match := _TARGET.match(rule)) else ""
    if rule.startswith("(") or not rule:
        return rule
    name = rule.split(maxsplit=1)[0]
    fixed = _WITHOUT_CONDITION.get(name)
    if fixed is None or not condition:
        return condition or fixed or rule
    return condition if condition[0] in "=<>!bi" else f"{fixed}, {condition}"


def what(kind: UnitKind) -> str:
    return {UnitKind.DATASET: "Dataset", UnitKind.TABLE: "Curated table"}[kind]


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


def verdict_in_words(report: QualityReport) -> str:
    """Nothing has passed where nothing was judged."""
    if report.verdict is Verdict.PASSED and report.score is None:
        return "Published, nothing judged"
    return VERDICTS[report.verdict]


def _judged(report: QualityReport) -> str:
    failed = len(report.rules_that(RuleVerdict.FAILED))
    errors = len(report.rules_that(RuleVerdict.ERROR))
    passed = len(report.rules_that(RuleVerdict.PASSED))
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
    if report.rules_that(RuleVerdict.FAILED):
        advice.append(
            "look at the failed rules below, and correct the data where it comes from, or the rule "
            "if it asks too much"
        )
    if report.rules_that(RuleVerdict.ERROR):
        advice.append("mend the rules that could not be judged")
    if report.unusual:
        advice.append("check whether there is a known cause for what is unusual")
    if advice and report.verdict is Verdict.HALTED:
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

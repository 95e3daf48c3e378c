"""Rules that are combined with `and` and `or`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dqdl import Composite
from dqdl.syntax import Connective
from quality.errors import CannotJudge
from quality.findings import Check, Finding, decided
from quality.measures import Selection
from quality.names import Metric
from quality.needs import Results
from quality.row_checks import share
from quality.row_tests import both, either
from quality.verdicts import Verdict

_FIRST_OF = {
    Connective.AND: (Verdict.FAILED, Verdict.ERROR, Verdict.NOT_JUDGED, Verdict.PASSED),
    Connective.OR: (Verdict.PASSED, Verdict.ERROR, Verdict.NOT_JUDGED, Verdict.FAILED),
}
"""The verdict that decides where it is among them: for `and`, whatever else there is, a failure."""


def combined(rule: Composite, parts: Sequence[Check]) -> Check:
    """The verdicts of rules that are each about the whole table.

    With `and`, a row that breaks one of them breaks the composite; with `or`, no row does.
    """

    def judge(results: Results) -> Finding:
        findings = [finding(part, results) for part in parts]
        verdicts = {found.verdict for found in findings}
        verdict = next(one for one in _FIRST_OF[rule.connective] if one in verdicts)
        return Finding(
            verdict,
            "; ".join(f"{found.verdict}: {found.reason}" for found in findings),
            _metrics(findings),
        )

    tests = [part.test for part in parts if part.test]
    about_rows = rule.connective is Connective.AND and len(tests) == len(parts)
    needs = [need for part in parts for need in part.needs]
    return Check(needs, judge, both(tests) if about_rows else None)


def combined_by_row(rule: Composite, parts: Sequence[Check], selection: Selection) -> Check:
    """One demand of each row, made of those of rules that are all about rows."""
    tests = [part.test for part in parts if part.test]
    test = (both if rule.connective is Connective.AND else either)(tests)
    measure = share(test, selection, Metric("Composite", (rule.text,)))

    def judge(results: Results) -> Finding:
        findings = [finding(part, results) for part in parts]
        problem = next((found for found in findings if found.verdict is Verdict.ERROR), None)
        if problem:
            return problem
        value = measure.value(results)
        reason = "there are no rows that could break it"
        reason = reason if value is None else measure.remark(results)
        return decided(value in {None, 1}, reason, _metrics(findings))

    needs = [*measure.needs, *[need for part in parts for need in part.needs]]
    return Check(needs, judge, test, by_row=True)


def _metrics(findings: Sequence[Finding]) -> Mapping[str, float]:
    return {name: value for found in findings for name, value in found.metrics.items()}


def finding(check: Check, results: Results) -> Finding:
    """The finding of a check; what keeps it from one is a finding too."""
    try:
        return check.judge(results)
    except CannotJudge as error:
        return Finding(Verdict.ERROR, str(error))

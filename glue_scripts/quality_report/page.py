"""A report as one page of HTML that needs nothing beside itself, not even a script."""

from __future__ import annotations

import unicodedata
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from dqdl import columns_of
from quality.verdicts import Verdict
from quality_report.charts import bars, trend_lines, watched_line
from quality_report.column_facts import facts, value
from quality_report.report import GateVerdict, QualityReport
from quality_report.sample_table import sample_table
from quality_report.wording import (
    day,
    expected,
    figure,
    moment,
    percent,
    plural,
    summary,
    told,
    verdict_in_words,
)

_TONES = {
    GateVerdict.PASSED: "good",
    GateVerdict.WARNED: "warn",
    GateVerdict.QUARANTINED: "warn",
    GateVerdict.HALTED: "bad",
}
_GOOD = 95
_FAIR = 80
_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"}
_PICTURES[0x7F] = 0x2421


def page(report: QualityReport) -> str:
    """The same for the same report, to the byte. All of the report's text is escaped."""
    judged = report.score is not None or report.verdict is not GateVerdict.PASSED
    failed = report.rules_that(Verdict.FAILED)
    return _template().render(
        report=report,
        tone=_TONES[report.verdict] if judged else "none",
        verdict=verdict_in_words(report),
        summary=summary(report),
        failing={name for outcome in failed for name in columns_of(outcome.rule)},
    )


@cache
def _template() -> Template:
    """The loader finds them in a folder, and in the zip that jobs import this from."""
    environment = Environment(
        loader=PackageLoader("quality_report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    said = (day, expected, figure, moment, percent, plural, told)
    seen = (bars, facts, sample_table, trend_lines, value, watched_line)
    environment.filters |= {function.__name__: function for function in (*said, *seen)}
    environment.filters |= {"plain": _plain, "tone": _tone}
    return environment.get_template("page.html.j2")


def _visible(found: object) -> object:
    """HTML has no control characters, and UTF-8 no halves of pairs."""
    if isinstance(found, str) and not isinstance(found, Markup):
        return found.translate(_PICTURES).encode("utf-8", "replace").decode()
    return found


def _plain(text: str) -> str:
    """Text of the data where no markup can be, as in a title: it turns no direction either."""
    return "".join("�" if unicodedata.category(one) == "Cf" else one for one in text)


def _tone(score: float | None) -> str:
    if score is None:
        return "none"
    return "good" if score >= _GOOD else "warn" if score >= _FAIR else "bad"

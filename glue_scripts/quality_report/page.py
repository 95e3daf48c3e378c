"""A report as one page of HTML that needs nothing beside itself, not even a script."""

from __future__ import annotations

from quality_report.charts import gauge
from quality_report.column_cards import column_section
from quality_report.markup import NAME, Markup, data, joined, plain, tag
from quality_report.model import QualityReport, Verdict
from quality_report.results import RuleVerdict
from quality_report.rule_section import columns_named, rule_sections
from quality_report.style import STYLE
from quality_report.time_section import anomaly_section, trend_section
from quality_report.wording import moment, plural, summary, verdict_in_words, what

# The browser enforces what this module promises: nothing is loaded, and nothing runs.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_TONES = {
    Verdict.PASSED: "good",
    Verdict.WARNED: "warn",
    Verdict.QUARANTINED: "warn",
    Verdict.HALTED: "bad",
}
_GOOD = 95
_FAIR = 80


def page(report: QualityReport) -> str:
    """The same for the same report, to the byte. All of the report's text is escaped."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{plain(report.unit[:NAME])} – data quality"),
        tag("style", Markup(STYLE)),
    )
    main = tag(
        "main",
        rule_sections(report),
        anomaly_section(report.anomalies, report.at),
        trend_section(report),
        column_section(report.profile, _failing(report)) if report.profile else None,
    )
    document = tag("html", head, tag("body", _header(report), main, _footer(report)), lang="en")
    return f"<!doctype html>\n{document}\n"


def _failing(report: QualityReport) -> set[str]:
    failed = report.rules_that(RuleVerdict.FAILED)
    return {name for rule in failed for name in columns_named(rule.text)}


def _header(report: QualityReport) -> Markup:
    judged = report.score is not None or report.verdict is not Verdict.PASSED
    tone = _TONES[report.verdict] if judged else "none"
    said = summary(report)
    hero = tag(
        "div",
        tag(
            "div",
            tag("p", f"{what(report.kind)} · data quality", class_="eyebrow"),
            tag("h1", data(report.unit, NAME)),
            tag("p", verdict_in_words(report), class_=f"pill {tone}", id="verdict"),
            tag("p", _when(report), " · ", plural(report.rows, "row"), class_="quiet"),
        ),
        _gauge(report.score),
        class_="hero",
    )
    sentence = tag(
        "div",
        tag("p", said.happened),
        tag("p", said.to_do),
        class_=f"card summary {tone}",
        id="summary",
    )
    return tag("header", hero, sentence, _dimensions(report))


def _when(report: QualityReport) -> Markup:
    return tag("time", moment(report.at), datetime=report.at.isoformat())


def _gauge(score: float | None) -> Markup:
    figure = "–" if score is None else f"{score:g}"
    below = "no score" if score is None else "of 100"
    return tag(
        "div",
        gauge(score),
        tag("p", tag("strong", figure, id="score"), below),
        class_=f"gauge {_tone(score)}",
    )


def _tone(score: float | None) -> str:
    if score is None:
        return "none"
    return "good" if score >= _GOOD else "warn" if score >= _FAIR else "bad"


def _dimensions(report: QualityReport) -> Markup | None:
    if not report.dimensions:
        return None
    items = [
        tag(
            "li",
            tag("span", one.dimension.value.capitalize()),
            tag("strong", f"{one.passed} of {one.judged}"),
            tag("span", tag("i", style=f"--w:{one.score:g}%"), class_="meter", aria_hidden="true"),
            class_=_tone(one.score),
        )
        for one in report.dimensions
    ]
    return tag("ul", *items, class_="dimensions", aria_label="Rules that passed, by subject")


def _footer(report: QualityReport) -> Markup:
    parts = [
        f"Run {report.run_id}",
        f"refresh {report.refresh_id}",
        f"code {report.code_version}" if report.code_version else "",
    ]
    line = joined([data(" · ".join(part for part in parts if part))])
    return tag("footer", tag("p", line))

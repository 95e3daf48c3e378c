"""What changes from run to run: watched values against their usual range, scores, rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quality_report.charts import line
from quality_report.markup import NAME, Markup, data, joined, tag
from quality_report.model import QualityReport
from quality_report.results import Anomaly, Measured, Usual
from quality_report.wording import day, figure, plural

_SHOWN = 60
"""Runs in a chart."""
_LABELS = {
    Usual.NO: ("unusual", "bad"),
    Usual.YES: ("usual", "good"),
    Usual.UNKNOWN: ("not judged yet", "none"),
}
_ORDER = (Usual.NO, Usual.UNKNOWN, Usual.YES)


def anomaly_section(anomalies: Sequence[Anomaly], at: datetime) -> Markup | None:
    """Those that are not usual first, then in the order that they come in."""
    if not anomalies:
        return None
    ordered = sorted(anomalies, key=lambda one: _ORDER.index(one.usual))
    return tag(
        "section",
        tag("h2", "Watched values", tag("small", str(len(anomalies))), id="watched-title"),
        tag("div", *[_card(one, at) for one in ordered], class_="grid"),
        id="watched",
        aria_labelledby="watched-title",
    )


def trend_section(report: QualityReport) -> Markup | None:
    if not report.trend:
        return None
    rows = [Measured(point.at, float(point.rows)) for point in report.trend]
    scores = [Measured(point.at, point.score) for point in report.trend if point.score is not None]
    if report.score is not None:
        scores.append(Measured(report.at, report.score))
    charts = [
        _trend("Score", scores[-_SHOWN:], (0.0, 100.0)) if scores else None,
        _trend("Rows", [*rows, Measured(report.at, float(report.rows))][-_SHOWN:], None),
    ]
    return tag(
        "section",
        tag("h2", "Trend", id="trend-title"),
        tag("div", *charts, class_="grid pair"),
        id="trend",
        aria_labelledby="trend-title",
    )


def _card(one: Anomaly, at: datetime) -> Markup:
    label, tone = _LABELS[one.usual]
    return tag(
        "article",
        tag("p", label, class_=f"pill {tone}"),
        tag("h3", data(one.metric, NAME), class_="name"),
        tag("p", figure(one.value), class_="figure"),
        _chart(one, at) if one.earlier else None,
        tag("p", data(one.reason), class_="quiet"),
        class_=f"card watched {tone}",
    )


def _chart(one: Anomaly, at: datetime) -> Markup:
    points = [*one.earlier, Measured(at, one.value)][-_SHOWN:]
    usual = (one.low, one.high) if one.low is not None and one.high is not None else None
    said = f"{_told(points)}; now {figure(one.value)}"
    if usual:
        said += f", usual from {figure(usual[0])} to {figure(usual[1])}"
    last = "off" if one.usual is Usual.NO else ""
    return tag("figure", line(points, said, usual=usual, last=last), _caption(points), _key(usual))


def _key(usual: tuple[float, float] | None) -> Markup | None:
    if usual is None:
        return None
    said = f"usual: {figure(usual[0])} to {figure(usual[1])}"
    return tag("figcaption", tag("span", class_="key", aria_hidden="true"), said)


def _trend(title: str, points: Sequence[Measured], limits: tuple[float, float] | None) -> Markup:
    values = [point.value for point in points]
    span = figure(values[0])
    if min(values) < max(values):
        span = f"{figure(min(values))} to {figure(max(values))}"
    return tag(
        "article",
        tag("h3", title),
        tag("p", figure(values[-1]), class_="figure"),
        tag(
            "figure",
            line(points, f"{title}: {_told(points)}", limits=limits),
            _caption(points),
            tag("figcaption", f"{plural(len(points), 'run')}, {span}"),
        ),
        class_="card",
    )


def _caption(points: Sequence[Measured]) -> Markup:
    first, last = points[0].at, points[-1].at
    ends = [tag("span", day(first)), tag("span", day(last))]
    return tag("figcaption", joined(ends), class_="ends")


def _told(points: Sequence[Measured]) -> str:
    values = [point.value for point in points]
    return (
        f"{plural(len(points), 'value')} from {day(points[0].at)} to {day(points[-1].at)}, "
        f"lowest {figure(min(values))}, highest {figure(max(values))}"
    )

"""Rules on the page: those that need somebody first, each with what it saw."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from quality_report.markup import NAME, Markup, data, joined, tag
from quality_report.model import QualityReport
from quality_report.results import RuleResult, RuleVerdict
from quality_report.wording import expected, figure, plural

MOST_SAMPLES = 30
"""Rules whose rows are shown. A page has to stay one that a browser opens at once."""
MOST_ROWS = 10
MOST_COLUMNS = 12
MOST_CHARACTERS = 200
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
Row = Mapping[str, str | None]


def rule_sections(report: QualityReport) -> Markup:
    failed = report.rules_that(RuleVerdict.FAILED)
    errors = report.rules_that(RuleVerdict.ERROR)
    passed = report.rules_that(RuleVerdict.PASSED)
    waiting = report.rules_that(RuleVerdict.NOT_JUDGED)
    cards = [_card(rule, "bad", number < MOST_SAMPLES) for number, rule in enumerate(failed)]
    return joined(
        [
            _section("failed", "Failed rules", cards),
            _section(
                "errors", "Rules that could not be judged", [_card(r, "warn") for r in errors]
            ),
            _section(
                "others", "Other rules", [_folded(passed, waiting)] if passed or waiting else []
            ),
        ]
    )


def columns_named(rule: str) -> Sequence[str]:
    """Whatever stands in quotes in a rule: columns, and texts that no column is called like."""
    return [found.replace('\\"', '"') for found in _QUOTED.findall(rule)]


def _section(id: str, title: str, cards: Sequence[Markup]) -> Markup | None:
    if not cards:
        return None
    count = tag("small", str(len(cards))) if id != "others" else None
    heading = tag("h2", title, count, id=f"{id}-title")
    stack = tag("div", *cards, class_="stack")
    return tag("section", heading, stack, id=id, aria_labelledby=f"{id}-title")


def _card(rule: RuleResult, tone: str, with_sample: bool = True) -> Markup:
    return tag(
        "article",
        tag("h3", tag("code", data(rule.text))),
        tag("p", data(rule.reason)) if rule.reason else None,
        tag("dl", joined(_facts(rule)), class_="facts"),
        _sample(rule) if rule.sample and with_sample else None,
        class_=f"card rule {tone}",
    )


def _facts(rule: RuleResult) -> Sequence[Markup]:
    facts = [("Expected", data(expected(rule.text)))]
    if rule.metrics:
        measured = [
            tag("div", data(name, NAME), " = ", tag("strong", figure(value)))
            for name, value in sorted(rule.metrics.items())
        ]
        facts.append(("Measured", joined(measured)))
    if rule.failing_rows is not None:
        facts.append(("Rows that break it", Markup(f"{rule.failing_rows:,}")))
    if rule.place:
        facts.append(("Written in", Markup(f"line {rule.place.line}")))
    return [joined([tag("dt", name), tag("dd", value)]) for name, value in facts]


def _sample(rule: RuleResult) -> Markup:
    rows = rule.sample[:MOST_ROWS]
    named = set(columns_named(rule.text))
    every = list(dict.fromkeys(name for row in rows for name in row))
    shown = sorted(every, key=lambda name: name not in named)[:MOST_COLUMNS]
    return tag(
        "div",
        tag("p", _caption(rule, rows, len(every) - len(shown)), class_="quiet"),
        tag("div", _table(rows, shown, named), class_="scroll", **_REGION),
        class_="sample",
    )


_REGION: Mapping[str, str] = {
    "tabindex": "0",
    "role": "region",
    "aria_label": "Rows that break the rule",
}


def _caption(rule: RuleResult, rows: Sequence[Row], hidden: int) -> str:
    total = rule.failing_rows or len(rule.sample)
    said = f"{len(rows)} of {plural(total, 'row')}" if len(rows) < total else plural(total, "row")
    return said + (f", without {plural(hidden, 'other column')}" if hidden else "")


def _table(rows: Sequence[Row], columns: Sequence[str], named: set[str]) -> Markup:
    hits = {name: "hit" if name in named else None for name in columns}
    head = [tag("th", data(name, NAME), scope="col", class_=hits[name]) for name in columns]
    body = [
        tag("tr", *[tag("td", _cell(row.get(name)), class_=hits[name]) for name in columns])
        for row in rows
    ]
    return tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body))


def _cell(value: str | None) -> Markup:
    """What nobody could see is named."""
    if value is None:
        return tag("em", "null")
    if not value.strip():
        return tag("em", "empty" if not value else f"{plural(len(value), 'blank character')}")
    if len(value) <= MOST_CHARACTERS:
        return data(value)
    return joined([data("".join(islice(value, MOST_CHARACTERS))), tag("em", " … cut")])


def _folded(passed: Sequence[RuleResult], waiting: Sequence[RuleResult]) -> Markup:
    lists = [
        tag("details", tag("summary", f"{plural(len(rules), 'rule')} {said}"), _list(rules))
        for rules, said in ((passed, "passed"), (waiting, "waiting for more history"))
        if rules
    ]
    return tag("div", *lists, class_="card folded")


def _list(rules: Sequence[RuleResult]) -> Markup:
    items = [
        tag("li", tag("code", data(rule.text)), tag("span", data(rule.reason), class_="quiet"))
        for rule in rules
    ]
    return tag("ul", *items, class_="list")

"""The page as a browser shows it."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path

import pytest

from quality.outcomes import sample_rows
from quality.verdicts import Verdict
from quality_report.figures import ColumnProfile, Profile, TopValue
from quality_report.page import page
from quality_report.report import GateVerdict, QualityReport
from tests.quality_report.chromium import Chromium, Scheme
from tests.quality_report.contrast import LOW_CONTRAST
from tests.quality_report.profiles import rich_profile
from tests.quality_report.reports import (
    HOSTILE,
    ROOT_OF_SCRIPTS,
    any_report,
    any_rule,
    rich_report,
)

WIDTHS = (1280, 360)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LONG = "long" * 1000


def hostile_report() -> QualityReport:
    """All that data can bring, wherever data can be."""
    quoted = HOSTILE.replace('"', '\\"')
    rule = replace(
        any_rule(f'ColumnValues "{quoted}" = "{LONG}"', Verdict.FAILED, {HOSTILE: 1e300}),
        reason=HOSTILE,
        sample=sample_rows([{HOSTILE: HOSTILE, LONG: LONG}, {HOSTILE: None}]),
        row_level=True,
        failing_rows=2,
    )
    report = rich_report()
    columns = tuple(
        replace(column, name=name, top=(TopValue(name, 3), TopValue(LONG, 1)), looked_at=4)
        for column, name in zip(rich_profile().columns, [HOSTILE, LONG] * 4, strict=True)
    )
    return replace(
        report,
        model=HOSTILE,
        run_id=LONG,
        rules=(rule, replace(rule, verdict=Verdict.ERROR), any_rule(LONG)),
        anomalies=tuple(replace(one, metric=HOSTILE, reason=LONG) for one in report.anomalies),
        profile=replace(rich_profile(), columns=columns, left_out=(HOSTILE, LONG)),
    )


def saved(report: QualityReport, folder: Path) -> Path:
    path = folder / "report.html"
    path.write_text(page(report), encoding="utf-8")
    return path


@pytest.fixture
def browser(chromium: Chromium) -> Chromium:
    return chromium


@pytest.mark.parametrize(("width", "scheme"), list(product(WIDTHS, SCHEMES)))
@pytest.mark.few(4)
@pytest.mark.parametrize("report", [rich_report(), hostile_report(), any_report([])])
def test_the_page_fits_and_is_quiet(
    browser: Chromium, report: QualityReport, width: int, scheme: Scheme, tmp_path: Path
) -> None:
    path = saved(report, tmp_path)
    browser.open(path, width=width, scheme=scheme)
    assert browser.read("innerWidth") == width
    assert browser.read("document.documentElement.scrollWidth") <= width
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [path.as_uri()]
    assert browser.read(LOW_CONTRAST) == []
    assert not is_blank(browser.screenshot(tmp_path / "page.png"))


def is_blank(png: Path) -> bool:
    """Next to nothing is left of equal lines once a picture is compressed."""
    content = png.read_bytes()
    start = content.index(b"IDAT") + 4
    length = int.from_bytes(content[start - 8 : start - 4], "big")
    pixels = zlib.decompressobj().decompress(content[start : start + length])
    return len(set(pixels)) < 50


def test_light_and_dark_differ(browser: Chromium, tmp_path: Path) -> None:
    found = []
    for scheme in SCHEMES:
        browser.open(saved(rich_report(), tmp_path), width=1280, scheme=scheme)
        found.append(browser.read("getComputedStyle(document.body).backgroundColor"))
    assert len(set(found)) == 2


def test_it_says_what_happened_and_what_to_do(browser: Chromium, tmp_path: Path) -> None:
    report = rich_report()
    browser.open(saved(report, tmp_path), width=1280)
    assert browser.text("h1") == "sales_orders"
    assert browser.text("#score") == f"{report.score:g}"
    assert browser.text("#verdict") == "Published without the rows put aside"
    said = browser.text("#summary")
    assert "2 of 8 rules failed on 4,312 rows. 1 rule could not be judged." in said
    assert "Look at the failed rules below" in said
    assert "2026-11-20 06:15 UTC" in browser.text("body>header")


def test_failed_rules_come_first_with_what_was_expected_measured_and_seen(
    browser: Chromium, tmp_path: Path
) -> None:
    browser.open(saved(rich_report(), tmp_path), width=1280)
    assert browser.read("document.querySelector('main').firstElementChild.id") == "failed"
    said = browser.text("#failed article")
    for part in (
        'Completeness "customer_email" > 0.98',
        "217 of 4,312 rows are null",
        "> 0.98",
        "Completeness:customer_email = 0.9497",
        "10 of 217 rows",
        "A-00001",
    ):
        assert part in said
    assert browser.text("#failed thead th") == "customer_email"


def test_passed_rules_are_folded_until_somebody_asks_or_prints(
    browser: Chromium, tmp_path: Path
) -> None:
    visible = "document.querySelector('details code').checkVisibility()"
    path = saved(rich_report(), tmp_path)
    browser.open(path, width=1280)
    assert browser.read(visible) is False
    browser.read("document.querySelector('details').open = true")
    assert browser.read(visible) is True
    browser.open(path, width=800, media="print", scheme="dark")
    assert browser.read(visible) is True
    assert browser.print_to(tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_wide_samples_scroll_inside_their_box(browser: Chromium, tmp_path: Path) -> None:
    browser.open(saved(rich_report(), tmp_path), width=360)
    box = "document.querySelector('.scroll')"
    assert browser.read(f"{box}.scrollWidth > {box}.clientWidth")
    assert browser.read(f"{box}.tabIndex") == 0


def test_anomalies_stand_against_their_usual_range(browser: Chromium, tmp_path: Path) -> None:
    browser.open(saved(rich_report(), tmp_path), width=1280)
    said = browser.text("#watched article")
    for part in ("unusual", "RowCount", "4,312", "usual: 8,420 to 11,180"):
        assert part in said
    assert browser.read("document.querySelectorAll('#watched article .band').length") == 2


def test_each_column_has_a_card(browser: Chromium, tmp_path: Path) -> None:
    browser.open(saved(rich_report(), tmp_path), width=1280)
    cards = browser.read("[...document.querySelectorAll('.column')].map(one => one.innerText)")
    assert len(cards) == len(rich_profile().columns)
    assert all(part in cards[3] for part in ("amount", "decimal(12,2)", "0.99 to 998.4", "231.42"))
    assert all(part in cards[1] for part in ("rule failed", "57.5 %", "2 blank characters"))
    assert "For example A-00001" in cards[0]
    assert "0 % filled" in cards[6]


def test_data_is_text_wherever_it_stands(browser: Chromium, tmp_path: Path) -> None:
    browser.open(saved(hostile_report(), tmp_path), width=1280)
    assert browser.read("document.scripts.length") == 0
    assert browser.text("h1") == HOSTILE.replace("\x00", "␀")
    assert "\u202e" not in browser.read("document.title")
    outside = "[...document.querySelectorAll('*')].filter(one => one.localName != 'bdi')"
    own = f"{outside}.flatMap(one => [...one.childNodes]).map(node => node.data || '')"
    assert not [text for text in browser.read(own) if "\u202e" in text]


def test_it_can_be_read_without_seeing_it(browser: Chromium, tmp_path: Path) -> None:
    browser.open(saved(rich_report(), tmp_path), width=1280)
    assert browser.read("document.documentElement.lang") == "en"
    levels = browser.read("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.localName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    unnamed = "[...document.querySelectorAll('svg,section,.scroll')].filter(one => !(%s)).length"
    assert browser.read(unnamed % "one.ariaLabel || one.getAttribute('aria-labelledby')") == 0
    assert browser.read("document.querySelectorAll('th:not([scope])').length") == 0


@pytest.mark.parametrize("verdict", list(GateVerdict))
def test_every_verdict_has_words(verdict: GateVerdict) -> None:
    assert page(replace(any_report(), verdict=verdict)) != page(any_report([]))


def test_a_report_without_rules_has_no_score_and_says_so() -> None:
    text = page(any_report([]))
    assert "no score" in text
    assert "nothing judged" in text
    assert "the quality of its 100 rows is not known" in text


def test_the_same_report_is_the_same_page() -> None:
    report = rich_report()
    assert page(report) == page(QualityReport.from_json(report.to_json()))


def test_what_html_and_utf_8_do_not_have_is_shown_all_the_same() -> None:
    text = page(replace(any_report(), model="a\x07b\ud800c\x7f"))
    assert text.encode()
    assert text.count("a␇b?c␡") == 2  # the title and the heading


def test_texts_are_cut_before_they_push_everything_else_off_the_page() -> None:
    text = page(replace(any_report([any_rule(LONG)]), model=LONG))
    assert f"<h1><bdi>{LONG[:120]}…</bdi></h1>" in text
    assert f"<code><bdi>{LONG[:600]}…</bdi></code>" in text


def test_a_page_of_200_columns_is_small() -> None:
    ready = rich_profile().columns
    columns = [replace(ready[n % len(ready)], name=f"column_{n}") for n in range(200)]
    rules = [
        replace(
            any_rule(f'IsComplete "column_{n}"', Verdict.FAILED),
            sample=sample_rows([{one.name: "some value" for one in columns}] * 20),
        )
        for n in range(50)
    ]
    profile = Profile(rows=4312, sample=1, columns=tuple(columns), left_out=("last",) * 900)
    report = replace(rich_report(), rules=tuple(rules), profile=profile)
    assert len(page(report).encode()) < 500_000


def test_a_page_is_well_formed() -> None:
    class Checked(HTMLParser):
        open: list[str] = []  # noqa: RUF012  # one parser, one page

        def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
            if tag not in {"meta", "link"}:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    parser = Checked()
    parser.feed(page(hostile_report()))
    assert parser.open == []


def test_a_profile_of_nothing_is_shown() -> None:
    empty = Profile(rows=0, sample=1, columns=(replace(any_column(), nulls=0),))
    assert "0 rows" in page(replace(any_report([], rows=0), profile=empty))


def any_column() -> ColumnProfile:
    return rich_profile().columns[6]


@pytest.mark.skipif(sys.platform == "darwin", reason="looks into /Applications, whatever the path")
def test_where_there_is_no_chromium_one_line_says_how_to_get_it(tmp_path: Path) -> None:
    nobody = tmp_path / "id"
    nobody.write_text("#!/bin/sh\necho 1000\n")
    nobody.chmod(0o755)
    found = subprocess.run(
        ["/bin/sh", str(ROOT_OF_SCRIPTS / "ensure_chromium.sh")],
        env={"PATH": str(tmp_path), "HOME": os.fspath(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("Chromium is needed. Debian: apt install chromium; macOS:")
    assert found.stderr.count("\n") == 1

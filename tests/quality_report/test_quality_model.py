"""Reports and profiles as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqdl import Place, columns_of, parse, parse_rule
from quality.anomalies import Anomaly, Usual
from quality.outcomes import LONGEST, Outcome, sample_rows
from quality.verdicts import Verdict
from quality_report.errors import NotAReport
from quality_report.figures import Profile
from quality_report.report import QualityReport
from tests.quality_report.profiles import rich_profile
from tests.quality_report.reports import HOSTILE, any_report, any_rule, rich_report

any_text = st.text(st.characters(codec="utf-8"))
RULES = [
    'ColumnValues "a" in ["x", "y"] where "b > 1" with threshold > 0.9',
    '(RowCount > 0) and ((IsComplete "a") or (IsUnique "b"))',
    'DataFreshness "day" <= 24 hours labels=["team"="us"]',
    'ReferentialIntegrity "a,b" "other.{c,d}" = 1.0',
]


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    failing_rows = draw(st.none() | st.integers(0, 2**62))
    places = st.builds(Place, st.integers(1, 99), st.integers(1, 99))
    return Outcome(
        rule=parse_rule(draw(any_text | st.sampled_from(RULES)), draw(places)),
        verdict=draw(st.sampled_from(list(Verdict))),
        reason=draw(any_text),
        metrics=draw(st.dictionaries(any_text, st.floats(allow_nan=False, allow_infinity=False))),
        row_level=failing_rows is not None,
        failing_rows=failing_rows,
        sample=tuple(draw(st.lists(st.dictionaries(any_text, st.none() | any_text)))),
    )


@pytest.mark.parametrize("report", [rich_report(), any_report([])])
def test_a_report_comes_back_from_json_as_it_was(report: QualityReport) -> None:
    assert QualityReport.from_json(report.to_json()) == report


def test_a_profile_comes_back_from_json_as_it_was() -> None:
    assert Profile.from_json(rich_profile().to_json()) == rich_profile()


@given(st.lists(outcomes(), max_size=3))
def test_whatever_rules_say_comes_back(rules: list[Outcome]) -> None:
    report = any_report(rules)
    assert QualityReport.from_json(report.to_json()) == report


def test_a_rule_that_leans_on_a_constant_comes_back_as_its_text() -> None:
    (rule,) = parse('c = "id"\nRules = [ IsComplete $c ]').rules
    report = any_report([Outcome(rule=rule, verdict=Verdict.FAILED)])
    (back,) = QualityReport.from_json(report.to_json()).rules
    assert (back.text, back.place) == ("IsComplete $c", rule.place)
    assert columns_of(back.rule) == ()


def test_json_says_what_it_is() -> None:
    found = json.loads(rich_report().to_json())
    assert found["schema"] == "quality-report/1"
    assert found["verdict"] == "quarantined"
    assert found["profile"]["columns"][3]["maximum"] == "998.40"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "expected JSON"),
        ("[]", "expected the schema 'quality-report/1', got None"),
        (rich_profile().to_json(), "got 'quality-profile/1'"),
        (any_report().to_json().replace("report/1", "report/2"), "got 'quality-report/2'"),
        (any_report().to_json().replace('"rows":100', '"rows":"100"'), "QualityReport.rows"),
        (any_report().to_json().replace('"rows":100', '"rows":true'), "QualityReport.rows"),
        (any_report().to_json().replace('"passed"', '"splendid"'), "splendid"),
        (any_report().to_json().replace('"model"', '"name"'), "expected the fields"),
        (any_report().to_json().replace("2026-11-20T", "yesterday "), "QualityReport.at"),
    ],
)
def test_another_text_is_an_error_that_says_where(text: str, said: str) -> None:
    with pytest.raises(NotAReport) as error:
        QualityReport.from_json(text)
    assert said in str(error.value)


def test_all_but_profiling_works_without_spark() -> None:
    modules = ("page", "history", "series", "suggest", "report")
    lines = [f"import quality_report.{module}" for module in modules]
    code = "; ".join([*lines, "import sys", "sys.exit('pyspark' in sys.modules)"])
    root = Path(__file__).parents[2]
    env = {"PYTHONPATH": f"{root}{os.pathsep}{root / 'glue_scripts'}"}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 0


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="with its zone"):
        any_report(at=datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point


def test_the_metrics_of_rules_and_analyzers_are_put_together() -> None:
    report = any_report([any_rule(metrics={"b": 1.0})], metrics={"a": 2.0, "c": float("nan")})
    assert dict(report.metrics) == {"a": 2.0, "b": 1.0}


def test_what_json_cannot_say_is_left_out_of_metrics_and_refused_in_anomalies() -> None:
    report = any_report([any_rule(metrics={"Sum:a": float("inf")})])
    assert QualityReport.from_json(report.to_json()) == report
    with pytest.raises(ValueError, match="finite"):
        Anomaly(metric="Sum:a", value=float("nan"), usual=Usual.NO, reason="")


def test_sample_rows_are_text_of_bounded_length() -> None:
    (row,) = sample_rows([{"a": None, "b": True, "c": HOSTILE, "d": "x" * 9999}])
    assert (row["a"], row["b"], row["c"]) == (None, "true", HOSTILE)
    assert row["d"] == "x" * LONGEST + "…"

"""Reports and profiles as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality_report.errors import NotAReport
from quality_report.figures import Profile
from quality_report.model import QualityReport
from quality_report.results import LONGEST, Anomaly, RuleResult, RuleVerdict, Usual, sample_rows
from tests.quality_report.profiles import rich_profile
from tests.quality_report.reports import HOSTILE, any_report, any_rule, rich_report

any_text = st.text(st.characters(codec="utf-8"))
rule_results = st.builds(
    RuleResult,
    text=any_text,
    verdict=st.sampled_from(list(RuleVerdict)),
    reason=any_text,
    metrics=st.dictionaries(any_text, st.floats(allow_nan=False, allow_infinity=False)),
    sample=st.lists(st.dictionaries(any_text, st.none() | any_text)).map(tuple),
    failing_rows=st.none() | st.integers(0, 2**62),
)


@pytest.mark.parametrize("report", [rich_report(), any_report([])])
def test_a_report_comes_back_from_json_as_it_was(report: QualityReport) -> None:
    assert QualityReport.from_json(report.to_json()) == report


def test_a_profile_comes_back_from_json_as_it_was() -> None:
    assert Profile.from_json(rich_profile().to_json()) == rich_profile()


@given(st.lists(rule_results, max_size=3))
def test_whatever_rules_say_comes_back(rules: list[RuleResult]) -> None:
    report = any_report(rules)
    assert QualityReport.from_json(report.to_json()) == report


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
        (any_report().to_json().replace('"unit"', '"name"'), "expected the fields"),
        (any_report().to_json().replace("2026-11-20T", "yesterday "), "QualityReport.at"),
    ],
)
def test_another_text_is_an_error_that_says_where(text: str, said: str) -> None:
    with pytest.raises(NotAReport) as error:
        QualityReport.from_json(text)
    assert said in str(error.value)


def test_all_but_profiling_works_without_spark() -> None:
    modules = ("page", "history", "series", "suggest", "model")
    lines = [f"import quality_report.{module}" for module in modules]
    code = "; ".join([*lines, "import sys", "sys.exit('pyspark' in sys.modules)"])
    folder = Path(__file__).parents[2] / "glue_scripts"
    assert subprocess.run([sys.executable, "-c", code], cwd=folder, check=False).returncode == 0


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

"""How observations of hazardous files are told."""

from __future__ import annotations

from benchmarks.hazards.files import HAZARDS, Hazard
from benchmarks.hazards.observing import Observed
from benchmarks.hazards.rendering import Compared, as_markdown

ZIP_CODES = Hazard(
    name="Zip codes",
    sentence="With leading zeros.",
    files={"zip.csv": b"zip\n02134\n10115\n"},
    records=2,
    values=("02134",),
)
AS_TEXT = Observed(columns=[("zip", "string")], rows=[["02134"], ["10115"]])


def cells(plain_spark: Observed, this_reader: Observed) -> list[str]:
    markdown = as_markdown([Compared(ZIP_CODES, plain_spark, this_reader)], spark_version="4.1.1")
    return markdown.splitlines()[-1].strip("| ").split(" | ")


def test_values_and_types_are_shown_as_they_came_out() -> None:
    _, spark, ours = cells(AS_TEXT, AS_TEXT)
    assert spark == ours == '2 rows<br>`zip string`<br>`("02134")`<br>`("10115")`'


def test_a_value_that_is_gone_is_named() -> None:
    _, spark, _ = cells(Observed(columns=[("zip", "int32")], rows=[[2134], [10115]]), AS_TEXT)
    assert '**not there any more:** `"02134"`' in spark


def test_a_number_of_rows_that_is_not_the_files_is_bold() -> None:
    _, spark, _ = cells(Observed(columns=[("zip", "string")], rows=[["02134"]]), AS_TEXT)
    assert spark.startswith("**1 row instead of 2**")


def test_what_is_in_quarantine_is_not_lost() -> None:
    aside = Observed(
        columns=[("zip", "string")],
        rows=[["10115"]],
        quarantined=[{"line": 2, "reason": "any reason", "raw": "02134"}],
    )
    _, _, ours = cells(AS_TEXT, aside)
    assert ours.startswith("1 row, 1 in quarantine<br>")
    assert ours.endswith("quarantine: line 2, any reason: `02134`")


def test_errors_warnings_and_refusals_are_told() -> None:
    _, spark, ours = cells(Observed(error="[NO] a | b"), Observed(refused=["rejected: no"]))
    assert (spark, ours) == ("The job ends: [NO] a \\| b", "rejected: no")


def test_each_hazard_has_a_name_of_its_own() -> None:
    names = [hazard.name for hazard in HAZARDS]
    assert len(names) == len(set(names))

"""Profiles of tables, in two passes over each."""

from __future__ import annotations

from pyspark.sql import DataFrame

from quality_report.columns import by_position, sources_of
from quality_report.counting import counted
from quality_report.figures import Profile
from quality_report.measuring import measured

SAMPLE = 200_000
MOST_COLUMNS = 200


def profile(table: DataFrame, *, sample: int = SAMPLE, most_columns: int = MOST_COLUMNS) -> Profile:
    """Counts, extremes, distinct values, quantiles, bars and top values of each column.

    A table of at most `sample` rows is counted to the last value. In a larger one, counts of
    rows, nulls and extremes are still of all rows; distinct values are estimated, and bars and
    top values are of a sample, except for columns of few values. Columns beyond `most_columns`
    are named only.
    """
    if sample < 1 or most_columns < 1:
        raise ValueError(
            f"expected a sample and a number of columns from 1, got {sample} and {most_columns}"
        )
    sources = sources_of(table)
    detailed, left_out = sources[:most_columns], sources[most_columns:]
    frame = by_position(table)
    rows, profiles = measured(frame, detailed)
    profiles = counted(frame, detailed, profiles, rows=rows, sample=sample)
    return Profile(
        rows=rows,
        columns=tuple(profiles),
        left_out=tuple(source.name for source in left_out),
        sample=sample,
    )

"""Looking through the objects of a load, spread over Spark's tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pyspark.sql import SparkSession

from lake.csv_source import Survey, survey
from lake.errors import InputRefused, OriginalGone
from lake.spreading import spread
from lake.store import read_version
from wires.manifest import ObjectVersion


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """What was found in one object: a survey, or why there is none."""

    version: ObjectVersion
    survey: Survey | None = None
    refused: str = ""
    """Reason for the uploader: the content is at fault."""
    failed: str = ""
    """Reason for the operator: reading failed, whatever the content."""


def survey_objects(
    spark: SparkSession,
    bucket: str,
    versions: Sequence[ObjectVersion],
    *,
    max_ratio: int,
    isolate: bool,
) -> list[Surveyed]:
    """One result per version, in the given order.

    With `isolate`, an unexpected error costs its own object; otherwise it ends the run, so
    that a passing fault is met by another attempt.
    """
    look = partial(_look, bucket, max_ratio, isolate)
    return spread(spark, look, versions, weight=lambda version: version.size)


def _look(bucket: str, max_ratio: int, isolate: bool, version: ObjectVersion) -> Surveyed:
    try:
        found = survey(lambda: read_version(bucket, version), max_ratio=max_ratio)
    except InputRefused as refusal:
        return Surveyed(version=version, refused=str(refusal))
    except OriginalGone as gone:
        return Surveyed(version=version, failed=str(gone))
    except Exception as error:
        if not isolate:
            raise
        return Surveyed(version=version, failed=f"{type(error).__name__}: {error}")
    return Surveyed(version=version, survey=found)

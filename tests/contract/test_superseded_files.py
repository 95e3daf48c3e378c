"""Glue job → lifecycle of the buckets: files that no table holds any more."""

from __future__ import annotations

from lake.store import SUPERSEDED
from tests.templates import Template


def test_the_tag_that_the_job_gives_is_the_one_that_the_lifecycle_looks_for(
    infrastructure: Template,
) -> None:
    filters = [
        rule["TagFilters"]
        for bucket in infrastructure.properties("AWS::S3::Bucket")
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "TagFilters" in rule
    ]
    assert filters
    assert all(tags == SUPERSEDED["TagSet"] for tags in filters)

"""Glue job → lifecycle of the buckets: files that no table holds any more."""

from __future__ import annotations

import pytest

from config.environments import Environment
from tests.templates import Template
from wires.layout import SUPERSEDED


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


@pytest.mark.parametrize("zone", ["processed", "curated"])
def test_nothing_but_the_tag_takes_files_of_tables_away(
    infrastructure: Template, configured: Environment, zone: str
) -> None:
    """A snapshot that is kept may use a file of any age; it has to be there, and to be read at
    once."""
    name = getattr(configured.names, f"{zone}_bucket")
    rules = infrastructure.named("AWS::S3::Bucket", BucketName=name)["LifecycleConfiguration"]
    for rule in rules["Rules"]:
        deletes = {name for name in rule if "Expiration" in name}
        assert not deletes or rule.get("TagFilters") == SUPERSEDED["TagSet"], rule
        classes = {transition["StorageClass"] for transition in rule.get("Transitions", ())}
        assert classes <= {"INTELLIGENT_TIERING"}, rule

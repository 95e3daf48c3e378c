"""What the file_processor job may touch."""

from __future__ import annotations

from tests.templates import Template, as_list, text_of


def resources_for(template: Template, action: str) -> list[str]:
    return [
        text_of(resource)
        for statement in template.role_statements()
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def test_originals_can_be_read_in_every_version_and_not_be_changed(application: Template) -> None:
    assert any("RawBucketName" in r for r in resources_for(application, "s3:GetObjectVersion"))
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging"):
        assert not any("RawBucketName" in r for r in resources_for(application, action))


def test_it_writes_tables_quarantine_and_loads_and_nowhere_else(application: Template) -> None:
    processed, quarantine, loads = sorted(
        resources_for(application, "s3:PutObject"),
        key=lambda r: next(
            i for i, zone in enumerate(("Processed", "Quality", "Assets")) if zone in r
        ),
    )
    assert '"/*"' in processed
    assert '"/quarantine/*"' in quarantine
    assert '"/loads/*"' in loads


def test_it_deletes_no_object(application: Template) -> None:
    assert not resources_for(application, "s3:DeleteObject")


def test_it_keeps_tables_of_its_two_databases_only(application: Template) -> None:
    for resource in resources_for(application, "glue:CreatePartition"):
        assert (
            resource.endswith(":catalog")
            or "ProcessedDatabaseName" in resource
            or "QualityDatabaseName" in resource
        )


def test_it_may_do_nothing_to_the_curated_zone(application: Template) -> None:
    assert "urated" not in text_of(dict(application.document))

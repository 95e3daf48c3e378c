"""AWS::Glue::Crawler."""

from __future__ import annotations

from typing import Any

from moto.glue.models import glue_backends

from local_cloud.cloudformation.resource import Place, Properties, Resource, resource_type
from local_cloud.errors import UnsupportedResourceError
from local_cloud.glue.crawler_settings import what_is_not_played

_PLAYED = {
    "Classifiers",
    "Configuration",
    "DatabaseName",
    "Description",
    "Name",
    "RecrawlPolicy",
    "Role",
    "Schedule",
    "SchemaChangePolicy",
    "TablePrefix",
    "Tags",
    "Targets",
}
_WITHOUT_EFFECT = {
    "CrawlerSecurityConfiguration": "logs on a laptop are not encrypted by KMS",
    "LakeFormationConfiguration": "rights on a laptop are those of IAM alone",
}


@resource_type("AWS::Glue::Crawler", name_property="Name")
def create_crawler(name: str, properties: Properties, place: Place) -> Resource:
    """Make a crawler of buckets."""
    _check(name, properties)
    glue_backends[place.account][place.region].create_crawler(
        name=name,
        role=properties["Role"],
        database_name=properties["DatabaseName"],
        description=properties.get("Description", ""),
        targets=_given(properties["Targets"]),
        schedule=properties.get("Schedule", {}).get("ScheduleExpression", ""),
        classifiers=properties.get("Classifiers", []),
        table_prefix=properties.get("TablePrefix", ""),
        schema_change_policy=properties.get("SchemaChangePolicy", {}),
        recrawl_policy=properties.get("RecrawlPolicy", {}),
        lineage_configuration={},
        configuration=properties.get("Configuration", ""),
        crawler_security_configuration=properties.get("CrawlerSecurityConfiguration", ""),
        tags=properties.get("Tags", {}),
    )
    return Resource(name)


def _check(name: str, properties: Properties) -> None:
    unknown = sorted(properties.keys() - _PLAYED - _WITHOUT_EFFECT.keys())
    complaint = what_is_not_played(
        targets=properties["Targets"],
        classifiers=properties.get("Classifiers"),
        configuration=properties.get("Configuration"),
        policy=properties.get("SchemaChangePolicy"),
        recrawl=properties.get("RecrawlPolicy"),
    )
    if unknown:
        complaint = f"{', '.join(unknown)} would be ignored on a laptop"
    if "DatabaseName" not in properties:
        complaint = "expected a DatabaseName to make tables in"
    if complaint:
        raise UnsupportedResourceError(
            f"crawler {name}: {complaint}. Teach local_cloud/glue/crawling.py about it, or do "
            "without it"
        )


def _given(targets: dict[str, Any]) -> dict[str, Any]:
    return {kind: given for kind, given in targets.items() if given}

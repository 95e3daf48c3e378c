"""CloudFormation exports of infra_app, which glue_app imports."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wires.alerts import Topic


class Export(StrEnum):
    """The exports, except those of each job's role: `JobSpec.role_export`.

    Both apps use this list, so an import without an export cannot be written.
    """

    DATA_KEY_ARN = "DataKeyArn"
    RAW_BUCKET_NAME = "RawBucketName"
    PROCESSED_BUCKET_NAME = "ProcessedBucketName"
    CURATED_BUCKET_NAME = "CuratedBucketName"
    QUALITY_BUCKET_NAME = "QualityBucketName"
    ASSETS_BUCKET_NAME = "AssetsBucketName"
    OBJECTS_TABLE_NAME = "ObjectsTableName"
    LOADS_TABLE_NAME = "LoadsTableName"
    STATE_TABLE_NAME = "StateTableName"
    RUNS_TABLE_NAME = "RunsTableName"
    PROCESSED_DATABASE_NAME = "ProcessedDatabaseName"
    CURATED_DATABASE_NAME = "CuratedDatabaseName"
    QUALITY_DATABASE_NAME = "QualityDatabaseName"
    DISCOVERY_DATABASE_NAME = "DiscoveryDatabaseName"
    ALERTS_TOPIC_ARN = "AlertsTopicArn"
    """Failures; the next two are about quality, and about what works again."""
    QUALITY_TOPIC_ARN = "QualityTopicArn"
    RECOVERIES_TOPIC_ARN = "RecoveriesTopicArn"
    CRAWLERS_ROLE_NAME = "CrawlersRoleName"
    QUERIES_WORKGROUP_NAME = "QueriesWorkgroupName"
    NETWORK_CONNECTION_NAME = "NetworkConnectionName"
    """Exported only if the environment has a VPC."""


TOPICS: Mapping[Topic, Export] = {
    Topic.FAILURES: Export.ALERTS_TOPIC_ARN,
    Topic.QUALITY: Export.QUALITY_TOPIC_ARN,
    Topic.RECOVERIES: Export.RECOVERIES_TOPIC_ARN,
}
"""The export of each topic's ARN."""

"""What infra_app publishes and glue_app imports, through CloudFormation exports."""

from __future__ import annotations

from enum import StrEnum


class Export(StrEnum):
    """Both apps go through this list, so an import without an export cannot be written."""

    DATA_KEY_ARN = "DataKeyArn"
    RAW_BUCKET_NAME = "RawBucketName"
    PROCESSED_BUCKET_NAME = "ProcessedBucketName"
    QUALITY_BUCKET_NAME = "QualityBucketName"
    ASSETS_BUCKET_NAME = "AssetsBucketName"
    OBJECTS_TABLE_NAME = "ObjectsTableName"
    LOADS_TABLE_NAME = "LoadsTableName"
    RUNS_TABLE_NAME = "RunsTableName"
    PROCESSED_DATABASE_NAME = "ProcessedDatabaseName"
    QUALITY_DATABASE_NAME = "QualityDatabaseName"
    ALERTS_TOPIC_ARN = "AlertsTopicArn"
    FILE_PROCESSOR_ROLE_NAME = "FileProcessorRoleName"
    NETWORK_CONNECTION_NAME = "NetworkConnectionName"
    """Only of an environment with a VPC."""

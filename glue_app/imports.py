"""What infra_app has published in an environment, as this app refers to it."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3
import aws_cdk.aws_sns as sns
from constructs import Construct

from config.environments import Environment
from config.exports import Export


class Infrastructure(Construct):
    """References through `Fn::ImportValue`, so CloudFormation refuses to remove what is used."""

    def __init__(self, scope: Construct, id: str, *, environment: Environment) -> None:
        super().__init__(scope, id)
        self.environment = environment
        self.key = kms.Key.from_key_arn(self, "DataKey", self._value(Export.DATA_KEY_ARN))
        self.raw = self._bucket("Raw", Export.RAW_BUCKET_NAME)
        self.processed = self._bucket("Processed", Export.PROCESSED_BUCKET_NAME)
        self.curated = self._bucket("Curated", Export.CURATED_BUCKET_NAME)
        self.quality = self._bucket("Quality", Export.QUALITY_BUCKET_NAME)
        self.assets = self._bucket("Assets", Export.ASSETS_BUCKET_NAME)
        self.objects = self._table("Objects", Export.OBJECTS_TABLE_NAME)
        self.loads = self._table("Loads", Export.LOADS_TABLE_NAME)
        self.runs = self._table("Runs", Export.RUNS_TABLE_NAME)
        self.processed_database = self._value(Export.PROCESSED_DATABASE_NAME)
        self.curated_database = self._value(Export.CURATED_DATABASE_NAME)
        self.discovery_database = self._value(Export.DISCOVERY_DATABASE_NAME)
        self.quality_database = self._value(Export.QUALITY_DATABASE_NAME)
        self.alerts = sns.Topic.from_topic_arn(self, "Alerts", self._value(Export.ALERTS_TOPIC_ARN))
        self.network_connection = (
            self._value(Export.NETWORK_CONNECTION_NAME)
            if Export.NETWORK_CONNECTION_NAME in environment.exports
            else None
        )
        self.file_processor_role = self._role("FileProcessor", Export.FILE_PROCESSOR_ROLE_NAME)
        self.data_ingestion_role = self._role("DataIngestion", Export.DATA_INGESTION_ROLE_NAME)
        self.data_processing_role = self._role("DataProcessing", Export.DATA_PROCESSING_ROLE_NAME)
        self.data_quality_role = self._role("DataQuality", Export.DATA_QUALITY_ROLE_NAME)
        self.legislators_role = self._role("Legislators", Export.LEGISLATORS_ROLE_NAME)
        self.table_maintenance_role = self._role(
            "TableMaintenance", Export.TABLE_MAINTENANCE_ROLE_NAME
        )
        self.crawlers_role = self._role("Crawlers", Export.CRAWLERS_ROLE_NAME)

    def database(self, export: Export) -> str:
        """The name of a Glue database."""
        return self._value(export)

    def _role(self, job: str, export: Export) -> iam.IRole:
        return iam.Role.from_role_name(self, f"{job}Role", self._value(export))

    def _bucket(self, id: str, export: Export) -> s3.IBucket:
        return s3.Bucket.from_bucket_name(self, id, self._value(export))

    def _table(self, id: str, export: Export) -> dynamodb.ITable:
        return dynamodb.Table.from_table_name(self, id, self._value(export))

    def _value(self, export: Export) -> str:
        return cdk.Fn.import_value(self.environment.export_name(export))

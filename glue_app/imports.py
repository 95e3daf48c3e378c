"""References to the exports of infra_app in an environment."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3
import aws_cdk.aws_sns as sns
from constructs import Construct

from config.environments import Environment
from config.exports import TOPICS, Export
from config.jobs import JOBS, JobSpec, Zone


class Infrastructure(Construct):
    """References through `Fn::ImportValue`, so CloudFormation refuses to remove exports in use."""

    def __init__(self, scope: Construct, id: str, *, environment: Environment) -> None:
        super().__init__(scope, id)
        self.environment = environment
        self.key = kms.Key.from_key_arn(self, "DataKey", self.value(Export.DATA_KEY_ARN))
        self.raw = self._bucket("Raw", Export.RAW_BUCKET_NAME)
        self.processed = self._bucket("Processed", Export.PROCESSED_BUCKET_NAME)
        self.curated = self._bucket("Curated", Export.CURATED_BUCKET_NAME)
        self.quality = self._bucket("Quality", Export.QUALITY_BUCKET_NAME)
        self.assets = self._bucket("Assets", Export.ASSETS_BUCKET_NAME)
        self.objects = self._table("Objects", Export.OBJECTS_TABLE_NAME)
        self.loads = self._table("Loads", Export.LOADS_TABLE_NAME)
        self.state = self._table("State", Export.STATE_TABLE_NAME)
        self.runs = self._table("Runs", Export.RUNS_TABLE_NAME)
        self.topics = {
            topic: sns.Topic.from_topic_arn(self, f"{topic.capitalize()}Topic", self.value(export))
            for topic, export in TOPICS.items()
        }
        self.network_connection = (
            self.value(Export.NETWORK_CONNECTION_NAME)
            if Export.NETWORK_CONNECTION_NAME in environment.exports
            else None
        )
        self._roles = {spec.name: self._role(spec.id, spec.role_export) for spec in JOBS}
        self.crawlers_role = self._role("Crawlers", Export.CRAWLERS_ROLE_NAME)

    def role_of(self, spec: JobSpec) -> iam.IRole:
        return self._roles[spec.name]

    def bucket(self, zone: Zone) -> s3.IBucket:
        bucket: s3.IBucket = getattr(self, zone.name.lower())
        return bucket

    def value(self, export: str) -> str:
        """Return the value that is exported under this name."""
        return cdk.Fn.import_value(self.environment.export_name(export))

    def _role(self, id: str, export: str) -> iam.IRole:
        return iam.Role.from_role_name(self, f"{id}Role", self.value(export))

    def _bucket(self, id: str, export: Export) -> s3.IBucket:
        return s3.Bucket.from_bucket_name(self, id, self.value(export))

    def _table(self, id: str, export: Export) -> dynamodb.ITable:
        return dynamodb.Table.from_table_name(self, id, self.value(export))

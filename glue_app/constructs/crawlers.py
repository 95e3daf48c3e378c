"""Crawlers, which describe the content of a zone independently of the jobs."""

from __future__ import annotations

import json
from typing import cast

import aws_cdk as cdk
import aws_cdk.aws_glue as glue
import aws_cdk.aws_logs as logs
import aws_cdk.aws_s3 as s3
from constructs import Construct

from config.exports import Export
from config.naming import Names
from config.settings import Retention
from glue_app.imports import Infrastructure
from wires.routes import CHECKS_PREFIX, INCOMING


class Crawlers(Construct):
    """One crawler for each zone, for discovery and to follow schema changes, never on the hot path.

    Their tables go to a database of their own: they change no table that a job publishes, and a
    folder that is gone is only logged.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        infrastructure: Infrastructure,
        security: str,
        retention: Retention,
    ) -> None:
        super().__init__(scope, id)
        self._names = names
        self._infrastructure = infrastructure
        self._security = security
        self.log_group = self._log_group(retention)
        self.raw = self._crawler("Raw", infrastructure.raw)
        self.processed = self._crawler("Processed", infrastructure.processed, iceberg=True)
        self.curated = self._crawler("Curated", infrastructure.curated, iceberg=True)

    def _crawler(self, zone: str, bucket: s3.IBucket, *, iceberg: bool = False) -> glue.CfnCrawler:
        path = f"s3://{bucket.bucket_name}/"
        return glue.CfnCrawler(
            self,
            zone,
            name=self._names.crawler(zone.lower()),
            description=f"What is in the {zone.lower()} zone; run it by hand or by the workflow",
            role=self._infrastructure.crawlers_role.role_arn,
            database_name=self._infrastructure.value(Export.DISCOVERY_DATABASE_NAME),
            table_prefix=f"{zone.lower()}_",
            targets=_tables_below(path) if iceberg else _folders_below(path),
            schema_change_policy=glue.CfnCrawler.SchemaChangePolicyProperty(
                update_behavior="UPDATE_IN_DATABASE", delete_behavior="LOG"
            ),
            configuration=None if iceberg else json.dumps(_OUTPUT),
            crawler_security_configuration=self._security,
        )

    def _log_group(self, retention: Retention) -> logs.LogGroup:
        """Create the log group, whose name Glue derives from role and security configuration.

        https://docs.aws.amazon.com/glue/latest/dg/console-security-configurations.html
        """
        role = self._names.role_of(self._names.crawlers)
        group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws-glue/crawlers-role/{role}-{self._security}",
            encryption_key=self._infrastructure.key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # The L2 accepts only its own enum for the number.
        resource = cast("logs.CfnLogGroup", group.node.default_child)
        resource.retention_in_days = retention.log_retention_days
        return group


# A file with fewer columns takes none from the table, and partitions read as their table does:
# https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html
_OUTPUT = {
    "Version": 1.0,
    "CrawlerOutput": {
        "Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
        "Tables": {"AddOrUpdateBehavior": "MergeNewColumns"},
    },
}


def _folders_below(path: str) -> glue.CfnCrawler.TargetsProperty:
    """Target all folders but those of health checks, which come and go."""
    exclusions = [f"{CHECKS_PREFIX}*/**", f"{INCOMING}*/*/*/{CHECKS_PREFIX}*/**"]
    target = glue.CfnCrawler.S3TargetProperty(path=path, exclusions=exclusions)
    return glue.CfnCrawler.TargetsProperty(s3_targets=[target])


def _tables_below(path: str) -> glue.CfnCrawler.TargetsProperty:
    """Target Iceberg tables one folder below.

    A crawler of folders would report their metadata, and files that they no longer contain, as
    separate tables.
    """
    return glue.CfnCrawler.TargetsProperty(
        iceberg_targets=[
            glue.CfnCrawler.IcebergTargetProperty(paths=[path], maximum_traversal_depth=2)
        ]
    )

"""The log groups of a job."""

from __future__ import annotations

from typing import cast

import aws_cdk as cdk
import aws_cdk.aws_kms as kms
import aws_cdk.aws_logs as logs
from constructs import Construct

from config.settings import Retention


class JobLogs(Construct):
    """Log groups for a job's output (`output`) and Spark's messages (`error`), encrypted.

    Glue names the groups itself, after security configuration and role. If they did not exist, it
    would create them without a retention time.
    https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        security_name: str,
        role_name: str,
        key: kms.IKey,
        retention: Retention,
    ) -> None:
        super().__init__(scope, id)
        self._prefix = f"/aws-glue/jobs/{security_name}-role/{role_name}"
        self._key = key
        self._days = retention.log_retention_days
        self.groups = (self._group("Output"), self._group("Error"))

    def _group(self, id: str) -> logs.LogGroup:
        group = logs.LogGroup(
            self,
            id,
            log_group_name=f"{self._prefix}/{id.lower()}",
            encryption_key=self._key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # The L2 accepts only its own enum for the number.
        resource = cast("logs.CfnLogGroup", group.node.default_child)
        resource.retention_in_days = self._days
        return group

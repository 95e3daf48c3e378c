"""The role in which QuickSight reads tables."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
from constructs import Construct

from config.environments import Environment
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.query_workgroup import QueryWorkgroup
from infra_app.constructs.reader import let_read


class DashboardsRole(Construct):
    """Role of the one data source, so that the subscription's own role needs no rights here.

    QuickSight does not document which conditions it fulfils; a source is held to this account
    where it names one. Only who may pass the role can give it to a data source.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        key: kms.IKey,
        buckets: DataBuckets,
        catalog: Catalog,
        workgroup: QueryWorkgroup,
    ) -> None:
        super().__init__(scope, id)
        account = cdk.Stack.of(self).account
        self.role = iam.Role(
            self,
            "Role",
            role_name=environment.names.dashboards_role,
            description="Reads tables for QuickSight",
            assumed_by=iam.ServicePrincipal(
                "quicksight.amazonaws.com",
                conditions={"StringEqualsIfExists": {"aws:SourceAccount": account}},
            ),
        )
        let_read(
            self.role,
            environment=environment,
            key=key,
            buckets=buckets,
            catalog=catalog,
            workgroup=workgroup,
            who="A dashboard",
        )

"""The role of those who read tables."""

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
from infra_app.constructs.takers import takers


class ConsumersRole(Construct):
    """Role that reads tables, asks Athena in the one workgroup, and does nothing else.

    Only the roles that config names can take it, those of other accounts by an external id; where
    config names none, whoever in the own account has a policy that says so. It is a role of this
    account wherever it is taken from: key and buckets are opened to no other account.
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
        reading = environment.settings.reading
        trusted = takers(reading.consumers, reading.external_ids) or [
            iam.AccountPrincipal(cdk.Stack.of(self).account)
        ]
        self.role = iam.Role(
            self,
            "Role",
            role_name=environment.names.consumers_role,
            description="Reads tables, in Athena or directly",
            assumed_by=iam.CompositePrincipal(*trusted),
            max_session_duration=cdk.Duration.hours(12),
        )
        let_read(
            self.role,
            environment=environment,
            key=key,
            buckets=buckets,
            catalog=catalog,
            workgroup=workgroup,
            who="A consumer",
        )

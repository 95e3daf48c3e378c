"""The role of a Glue job, or of the crawlers."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
from constructs import Construct


class JobRole(Construct):
    """A role for Glue in this account only. glue_app grants the permissions that the job needs."""

    def __init__(self, scope: Construct, id: str, *, role_name: str, whose: str) -> None:
        super().__init__(scope, id)
        account = cdk.Stack.of(self).account
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            description=whose,
            assumed_by=iam.ServicePrincipal(
                "glue.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account}}
            ),
        )

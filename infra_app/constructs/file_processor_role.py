"""The role of the file_processor job."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
from constructs import Construct

from config.naming import Names


class FileProcessorRole(Construct):
    """A role for Glue, on behalf of this account only. glue_app grants it what the job needs."""

    def __init__(self, scope: Construct, id: str, *, names: Names) -> None:
        super().__init__(scope, id)
        account = cdk.Stack.of(self).account
        self.role = iam.Role(
            self,
            "Role",
            role_name=names.file_processor_role,
            description="Glue job file_processor",
            assumed_by=iam.ServicePrincipal(
                "glue.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account}}
            ),
        )

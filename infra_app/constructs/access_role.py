"""The role that keeps filters of groups of readers in step with contracts."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
from constructs import Construct

from config.delivery import App
from config.environments import Environment
from delivery.audit import explain
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.catalog_places import CatalogPlaces

CHANGES_OF_FILTERS = (
    "lakeformation:CreateDataCellsFilter",
    "lakeformation:DeleteDataCellsFilter",
    "lakeformation:GrantPermissions",
    "lakeformation:ListDataCellsFilter",
    "lakeformation:ListPermissions",
    "lakeformation:RevokePermissions",
    "lakeformation:UpdateDataCellsFilter",
)
"""None of them takes a resource:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslakeformation.html
"""


class AccessRole(Construct):
    """Role in which `operations access` grants, for the step of the application's pipeline alone.

    Lake Formation lets it grant what it may read itself, which is tables of two databases; the
    application's stack gives it that.
    """

    def __init__(
        self, scope: Construct, id: str, *, environment: Environment, catalog: Catalog
    ) -> None:
        super().__init__(scope, id)
        delivery = environment.delivery
        account = delivery.account
        step = (
            f"arn:{account.partition}:iam::{account.aws_account_id}:role/"
            f"{delivery.checks_role(App.APPLICATION)}"
        )
        self.role = iam.Role(
            self,
            "Role",
            role_name=environment.names.access_role,
            description="Keeps filters of groups of readers as contracts have them",
            # Named in a condition, because a role has to exist before it can be named as principal.
            assumed_by=iam.AccountPrincipal(account.aws_account_id).with_conditions(
                {"ArnEquals": {"aws:PrincipalArn": step}}
            ),
            max_session_duration=cdk.Duration.hours(1),
        )
        self._allow(*CHANGES_OF_FILTERS, on=["*"])
        places = CatalogPlaces((catalog.processed, catalog.curated))
        self._allow("glue:GetDatabase", "glue:GetTable", on=places.tables)
        explain(
            self.role,
            {
                **{
                    f"AwsSolutions-IAM5[Resource::{one}]": "Tables are named by datasets."
                    for one in places.wildcards
                },
                "AwsSolutions-IAM5[Resource::*]": "Lake Formation's actions take no resource; it "
                "lets a role grant what the role itself has been given to grant.",
                "NIST.800.53.R5-IAMNoInlinePolicy": "What this role grants is of use to it alone.",
            },
        )

    def _allow(self, *actions: str, on: list[str]) -> None:
        iam.Grant.add_to_principal(grantee=self.role, actions=list(actions), resource_arns=on)

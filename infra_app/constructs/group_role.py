"""The role and the workgroup of a group of readers."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
from constructs import Construct

from config.environments import Environment
from delivery.audit import explain
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.catalog_places import CatalogPlaces
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.query_access import QueryAccess
from infra_app.constructs.query_workgroup import QueryWorkgroup
from infra_app.constructs.table_reading import READS_DATABASES, READS_TABLES, through_s3
from infra_app.constructs.takers import takers

_RESULTS = "readers/"
"""Folder of the results bucket that has a folder for each group."""


class GroupRole(Construct):
    """Role that sees of tables what Lake Formation grants it, which is nothing by itself.

    It reads no file of a table: all that it gets has been through a filter. Results have a folder
    of the group's own, and its queries a workgroup of its own, because who shares a workgroup sees
    what others there have been answered.
    https://docs.aws.amazon.com/athena/latest/ug/lf-athena-limitations.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        group: str,
        environment: Environment,
        key: kms.IKey,
        buckets: DataBuckets,
        catalog: Catalog,
    ) -> None:
        super().__init__(scope, id)
        names, reading = environment.names, environment.settings.reading
        trusted = takers(reading.groups[group], reading.external_ids)
        self.role = iam.Role(
            self,
            "Role",
            role_name=names.group_role(group),
            description=f"Reads what contracts let {group} see",
            assumed_by=iam.CompositePrincipal(*trusted),
            max_session_duration=cdk.Duration.hours(12),
        )
        workgroup = QueryWorkgroup(
            self,
            "Queries",
            names=names,
            name=names.group_workgroup(group),
            folder=f"{_RESULTS}{group}/",
            key=key,
            results=buckets.results,
            reading=reading,
        )
        # It may ask for tables by IAM; Lake Formation answers with those that it grants.
        self._catalog = CatalogPlaces((catalog.processed, catalog.curated))
        self._allow(*READS_DATABASES, on=self._catalog.databases)
        self._allow(*READS_TABLES, on=self._catalog.tables)
        self._allow("kms:Decrypt", on=[key.key_arn], conditions=through_s3(key))
        # Takes no resource.
        self._allow("lakeformation:GetDataAccess", on=["*"])
        asking = QueryAccess(self.role, key=key, results=buckets.results, workgroup=workgroup)
        asking.grant()
        self._explain(asking)

    def _explain(self, asking: QueryAccess) -> None:
        wildcards = {
            **dict.fromkeys(
                self._catalog.wildcards,
                "sees tables named by datasets, of which Lake Formation shows what it grants",
            ),
            "*": "asks Lake Formation for access, which takes no resource",
            **asking.reasons,
        }
        explain(
            self.role,
            {
                **{
                    f"AwsSolutions-IAM5[Resource::{finding}]": f"A group of readers {why}."
                    for finding, why in wildcards.items()
                },
                "NIST.800.53.R5-IAMNoInlinePolicy": "What is read in this role is of use to it "
                "alone.",
            },
        )

    def _allow(
        self, *actions: str, on: list[str], conditions: dict[str, dict[str, str]] | None = None
    ) -> None:
        iam.Grant.add_to_principal(
            grantee=self.role, actions=list(actions), resource_arns=on, conditions=conditions
        )

"""Registers places of tables with Lake Formation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_lakeformation as lakeformation
import aws_cdk.aws_s3 as s3
from constructs import Construct

from config.exports import Export
from config.jobs import JOBS, Tables, Zone
from config.naming import Names
from delivery.audit import arn_in_findings, explain
from infra_app.constructs.table_reading import through_s3

_MAKE = frozenset({Tables.CHANGE, Tables.KEEP, Tables.KEEP_PARTITIONED})


class RegisteredLocations(Construct):
    """Buckets whose tables Lake Formation gives engines to read, with what its filters leave.

    Without this an engine reads as whoever asks, who then needs all of a file. Those who have
    rights of S3 go on using them, jobs among them. Jobs and crawlers may point tables to these
    places, which nobody may without a grant once a place is registered.
    https://docs.aws.amazon.com/lake-formation/latest/dg/registration-role.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        key: kms.IKey,
        buckets: Mapping[Zone, s3.IBucket],
        roles: Mapping[str, iam.IRole],
    ) -> None:
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        self.role = iam.Role(
            self,
            "Role",
            role_name=names.locations_role,
            description="Reads tables for Lake Formation",
            assumed_by=iam.ServicePrincipal(
                "lakeformation.amazonaws.com",
                # Held to the account wherever it is sent, which is not documented.
                conditions={"StringEqualsIfExists": {"aws:SourceAccount": stack.account}},
            ),
        )
        self._read(list(buckets.values()), key)
        locations = {zone: self._registered(zone, bucket) for zone, bucket in buckets.items()}
        for spec in JOBS:
            for zone, rights in spec.tables.items():
                if zone in locations and _MAKE & {*rights}:
                    self._let_point(spec.id, roles[spec.role_export], zone, locations[zone])
        for zone, location in locations.items():
            self._let_point("Crawlers", roles[Export.CRAWLERS_ROLE_NAME], zone, location)

    def _read(self, buckets: Sequence[s3.IBucket], key: kms.IKey) -> None:
        files = [bucket.arn_for_objects("*") for bucket in buckets]
        self._allow("s3:GetObject", on=files)
        self._allow("s3:ListBucket", on=[bucket.bucket_arn for bucket in buckets])
        iam.Grant.add_to_principal(
            grantee=self.role,
            actions=["kms:Decrypt"],
            resource_arns=[key.key_arn],
            conditions=through_s3(key),
        )
        explain(
            self.role,
            {
                **{
                    f"AwsSolutions-IAM5[Resource::{arn_in_findings(one)}/*]": "Lake Formation "
                    "reads files of any table."
                    for one in buckets
                },
                "NIST.800.53.R5-IAMNoInlinePolicy": "What is read in this role is of use to it "
                "alone.",
            },
        )

    def _allow(self, action: str, *, on: list[str]) -> None:
        iam.Grant.add_to_principal(grantee=self.role, actions=[action], resource_arns=on)

    def _registered(self, zone: Zone, bucket: s3.IBucket) -> lakeformation.CfnResource:
        location = lakeformation.CfnResource(
            self,
            zone.name.capitalize(),
            resource_arn=bucket.bucket_arn,
            role_arn=self.role.role_arn,
            use_service_linked_role=False,
            hybrid_access_enabled=False,
        )
        # Its policy is there as well, before anybody is given something to read.
        location.node.add_dependency(self.role)
        return location

    def _let_point(
        self, whose: str, role: iam.IRole, zone: Zone, location: lakeformation.CfnResource
    ) -> None:
        """Let a role make and change tables whose files are at a location."""
        permissions = lakeformation.CfnPrincipalPermissions(
            self,
            f"{whose}{zone.name.capitalize()}",
            principal=lakeformation.CfnPrincipalPermissions.DataLakePrincipalProperty(
                data_lake_principal_identifier=role.role_arn
            ),
            resource=lakeformation.CfnPrincipalPermissions.ResourceProperty(
                data_location=lakeformation.CfnPrincipalPermissions.DataLocationResourceProperty(
                    catalog_id=cdk.Stack.of(self).account, resource_arn=location.resource_arn
                )
            ),
            permissions=["DATA_LOCATION_ACCESS"],
            permissions_with_grant_option=[],
        )
        permissions.add_dependency(location)

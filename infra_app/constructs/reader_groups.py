"""Groups of readers, who see some columns and rows of tables."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
from constructs import Construct

from config.construct_ids import construct_id
from config.environments import Environment
from config.jobs import Zone
from infra_app.constructs.access_role import AccessRole
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.group_role import GroupRole
from infra_app.constructs.registered_locations import RegisteredLocations


class ReaderGroups(Construct):
    """A role for each group, the places that Lake Formation reads for them, and who grants.

    `roles` are those of jobs and crawlers, by the export of their names.
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
        roles: Mapping[str, iam.IRole],
    ) -> None:
        super().__init__(scope, id)
        RegisteredLocations(
            self,
            "Locations",
            names=environment.names,
            key=key,
            buckets={Zone.PROCESSED: buckets.processed, Zone.CURATED: buckets.curated},
            roles=roles,
        )
        AccessRole(self, "Access", environment=environment, catalog=catalog)
        for group in environment.settings.reading.groups:
            GroupRole(
                self,
                f"Readers{construct_id(group)}",
                group=group,
                environment=environment,
                key=key,
                buckets=buckets,
                catalog=catalog,
            )

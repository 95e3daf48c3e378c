"""The workgroup of Athena."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_athena as athena
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3
from constructs import Construct

from config.naming import Names
from config.settings import Reading

_ENGINE = "Athena engine version 3"
"""The only one with time travel on Iceberg tables; AUTO would change under readers' queries."""
_GB = 1024**3


class QueryWorkgroup(Construct):
    """A workgroup whose settings hold whatever a client asks for.

    Results go to one folder of its own, under the data key, and nowhere else; a query that would
    scan more than config allows is cancelled; what is scanned is measured.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        name: str,
        folder: str,
        key: kms.IKey,
        results: s3.IBucket,
        reading: Reading,
    ) -> None:
        super().__init__(scope, id)
        workgroup = athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            enforce_work_group_configuration=True,
            publish_cloud_watch_metrics_enabled=True,
            requester_pays_enabled=False,
            bytes_scanned_cutoff_per_query=reading.scan_limit_gb * _GB,
            engine_version=athena.CfnWorkGroup.EngineVersionProperty(
                selected_engine_version=_ENGINE
            ),
            result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                output_location=results.s3_url_for_object(folder),
                # Fails where somebody else has got the bucket's name.
                expected_bucket_owner=cdk.Stack.of(self).account,
                encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                    encryption_option="SSE_KMS", kms_key=key.key_arn
                ),
            ),
        )
        made = athena.CfnWorkGroup(
            self,
            "Workgroup",
            name=name,
            description=f"Queries on the tables of {names.project} in {names.environment}",
            state="ENABLED",
            # Its history and named queries go with it; no data is in a workgroup.
            recursive_delete_option=True,
            work_group_configuration=workgroup,
        )
        self.folder = folder
        self.name = made.ref
        self.arn = cdk.Stack.of(self).format_arn(
            service="athena", resource="workgroup", resource_name=self.name
        )

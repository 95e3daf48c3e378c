"""Maintenance of some tables by Glue itself instead of the job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
import aws_cdk.aws_glue as glue
import aws_cdk.aws_iam as iam
from constructs import Construct

_DAYS = 30
"""As long as the job keeps the last snapshot of each day."""
_LEAST_FILES = 5


class TableOptimizers(Construct):
    """Optimizers that merge small files and expire old snapshots.

    They delete no files: those that no snapshot refers to are left to the job, which hands them to
    the bucket's lifecycle.

    https://docs.aws.amazon.com/glue/latest/dg/table-optimizers.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        database: str,
        tables: Sequence[str],
        role: iam.IRole,
        connection: str | None,
    ) -> None:
        super().__init__(scope, id)
        self._database = database
        self._role = role
        self._connection = connection
        for table in tables:
            self._optimizer(
                table,
                "compaction",
                compaction_configuration=glue.CfnTableOptimizer.CompactionConfigurationProperty(
                    iceberg_configuration=(
                        glue.CfnTableOptimizer.IcebergCompactionConfigurationProperty(
                            strategy="binpack", min_input_files=_LEAST_FILES
                        )
                    )
                ),
            )
            self._optimizer(
                table,
                "retention",
                retention_configuration=glue.CfnTableOptimizer.RetentionConfigurationProperty(
                    iceberg_configuration=(
                        glue.CfnTableOptimizer.IcebergRetentionConfigurationProperty(
                            snapshot_retention_period_in_days=_DAYS, clean_expired_files=False
                        )
                    )
                ),
            )

    def _optimizer(self, table: str, kind: str, **configuration: Any) -> None:
        network = self._connection and glue.CfnTableOptimizer.VpcConfigurationProperty(
            glue_connection_name=self._connection
        )
        glue.CfnTableOptimizer(
            self,
            f"{table}-{kind}",
            catalog_id=cdk.Stack.of(self).account,
            database_name=self._database,
            table_name=table,
            type=kind,
            table_optimizer_configuration=(
                glue.CfnTableOptimizer.TableOptimizerConfigurationProperty(
                    role_arn=self._role.role_arn,
                    enabled=True,
                    vpc_configuration=network or None,
                    **configuration,
                )
            ),
        )

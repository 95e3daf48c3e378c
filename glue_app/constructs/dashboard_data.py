"""Data source and data sets of QuickSight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
import aws_cdk.aws_quicksight as quicksight
from constructs import Construct

from config.construct_ids import construct_id
from config.curated_columns import columns_of_curated
from config.environments import Environment
from wires.contracts import CuratedTable, DatasetContract, DeclaredColumn

# Exactly these sets are permissions of a viewer:
# https://docs.aws.amazon.com/quicksight/latest/APIReference/API_ResourcePermission.html
_USE_SOURCE = (
    "quicksight:DescribeDataSource",
    "quicksight:DescribeDataSourcePermissions",
    "quicksight:PassDataSource",
)
_USE_DATA_SET = (
    "quicksight:DescribeDataSet",
    "quicksight:DescribeDataSetPermissions",
    "quicksight:DescribeIngestion",
    "quicksight:ListIngestions",
    "quicksight:PassDataSet",
)
_KINDS: Mapping[str, str] = {
    "string": "STRING",
    "bigint": "INTEGER",
    "int": "INTEGER",
    "double": "DECIMAL",
    "decimal": "DECIMAL",
    "boolean": "BOOLEAN",
    "date": "DATETIME",
    "timestamp": "DATETIME",
}
_AFTER_THE_NIGHT = "05:00"


class DashboardData(Construct):
    """A data source on the workgroup, and a data set for each curated table, for one owner.

    Rows are imported into SPICE once a day, so that dashboards scan nothing. A table whose columns
    do not follow from contracts has no data set; `without_data_set` names it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        workgroup: str,
        contracts: Sequence[DatasetContract],
    ) -> None:
        super().__init__(scope, id)
        self._environment = environment
        self._names = environment.names
        source = self._source(workgroup)
        for contract in contracts:
            for table in contract.curated:
                columns = columns_of_curated(table, contract, contracts)
                if columns:
                    self._refreshed(table, self._data_set(table, columns, source))

    def _source(self, workgroup: str) -> quicksight.CfnDataSource:
        parameters = quicksight.CfnDataSource.AthenaParametersProperty(
            work_group=workgroup,
            role_arn=self._environment.role_arn(self._names.dashboards_role),
        )
        return quicksight.CfnDataSource(
            self,
            "Source",
            aws_account_id=cdk.Stack.of(self).account,
            data_source_id=self._names.of("tables"),
            name=f"Tables of {self._names.project} in {self._names.environment}",
            type="ATHENA",
            data_source_parameters=quicksight.CfnDataSource.DataSourceParametersProperty(
                athena_parameters=parameters
            ),
            permissions=[
                quicksight.CfnDataSource.ResourcePermissionProperty(
                    principal=self._environment.settings.reading.quicksight,
                    actions=list(_USE_SOURCE),
                )
            ],
        )

    def _data_set(
        self,
        table: CuratedTable,
        columns: Sequence[DeclaredColumn],
        source: quicksight.CfnDataSource,
    ) -> quicksight.CfnDataSet:
        relational = quicksight.CfnDataSet.RelationalTableProperty(
            data_source_arn=source.attr_arn,
            catalog="AwsDataCatalog",
            schema=self._names.curated_database,
            name=table.table,
            input_columns=[
                quicksight.CfnDataSet.InputColumnProperty(name=one.name, type=_KINDS[one.type])
                for one in columns
            ],
        )
        return quicksight.CfnDataSet(
            self,
            f"{construct_id(table.table)}Data",
            aws_account_id=cdk.Stack.of(self).account,
            data_set_id=self._names.of(table.table),
            name=table.table,
            import_mode="SPICE",
            physical_table_map={
                "table": quicksight.CfnDataSet.PhysicalTableProperty(relational_table=relational)
            },
            permissions=[
                quicksight.CfnDataSet.ResourcePermissionProperty(
                    principal=self._environment.settings.reading.quicksight,
                    actions=list(_USE_DATA_SET),
                )
            ],
        )

    def _refreshed(self, table: CuratedTable, data_set: quicksight.CfnDataSet) -> None:
        schedule = quicksight.CfnRefreshSchedule.RefreshScheduleMapProperty(
            schedule_id="daily",
            refresh_type="FULL_REFRESH",
            schedule_frequency=quicksight.CfnRefreshSchedule.ScheduleFrequencyProperty(
                interval="DAILY", time_of_the_day=_AFTER_THE_NIGHT, time_zone="UTC"
            ),
        )
        made = quicksight.CfnRefreshSchedule(
            self,
            f"{construct_id(table.table)}Refresh",
            aws_account_id=cdk.Stack.of(self).account,
            data_set_id=data_set.data_set_id,
            schedule=schedule,
        )
        made.add_dependency(data_set)


def without_data_set(contracts: Sequence[DatasetContract]) -> list[str]:
    """Return the curated tables whose columns do not follow from contracts."""
    return [
        table.table
        for contract in contracts
        for table in contract.curated
        if not columns_of_curated(table, contract, contracts)
    ]

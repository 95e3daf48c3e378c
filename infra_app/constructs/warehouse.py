"""The warehouse of Redshift Serverless, if the configuration has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import aws_cdk as cdk
import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_cloudwatch_actions as actions
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_logs as logs
import aws_cdk.aws_redshiftserverless as redshift
import aws_cdk.aws_sns as sns
from constructs import Construct

from config import settings
from config.naming import Names
from config.warehouse import Warehouse as WarehouseSettings
from delivery.keys import admit_warehouse
from infra_app.constructs.alarms import RUNBOOKS
from infra_app.constructs.removal import removal
from infra_app.constructs.warehouse_network import PORT
from wires.alerts import Topic

WAREHOUSE_RUNBOOKS = ("warehouse-usage",)
"""Files in the folder of runbooks for alarms of the warehouse."""
_LOGS = ("connectionlog", "useractivitylog", "userlog")
_ADMINISTRATOR = "admin"
_TOLD_AT = 0.9
"""Share of the day's RPU-hours: with all of them used up, nobody is answered any more."""


class Warehouse(Construct):
    """A namespace and its workgroup, which reads the catalog's tables in the role of Spectrum.

    Everything is under the data key. Nobody knows the administrator's password: Redshift makes it,
    keeps it in Secrets Manager and changes it. Clients have to use TLS, all traffic stays in the
    VPC, and who does what is logged. A query ends after the minutes of config, and capacity grows
    to that of config. The limit of a day is set by `python -m operations redshift --apply`, because
    CloudFormation has no resource for it; the alarm rings without it as well.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        key: kms.Key,
        warehouse: WarehouseSettings,
        retention: settings.Retention,
        role: iam.IRole,
        subnet_ids: Sequence[str],
        security_group_ids: Sequence[str],
        topics: Mapping[Topic, sns.Topic],
    ) -> None:
        super().__init__(scope, id)
        self._names, self._settings = names, warehouse
        admit_warehouse(key)
        namespace = self._namespace(key, role, retention)
        workgroup = self._workgroup(subnet_ids, security_group_ids)
        workgroup.add_dependency(namespace)
        self._watch(topics)

    def _namespace(
        self, key: kms.Key, role: iam.IRole, retention: settings.Retention
    ) -> redshift.CfnNamespace:
        namespace = redshift.CfnNamespace(
            self,
            "Namespace",
            namespace_name=self._names.warehouse,
            db_name=self._settings.database,
            admin_username=_ADMINISTRATOR,
            manage_admin_password=True,
            admin_password_secret_kms_key_id=key.key_id,
            kms_key_id=key.key_arn,
            iam_roles=[role.role_arn],
            default_iam_role_arn=role.role_arn,
            log_exports=list(_LOGS),
            tags=self._tags,
        )
        # Tables that people make in the warehouse itself are data, and nowhere else.
        namespace.apply_removal_policy(removal(retention.retain_data))
        # Redshift would make the groups without a key or an end, and looks at the role it gets.
        namespace.node.add_dependency(key, role, *self._log_groups(key, retention))
        return namespace

    def _log_groups(self, key: kms.IKey, retention: settings.Retention) -> list[logs.LogGroup]:
        return [self._log_group(name, key, retention.log_retention_days) for name in _LOGS]

    def _log_group(self, name: str, key: kms.IKey, days: int) -> logs.LogGroup:
        group = logs.LogGroup(
            self,
            name.capitalize(),
            log_group_name=f"/aws/redshift/{self._names.warehouse}/{name}",
            encryption_key=key,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # The L2 accepts only its own enum for the number.
        cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = days
        return group

    def _workgroup(
        self, subnet_ids: Sequence[str], security_group_ids: Sequence[str]
    ) -> redshift.CfnWorkgroup:
        return redshift.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=self._names.warehouse,
            namespace_name=self._names.warehouse,
            base_capacity=self._settings.base_capacity,
            max_capacity=self._settings.max_capacity,
            enhanced_vpc_routing=True,
            publicly_accessible=False,
            port=PORT,
            subnet_ids=list(subnet_ids),
            security_group_ids=list(security_group_ids),
            config_parameters=[
                redshift.CfnWorkgroup.ConfigParameterProperty(
                    parameter_key=name, parameter_value=value
                )
                for name, value in (
                    ("enable_user_activity_logging", "true"),
                    ("max_query_execution_time", str(self._settings.query_seconds)),
                    ("require_ssl", "true"),
                )
            ],
            tags=self._tags,
        )

    @property
    def _tags(self) -> list[cdk.CfnTag]:
        """Return tags that tell its costs from those of other warehouses in the account."""
        names = self._names
        return [
            cdk.CfnTag(key="project", value=names.project),
            cdk.CfnTag(key="environment", value=names.environment),
        ]

    def _watch(self, topics: Mapping[Topic, sns.Topic]) -> None:
        limit = self._settings.daily_rpu_hours
        beyond = (
            "beyond them no query is answered until the next day, in UTC"
            if self._settings.beyond_limit == "deactivate"
            else "beyond them queries go on, and are billed"
        )
        (runbook,) = WAREHOUSE_RUNBOOKS
        alarm = cloudwatch.Alarm(
            self,
            "WarehouseUsage",
            alarm_name=self._names.of(runbook),
            alarm_description=f"The warehouse has used more than {_TOLD_AT:.0%} of the {limit} "
            f"RPU-hours of a day: {beyond}. Look first at: the longest queries of the day, in "
            f"sys_query_history. {RUNBOOKS}/{runbook}.md",
            # https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-monitoring.html
            metric=cloudwatch.Metric(
                namespace="AWS/Redshift-Serverless",
                metric_name="ComputeSeconds",
                dimensions_map={"Workgroup": self._names.warehouse},
                statistic="Sum",
                period=cdk.Duration.days(1),
            ),
            threshold=limit * 3600 * _TOLD_AT,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(topics[Topic.FAILURES]))
        alarm.add_ok_action(actions.SnsAction(topics[Topic.RECOVERIES]))

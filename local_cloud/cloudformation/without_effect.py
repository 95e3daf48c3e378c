"""Resource types that templates may have but that change nothing on a laptop, and why."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Place, Properties, Resource, resource_type

_NO_ALARMS = "nobody is to be woken by a laptop"
_NO_DASHBOARDS = "nobody looks at dashboards of a laptop"
_NO_WAREHOUSE = "DuckDB answers queries on a laptop, in the place of Redshift"
_NOBODY_IS_TOLD = "people are told nothing by a laptop"

WITHOUT_EFFECT = {
    "AWS::Athena::NamedQuery": "DuckDB answers queries on a laptop, and is asked without names",
    "AWS::Athena::WorkGroup": "DuckDB answers queries on a laptop, and writes no results",
    "AWS::CDK::Metadata": "it only tells AWS which constructs were used",
    "AWS::Chatbot::SlackChannelConfiguration": _NOBODY_IS_TOLD,
    "AWS::Budgets::Budget": "a laptop costs nothing",
    "AWS::CloudWatch::Alarm": _NO_ALARMS,
    "AWS::CloudWatch::CompositeAlarm": _NO_ALARMS,
    "AWS::CloudWatch::Dashboard": "nobody measures a laptop",
    "AWS::Glue::Connection": "runs on a laptop reach this machine and nothing else anyway",
    "AWS::Glue::SecurityConfiguration": "bytes on a laptop are not encrypted by KMS",
    "AWS::Glue::TableOptimizer": "tables are kept by the job on a laptop, or not at all",
    "AWS::GuardDuty::MalwareProtectionPlan": "nothing scans uploads on a laptop",
    "AWS::LakeFormation::PrincipalPermissions": "Lake Formation governs no laptop",
    "AWS::LakeFormation::Resource": "Lake Formation governs no laptop",
    "AWS::QuickSight::DataSet": _NO_DASHBOARDS,
    "AWS::QuickSight::DataSource": _NO_DASHBOARDS,
    "AWS::QuickSight::RefreshSchedule": _NO_DASHBOARDS,
    "AWS::RedshiftServerless::Namespace": _NO_WAREHOUSE,
    "AWS::RedshiftServerless::Workgroup": _NO_WAREHOUSE,
    "AWS::SNS::Subscription": _NOBODY_IS_TOLD,
}


def _create(resource_name: str, properties: Properties, place: Place) -> Resource:
    id = str(properties.get("Name") or properties.get("AlarmName") or resource_name)
    return Resource(id, _arn(id, properties, place))


def _arn(id: str, properties: Properties, place: Place) -> dict[str, str]:
    """Return the ARN of what others refer to by it: alarms, and a source of data sets."""
    if "AlarmName" in properties:
        own = f"cloudwatch:{place.region}:{place.account}:alarm:{id}"
    elif "DataSourceId" in properties:
        source = properties["DataSourceId"]
        own = f"quicksight:{place.region}:{place.account}:datasource/{source}"
    else:
        return {}
    return {"Arn": f"arn:{place.partition}:{own}"}


for _name in WITHOUT_EFFECT:
    has_arn = "Alarm" in _name or _name == "AWS::QuickSight::DataSource"
    resource_type(_name, attributes=("Arn",) if has_arn else ())(_create)

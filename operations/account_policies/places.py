"""Resources on which CloudFormation may act, and on which conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from config.account import Account
from config.boundaries import Boundary, boundary_arn
from operations.account_policies.deployed import Purpose

Condition = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Place:
    """Resources, as ARN patterns without `arn:PARTITION:`, and a condition."""

    resources: tuple[str, ...]
    condition: Condition = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Places:
    """Resources of one account for one purpose."""

    project: str
    account: Account
    purpose: Purpose

    def of(self, action: str) -> Iterator[Place]:
        """Yield the places of an action; most have one.

        Raises LookupError for an action that nobody has given a place.
        """
        for patterns, places in self._table():
            if any(fnmatchcase(action, pattern) for pattern in patterns.split()):
                yield from places
                return
        raise LookupError(
            f"{action} has no place: add it to operations/account_policies/places.py with the "
            "resources that it may act on"
        )

    def _table(self) -> Iterator[tuple[str, tuple[Place, ...]]]:
        """Yield patterns of actions with their places; the first that matches counts."""
        yield from self._without_resource()
        yield from self._roles()
        yield from self._keys()
        yield from self._named()

    def _without_resource(self) -> Iterator[tuple[str, tuple[Place, ...]]]:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
        yield _WITHOUT_RESOURCE, (Place(("*",)),)
        function = {"ArnLike": {"lambda:FunctionArn": self._arn("lambda", "function:{project}-*")}}
        yield _CHANGES_OF_EVENT_SOURCES, (Place(("*",), function),)
        here = {"StringEquals": {"aws:RequestedRegion": self.account.aws_region}}
        yield "ec2:*", (Place(("*",), here),)

    def _roles(self) -> Iterator[tuple[str, tuple[Place, ...]]]:
        roles = (self._global("iam", "role/{project}-*"),)
        kind = Boundary.PIPELINE if self.purpose is Purpose.PIPELINE else Boundary.ENVIRONMENT
        boundary = boundary_arn(self.project, kind, self.account)
        bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
        yield _CHANGES_OF_RIGHTS, (Place(roles, bounded),)
        passed_to = {"StringEquals": {"iam:PassedToService": list(_SERVICES[self.purpose])}}
        yield "iam:PassRole", (Place(roles, passed_to),)
        # Policies for people who upload; never those of bootstrap, whose names are others.
        yield _MANAGED_POLICIES, (Place((self._global("iam", "policy/{project}-*-upload-*"),)),)
        service = _SERVICE_OF_ITS_ROLE.get(self.purpose, _CHAT)
        named = {"StringEquals": {"iam:AWSServiceName": service}}
        own = self._global("iam", f"role/aws-service-role/{service}/*")
        yield "iam:CreateServiceLinkedRole", (Place((own,), named),)
        yield "iam:*", (Place(roles),)

    def _keys(self) -> Iterator[tuple[str, tuple[Place, ...]]]:
        aliases = ["{project}-*"]
        if self.purpose is Purpose.PIPELINE:
            aliases.append("*encryptionalias*")  # the CDK's, in the regions of environments
        names = [f"alias/{name.format(project=self.project)}" for name in aliases]
        named = {"ForAnyValue:StringLike": {"kms:ResourceAliases": names}}
        keys = Place((self._arn("kms", "key/*"),), named)
        alias = Place(tuple(self._arn("kms", name) for name in names))
        yield "kms:*Alias", (keys, alias)
        yield "kms:*", (keys,)

    def _named(self) -> Iterator[tuple[str, tuple[Place, ...]]]:
        # Neither has a region.
        yield "budgets:*", (Place((self._global("budgets", "budget/{project}-*"),)),)
        channels = Place((self._global("chatbot", "chat-configuration/slack-channel/{project}-*"),))
        yield "chatbot:Delete* chatbot:Update* chatbot:*Tag*", (channels,)
        # What the service's own role is for; making and listing channels takes no resource.
        yield "chatbot:*", (Place(("*",)),)
        queries = Place((self._arn("athena", "workgroup/{project}-*"),))
        # A list of workgroups takes no resource.
        yield "athena:ListWorkGroups", (Place(("*",)),)
        yield "athena:*", (queries,)
        dashboards = Place((self._global("cloudwatch", "dashboard/{project}-*"),))
        yield "cloudwatch:*Dashboard*", (dashboards,)
        yield "cloudwatch:*Tag*", (Place((self._arn("cloudwatch", _ALARMS),)), dashboards)
        groups = _PIPELINE_LOGS if self.purpose is Purpose.PIPELINE else _LOGS
        yield "logs:*", (Place(tuple(self._arn("logs", f"log-group:{one}") for one in groups)),)
        for patterns, resources in _NAMED.items():
            yield patterns, (Place(tuple(self._arn(*_split(one)) for one in resources.split())),)

    def _arn(self, service: str, resource: str) -> str:
        region = "" if service == "s3" else self.account.aws_region
        account = "" if service == "s3" else self.account.aws_account_id
        start = f"arn:{self.account.partition}:{service}:{region}:{account}:"
        return start + self._filled(resource)

    def _global(self, service: str, resource: str) -> str:
        account = self.account.aws_account_id
        return f"arn:{self.account.partition}:{service}::{account}:" + self._filled(resource)

    def _filled(self, resource: str) -> str:
        return (
            resource.replace("{project}", self.project)
            .replace("{project_in_sql}", self.project.replace("-", "_"))
            .replace("{account}", self.account.aws_account_id)
            .replace("{region}", self.account.aws_region)
        )


def _split(resource: str) -> tuple[str, str]:
    service, _, rest = resource.partition(":")
    return service, rest


_SERVICES: Mapping[Purpose, tuple[str, ...]] = {
    Purpose.PIPELINE: ("codebuild.amazonaws.com", "codepipeline.amazonaws.com"),
    Purpose.ENVIRONMENT: ("glue.amazonaws.com", "lambda.amazonaws.com"),
    Purpose.NETWORK: ("vpc-flow-logs.amazonaws.com",),
    Purpose.MALWARE_SCAN: ("malware-protection-plan.guardduty.amazonaws.com",),
    Purpose.LAKE_FORMATION: ("lakeformation.amazonaws.com",),
    Purpose.CHAT: ("chatbot.amazonaws.com",),
    Purpose.DASHBOARDS: ("quicksight.amazonaws.com",),
    Purpose.WAREHOUSE: ("redshift-serverless.amazonaws.com", "redshift.amazonaws.com"),
    Purpose.STREAM_READERS: (),
}

_CHAT = "management.chatbot.amazonaws.com"
"""The service whose role of its own shows alerts in a chat."""

_SERVICE_OF_ITS_ROLE = {Purpose.CHAT: _CHAT, Purpose.WAREHOUSE: "redshift.amazonaws.com"}
"""Services that have a role of their own made, of which an account has one."""

_CHANGES_OF_RIGHTS = (
    "iam:AttachRolePolicy iam:CreateRole iam:DeleteRolePolicy iam:DetachRolePolicy "
    "iam:PutRolePermissionsBoundary iam:PutRolePolicy"
)
"""Actions that know the condition `iam:PermissionsBoundary`:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

_CHANGES_OF_EVENT_SOURCES = (
    "lambda:CreateEventSourceMapping lambda:DeleteEventSourceMapping "
    "lambda:UpdateEventSourceMapping"
)

_MANAGED_POLICIES = (
    "iam:*PolicyVersion* iam:CreatePolicy iam:DeletePolicy iam:GetPolicy iam:ListEntitiesForPolicy"
)

_ALARMS = "alarm:{project}-*"

_WITHOUT_RESOURCE = (
    "billing:GetBillingViewData cloudwatch:ListDashboards codepipeline:ListPipelines "
    "dynamodb:ListTables events:ListRules glue:ListCrawlers "
    "glue:ListJobs glue:ListTriggers glue:ListWorkflows glue:*SecurityConfiguration* "
    "guardduty:CreateMalwareProtectionPlan guardduty:ListMalwareProtectionPlans iam:ListPolicies "
    "iam:ListRoles kms:CreateKey kms:ListAliases kms:ListKeys lakeformation:* "
    "lambda:GetEventSourceMapping lambda:ListEventSourceMappings lambda:ListFunctions "
    "quicksight:ListDataSets quicksight:ListDataSources "
    "logs:DescribeIndexPolicies logs:DescribeLogGroups logs:DescribeResourcePolicies "
    "s3:ListAllMyBuckets sns:ListSubscriptions sns:ListTopics sqs:ListQueues"
)

_PIPELINE_LOGS = ("/{project}-*",)
_LOGS = (
    "/aws/lambda/{project}-*",
    "/aws/redshift/{project}-*",
    "/aws/vpc/{project}-*",
    "/aws-glue/*/{project}-*",
)

_NAMED: Mapping[str, str] = {
    "cloudwatch:*": f"cloudwatch:{_ALARMS}",
    "codebuild:*": "codebuild:project/{project}-* codebuild:project/DeliveryPipeline*",
    "codeconnections:*": "codeconnections:connection/*",
    "codestar-connections:*": "codestar-connections:connection/*",
    "codepipeline:*": "codepipeline:{project}-*",
    "dynamodb:*": "dynamodb:table/{project}-*",
    "events:*": "events:rule/{project}-*",
    "glue:*Database* glue:*Table*": (
        "glue:catalog glue:database/{project_in_sql}_* glue:table/{project_in_sql}_*/* "
        "glue:userDefinedFunction/{project_in_sql}_*/*"
    ),
    "glue:*Connection*": "glue:catalog glue:connection/{project}-*",
    "glue:*Crawler": "glue:crawler/{project}-*",
    "glue:*Job": "glue:job/{project}-*",
    "glue:*Trigger": "glue:trigger/{project}-*",
    "glue:*Workflow": "glue:workflow/{project}-*",
    "glue:*Tags glue:TagResource glue:UntagResource": (
        "glue:connection/{project}-* glue:crawler/{project}-* glue:job/{project}-* "
        "glue:trigger/{project}-* glue:workflow/{project}-*"
    ),
    "guardduty:*": "guardduty:malware-protection-plan/*",
    # Readers of streams that others have made.
    "kinesis:*": "kinesis:stream/*",
    "lambda:ListTags lambda:TagResource lambda:UntagResource": (
        "lambda:function:{project}-* lambda:event-source-mapping:*"
    ),
    "lambda:*": "lambda:function:{project}-*",
    "quicksight:*": "quicksight:dataset/{project}-* quicksight:datasource/{project}-*",
    # Their ARNs have ids, which nobody knows before.
    "redshift-serverless:*": "redshift-serverless:namespace/* redshift-serverless:workgroup/*",
    "redshift:DeleteResourcePolicy redshift:GetResourcePolicy": "redshift-serverless:namespace/*",
    # The administrator's password, under the name that Redshift gives it:
    # https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-secrets-manager-integration.html
    "secretsmanager:*": "secretsmanager:secret:redshift!{project}-*",
    "s3:GetObject s3:GetObjectVersion": "s3:cdk-*-assets-{account}-{region}/*",
    "s3:*": "s3:{project}-*",
    "sns:*": "sns:{project}-*",
    "sqs:*": "sqs:{project}-*",
    "ssm:GetParameters": "ssm:parameter/cdk-bootstrap/*",
}
"""By patterns of actions: resources as `service:resource`."""

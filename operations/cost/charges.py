"""Charges, and what they are computed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from config.environments import Environment
from config.prices import Prices
from config.settings import Workload
from operations.errors import OperationError

HOURS = 730.0
"""Of a month, as AWS counts them."""
DAYS = HOURS / 24
MINUTES = HOURS * 60

Properties = Mapping[str, Any]


class Unpriced(OperationError):
    """A template has something that nobody has priced, or declared to be free."""


class Service(StrEnum):
    """Services, as AWS's bill calls them."""

    ATHENA = "Athena"
    BUDGETS = "Budgets"
    CLOUDWATCH = "CloudWatch"
    CODEBUILD = "CodeBuild"
    CODEPIPELINE = "CodePipeline"
    DYNAMODB = "DynamoDB"
    EVENTBRIDGE = "EventBridge"
    GLUE = "Glue"
    GUARDDUTY = "GuardDuty"
    KMS = "KMS"
    LAMBDA = "Lambda"
    REDSHIFT = "Redshift"
    S3 = "S3"
    SECRETS_MANAGER = "Secrets Manager"
    SNS = "SNS"
    SQS = "SQS"
    VPC = "VPC"
    XRAY = "X-Ray"


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One line of a bill, of a month."""

    service: Service
    resource: str
    """Logical id."""
    what: str
    quantity: float
    price: float
    """USD for one."""
    fixed: bool = False
    """Whether it is the same however much goes through."""

    @property
    def usd(self) -> float:
        return self.quantity * self.price


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a template."""

    id: str
    """`<stack>/<logical id>`."""
    type: str
    properties: Properties

    @property
    def stack(self) -> str:
        return self.id.partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """All resources of an account that belong to the product, and what goes through them."""

    environment: Environment
    resources: Mapping[str, Resource]

    @classmethod
    def of(cls, environment: Environment, templates: Mapping[str, Mapping[str, Any]]) -> Situation:
        """Return that of templates, by name of the stack."""
        found = [
            Resource(
                id=f"{stack}/{id}",
                type=resource["Type"],
                properties=resource.get("Properties", {}),
            )
            for stack, template in templates.items()
            for id, resource in template["Resources"].items()
        ]
        return cls(environment=environment, resources={one.id: one for one in found})

    @property
    def prices(self) -> Prices:
        return self.environment.prices

    @property
    def workload(self) -> Workload:
        return self.environment.settings.cost.workload

    @property
    def uploads(self) -> float:
        """Of a month, as are the next two."""
        return self.workload.uploads_per_day * DAYS

    def runs(self, job: str) -> float:
        runs = self.workload.runs.get(job)
        return runs.per_day * DAYS if runs else 0.0

    @property
    def all_runs(self) -> float:
        return sum(self.runs(job) for job in self.workload.runs)

    def of_type(self, kind: str) -> Iterator[Resource]:
        return (one for one in self.resources.values() if one.type == kind)

    def referred(self, resource: Resource, value: Any) -> str:
        """Return the id of what a value refers to in the template of a resource, or ""."""
        if not isinstance(value, Mapping):
            return ""
        target = value.get("Ref") or (value.get("Fn::GetAtt") or [""])[0]
        return f"{resource.stack}/{target}" if target else ""


def text_of(value: Any) -> str:
    """Return a text of a template, with what it refers to left out."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(text_of(part) for part in parts)
    return ""

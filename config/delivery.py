"""Delivery of the two apps to the accounts: sources, and names in the pipeline account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from config import rules
from config.account import Account
from config.boundaries import Boundary, boundary_arn
from config.errors import NamingError
from config.validation import Frozen

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_ROLE_NAME_LENGTH = 64


class App(StrEnum):
    """The two CDK apps, as in the names of their stacks."""

    INFRASTRUCTURE = "infrastructure"
    APPLICATION = "application"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A branch that a pipeline follows, and the connection for it."""

    repository: str
    branch: str
    connection_arn: str

    @property
    def is_placeholder(self) -> bool:
        """Whether this is the connection that config ships with, which is for synthesis only."""
        return self.connection_arn.endswith("/00000000-0000-0000-0000-000000000000")


class SourceOverride(Frozen):
    """Source settings that one app overrides."""

    repository: Annotated[str | None, BeforeValidator(rules.repository)] = None
    branch: Annotated[str | None, BeforeValidator(rules.branch)] = None
    connection_arn: Annotated[str | None, BeforeValidator(rules.connection_arn)] = None


class SourceDocument(Frozen):
    """The section `source`: one repository for both apps, and the overrides of each."""

    repository: Annotated[str, BeforeValidator(rules.repository)]
    branch: Annotated[str, BeforeValidator(rules.branch)]
    connection_arn: Annotated[str, BeforeValidator(rules.connection_arn)]
    infra_app: SourceOverride = SourceOverride()
    glue_app: SourceOverride = SourceOverride()

    def of(self, override: SourceOverride) -> Source:
        return Source(
            repository=override.repository or self.repository,
            branch=override.branch or self.branch,
            connection_arn=override.connection_arn or self.connection_arn,
        )

    def all(self) -> Mapping[App, Source]:
        own = {App.INFRASTRUCTURE: self.infra_app, App.APPLICATION: self.glue_app}
        return {app: self.of(override) for app, override in own.items()}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The pipeline account, and the sources of its pipelines.

    Raises NamingError on construction if a name breaks a limit of AWS.
    """

    project: str
    account: Account
    sources: Mapping[App, Source]

    def __post_init__(self) -> None:
        for app in App:
            name = self.checks_role(app)
            if len(name) > _ROLE_NAME_LENGTH:
                raise NamingError(
                    f"project is {self.project!r}: it makes the role name {name!r} "
                    f"({len(name)} characters), and a role name has at most "
                    f"{_ROLE_NAME_LENGTH}; shorten `project`."
                )

    @property
    def boundary_arn(self) -> str:
        """The permissions boundary of all roles of the pipelines."""
        return boundary_arn(self.project, Boundary.PIPELINE, self.account)

    def pipeline(self, app: App) -> str:
        return f"{self.project}-{app.value}"

    def stack(self, app: App) -> str:
        return f"{self.project}-{app.value}-pipeline"

    def checks_role(self, app: App) -> str:
        """Return the role of the checks in an app's pipeline before they enter an environment."""
        return f"{self.project}-{app.value}-checks-{self.account.aws_region}"

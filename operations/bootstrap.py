"""Prepares accounts for the CDK, with permissions that fit this product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from config.account import Account
from config.boundaries import Boundary
from config.environments import Environments
from config.settings import Settings
from config.streams import has_stream_readers
from operations.account_policies.deployed import Purpose
from operations.account_policies.put import (
    ManagedPolicy,
    boundaries,
    execution_policies,
    put_policy,
)
from operations.commands import run, shown
from operations.errors import OperationError, WrongUse


@dataclass(frozen=True, kw_only=True)
class Target:
    """One account in one region, and its uses."""

    names: tuple[str, ...]
    """`pipeline`, `dev` …: more than one if they share the account."""
    account: Account
    settings: tuple[Settings, ...] = ()
    """Of the environments in this account."""

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        wanted = {
            Purpose.PIPELINE: "pipeline" in self.names,
            Purpose.ENVIRONMENT: bool(self.settings),
            Purpose.NETWORK: any(one.network.vpc for one in self.settings),
            Purpose.MALWARE_SCAN: any(one.uploads.malware_protection for one in self.settings),
            Purpose.LAKE_FORMATION: any(one.lake_formation for one in self.settings),
            Purpose.CHAT: any(one.alarms.slack_workspace for one in self.settings),
            Purpose.DASHBOARDS: any(one.reading.quicksight for one in self.settings),
            Purpose.WAREHOUSE: any(one.redshift.enabled for one in self.settings),
            Purpose.STREAM_READERS: bool(self.settings) and has_stream_readers(),
        }
        return tuple(purpose for purpose, is_wanted in wanted.items() if is_wanted)

    @property
    def boundaries(self) -> tuple[Boundary, ...]:
        wanted = {
            Boundary.PIPELINE: "pipeline" in self.names,
            Boundary.ENVIRONMENT: bool(self.settings),
        }
        return tuple(kind for kind, is_wanted in wanted.items() if is_wanted)

    def policies(self, project: str) -> list[ManagedPolicy]:
        """Return what has to be there before the CDK's bootstrap: those of roles first."""
        return [
            *boundaries(project, self.boundaries, self.account),
            *execution_policies(project, self.purposes, self.account),
        ]


def targets(environments: Environments) -> list[Target]:
    """Return the accounts to prepare, the pipeline account first, because the others trust it.

    It needs every region that an environment is in, for the artifacts that are deployed there.
    """
    pipeline = environments.delivery.account
    shared: dict[Account, list[str]] = {pipeline: ["pipeline"]}
    for environment in environments.all:
        place = Account.model_construct(
            aws_account_id=pipeline.aws_account_id, aws_region=environment.account.aws_region
        )
        shared.setdefault(place, ["pipeline"])
    for environment in environments.all:
        shared.setdefault(environment.account, []).append(environment.name)
    return [
        Target(
            names=tuple(names),
            account=account,
            settings=tuple(one.settings for one in environments.all if one.account == account),
        )
        for account, names in shared.items()
    ]


def bootstrap_command(
    target: Target, environments: Environments, *, boundary: str = "", profile: str = ""
) -> list[str]:
    """Return the CDK's bootstrap command.

    It lets the pipeline account deploy, with the policies of this repository.
    """
    account = target.account
    pipeline = environments.delivery.account.aws_account_id
    policies = [
        policy.arn for policy in execution_policies(environments.project, target.purposes, account)
    ]
    trust = pipeline if "pipeline" not in target.names else ""
    return [
        *("npx", "cdk", "bootstrap", f"aws://{account.aws_account_id}/{account.aws_region}"),
        *("--cloudformation-execution-policies", ",".join(policies)),
        *(("--trust", trust) if trust else ()),
        *(("--custom-permissions-boundary", boundary) if boundary else ()),
        *(("--profile", profile) if profile else ()),
        *("--termination-protection", "true"),
    ]


def explained(
    environments: Environments, *, boundary: str, profiles: Mapping[str, str], folder: Path
) -> Iterator[str]:
    """Yield the commands to read or copy, and write the policies to `folder`."""
    for target in chosen(environments, profiles):
        account, profile = target.account, profile_of(target, profiles)
        yield f"# {' and '.join(target.names)}: account {account.aws_account_id}"
        for policy in target.policies(environments.project):
            yield shown(_policy_command(policy, folder, profile))
        yield shown(bootstrap_command(target, environments, boundary=boundary, profile=profile))
    yield "# APPLY=1 does all of this, and brings policies that are there already up to date."


def _policy_command(policy: ManagedPolicy, folder: Path, profile: str) -> list[str]:
    file = folder / f"{policy.name}-{policy.account.aws_account_id}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(policy.document)
    return [
        *("aws", "iam", "create-policy", "--policy-name", policy.name),
        *("--policy-document", f"file://{file}"),
        *(("--profile", profile) if profile else ()),
    ]


def apply(environments: Environments, *, boundary: str, profiles: Mapping[str, str]) -> None:
    """Prepare the accounts.

    Raises OperationError before anything is done if credentials belong to another account.
    """
    ready = [(target, _session(target, profiles)) for target in chosen(environments, profiles)]
    for target, session in ready:
        iam = session.client("iam")
        for policy in target.policies(environments.project):
            put_policy(iam, policy)
            print(policy.arn)
        profile = profile_of(target, profiles)
        run(bootstrap_command(target, environments, boundary=boundary, profile=profile))


def chosen(environments: Environments, profiles: Mapping[str, str]) -> Sequence[Target]:
    """Return all accounts, or those with a profile. Raises WrongUse for unknown names."""
    found = targets(environments)
    known = [name for target in found for name in target.names]
    unknown = sorted(set(profiles) - set(known))
    if unknown:
        raise WrongUse(f"there is no account {', '.join(unknown)}; there are {', '.join(known)}")
    return [t for t in found if not profiles or set(t.names) & set(profiles)]


def profile_of(target: Target, profiles: Mapping[str, str]) -> str:
    return next((profiles[name] for name in target.names if name in profiles), "")


def _session(target: Target, profiles: Mapping[str, str]) -> Any:
    profile = profile_of(target, profiles)
    session = boto3.Session(profile_name=profile or None, region_name=target.account.aws_region)
    account = session.client("sts").get_caller_identity()["Account"]
    wanted = target.account.aws_account_id
    if account != wanted:
        raise OperationError(
            f"{' and '.join(target.names)} is account {wanted}, but the credentials"
            f"{f' of profile {profile}' if profile else ''} are of {account}. Give each account "
            "a profile: ARGS='--profile pipeline=NAME --profile dev=NAME …'"
        )
    return session

"""Loads `environments.yaml` into checked, frozen values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationError

from config.account import Account
from config.boundaries import Boundary, boundary_arn
from config.delivery import Delivery, SourceDocument
from config.errors import BrokenRule, ValueRuleError
from config.exports import Export
from config.jobs import JOBS, grace_hours
from config.naming import Names
from config.prices import Prices, prices_of, regions_with_prices, unknown_prices
from config.rules import project
from config.settings import Settings, account_of_role
from config.streams import check_streams
from config.validation import Frozen, broken_rules
from config.warehouse import broken_places
from config.yaml_source import read_mapping

ENVIRONMENTS_FILE = Path(__file__).with_name("environments.yaml")

EnvironmentName = Literal["dev", "staging", "prod"]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment of the product, in one account."""

    name: EnvironmentName
    project: str
    account: Account
    settings: Settings
    delivery: Delivery
    """The pipelines' account; not specific to this environment."""

    @property
    def names(self) -> Names:
        return Names(
            project=self.project,
            environment=self.name,
            account=self.account.aws_account_id,
            region=self.account.aws_region,
        )

    @property
    def checks_role_arn(self) -> str:
        return self.role_arn(self.names.checks_role)

    def role_arn(self, name: str) -> str:
        """Return the ARN of a role of the account."""
        return f"arn:{self.account.partition}:iam::{self.account.aws_account_id}:role/{name}"

    @property
    def locks_uploads(self) -> bool:
        return self.settings.uploads.lock_days > 0

    @property
    def prices(self) -> Prices:
        """List prices of the region, or of the one that config names instead."""
        return prices_of(self.settings.cost.prices_of or self.account.aws_region)

    @property
    def grace_hours(self) -> int:
        """Age in hours of files that no run can still be about to commit."""
        return grace_hours(self.settings)

    @property
    def boundary_arn(self) -> str:
        """The permissions boundary of all roles in this environment."""
        return boundary_arn(self.project, Boundary.ENVIRONMENT, self.account)

    @property
    def exports(self) -> tuple[str, ...]:
        """The exports of the infrastructure, which the application imports."""
        without = set() if self.settings.network.vpc else {Export.NETWORK_CONNECTION_NAME}
        shared = (export.value for export in Export if export not in without)
        return (*shared, *(job.role_export for job in JOBS))

    def export_name(self, export: str) -> str:
        """Return the name of the CloudFormation export, unique in an account and region."""
        return self.names.of(export)


@dataclass(frozen=True, kw_only=True)
class Environments:
    """The whole file, with the environments in the order of their deployment."""

    project: str
    delivery: Delivery
    all: tuple[Environment, ...]


class _Document(Frozen):
    project: Annotated[str, BeforeValidator(project)]
    source: SourceDocument
    pipeline_account: Account
    dev_account: Account
    staging_account: Account | None = None
    prod_account: Account
    defaults: dict[str, Any]
    environments: dict[EnvironmentName, dict[str, Any]] = Field(default_factory=dict)

    def accounts(self) -> Mapping[EnvironmentName, Account]:
        order: tuple[EnvironmentName, ...] = get_args(EnvironmentName)
        found = {name: getattr(self, f"{name}_account") for name in order}
        return {name: account for name, account in found.items() if account}

    def delivery(self) -> Delivery:
        return Delivery(
            project=self.project, account=self.pipeline_account, sources=self.source.all()
        )


def load_environments(path: Path = ENVIRONMENTS_FILE) -> Environments:
    """Read and check the file.

    Raises SourceError, ValueRuleError with every wrong value once, or NamingError.
    """
    content = read_mapping(path)
    broken = [*_broken_document(content), *_broken_settings(content)]
    if broken:
        raise ValueRuleError(path.name, broken)
    document = _Document.model_validate(content)
    return Environments(
        project=document.project,
        delivery=document.delivery(),
        all=tuple(_environment(document, name) for name in document.accounts()),
    )


def _environment(document: _Document, name: EnvironmentName) -> Environment:
    overrides = document.environments.get(name, {})
    environment = Environment(
        name=name,
        project=document.project,
        account=document.accounts()[name],
        settings=Settings.model_validate(merged(document.defaults, overrides)),
        delivery=document.delivery(),
    )
    _ = environment.names  # raises NamingError now rather than inside a stack
    if any(spec.source for spec in JOBS):
        from config.source_jobs import check_sources  # noqa: PLC0415 - jobs lack what it needs

        check_sources(document.project, environment.settings, name)
    check_streams(document.project, environment.names)
    for group in environment.settings.reading.groups:
        environment.names.check_group(group)
    return environment


def _broken_document(content: Mapping[str, Any]) -> list[BrokenRule]:
    try:
        document = _Document.model_validate(content)
    except ValidationError as error:
        return broken_rules(error, _Document)
    return [
        *_settings_without_account(document),
        *_shared_accounts(document),
        # Once for all environments that take it from the defaults.
        *{rule.field: rule for rule in _unknown_prices(document)}.values(),
        *{rule.field: rule for rule in _strangers(document)}.values(),
        *{rule.field: rule for rule in _homeless_warehouses(document)}.values(),
    ]


def _settings_without_account(document: _Document) -> Iterator[BrokenRule]:
    for name in document.environments:
        if name not in document.accounts():
            yield BrokenRule(
                field=f"environments.{name}",
                rule=f"needs {name}Account, which is not there",
                value=document.environments[name],
            )


def _shared_accounts(document: _Document) -> Iterator[BrokenRule]:
    """Yield accounts that two environments share, which would not be isolated then.

    Only dev may also have the pipelines.
    """
    owners = {document.pipeline_account.aws_account_id: "pipelineAccount"}
    for name, account in document.accounts().items():
        id = account.aws_account_id
        owner = owners.setdefault(id, f"{name}Account")
        if owner == "pipelineAccount" and name == "dev":
            owners[id] = "devAccount"
        elif owner != f"{name}Account":
            yield BrokenRule(
                field=f"{name}Account.awsAccountId",
                rule=f"must be another account than {owner}, which has this one",
                value=id,
            )


def _unknown_prices(document: _Document) -> Iterator[BrokenRule]:
    for name, account in document.accounts().items():
        settings = merged(document.defaults, document.environments.get(name, {}))
        cost = settings.get("cost")
        named = cost.get("pricesOf") if isinstance(cost, dict) else ""
        region = named or account.aws_region
        if isinstance(region, str) and region not in regions_with_prices():
            yield BrokenRule(
                field=f"{_owner_of_prices(document, name)}.cost.pricesOf"
                if named
                else f"{name}Account.awsRegion",
                rule=unknown_prices(region),
                value=region,
            )


def _strangers(document: _Document) -> Iterator[BrokenRule]:
    """Yield readers of other accounts that no external id is agreed on with."""
    for name, account in document.accounts().items():
        overrides = document.environments.get(name, {})
        reading = merged(document.defaults, overrides).get("reading")
        given = reading if isinstance(reading, dict) else {}
        ids = given.get("externalIds")
        for path, roles in _readers(given):
            accounts = {account_of_role(role) for role in roles}
            without = sorted(
                accounts - {account.aws_account_id, *(ids if isinstance(ids, dict) else ())}
            )
            if without:
                yield BrokenRule(
                    field=".".join((_owner(name, overrides, ("reading", *path)), "reading", *path)),
                    rule=f"has roles of other accounts than {name}Account: externalIds must have "
                    f"words for {', '.join(without)}, which whoever takes the role has to say",
                    value=roles,
                )


def _homeless_warehouses(document: _Document) -> Iterator[BrokenRule]:
    """Yield settings of warehouses that do not fit the network of their environment."""
    for name in document.accounts():
        overrides = document.environments.get(name, {})
        try:
            settings = Settings.model_validate(merged(document.defaults, overrides))
        except ValidationError:
            continue  # what is wrong is told by its own rule
        network = settings.network
        for field, rule, value in broken_places(
            settings.redshift, vpc=network.vpc, vpc_cidr=network.cidr
        ):
            owner = _owner(name, overrides, ("redshift", field))
            yield BrokenRule(field=f"{owner}.redshift.{field}", rule=rule, value=value)


def _readers(reading: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Yield the roles of consumers and of each group, as far as they can be read.

    What is wrong with the rest is told by its own rule.
    """
    yield ("consumers",), _roles_in(reading.get("consumers"))
    groups = reading.get("groups")
    for name, roles in (groups if isinstance(groups, dict) else {}).items():
        yield ("groups", str(name)), _roles_in(roles)


def _roles_in(listed: object) -> list[str]:
    found = listed if isinstance(listed, list) else []
    return [one for one in found if isinstance(one, str) and ":role/" in one]


def _owner_of_prices(document: _Document, name: EnvironmentName) -> str:
    path = ("cost", "pricesOf")
    return _owner(name, document.environments.get(name, {}), path)


def _broken_settings(content: Mapping[str, Any]) -> list[BrokenRule]:
    """Return wrong settings, each with its place in the file."""
    defaults = content.get("defaults")
    overrides = content.get("environments") or {}
    if not isinstance(defaults, dict) or not isinstance(overrides, dict):
        return []
    found: dict[str, BrokenRule] = {}
    for place, override in [("", {}), *overrides.items()]:
        for rule in _broken_in(place, defaults, override):
            # A value missing in the defaults is reported once, for the defaults.
            if not (place and rule.absent):
                found.setdefault(rule.field, rule)
    return list(found.values())


def _broken_in(place: str, defaults: Mapping[str, Any], override: object) -> list[BrokenRule]:
    if not isinstance(override, dict):
        return []
    try:
        Settings.model_validate(merged(defaults, override))
    except ValidationError as error:
        return [
            replace(rule, field=f"{_owner(place, override, details['loc'])}.{rule.field}")
            for rule, details in zip(broken_rules(error, Settings), error.errors(), strict=True)
        ]
    given, owner = (override, f"environments.{place}") if place else (defaults, "defaults")
    return [*_unknown_jobs(given, owner), *_unknown_runs(given, owner)]


def _unknown_runs(settings: Mapping[str, Any], owner: str) -> Iterator[BrokenRule]:
    known = [job.name for job in JOBS]
    runs = ((settings.get("cost") or {}).get("workload") or {}).get("runs") or {}
    for name, value in runs.items():
        if name not in known:
            yield BrokenRule(
                field=f"{owner}.cost.workload.runs.{name}",
                rule=f"must be a job of config/jobs.py; there are {', '.join(known)}",
                value=value,
            )


def _unknown_jobs(settings: Mapping[str, Any], owner: str) -> Iterator[BrokenRule]:
    known = [job.name for job in JOBS if job.size is None]
    for name, value in (settings.get("jobs") or {}).items():
        if name not in known:
            yield BrokenRule(
                field=f"{owner}.jobs.{name}",
                rule="must be a job of config/jobs.py whose size stands nowhere else; there "
                + (f"are {', '.join(known)}" if known else "is none"),
                value=value,
            )


def _owner(place: str, override: Mapping[str, Any], path: tuple[int | str, ...]) -> str:
    """Return the section of the file that the value at `path` comes from."""
    found: Any = override
    for part in path:
        if not isinstance(found, dict) or part not in found:
            return "defaults"
        found = found[str(part)]
    return f"environments.{place}"


def merged(defaults: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return `defaults` with `overrides` merged into them, recursively for mappings."""
    result = dict(defaults)
    for name, value in overrides.items():
        below = result.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            result[name] = merged(below, value)
        else:
            result[name] = value
    return result

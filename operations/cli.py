"""The command line: python -m operations COMMAND --environment NAME."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3

from config.datasets import load_contracts
from config.delivery import App
from config.environments import Environment, Environments, load_environments
from config.errors import ConfigError
from config.reader_filters import check_groups
from operations import bootstrap
from operations.access.keep import keep_access
from operations.account_policies.deployed import TYPES
from operations.account_policies.handlers import COPY, renewed
from operations.commands import APPS, cdk_deploy, run
from operations.cost_commands import add_cost_commands
from operations.destroy import destroy
from operations.entry import enter
from operations.errors import CheckFailed, OperationError, WrongUse
from operations.export_commands import add_export_commands
from operations.exports_check import check_exports
from operations.health.check import Timeout, check_health, is_complete
from operations.place import explained, reaching
from operations.progress import Progress
from operations.protection import protect
from operations.reading_commands import add_reading_commands
from operations.recovery_commands import Command, add_recovery_commands
from operations.stacks import statuses
from operations.tables import PublishedTables
from wires.printable import printable

SUCCESS, FAILURE, WRONG_USE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Exit code: 0 done, 1 not done for the printed reason, 2 wrong use.
    """
    arguments = _parser().parse_args(argv)
    try:
        with reaching(getattr(arguments, "local", "")):
            return arguments.command(arguments, load_environments()) or SUCCESS
    except WrongUse as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_USE
    except (OperationError, ConfigError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILURE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m operations", description=__doc__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    exports = commands.add_parser("check-exports", help="are all exports there that are imported?")
    _add_entry(exports)
    exports.set_defaults(command=_check_exports)
    check = commands.add_parser(
        "check-environment", help="put stub data through all routes of an environment"
    )
    _add_entry(check)
    _add_local(check)
    check.add_argument("--timeout", type=float, default=Timeout.seconds, metavar="SECONDS")
    check.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    check.add_argument(
        "--if-complete",
        action="store_true",
        help="do nothing where the application is not deployed yet",
    )
    check.set_defaults(command=_check_environment)
    access = commands.add_parser("access", help="do groups of readers see what contracts say?")
    _add_entry(access)
    _add_local(access)
    access.add_argument("--apply", action="store_true", help="change what differs")
    access.set_defaults(command=_access)
    guard = commands.add_parser("protect", help="guard the data's stack as config says")
    _add_entry(guard)
    guard.set_defaults(command=_protect)
    _add_account_commands(commands)
    _add_table_commands(commands)
    add_export_commands(commands, _finish)
    add_recovery_commands(commands, _finish)
    add_cost_commands(commands, _finish)
    add_reading_commands(commands, _finish)
    return parser


def _finish(parser: argparse.ArgumentParser, command: Command, *, calls: bool = True) -> None:
    """Add what commands on an environment have, and the command itself, which may call AWS."""
    _add_environment(parser)
    if calls:
        _add_local(parser)

    def run_in(arguments: argparse.Namespace, environments: Environments) -> int:
        environment = named(environments, arguments.environment)
        with explained(environment):
            return command(arguments, environment)

    parser.set_defaults(command=run_in)


def _add_table_commands(commands: Any) -> None:
    tables = commands.add_parser("tables", help="published tables, with their sizes")
    _add_environment(tables)
    _add_local(tables)
    tables.set_defaults(command=_tables)
    history = commands.add_parser("history", help="what has become of a table")
    history.add_argument("table", metavar="TABLE")
    _add_environment(history)
    _add_local(history)
    history.set_defaults(command=_history)
    back = commands.add_parser("rollback", help="let a table be what it was")
    back.add_argument("table", metavar="TABLE")
    back.add_argument("--to", required=True, metavar="SNAPSHOT|TIME", help="`history` lists them")
    _add_environment(back)
    _add_local(back)
    back.set_defaults(command=_rollback)


def _add_account_commands(commands: Any) -> None:
    prepare = commands.add_parser("bootstrap", help="prepare the accounts, or show how")
    prepare.add_argument("--apply", action="store_true", help="do it instead of showing it")
    prepare.add_argument("--boundary", default="", metavar="POLICY", help="permissions boundary")
    prepare.add_argument("--profile", action="append", default=[], metavar="ACCOUNT=NAME")
    prepare.set_defaults(command=_bootstrap)
    handlers = commands.add_parser("handlers", help="renew the copy of CloudFormation's handlers")
    handlers.set_defaults(command=_handlers)
    deploy = commands.add_parser("deploy", help="both apps, infrastructure first, by hand")
    _add_environment(deploy)
    deploy.add_argument("--confirm", default="", metavar="NAME", help="again, for prod")
    deploy.set_defaults(command=_deploy)
    pipelines = commands.add_parser("deploy-pipelines", help="once; later they update themselves")
    pipelines.set_defaults(command=_deploy_pipelines)
    status = commands.add_parser("status", help="of an environment's stacks")
    _add_environment(status)
    status.set_defaults(command=_status)
    end = commands.add_parser("destroy", help="take an environment down, and keep its data")
    _add_environment(end)
    end.add_argument("--delete-data", default="", metavar="NAME", help="the second key")
    end.set_defaults(command=_destroy)


def _add_environment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--environment", "--env", required=True, metavar="NAME")


def _add_local(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--local", default="", metavar="URL", help="the endpoint that `local_cloud up` prints"
    )


def _add_entry(parser: argparse.ArgumentParser) -> None:
    _add_environment(parser)
    parser.add_argument(
        "--as-caller",
        action="store_true",
        help="use the caller's own rights instead of a role of the environment",
    )


def _check_exports(arguments: argparse.Namespace, environments: Environments) -> None:
    environment = named(environments, arguments.environment)
    session = enter(environment, as_caller=arguments.as_caller)
    check_exports(environment, session.client("cloudformation"))
    print(f"{environment.name} has all exports that the application imports")


def _check_environment(arguments: argparse.Namespace, environments: Environments) -> None:
    environment = named(environments, arguments.environment)
    # A laptop's cloud is open to everybody as an administrator.
    session = enter(environment, as_caller=arguments.as_caller or bool(arguments.local))
    with explained(environment):
        if arguments.if_complete and not is_complete(environment, session):
            print(f"the application is not deployed to {environment.name} yet: nothing to check")
            return
        report = check_health(
            environment, session, say=Progress().say, timeout=Timeout(seconds=arguments.timeout)
        )
    if arguments.json:
        print(json.dumps(report.to_json(), indent=1))
    else:
        print("\n".join(printable(line) for line in report.lines()))
    report.demand_health()


def _access(arguments: argparse.Namespace, environments: Environments) -> None:
    environment = named(environments, arguments.environment)
    contracts = load_contracts()
    check_groups(contracts, environments.all)
    if not environment.settings.lake_formation:
        print(f"{environment.name} has no Lake Formation, and so no group of readers")
        return
    session = enter(
        environment,
        as_caller=arguments.as_caller or bool(arguments.local),
        role=environment.role_arn(environment.names.access_role),
    )
    with explained(environment):
        keep_access(environment, contracts, session, apply=arguments.apply, say=_say)


def _say(line: str) -> None:
    print(printable(line))


def _protect(arguments: argparse.Namespace, environments: Environments) -> None:
    environment = named(environments, arguments.environment)
    session = enter(environment, as_caller=arguments.as_caller)
    is_protected = protect(environment, session)
    print(
        f"stack {environment.names.infrastructure_stack} and its tables "
        f"{'cannot' if is_protected else 'can'} be deleted"
    )


def _bootstrap(arguments: argparse.Namespace, environments: Environments) -> None:
    pairs = [pair.partition("=") for pair in arguments.profile]
    if not all(name and profile for name, _, profile in pairs):
        raise WrongUse("--profile takes ACCOUNT=NAME, such as dev=my-dev-profile")
    profiles = {name: profile for name, _, profile in pairs}
    if arguments.apply:
        bootstrap.apply(environments, boundary=arguments.boundary, profiles=profiles)
        return
    for line in bootstrap.explained(
        environments,
        boundary=arguments.boundary,
        profiles=profiles,
        folder=Path("build/policies"),
    ):
        print(line)


def _handlers(_: argparse.Namespace, __: Environments) -> None:
    kinds = {kind for kinds in TYPES.values() for kind in kinds}
    COPY.write_text(renewed(kinds), encoding="utf-8")
    print(f"{COPY.name} has what CloudFormation calls for {len(kinds)} types of resources")


def _deploy(arguments: argparse.Namespace, environments: Environments) -> None:
    environment = named(environments, arguments.environment)
    if environment.name == "prod" and arguments.confirm != "prod":
        raise WrongUse("prod is released by its pipelines; CONFIRM=prod does it by hand anyway")
    for app in APPS:
        run(cdk_deploy(app, f"{environment.name.capitalize()}/*"))


def _deploy_pipelines(_: argparse.Namespace, environments: Environments) -> None:
    sources = environments.delivery.sources
    if any(sources[app].is_placeholder for app in App):
        raise WrongUse(
            "source.connectionArn in config/environments.yaml is still the placeholder: make a "
            "connection in the pipeline account (docs/deployment.md says how) and write its ARN"
        )
    for app in APPS:
        run(cdk_deploy(app, "Pipeline"))


def _status(arguments: argparse.Namespace, environments: Environments) -> None:
    environment = named(environments, arguments.environment)
    session = boto3.Session(region_name=environment.account.aws_region)
    found = list(statuses(environment, session.client("cloudformation")))
    for status in found:
        print(status)
    bad = [status.name for status in found if not status.is_good]
    if bad:
        raise CheckFailed(f"{environment.name} is not whole: {', '.join(bad)}")


def _destroy(arguments: argparse.Namespace, environments: Environments) -> None:
    environment = named(environments, arguments.environment)
    session = boto3.Session(region_name=environment.account.aws_region)
    destroy(environment, session, delete_data=arguments.delete_data, say=print)


def _tables(arguments: argparse.Namespace, environments: Environments) -> None:
    for line in PublishedTables(named(environments, arguments.environment)).listed():
        print(line)


def _history(arguments: argparse.Namespace, environments: Environments) -> None:
    tables = PublishedTables(named(environments, arguments.environment))
    for line in tables.history(arguments.table):
        print(line)


def _rollback(arguments: argparse.Namespace, environments: Environments) -> None:
    tables = PublishedTables(named(environments, arguments.environment))
    print(tables.roll_back(arguments.table, arguments.to))


def named(environments: Environments, name: str) -> Environment:
    """Return an environment by name. Raises WrongUse naming the existing ones."""
    for environment in environments.all:
        if environment.name == name:
            return environment
    known = ", ".join(environment.name for environment in environments.all)
    raise WrongUse(f"config/environments.yaml has no environment {name!r}; it has {known}")

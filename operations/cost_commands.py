"""The commands `cost` and `advise`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import boto3

from config.environments import Environment
from config.jobs import JOBS
from config.prices import Prices
from operations.advice.advise import advise
from operations.advice.rules import RUNS
from operations.cost.assembling import assembled, temporary_folder
from operations.cost.bill import Bill
from operations.cost.charges import Situation
from operations.errors import WrongUse
from operations.progress import Progress
from wires.run_ledger import RunLedger

Command = Callable[[argparse.Namespace, Environment], int]


class Finish(Protocol):
    """Adds what all commands on an environment have."""

    def __call__(self, parser: Any, command: Command, *, calls: bool = True) -> None: ...


def add_cost_commands(commands: Any, finish: Finish) -> None:
    """Add the commands."""
    cost = commands.add_parser("cost", help="what a month costs at list price, from the templates")
    cost.add_argument("--vpc", choices=("on", "off"), help="as if config had it so")
    cost.add_argument("--limit", type=int, default=20, metavar="N", help="resources to show")
    cost.add_argument("--json", action="store_true", help="print one JSON object, and only that")
    finish(cost, _cost, calls=False)
    advice = commands.add_parser("advise", help="which size does each job need, by its runs?")
    advice.add_argument("--job", default="", metavar="NAME", help="this one alone")
    advice.add_argument(
        "--runs", type=int, default=RUNS, metavar="N", help=f"the last ones (default: {RUNS})"
    )
    advice.add_argument("--json", action="store_true", help="print one JSON object, and only that")
    finish(advice, _advise)


def _cost(arguments: argparse.Namespace, environment: Environment) -> int:
    vpc = None if arguments.vpc is None else arguments.vpc == "on"
    with temporary_folder() as folder, Progress().step("synthesizing both apps"):
        made = assembled(Path(folder), vpc=vpc)
        (configured,) = (e for e in made.environments.all if e.name == environment.name)
        own = Situation.of(configured, made.of_environment(environment.name))
        delivery = Situation.of(configured, made.of_delivery())
    bills = [
        Bill.for_situation(environment.name, own, readers=True),
        Bill.for_situation("pipelines", delivery, readers=False),
    ]
    if arguments.json:
        json.dump(_json(configured, bills), sys.stdout, indent=1)
        print()
        return 0
    for line in _lines(configured, bills, limit=arguments.limit):
        print(line)
    return 0


def _advise(arguments: argparse.Namespace, environment: Environment) -> int:
    jobs = [spec for spec in JOBS if arguments.job in ("", spec.name, environment.names.job(spec))]
    if not jobs or arguments.runs < 1:
        raise WrongUse(
            f"expected --job of {', '.join(spec.name for spec in JOBS)} and --runs from 1 on; got "
            f"{arguments.job!r} and {arguments.runs}"
        )
    session = boto3.Session(region_name=environment.account.aws_region)
    ledger = RunLedger(session.resource("dynamodb").Table(environment.names.runs_table))
    found = list(advise(environment, ledger, runs=arguments.runs, jobs=jobs))
    if arguments.json:
        told = {"environment": environment.name, "jobs": [one.to_json() for one in found]}
        json.dump(told, sys.stdout, indent=1)
        print()
        return 0
    for one in found:
        for line in one.lines():
            print(line)
    return 0


def _json(environment: Environment, bills: list[Bill]) -> dict[str, Any]:
    return {
        "environment": environment.name,
        "prices": {
            "region": priced_region(environment),
            "written": environment.prices.written,
            "compared": environment.prices.compared,
        },
        "workload": environment.settings.cost.workload.model_dump(by_alias=True),
        "bills": [bill.to_json() for bill in bills],
    }


def _lines(environment: Environment, bills: list[Bill], *, limit: int) -> Iterator[str]:
    for bill in bills:
        yield from bill.lines(limit=limit)
        yield ""
    yield prices_told(environment, environment.prices)


def prices_told(environment: Environment, prices: Prices) -> str:
    """Return where the prices of a bill are from, and how sure they are."""
    region = priced_region(environment)
    instead = "" if region == environment.account.aws_region else ", as cost.pricesOf says"
    compared = (
        f"compared with AWS's pages on {prices.compared}"
        if prices.compared
        else "which nobody has compared with AWS's pages since"
    )
    return f"List prices of {region}{instead}, written down on {prices.written}, {compared}."


def priced_region(environment: Environment) -> str:
    return environment.settings.cost.prices_of or environment.account.aws_region

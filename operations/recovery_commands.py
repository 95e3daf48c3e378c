"""The commands `objects`, `records`, `runs`, `failed`, `redrive`, `reconcile` and `release`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import boto3

from config.environments import Environment
from config.source_document import SourceDocument
from config.sources import load_sources
from operations.errors import WrongUse
from operations.progress import Progress
from operations.reconciling.reconcile import Limits, reconcile
from operations.recovery.entries import FINISHED_BADLY, Selection
from operations.recovery.estate import Estate
from operations.recovery.failed import find_troubles
from operations.recovery.job_runs import RunSelection, find_runs
from operations.recovery.objects import find_uploads
from operations.recovery.records import find_records
from operations.recovery.redrive import Choice, Redrive
from operations.recovery.release import Release
from operations.recovery.times import moment, since, span
from wires.object_ledger import ObjectStatus
from wires.sources import Kind

FOUND = 1
Command = Callable[[argparse.Namespace, Environment], int]


def add_recovery_commands(commands: Any, finish: Callable[[Any, Command], None]) -> None:
    """Add the commands; `finish` adds what all commands on an environment have."""
    _add_objects(commands.add_parser("objects", help="what became of uploads"), finish)
    _add_records(commands.add_parser("records", help="records of streams that are no rows"), finish)
    _add_runs(commands.add_parser("runs", help="what runs of jobs came to"), finish)
    _add_failed(commands.add_parser("failed", help="what needs a person"), finish)
    _add_redrive(
        commands.add_parser("redrive", help="have uploads and messages tried again"), finish
    )
    _add_reconcile(
        commands.add_parser("reconcile", help="do uploads, ledgers, tables and files agree?"),
        finish,
    )
    release = commands.add_parser("release", help="free what a dead holder has")
    release.add_argument("what", metavar="LOAD_ID|dispatcher|publisher#DATASET")
    finish(release, _release)


def _add_objects(parser: Any, finish: Callable[[Any, Command], None]) -> None:
    every = ", ".join(ObjectStatus)
    parser.add_argument("--status", default="", metavar="STATUS,…", help=f"of {every}")
    parser.add_argument("--key", default="", metavar="GLOB", help="keys with * ? […]")
    parser.add_argument("--dataset", default="", metavar="NAME")
    parser.add_argument("--since", type=moment, metavar="TIME|SPAN", help="uploaded since, or 6h")
    _add_output(parser, "uploads to show, the last ones first", 100)
    finish(parser, _objects)


def _add_records(parser: Any, finish: Callable[[Any, Command], None]) -> None:
    parser.add_argument("--source", default="", metavar="NAME", help="of one source")
    parser.add_argument("--since", type=moment, metavar="TIME|SPAN", help="put aside since, or 6h")
    _add_output(parser, "records to show, the last ones first", 20)
    finish(parser, _records)


def _add_runs(parser: Any, finish: Callable[[Any, Command], None]) -> None:
    parser.add_argument("--job", default="", metavar="NAME", help="of one job")
    parser.add_argument("--open", action="store_true", help="that have not ended")
    parser.add_argument("--failed", action="store_true", help="that have not succeeded")
    parser.add_argument("--since", type=moment, metavar="TIME|SPAN", help="started since, or 6h")
    _add_output(parser, "runs to show, the last ones first", 20)
    finish(parser, _runs)


def _add_failed(parser: Any, finish: Callable[[Any, Command], None]) -> None:
    parser.add_argument(
        "--waiting",
        type=span,
        default=timedelta(hours=1),
        metavar="SPAN",
        help="show uploads that wait for longer (default: 1h)",
    )
    _add_output(parser, "of each kind to show", 100)
    finish(parser, _failed)


def _add_redrive(parser: Any, finish: Callable[[Any, Command], None]) -> None:
    parser.add_argument("--key", default="", metavar="GLOB", help="uploads with such keys")
    parser.add_argument("--status", default="", metavar="STATUS,…", help="failed, rejected or both")
    parser.add_argument("--load", default="", metavar="ID", help="uploads of this load")
    parser.add_argument("--dead-letters", action="store_true", help="messages nobody could handle")
    parser.add_argument(
        "--given-up", action="store_true", help="batches of streams that Lambda has given up"
    )
    parser.add_argument("--source", default="", metavar="NAME", help="batches of this stream")
    parser.add_argument("--all", action="store_true", help="everything that has ended badly")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    _add_output(parser, "steps to show", 100)
    finish(parser, _redrive)


def _add_reconcile(parser: Any, finish: Callable[[Any, Command], None]) -> None:
    limits = Limits()
    parser.add_argument("--repair", action="store_true", help="repair what can be repaired safely")
    parser.add_argument(
        "--older-than",
        type=span,
        default=limits.older_than,
        metavar="SPAN",
        help="uploads that nobody knows are told from this age on (default: 1h)",
    )
    parser.add_argument(
        "--stuck-after",
        type=span,
        default=limits.stuck_after,
        metavar="SPAN",
        help="uploads that nothing works on are told from this age on (default: 6h)",
    )
    _add_output(parser, "examples of each class", limits.examples)
    finish(parser, _reconcile)


def _add_output(parser: Any, what: str, limit: int) -> None:
    parser.add_argument(
        "--limit", type=_count, default=limit, metavar="N", help=f"{what} (default: {limit})"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")


def _objects(arguments: argparse.Namespace, environment: Environment) -> int:
    estate = _estate(environment)
    selection = Selection(
        statuses=_statuses(arguments.status, frozenset(ObjectStatus)),
        key=arguments.key,
        dataset=arguments.dataset,
        since=since(arguments.since, estate.now()),
    )
    found = find_uploads(estate, selection, limit=arguments.limit, progress=Progress())
    return _print(arguments, environment, found.to_json(), found.lines())


def _records(arguments: argparse.Namespace, environment: Environment) -> int:
    estate = _estate(environment)
    found = find_records(
        estate,
        source=arguments.source,
        since=since(arguments.since, estate.now()),
        limit=arguments.limit,
        progress=Progress(),
    )
    return _print(arguments, environment, found.to_json(), found.lines())


def _runs(arguments: argparse.Namespace, environment: Environment) -> int:
    estate = _estate(environment)
    selection = RunSelection(
        job=arguments.job,
        open=arguments.open,
        failed=arguments.failed,
        since=since(arguments.since, estate.now()),
    )
    found = find_runs(estate, selection, limit=arguments.limit, progress=Progress())
    return _print(arguments, environment, found.to_json(), found.lines())


def _failed(arguments: argparse.Namespace, environment: Environment) -> int:
    found = find_troubles(
        _estate(environment),
        waiting=arguments.waiting,
        limit=arguments.limit,
        progress=Progress(),
        streams=_streams(""),
    )
    return _print(arguments, environment, found.to_json(), found.lines())


def _streams(name: str) -> list[SourceDocument]:
    """Return sources of which Lambda may give up batches, all or one.

    Raises WrongUse if there is no such source.
    """
    found = [one for one in load_sources() if one.kind in (Kind.KINESIS, Kind.KAFKA)]
    if not name:
        return found
    if chosen := [one for one in found if one.name == name]:
        return chosen
    there = ", ".join(one.name for one in found) or "none"
    raise WrongUse(
        f"expected a stream of config/sources/ that Lambda may give up, got {name}; "
        f"there is {there}"
    )


def _redrive(arguments: argparse.Namespace, environment: Environment) -> int:
    redrive = Redrive(
        estate=_estate(environment),
        progress=Progress(),
        dry_run=arguments.dry_run,
        limit=arguments.limit,
    )
    done = redrive.run(_choice(arguments))
    return _print(arguments, environment, done.to_json(), done.lines())


def _choice(arguments: argparse.Namespace) -> Choice:
    """Return what is chosen. Raises WrongUse if nothing is, or both all and some."""
    narrowed = bool(arguments.status or arguments.load)
    given_up = arguments.given_up or bool(arguments.source)
    some = narrowed or bool(arguments.key) or arguments.dead_letters or given_up
    if arguments.all == some:
        raise WrongUse(
            "expected what to redrive: --key GLOB, --status failed,rejected, --load ID, "
            f"--dead-letters, --given-up, or --all by itself; got {'both' if some else 'nothing'}. "
            "`failed` lists what there is, --dry-run says what would be done"
        )
    wants_messages = arguments.dead_letters or given_up
    wants_objects = arguments.all or narrowed or not wants_messages
    statuses = _statuses(arguments.status, FINISHED_BADLY) or FINISHED_BADLY
    objects = Selection(statuses=statuses, key=arguments.key, load=arguments.load)
    return Choice(
        objects=objects if wants_objects else None,
        letters=arguments.all or arguments.dead_letters,
        key=arguments.key,
        streams=_streams(arguments.source) if arguments.all or given_up else (),
    )


def _reconcile(arguments: argparse.Namespace, environment: Environment) -> int:
    report = reconcile(
        environment,
        _session(environment),
        repair=arguments.repair,
        limits=Limits(
            older_than=arguments.older_than,
            stuck_after=arguments.stuck_after,
            examples=arguments.limit,
        ),
    )
    _print(arguments, environment, report.to_json(), report.lines())
    return 0 if report.is_clean else FOUND


def _release(arguments: argparse.Namespace, environment: Environment) -> int:
    print(Release(estate=_estate(environment), say=Progress().say).free(arguments.what))
    return 0


def _print(
    arguments: argparse.Namespace,
    environment: Environment,
    found: Mapping[str, Any],
    lines: Iterable[str],
) -> int:
    if arguments.json:
        json.dump({"environment": environment.name, **found}, sys.stdout, indent=1)
        print()
    else:
        for line in lines:
            print(line)
    return 0


def _session(environment: Environment) -> Any:
    return boto3.Session(region_name=environment.account.aws_region)


def _estate(environment: Environment) -> Estate:
    return Estate(environment, _session(environment))


def _statuses(text: str, known: frozenset[str]) -> frozenset[str]:
    """Return statuses that are separated by commas. Raises WrongUse for others."""
    asked = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not asked <= known:
        raise WrongUse(
            f"expected --status of {', '.join(sorted(known))}, separated by commas; got "
            f"{', '.join(sorted(asked - known))}"
        )
    return frozenset(str(one) for one in asked)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, got {text!r}")
    return int(text)

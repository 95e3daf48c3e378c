"""The command line of the cloud on this machine: `python -m local_cloud COMMAND`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from local_cloud.errors import LocalCloudError, UsageError

SUCCESS, NOT_ALL_WELL, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit code: 0 all went well, 1 something did not, 2 wrong use, 130 interrupted."""
    arguments = _parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with _interrupted_once():
        try:
            return int(arguments.command(arguments))
        except UsageError as error:
            print(f"error: {error}", file=sys.stderr)
            return WRONG_USE
        except LocalCloudError as error:
            print(f"error: {error}", file=sys.stderr)
            return NOT_ALL_WELL
        except KeyboardInterrupt:
            print("interrupted; everything that was started has been ended", file=sys.stderr)
            return INTERRUPTED


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """Let the first interruption end the work; ignore others while clearing up."""
    signals = (signal.SIGINT, signal.SIGTERM)

    def interrupt(*_: object) -> None:
        for one in signals:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_cloud",
        description="The platform on this machine, from the templates of both apps.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="upload files, process them, show what came of them"))
    _add_up(commands.add_parser("up", help="stay up as an S3 endpoint that processes uploads"))
    demo = commands.add_parser("demo", help="the same with a small set of files of its own")
    demo.set_defaults(command=_demo)
    _add_sql(commands.add_parser("sql", help="ask the tables of a cloud that is up, by SQL"))
    _add_health(commands.add_parser("health", help="put stub data through all routes, compare"))
    _add_fetch(commands.add_parser("fetch", help="fetch a source, process what it lands"))
    _add_suggest(commands.add_parser("suggest-rules", help="propose quality rules for a dataset"))
    _add_permissions(commands.add_parser("permissions", help="what roles may do and never did"))
    return parser


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a file, uploaded under its name, or a folder, its files under their relative paths",
    )
    parser.add_argument("--prefix", default="", help="a folder of the bucket, before every key")
    _add_result(parser)
    _add_environment(parser)
    parser.set_defaults(command=_run)


def _add_result(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="receives processed/, curated/, quality/ and quarantine/",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=_port, default=0, help="of the endpoint (default: a free one)"
    )
    _add_environment(parser)
    parser.set_defaults(command=_up)


def _add_sql(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "statement",
        nargs="?",
        default="",
        metavar="SQL",
        help="a table, one SELECT of Athena's SQL, or .tables (default: standard input, a prompt)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", dest="form", action="store_const", const="csv", default="")
    form.add_argument("--json", dest="form", action="store_const", const="json")
    parser.add_argument(
        "--limit", type=int, default=200, metavar="N", help="rows to show (default: 200)"
    )
    parser.add_argument(
        "--local", default="", metavar="URL", help="of a cloud (default: the one that is up)"
    )
    parser.add_argument(
        "--run",
        dest="paths",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="run this in a cloud of its own, and ask that",
    )
    parser.add_argument(
        "--as",
        dest="group",
        default="",
        metavar="GROUP",
        help="see what a group of readers sees: the columns and rows that contracts leave for it",
    )
    _add_environment(parser)
    parser.set_defaults(command=_sql)


def _add_health(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--local", default="", metavar="URL", help="of a cloud that is up (default: one of its own)"
    )
    parser.add_argument(
        "--timeout", type=float, default=900, metavar="SECONDS", help="(default: 900)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    _add_environment(parser)
    parser.set_defaults(command=_health)


def _add_fetch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="a file of config/sources/, without .yaml")
    parser.add_argument("--since", default="", help="beginning of a range (default: as configured)")
    parser.add_argument("--until", default="", help="its end, not in it (default: now)")
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="rows of a sample")
    parser.add_argument(
        "--dry-run", action="store_true", help="ask the source, land nothing, say what would come"
    )
    parser.add_argument(
        "--secret",
        type=Path,
        metavar="FILE",
        help="JSON object with the source's credentials, as its secret has them",
    )
    _add_result(parser)
    _add_environment(parser)
    parser.set_defaults(command=_fetch)


def _add_suggest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", help="a dataset, or a curated table")
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="files of the dataset, to be run now"
    )
    parser.add_argument(
        "--result",
        type=Path,
        metavar="DIR",
        help="what an earlier `run --out` has written (default: result)",
    )
    _add_environment(parser)
    parser.set_defaults(command=_suggest)


def _add_permissions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "records",
        nargs="*",
        type=Path,
        metavar="RECORD",
        help="what runs under LOCAL_CLOUD_PERMISSIONS=RECORD have used (default: the tests' list)",
    )
    parser.add_argument("--write", action="store_true", help="make the records the tests' list")
    _add_environment(parser)
    parser.set_defaults(command=_permissions)


def _add_environment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--environment",
        default="dev",
        metavar="NAME",
        help="whose templates are deployed (default: dev)",
    )


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"a port is 0 to 65535, got {number}")
    return number


def _run(arguments: argparse.Namespace) -> int:
    from local_cloud.run_command import run  # noqa: PLC0415 - moto takes a second to import

    is_good = run(
        arguments.paths,
        prefix=arguments.prefix,
        out=arguments.out,
        as_json=arguments.json,
        environment=arguments.environment,
    )
    return SUCCESS if is_good else NOT_ALL_WELL


def _up(arguments: argparse.Namespace) -> int:
    from local_cloud.up_command import up  # noqa: PLC0415 - moto takes a second to import

    up(port=arguments.port, environment=arguments.environment)
    return SUCCESS


def _sql(arguments: argparse.Namespace) -> int:
    from local_cloud.sql_command import sql  # noqa: PLC0415 - moto takes a second to import

    sql(
        arguments.statement,
        local=arguments.local,
        paths=arguments.paths,
        form=arguments.form,
        rows=arguments.limit,
        environment=arguments.environment,
        group=arguments.group,
    )
    return SUCCESS


def _health(arguments: argparse.Namespace) -> int:
    from local_cloud.health_command import health  # noqa: PLC0415 - moto takes a second to import

    return health(
        environment=arguments.environment,
        local=arguments.local,
        timeout=arguments.timeout,
        as_json=arguments.json,
    )


def _fetch(arguments: argparse.Namespace) -> int:
    from local_cloud.fetch_command import Wanted, fetch  # noqa: PLC0415 - moto takes a second to import

    wanted = Wanted(
        source=arguments.source,
        since=arguments.since,
        until=arguments.until,
        limit=arguments.limit,
        secret=arguments.secret,
    )
    is_good = fetch(
        wanted,
        dry_run=arguments.dry_run,
        out=arguments.out,
        as_json=arguments.json,
        environment=arguments.environment,
    )
    return SUCCESS if is_good else NOT_ALL_WELL


def _suggest(arguments: argparse.Namespace) -> int:
    # The jobs' library, which is at the top level of its zip.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "glue_scripts"))
    from local_cloud.suggest_command import suggest  # noqa: PLC0415 - moto takes a second to import

    rules = suggest(
        arguments.dataset,
        arguments.paths,
        result=arguments.result,
        environment=arguments.environment,
    )
    print(rules, end="")
    return SUCCESS


def _permissions(arguments: argparse.Namespace) -> int:
    from local_cloud.permissions_command import (  # noqa: PLC0415 - moto takes a second to import
        permissions,
    )

    is_good = permissions(
        arguments.records, write=arguments.write, environment=arguments.environment
    )
    return SUCCESS if is_good else NOT_ALL_WELL


def _demo(_: argparse.Namespace) -> int:
    from local_cloud.demo import demo  # noqa: PLC0415 - moto takes a second to import

    return demo()

"""`sql`: a prompt over the local tables, and one answer at a time."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory

from local_cloud.errors import LocalCloudError, UsageError
from local_cloud.platform import configured, deployed
from local_cloud.sql_desk import SqlDesk
from local_cloud.synthesis import ROOT
from local_cloud.uploads import files_to_upload
from local_cloud.work_folder import endpoints_up
from operations.errors import OperationError, WrongUse
from operations.place import explained, reaching
from operations.progress import Progress

HISTORY = ROOT / "build" / "local_cloud" / "sql_history"
_COMMANDS = (".tables", ".schema", ".snapshots", ".refresh", ".help", ".quit")
_SQL = "SELECT FROM WHERE GROUP BY ORDER LIMIT JOIN ON USING AS WITH FOR VERSION TIMESTAMP OF"


def sql(
    statement: str,
    *,
    local: str,
    paths: Sequence[Path],
    form: str,
    rows: int,
    environment: str,
    group: str = "",
) -> None:
    """Answer a statement, or standard input's; at a terminal without one, ask for more.

    `form` is "csv", "json", or "" for a table. The cloud is that of an endpoint, one that is made
    for some files, or the one that is up. A group of readers gets what contracts leave for it.
    Raises UsageError for what cannot be asked.
    """
    asked_of = configured(environment)
    with (
        _explained(),
        _endpoint(local, paths, environment) as endpoint,
        reaching(endpoint),
        explained(asked_of),
    ):
        desk = SqlDesk(asked_of, rows, group)
        if statement or not sys.stdin.isatty():
            _answer(desk, statement or sys.stdin.read(), form)
        else:
            _prompt(desk)


def _answer(desk: SqlDesk, statement: str, form: str) -> None:
    if form:
        desk.write(statement, sys.stdout.buffer, as_json=form == "json")
        sys.stdout.flush()
        return
    for line in desk.answer(statement):
        print(line)


def _prompt(desk: SqlDesk) -> None:
    HISTORY.parent.mkdir(parents=True, exist_ok=True)
    words = sorted({*desk.words(), *_SQL.split(), *_COMMANDS})
    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(HISTORY)),
        completer=WordCompleter(words, ignore_case=True, WORD=True),
        complete_while_typing=False,
        auto_suggest=AutoSuggestFromHistory(),
    )
    print(".help tells what there is; a statement ends with a semicolon")
    for statement in asked(session):
        try:
            with _interruptible():
                for line in desk.answer(statement):
                    print(line)
        except OperationError as error:
            print(f"error: {error}")
        except KeyboardInterrupt:
            print("interrupted")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end an answer each time: the command line takes the first one for its end."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def asked(session: PromptSession[str]) -> Iterator[str]:
    """Yield statements up to their semicolons, and commands, until `.quit` or Ctrl-D."""
    lines: list[str] = []
    while True:
        try:
            line = session.prompt("...> " if lines else "sql> ")
        except KeyboardInterrupt:  # lets go of what has been typed
            lines = []
            continue
        except EOFError:
            return
        if not lines and line.strip() in (".quit", ".exit"):
            return
        is_command = not lines and line.lstrip().startswith(".")
        lines += [line] if line.strip() or lines else []
        if is_command or line.rstrip().endswith(";"):
            yield "\n".join(lines)
            lines = []


@contextmanager
def _endpoint(local: str, paths: Sequence[Path], environment: str) -> Iterator[str]:
    if not paths:
        yield local or _endpoint_up(environment)
        return
    if local:
        raise UsageError("expected --local or --run, got both: files are run in a cloud of its own")
    files = files_to_upload(paths, prefix="")
    with deployed(environment, progress=Progress()) as platform:
        for file in files:
            platform.upload(file.key, file.path)
        platform.settle()
        yield platform.cloud.endpoint


def _endpoint_up(environment: str) -> str:
    """Return where the one cloud of an environment is that is up. Raises UsageError."""
    found = [endpoint for name, endpoint in endpoints_up() if name == environment]
    if len(found) == 1:
        return found[0]
    there = f"{len(found)} are up ({', '.join(found)})" if found else "none is up"
    raise UsageError(
        f"expected one local cloud of {environment}, {there}: start one with `python -m "
        "local_cloud up`, name it with --local URL, or run files in a new one with --run PATH"
    )


@contextmanager
def _explained() -> Iterator[None]:
    """Turn errors of the operations into those of this command line."""
    try:
        yield
    except WrongUse as error:
        raise UsageError(str(error)) from error
    except OperationError as error:
        raise LocalCloudError(str(error)) from error

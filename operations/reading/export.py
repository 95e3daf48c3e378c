"""Exports: the answer to a query as a file, which is there once it is whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from operations.errors import OperationError, WrongUse
from operations.progress import Progress
from operations.reading.answer import Answer
from operations.reading.excel_file import write_excel
from operations.reading.parquet_file import write_parquet
from operations.reading.text_files import write_csv, write_json

FORMATS = (".csv", ".xlsx", ".parquet", ".json")
Write = Callable[[Answer, BinaryIO], None]


@dataclass(frozen=True)
class Exported:
    """A file that an export has written."""

    path: Path
    rows: int
    bytes: int


def check_target(to: Path, *, spreadsheet_safe: bool = False) -> None:
    """Raises WrongUse for a file that an export cannot write."""
    if to.suffix.lower() not in FORMATS:
        raise WrongUse(f"expected --to with a file *{', *'.join(FORMATS)}, got {to}")
    if spreadsheet_safe and to.suffix.lower() != ".csv":
        raise WrongUse(f"--spreadsheet-safe is for .csv, got {to}; no cell of .xlsx is a formula")
    if to.is_dir():
        raise WrongUse(f"expected --to with a file, {to} is a folder")
    if not os.access(to.absolute().parent, os.W_OK | os.X_OK):
        raise WrongUse(f"expected --to in a folder that can be written to, got {to}")


def export(
    answer: Answer, to: Path, *, progress: Progress, spreadsheet_safe: bool = False
) -> Exported:
    """Write an answer in the format of the file's name; what has that name is replaced at the end.

    Raises OperationError for what the format cannot hold, or no room.
    """
    counter = progress.counter("rows written")
    with _scratch(to) as scratch, whole(to) as file:
        writes: Mapping[str, Write] = {
            ".csv": partial(write_csv, spreadsheet_safe=spreadsheet_safe),
            ".json": write_json,
            ".parquet": write_parquet,
            ".xlsx": partial(write_excel, say=progress.say, scratch=scratch),
        }
        writes[to.suffix.lower()](answer.watched(counter.add), file)
    return Exported(to, counter.count, to.stat().st_size)


@contextmanager
def _scratch(to: Path) -> Iterator[Path]:
    """Make a folder beside the file: elsewhere there may be memory alone, and no room."""
    with tempfile.TemporaryDirectory(dir=to.absolute().parent, prefix=_prefix(to)) as folder:
        yield Path(folder)


def _prefix(to: Path) -> str:
    return f".{to.name}.unfinished-"


@contextmanager
def whole(to: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name when the block has ended well, and is gone if it has not."""
    try:
        number, name = tempfile.mkstemp(dir=to.absolute().parent, prefix=_prefix(to))
        with _gone_unless_renamed(Path(name)):
            with os.fdopen(number, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o666 & ~_mask())
            Path(name).replace(to)
    except OSError as error:
        raise OperationError(f"expected to write {to}, got {error}") from error


@contextmanager
def _gone_unless_renamed(path: Path) -> Iterator[None]:
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _mask() -> int:
    """Return which rights this process takes from new files; a temporary file has fewer."""
    mask = os.umask(0)
    os.umask(mask)
    return mask

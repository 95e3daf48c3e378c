"""Writes rows to files in the staging folder, each of which is in memory once."""

from __future__ import annotations

import gzip
import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.manifest import StagedFile
from connectors.pages import Row
from wires.sources import Limits

NameOfFile = Callable[[int], tuple[str, str]]
"""Returns the staged and the final key of the file of a number, from 1."""
_LEVEL = 6
"""Twice as fast as gzip's own 9, for a few hundredths of the size."""


AND_KEYS = " "
"""Between the sum of all rows and the folder of their keys."""


def keys_in(state: str) -> str:
    """Return the folder of keys in what a landing has left to compare with; "" for none."""
    return state.partition(AND_KEYS)[2]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What differs from what a source has landed last."""

    state: str
    """What to compare with the next time."""
    is_same: bool
    gone: int = 0
    """Rows that were there and are there no more, if the source has a key."""
    named: tuple[str, ...] = ()
    """Some of them, by their keys."""


class StagedFiles(ABC):
    """The files of an attempt, by what they hold."""

    ending: str
    """Of their names."""

    def __init__(self, s3: Any, bucket: str, *, limits: Limits, name: NameOfFile) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._limits = limits
        self._name = name
        self.files: list[StagedFile] = []
        self.rows = 0

    @abstractmethod
    def add(self, part: Any) -> None:
        """Take a row or a batch."""

    @abstractmethod
    def finish(self) -> None:
        """Stage what has been taken since the last file, if anything has."""

    def compare_with(self, state: str, *, key: Sequence[str], folder: str) -> None:
        """Say what has landed last, for those that compare."""
        raise TypeError(f"{type(self).__name__} compares nothing with {folder}, {state}, {key}")

    def difference(self) -> Difference | None:
        """Return how all that was taken differs from the last time; None where nobody compares."""
        return None

    def _stage(self, body: bytes, rows: int) -> None:
        staged, key = self._name(len(self.files) + 1)
        self._s3.put_object(Bucket=self._bucket, Key=staged, Body=body)
        digest = hashlib.sha256(body).hexdigest()
        self.files.append(
            StagedFile(staged=staged, key=key, rows=rows, bytes=len(body), sha256=digest)
        )


class Staging(StagedFiles):
    """Takes rows, and stages a file of JSON Lines whenever one is full."""

    ending = "jsonl.gz"

    def __init__(self, s3: Any, bucket: str, *, limits: Limits, name: NameOfFile) -> None:
        super().__init__(s3, bucket, limits=limits, name=name)
        self._begin()

    def add(self, row: Row) -> None:
        """Take a row."""
        self._gzip.write(row.line + b"\n")
        self._rows_in_file += 1
        self._bytes_in_file += len(row.line) + 1
        self.rows += 1
        limits = self._limits
        if (
            self._rows_in_file >= limits.rows_per_file
            or self._bytes_in_file >= limits.bytes_per_file
        ):
            self.finish()

    def finish(self) -> None:
        """Stage what has been taken since the last file, if anything has."""
        if not self._rows_in_file:
            return
        self._gzip.close()
        self._stage(self._buffer.getvalue(), self._rows_in_file)
        self._begin()

    def _begin(self) -> None:
        self._buffer = io.BytesIO()
        # Without a time in it, the same rows are the same bytes.
        self._gzip = gzip.GzipFile(
            filename="", mode="wb", fileobj=self._buffer, compresslevel=_LEVEL, mtime=0
        )
        self._rows_in_file = self._bytes_in_file = 0

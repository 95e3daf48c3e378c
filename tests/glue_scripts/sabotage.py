"""A reader that is made to raise, to lie, to hang, or to die, at a step of its way.

What is to happen to an object stands in its key: `…/<step>-<deed>.csv`. The steps are replaced in
Spark's workers, where they are taken.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from unittest import mock

import pyarrow as pa

import lake.planning.inspection  # both before a fence stands around the work
import lake.writing.conversion
import lake.writing.quarantining
from lake.reading.pieces import Chunk
from lake.reading.tallies import tallies_of
from wires.manifest import ObjectVersion

STEPS = {
    "detect": "lake.planning.inspection.examine",
    "open": "lake.writing.conversion.reading_of",
    "shape": "lake.writing.conversion.shaped",
    "store": "lake.writing.conversion.put_file",
    "aside": "lake.writing.quarantining._quarantined_rows",
}
"""The function with which each step begins."""
_MODULES = {
    module.__name__: module
    for module in (
        lake.planning.inspection,
        lake.writing.conversion,
        lake.writing.quarantining,
    )
}
DEEDS = ("raise", "hang", "wait", "die")
LIES = ("rows", "values", "blank")


@dataclass(frozen=True)
class Sabotaged:
    """Stands for a function of the lake that is sent to the workers."""

    name: str

    def __call__(self, *arguments: Any) -> Any:
        task = arguments[-1]
        with ExitStack() as stack:
            for step, name in STEPS.items():
                kind = _Opening if step == "open" else _At
                stack.enter_context(mock.patch(name, kind(step, _found(name), task)))
            return _found(self.name)(*arguments)


@dataclass(frozen=True)
class _At:
    """A step that does to some objects what their keys say."""

    step: str
    function: Callable[..., Any]
    task: Any

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        for key in _keys(*arguments) or _keys(self.task):
            step, _, deed = PurePosixPath(key).stem.partition("-")
            if step == self.step and deed in DEEDS:
                _do(deed)
        return self.function(*arguments, **keywords)


def _do(deed: str) -> None:
    if deed == "raise":
        raise ValueError("sabotaged")
    if deed == "die":
        os._exit(9)
    while True:
        try:
            time.sleep(3600)
        except Exception:
            if deed == "hang":
                raise


def _keys(*items: Any) -> list[str]:
    """Of the object that is at work; of all of a task where it is not told which."""
    found = [key for item in _each(items) if (key := _key(item))]
    return found or [
        piece.source.version.key for item in items for piece in getattr(item, "pieces", ())
    ]


def _each(items: Any) -> Iterator[Any]:
    """Each item; in place of a list of parts, the pieces that they are parts of."""
    for item in items:
        yield from (part.piece for part in item) if isinstance(item, list) else [item]


def _key(item: Any) -> str:
    source = getattr(item, "source", item)
    version = getattr(source, "version", source)
    return str(version.key) if isinstance(version, ObjectVersion) else ""


class _Opening(_At):
    """Gives readings that lie, where a key says so."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        reading = super().__call__(*arguments, **keywords)
        step, _, lie = PurePosixPath(_key(arguments[0])).stem.partition("-")
        return _Lies(reading, lie) if step == "lie" and lie in LIES else reading


@dataclass
class _Lies:
    """A reading that counts one thing and gives another."""

    reading: Any
    lie: str

    @property
    def findings(self) -> Any:
        return self.reading.findings

    def __iter__(self) -> Iterator[Chunk]:
        for chunk in self.reading:
            yield _falsified(chunk, self.lie)


def _falsified(chunk: Chunk, lie: str) -> Chunk:
    told = replace(chunk, tallies=tallies_of(chunk))
    if lie == "rows":
        return replace(told, rows=chunk.rows.slice(1))
    last = chunk.rows.num_columns - 1
    column = chunk.rows.column(last).to_pylist()
    column = [None, *column[1:]] if lie == "values" else [None] * len(column)
    return replace(
        told,
        rows=chunk.rows.set_column(
            last, chunk.rows.column_names[last], pa.array(column, pa.string())
        ),
    )


def _found(name: str) -> Callable[..., Any]:
    module, _, attribute = name.rpartition(".")
    found: Callable[..., Any] = getattr(_MODULES[module], attribute)
    return found

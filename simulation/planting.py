"""Defects planted on purpose: text of the product replaced as it is imported, to see them found."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

FILE = Path(__file__).resolve().parent.parent / "tests" / "simulation" / "planted.json"


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A defect: a piece of a module's source, and what stands in its place."""

    module: str
    was: str
    becomes: str
    why: str
    """What goes wrong with it."""


def defects() -> Mapping[str, Defect]:
    """Return all defects by name."""
    return {name: Defect(**told) for name, told in json.loads(FILE.read_text("utf-8")).items()}


def plant(name: str) -> None:
    """Have a defect in this process; called before its module is imported.

    Raises ValueError if the product has changed, so that the piece is not there once.
    """
    defect = defects()[name]
    if defect.module in sys.modules:
        raise ValueError(f"{defect.module} is imported already: plant {name} before that")
    sys.meta_path.insert(0, _Finder(defect))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, defect: Defect) -> None:
        self._defect = defect

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != self._defect.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._defect)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, defect: Defect) -> None:
        super().__init__(name, path)
        self._defect = defect

    def get_code(self, fullname: str) -> object:  # type: ignore[override]
        # Never from a cache: the file on the disk has no defect.
        text = Path(self.path).read_text(encoding="utf-8")
        defect = self._defect
        if text.count(defect.was) != 1:
            raise ValueError(
                f"expected once in {fullname}, got {text.count(defect.was)} times: {defect.was!r}; "
                f"bring {FILE.name} up to date"
            )
        return compile(text.replace(defect.was, defect.becomes), self.path, "exec")

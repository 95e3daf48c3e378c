"""Keeps names sorted, so that a few of many are found without looking at all of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Any

from moto.s3.utils import _VersionedKeyStore


class OrderedNames:
    """A set of names that is kept sorted."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = sorted(names)

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> None:
        """Add a name that is not there yet."""
        insort(self._names, name)

    def remove(self, name: str) -> None:
        """Remove a name that is there."""
        del self._names[bisect_left(self._names, name)]

    def beginning_with(self, prefix: str, *, after: str = "", past: str = "") -> Iterator[str]:
        """Yield names in order: those after a name, and past all that begin with another prefix."""
        start = bisect_left(self._names, prefix)
        if after:
            start = max(start, bisect_right(self._names, after))
        if past:
            start = max(start, bisect_right(self._names, past, key=lambda name: name[: len(past)]))
        for place in range(start, len(self._names)):
            if not self._names[place].startswith(prefix):
                return
            yield self._names[place]


class OrderedKeyStore(_VersionedKeyStore):
    """moto's keys of a bucket with sorted names, so that nobody must go through all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.names = OrderedNames()

    def pop(self, key: str) -> None:  # type: ignore[override]  # as in moto
        super().pop(key)
        self.names.remove(key)

    def __setitem__(self, key: str, value: Any) -> None:
        is_new = key not in self
        super().__setitem__(key, value)
        if is_new:
            self.names.add(key)

    def setlist(self, key: str, list_: Any) -> None:
        is_new = key not in self
        super().setlist(key, list_)
        if is_new:
            self.names.add(key)

"""Measures the memory of a process with all that it has started, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGESIZE")
_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes, added up over processes; a page that two of them share counts twice."""

    resident: int = 0
    private: int = 0
    """The part that is neither a mapped file nor shared memory."""

    def peak_with(self, other: Memory) -> Memory:
        return Memory(
            resident=max(self.resident, other.resident), private=max(self.private, other.private)
        )


def tree_memory(root: int) -> Memory:
    """Return the memory of the process and its descendants at this moment."""
    resident = private = 0
    for process in _tree(root):
        try:
            _, pages, shared, *_ = (_PROC / str(process) / "statm").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        resident += int(pages) * _PAGE
        private += (int(pages) - int(shared)) * _PAGE
    return Memory(resident=resident, private=private)


def _tree(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for process, parent in _parents():
        children.setdefault(parent, []).append(process)
    waiting = [root]
    while waiting:
        process = waiting.pop()
        yield process
        waiting += children.get(process, [])


def _parents() -> Iterator[tuple[int, int]]:
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # The command may have spaces and brackets in it; the parent is the second word after it.
        yield int(entry.name), int(stat.rpartition(")")[2].split()[1])

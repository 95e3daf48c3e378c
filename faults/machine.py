"""Processes of this machine: who called, who belongs to whom, and their sudden ends. Linux only."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_ESTABLISHED = "01"


def parents() -> dict[int, int]:
    """Return the parent of each process."""
    found = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                # The name may hold blanks and brackets: fields are counted after its end.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                found[int(folder.name)] = int(fields[1])
    return found


def descendants(process: int) -> list[int]:
    """Return a process and all that it has started, itself first."""
    children: dict[int, list[int]] = {}
    for child, parent in parents().items():
        children.setdefault(parent, []).append(child)
    found = [process]
    for one in found:
        found += children.get(one, [])
    return found


def ancestors(process: int) -> Iterator[int]:
    """Yield a process, its parent, and so on."""
    known = parents()
    while process in known:
        yield process
        process = known[process]


def command_of(process: int) -> str:
    """Return the command line of a process; "" if it has ended."""
    try:
        return (_PROC / str(process) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def caller_at(port: int, among: list[int]) -> int:
    """Return which of some processes has a connection from a local port; 0 if none has."""
    inode = _inode(port)
    for process in among:
        with suppress(OSError):
            for link in (_PROC / str(process) / "fd").iterdir():
                with suppress(OSError):
                    if str(link.readlink()) == f"socket:[{inode}]":
                        return process
    return 0


def _inode(port: int) -> str:
    for name in ("tcp", "tcp6"):
        for line in (_PROC / "net" / name).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _ESTABLISHED and int(fields[1].rpartition(":")[2], 16) == port:
                return fields[9]
    return ""


def kill(processes: list[int]) -> None:
    """End processes as a machine does that is switched off: none of them can do anything more."""
    for how in (signal.SIGSTOP, signal.SIGKILL):
        for process in processes:
            with suppress(ProcessLookupError):
                os.kill(process, how)


def kill_tree(process: int) -> None:
    """End a process and all that it has started, at once."""
    stopped = descendants(process)
    kill(stopped)
    # What was started while others were being stopped.
    kill([one for one in descendants(process) if one not in stopped])

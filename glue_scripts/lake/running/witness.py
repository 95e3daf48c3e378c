"""A process beside a worker that runs items one by one, so that one that kills it is known.

Only for items among which one has killed a worker, because each batch costs the start of a process.
"""

from __future__ import annotations

import os
import pickle
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import IO, Any, TypeVar

from lake.running.isolation import Fault, Guarded
from lake.store import use_region

Item = TypeVar("Item")
Result = TypeVar("Result")
_MAIN = f"import sys; sys.path[:] = {{path!r}}; from {__name__} import serve; serve()"
_LENGTH = struct.Struct("<Q")
_START_SECONDS = 60.0
_PATIENCE = 2.0


def each_alone(
    guarded: Guarded[Item, Result], region: str, items: Sequence[Item]
) -> list[Result | Fault]:
    """Return the results in order; a fault for each item that killed the process or hung in it."""
    process: _Process | None = None
    results: list[Result | Fault] = []
    for item in items:
        process = process or _Process(guarded, region)
        found = process.result_of(item, _PATIENCE * guarded.seconds(item))
        results.append(found)
        if process.is_dead:
            process = None
    if process:
        process.end()
    return results


def serve() -> None:
    """Run the process: receive a function, then apply it item by item, until there are no more."""
    read, write = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Output of libraries must not mix with the answers.
    os.dup2(2, 1)
    region, function = _take(read)
    use_region(region)
    _put(write, "ready")
    while (item := _take(read)) is not None:
        _put(write, function(*item))


class _Process:
    def __init__(self, guarded: Callable[[Any], Any], region: str) -> None:
        command = [sys.executable, "-c", _MAIN.format(path=sys.path)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.is_dead = False
        self._to, self._from = _opened(self._process.stdin), _opened(self._process.stdout)
        self._ask((region, guarded), _START_SECONDS)

    def result_of(self, item: object, seconds: float) -> Any:
        return self._ask((item,), seconds)

    def end(self) -> None:
        self._to.close()
        self._process.wait()
        self._from.close()
        self.is_dead = True

    def _ask(self, question: object, seconds: float) -> Any:
        try:
            _put(self._to, question)
            return _take(_Patient(self._from, time.monotonic() + seconds))
        except TimeoutError:
            return self._died(f"it did not end within {seconds:,.0f} seconds")
        except (OSError, EOFError):
            return self._died("it ended the process that worked on it, as too little memory does")

    def _died(self, reason: str) -> Fault:
        self._process.kill()
        self.end()
        return Fault(f"{reason}; it was tried alone, so it is at fault itself")


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    """Return a pipe of a process. Raises ValueError if it was started without."""
    if pipe is None:
        raise ValueError("the process was started without a pipe")
    return pipe


class _Patient:
    """A pipe that is read until a deadline."""

    def __init__(self, pipe: IO[bytes], until: float) -> None:
        self._pipe = pipe
        self._until = until

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            left = self._until - time.monotonic()
            if left <= 0 or not select.select([self._pipe], [], [], left)[0]:
                raise TimeoutError
            part = os.read(self._pipe.fileno(), size - len(data))
            if not part:
                raise EOFError
            data += part
        return data


def _put(pipe: IO[bytes], value: object) -> None:
    body = pickle.dumps(value)
    pipe.write(_LENGTH.pack(len(body)) + body)
    pipe.flush()


def _take(pipe: IO[bytes] | _Patient) -> Any:
    """Read a value from a pipe; return None at its end."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    [size] = _LENGTH.unpack(head)
    return pickle.loads(pipe.read(size))  # noqa: S301 - made by this module

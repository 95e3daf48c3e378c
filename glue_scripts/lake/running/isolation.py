"""Isolation of items: one that raises, hangs or kills its process costs no other.

A guarded function returns a `Fault` in place of a result. Three fences stand around each call:
exceptions are caught; a call that takes too long is interrupted; one that cannot be interrupted
ends its process, and is found out when its items are run again, each watched by a witness.
"""

from __future__ import annotations

import errno
import faulthandler
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from lake.errors import BudgetExceeded, LakeError, OriginalGone

logger = logging.getLogger(__name__)
Item = TypeVar("Item")
Result = TypeVar("Result")
_LONGEST_REASON = 400
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "403", "InvalidObjectState"})
_OF_THE_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE}
)
_PATIENCE = 1.5
"""How many times its budget a call may take before its process is ended."""
_ends: list[float] = []
"""When each active fence ends the process, on the monotonic clock, the outermost first. An alarm
may also be somebody else's, who does not want the process to end."""


class Blame(StrEnum):
    """The cause of a fault."""

    ITEM = "item"
    DENIAL = "denial"
    """AWS denies access: the item's fault, if others are allowed it."""
    AWS = "aws"
    """AWS is busy, broken or out of reach: another attempt may succeed."""
    MACHINE = "machine"
    """The worker's machine has no room on its disk, or fails: another one may not."""

    @property
    def may_pass(self) -> bool:
        """Whether the same may succeed later, or elsewhere."""
        return self in (self.AWS, self.MACHINE)


@dataclass(frozen=True)
class Fault:
    """The reason why there is no result."""

    reason: str
    """The innermost cause, for people."""
    blame: Blame = Blame.ITEM


@dataclass(frozen=True)
class Budget:
    """The time that work on an object may take."""

    least_seconds: float = 120
    """Granted to any object, however small."""
    bytes_per_second: float = 1024 * 1024

    def seconds(self, size: int) -> float:
        """Return the seconds for an object of so many bytes as stored."""
        return self.least_seconds + size / self.bytes_per_second


USUAL_BUDGET = Budget()


@dataclass(frozen=True)
class Guarded(Generic[Item, Result]):
    """A function whose every call is guarded. Can be sent to Spark's tasks if its parts can."""

    function: Callable[[Item], Result]
    seconds: Callable[[Item], float]
    """Seconds that a call may take."""

    def __call__(self, item: Item) -> Result | Fault:
        try:
            with within(self.seconds(item)):
                return self.function(item)
        except Exception as error:  # noqa: BLE001 - any error costs only this item
            return fault_of(error)


def fault_of(error: BaseException) -> Fault:
    """Return the fault for the item that raised an exception; its stack goes to the log."""
    logger.error("%s", reason_of(error), exc_info=error)
    return Fault(reason_of(error), blame_for(error))


def reason_of(error: BaseException) -> str:
    """Return the innermost cause in words, on one line."""
    inner = list(_chain(error))[-1] if not isinstance(error, LakeError) else error
    if isinstance(inner, MemoryError):
        return "it takes more memory than a worker has: split it into smaller files"
    text = " ".join(str(inner).split()) or "no message"
    said = text if isinstance(inner, LakeError) else f"unexpected {type(inner).__name__}: {text}"
    return said if len(said) <= _LONGEST_REASON else f"{said[:_LONGEST_REASON]} …"


def blame_for(error: BaseException) -> Blame:
    """Return what is to blame for an exception, by its causes."""
    chain = list(_chain(error))
    if any(isinstance(inner, OriginalGone) for inner in chain):
        return Blame.ITEM
    codes = [e.response["Error"]["Code"] for e in chain if isinstance(e, ClientError)]
    if any(code in _DENIALS or code.startswith("KMS.") for code in codes):
        return Blame.DENIAL
    if any(isinstance(e, OSError) and e.errno in _OF_THE_MACHINE for e in chain):
        return Blame.MACHINE
    return Blame.AWS if codes or any(isinstance(e, BotoCoreError) for e in chain) else Blame.ITEM


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limit the time of a block: raises BudgetExceeded in the middle of one that takes longer.

    Code that does not return to Python in time cannot be interrupted: the process is ended a while
    later. Signals reach only the main thread, which is where Spark's workers work; in other threads
    there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, partial(_interrupt, seconds))
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    _ends.append(began + _PATIENCE * seconds)
    _end_process_in_time()
    try:
        yield
    finally:
        # An alarm that was set before goes on with the rest of its time.
        left = max(outer - (time.monotonic() - began), 0.001) if outer else 0
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, left)
        _ends.pop()
        _end_process_in_time()


def _end_process_in_time() -> None:
    """Schedule the end of the process for the innermost active fence; without any, cancel it."""
    if _ends and sys.__stderr__ is not None:
        left = max(_ends[-1] - time.monotonic(), 0.001)
        faulthandler.dump_traceback_later(left, exit=True, file=sys.__stderr__)
    else:
        faulthandler.cancel_dump_traceback_later()


def _interrupt(seconds: float, *_: object) -> None:
    raise BudgetExceeded(
        f"it took longer than {seconds:,.0f} seconds, which is all that an object of its size gets"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    inner: BaseException | None = error
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        yield inner
        inner = inner.__cause__ or (None if inner.__suppress_context__ else inner.__context__)

"""A fence around memory: what would take more than it may is refused it, and raises."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STATUS = Path("/proc/self/statm")
_DATA = 5
"""Place of the pages of data: https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html"""


@contextmanager
def within_memory(size: int) -> Iterator[None]:
    """Limit the memory that a block may take in addition to what its process has.

    What asks for more gets a MemoryError, or ends the process where a library does not check. The
    limit is the process's, so it is set only by the main thread, which is where Spark's workers
    work; and only on Linux, which alone tells what a process has.
    """
    held = _held() if threading.current_thread() is threading.main_thread() else None
    if held is None:
        yield
        return
    before, most = resource.getrlimit(resource.RLIMIT_DATA)
    limits = [own for own in (before, most) if own != resource.RLIM_INFINITY]
    limit = min([held + size, *limits])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, most))


def _held() -> int | None:
    """Return the bytes that the process has reserved for data; None if that is not told."""
    try:
        pages = _STATUS.read_text().split()[_DATA]
    except OSError:
        return None
    return int(pages) * resource.getpagesize()

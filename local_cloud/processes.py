"""Children of this process are groups, so that none of their own children outlives them."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import Any


def end_group(process: subprocess.Popen[Any], *, patience: float = 2.0) -> None:
    """Ask the process and all it has started to end; then make them."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
            if how == signal.SIGKILL:
                return

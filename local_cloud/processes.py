"""Ends child processes as groups, so that none of their own children outlives them."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import Any


def end_group(process: subprocess.Popen[Any], *, timeout: float = 2.0) -> None:
    """Ask the process and all it has started to end; kill those that do not."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=timeout)
            if how == signal.SIGKILL:
                return

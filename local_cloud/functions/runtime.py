"""Runs one function's handler, an event per line. Started as a script inside the function's code.

Standard input has a request per line, standard output (as it was at the start) an answer per
line; what the function itself prints goes to standard error. From this repository only what is
in the function's own asset is on the path.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from typing import Any


class Context:
    """The context that Lambda passes with the event."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.aws_request_id = request["request_id"]
        self.invoked_function_arn = request["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + request["timeout"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is a text file
    handler: Any = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            handler = handler or _handler(os.environ["_HANDLER"])
            answer = {"result": handler(json.loads(request["body"]), Context(request))}
            text = json.dumps(answer)
        except BaseException as error:  # noqa: BLE001 - also sys.exit ends an invocation only
            traceback.print_exc()
            text = json.dumps({"error": {"type": type(error).__name__, "message": str(error)}})
        sys.stdout.flush()
        print(text, file=answers, flush=True)


def _handler(name: str) -> Any:
    module, _, function = name.replace("/", ".").rpartition(".")
    return getattr(importlib.import_module(module), function)


if __name__ == "__main__":
    main()

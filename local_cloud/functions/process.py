"""One function's process: started once, asked many times, replaced when it dies."""

from __future__ import annotations

import io
import json
import os
import select
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, cast

from local_cloud.calls import CALLER_VARIABLE
from local_cloud.errors import FunctionError, RoleRefused
from local_cloud.inventory import FunctionSpec
from local_cloud.processes import end_group

_RUNTIME = Path(__file__).with_name("runtime.py")


class FunctionProcess:
    """Serves one invocation at a time."""

    def __init__(
        self,
        spec: FunctionSpec,
        *,
        code: Callable[[], bytes],
        environment: Mapping[str, str],
        work: Path,
        credentials: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Take the environment, and what returns the credentials of a new process.

        `credentials` may raise RoleRefused.
        """
        self.spec = spec
        self.log = work / "logs" / f"{spec.name}.log"
        self._code = code
        self._environment = environment
        self._credentials = credentials
        self._folder = work / "functions" / spec.name
        self._process: subprocess.Popen[bytes] | None = None

    def invoke(self, body: str) -> Any:
        """Return what the handler returns.

        Raises FunctionError if it raises, hangs or dies, or cannot be started.
        """
        process = self._running()
        requests, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        request = {
            "request_id": str(uuid.uuid4()),
            "arn": self.spec.arn,
            "timeout": self.spec.timeout,
            "body": body,
        }
        try:
            requests.write(json.dumps(request).encode() + b"\n")
            requests.flush()
        except BrokenPipeError:
            pass
        answer = json.loads(self._line(answers, process))
        if "error" in answer:
            raise FunctionError(
                f"function {self.spec.name} raised {answer['error']['type']}: "
                f"{answer['error']['message']} (log: {self.log})"
            )
        return answer["result"]

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end_group(process)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _line(self, answers: IO[bytes], process: subprocess.Popen[bytes]) -> bytes:
        try:
            line = _line(answers, self.spec.timeout)
        except TimeoutError as error:
            self.close()
            raise FunctionError(
                f"function {self.spec.name} took more than {self.spec.timeout} s and was ended"
            ) from error
        if not line:
            code = process.wait()
            self.close()
            raise FunctionError(
                f"function {self.spec.name} died with exit code {code} (log: {self.log})"
            )
        return line

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        environment = self._child_environment()
        self._unpack()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                # -P: the runtime's own folder, which is this package's, stays off the path.
                [sys.executable, "-P", str(_RUNTIME)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self._folder,
                env=environment,
                bufsize=0,
                start_new_session=True,
            )
        return self._process

    def _unpack(self) -> None:
        if not self._folder.exists():
            self._folder.mkdir(parents=True)
            with zipfile.ZipFile(io.BytesIO(self._code())) as archive:
                archive.extractall(self._folder)

    def _child_environment(self) -> dict[str, str]:
        try:
            credentials = self._credentials()
        except RoleRefused as error:
            raise FunctionError(f"function {self.spec.name} cannot be started: {error}") from error
        return {
            **self._environment,
            **credentials,
            **self.spec.environment,
            "_HANDLER": self.spec.handler,
            "LAMBDA_TASK_ROOT": str(self._folder),
            "PYTHONPATH": str(self._folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": ":UTC",
            CALLER_VARIABLE: "function",
            "AWS_LAMBDA_FUNCTION_NAME": self.spec.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.spec.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.spec.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "laptop",
        }


def _line(pipe: IO[bytes], timeout: float) -> bytes:
    """Return a whole line, or nothing if the pipe ends. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    line = bytearray()
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        block = os.read(pipe.fileno(), 1 << 16)
        if not block:
            return b""
        line += block
    return bytes(line)

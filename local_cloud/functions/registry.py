"""All functions of a cloud, by name."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from local_cloud.errors import FunctionError
from local_cloud.functions.process import FunctionProcess
from local_cloud.inventory import FunctionSpec


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One invocation of a function that has ended."""

    function: str
    records: int
    """Number of messages that it was given; 0 for an event of another kind."""
    seconds: float
    ended: float
    """On the monotonic clock."""


class FunctionRegistry:
    """Runs each function one invocation at a time, and several functions side by side."""

    def __init__(
        self,
        *,
        work: Path,
        environment: Callable[[], dict[str, str]],
        fetch: Callable[[str, str], bytes],
        credentials: Callable[[FunctionSpec], Mapping[str, str]],
    ) -> None:
        self._work = work
        self._environment = environment
        self._fetch = fetch
        self._credentials = credentials
        self._processes: dict[str, FunctionProcess] = {}
        self._turns: dict[str, threading.Lock] = {}
        self._later = ThreadPoolExecutor(max_workers=4, thread_name_prefix="invocation")
        self._waiting: set[Future[Any]] = set()
        self.invocations: list[Invocation] = []
        """Those with an answer, in the order of their ends."""

    def add(self, spec: FunctionSpec) -> None:
        self._turns[spec.name] = threading.Lock()
        self._processes[spec.name] = FunctionProcess(
            spec,
            code=lambda: self._fetch(spec.code_bucket, spec.code_key),
            environment=self._environment(),
            work=self._work,
            credentials=partial(self._credentials, spec),
        )

    def spec(self, name: str) -> FunctionSpec:
        return self._process(name).spec

    def invoke(self, name: str, event: Any) -> Any:
        """Return the function's answer. Raises FunctionError if it raises, hangs or dies."""
        began = time.monotonic()
        answer = self._invoke(name, json.dumps(event))
        records = event.get("Records", []) if isinstance(event, dict) else []
        ended = time.monotonic()
        self.invocations.append(
            Invocation(function=name, records=len(records), seconds=ended - began, ended=ended)
        )
        return answer

    def invoke_now(self, name: str, body: str) -> tuple[str, bool]:
        """Return the payload as the API gives it, and whether it is an error."""
        try:
            return json.dumps(self._invoke(name, body)), False
        except FunctionError as error:
            return json.dumps({"errorMessage": str(error), "errorType": "FunctionError"}), True

    def invoke_later(self, name: str, body: str) -> None:
        """Invoke asynchronously: with two more attempts if it fails, as on AWS."""
        future = self._later.submit(self._attempts, name, body)
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)

    @property
    def is_idle(self) -> bool:
        return not self._waiting

    def close(self) -> None:
        with ExitStack() as stack:
            for process in self._processes.values():
                stack.callback(process.close)
        self._later.shutdown(cancel_futures=True)

    def _attempts(self, name: str, body: str) -> None:
        for _ in range(3):
            _, is_error = self.invoke_now(name, body)
            if not is_error:
                return

    def _invoke(self, name: str, body: str) -> Any:
        process = self._process(name)
        with self._turns[name]:
            return process.invoke(body)

    def _process(self, name: str) -> FunctionProcess:
        if name not in self._processes:
            raise FunctionError(f"no template has a function {name}")
        return self._processes[name]

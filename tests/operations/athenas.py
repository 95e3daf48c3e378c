"""An Athena on this machine: it speaks the API, and answers what a test has given it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

RESULTS = "athena-results"
Column = Mapping[str, Any]


def column(name: str, kind: str, precision: int = 0, scale: int = 0) -> Column:
    return {"Name": name, "Type": kind, "Precision": precision, "Scale": scale}


@dataclass
class SmallAthena:
    """One query at a time: its states in order, of which the last one lasts."""

    states: Sequence[str] = ("QUEUED", "RUNNING", "SUCCEEDED")
    reason: str = ""
    columns: Sequence[Column] = ()
    scanned: int = 3_000_000_000
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    _looks: int = 0

    def answer(self, operation: str, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        if operation == "StartQueryExecution":
            self.asked.append(body)
            self._looks = 0
            if body["WorkGroup"] == "unknown":
                message = "WorkGroup is not found."
                return 400, {"__type": "InvalidRequestException", "Message": message}
            return 200, {"QueryExecutionId": "q-1"}
        if operation == "StopQueryExecution":
            self.stopped.append(body["QueryExecutionId"])
            return 200, {}
        if operation == "GetQueryExecution":
            return 200, {"QueryExecution": self._execution()}
        assert operation == "GetQueryResults"
        assert body["MaxResults"] == 1
        metadata = {"ColumnInfo": list(self.columns)}
        return 200, {"ResultSet": {"Rows": [], "ResultSetMetadata": metadata}}

    def _execution(self) -> Mapping[str, Any]:
        state = self.states[min(self._looks, len(self.states) - 1)]
        self._looks += 1
        return {
            "QueryExecutionId": "q-1",
            "Status": {"State": state, "StateChangeReason": self.reason},
            "Statistics": {
                "DataScannedInBytes": self.scanned,
                "TotalExecutionTimeInMillis": 1500,
            },
            "ResultConfiguration": {"OutputLocation": f"s3://{RESULTS}/readers/q-1.csv"},
        }


class Answering(Protocol):
    """Something that answers calls of an API which has JSON for both."""

    def answer(self, operation: str, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]: ...


@contextmanager
def served(athena: Answering) -> Iterator[str]:
    """Serve the API; yields where."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            length = int(self.headers["Content-Length"])
            code, found = athena.answer(operation, json.loads(self.rfile.read(length)))
            body = json.dumps(found).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

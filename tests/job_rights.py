"""Holds each call of a job's code against what the job's role may do, in whatever test it is made.

Tests that run a job's code in this process have all rights, and few of its rarer ways come by where
roles are enforced. So each request is looked at as it leaves.
"""

from __future__ import annotations

import io
import sys
from collections import defaultdict
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from botocore.endpoint import Endpoint

from local_cloud.access.call import AwsCall
from local_cloud.access.facts import Facts
from local_cloud.access.granted import kind_of
from local_cloud.access.needs.of_call import needs_of
from local_cloud.access.unused import permissions_in
from local_cloud.permissions_command import GRANTED
from tests.aws import REGION

ACCOUNT = "123456789012"
"""Moto's, and that of the tests' settings."""
ENTRIES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("glue_scripts/lake/load.py", "process"): ("file-processor", "data-ingestion"),
    ("glue_scripts/curation/processing.py", "process"): ("data-processing",),
    ("glue_scripts/curation/quality_gate.py", "judge"): ("data-quality",),
    ("glue_scripts/maintenance/upkeep.py", "keep"): ("table-maintenance",),
    ("glue_scripts/curation/legislators.py", "publish"): ("legislators",),
    ("infra_app/lambdas/trigger/handler.py", "handle"): ("trigger",),
    ("infra_app/lambdas/trigger/monitoring.py", "look"): ("monitor",),
}
"""Functions in which a job's work begins, and the jobs that call them."""
_ROOT = str(Path(__file__).resolve().parents[1])
_PLACES = ("glue_scripts", "infra_app", "wires", "operations", "config")
_CODE = tuple(f"{_ROOT}/{folder}/" for folder in _PLACES)
_OTHER_NAMES = (
    "sns:Publish",
    *(f"glue:{does}{what}Run" for does in ("Get", "Start") for what in ("Job", "Workflow")),
)
"""Actions on what tests call by names of their own: topics, jobs and workflows."""


class NotGranted(AssertionError):
    """A job's code makes a call that the job's role does not allow."""


def hold_calls_against_roles() -> None:
    """Look at all requests of this process from now on."""
    send = Endpoint._send

    def looked_at(self: Endpoint, request: Any) -> Any:
        if jobs := _jobs(sys._getframe(1)):
            _check(jobs, request)
        return send(self, request)

    Endpoint._send = looked_at


def _jobs(frame: FrameType | None) -> tuple[str, ...]:
    """Return whose code makes a call; nothing if a test makes it, be it in the middle of a job."""
    is_ours = False
    while frame is not None:
        name, file_of = frame.f_code.co_name, frame.f_code.co_filename
        if not is_ours and file_of.startswith(_ROOT) and "/.venv/" not in file_of:
            is_ours = True
            if not file_of.startswith(_CODE):
                return ()
        if name in _FUNCTIONS:
            for file, jobs in _FUNCTIONS[name]:
                if frame.f_code.co_filename.endswith(file):
                    return jobs
        frame = frame.f_back
    return ()


def _by_function() -> Mapping[str, list[tuple[str, tuple[str, ...]]]]:
    found = defaultdict(list)
    for (file, function), jobs in ENTRIES.items():
        found[function].append((file, jobs))
    return dict(found)


_FUNCTIONS = _by_function()
refused: list[str] = []
"""Calls of the test that runs, also those whose error somebody has caught."""
granted: dict[str, list[tuple[str, str]]] = defaultdict(list)


def granted_to(role: str) -> list[tuple[str, str]]:
    if not granted:
        for one in permissions_in(GRANTED):
            granted[one.role].append((one.action, one.resource))
    return granted[role]


def _check(jobs: tuple[str, ...], request: Any) -> None:
    call = AwsCall(_environ(request))
    for need in needs_of(call, Facts(account=ACCOUNT, region=REGION)):
        kind = "*" if need.action.startswith(_OTHER_NAMES) else kind_of(need.resource)
        for job in jobs if kind else ():
            if not any(
                action == need.action and (kind == "*" or fnmatchcase(kind, pattern))
                for action, pattern in granted_to(job)
            ):
                refused.append(f"the role of {job} does not allow {need.action} on {kind}")
                raise NotGranted(refused[-1])


def _environ(request: Any) -> dict[str, Any]:
    """Return a request as a server would get it, with the bucket in its path."""
    url = urlsplit(request.url)
    path = url.path
    bucket, dot, _ = (url.hostname or "").partition(".s3.")
    if dot:
        path = f"/{bucket}{path}"
    body = request.body or b""
    if hasattr(body, "read"):
        body = b""
    elif isinstance(body, str):
        body = body.encode()
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": _text(value)
        for name, value in request.headers.items()
    }
    return {
        **headers,
        "REQUEST_METHOD": request.method,
        "RAW_URI": f"{path}?{url.query}" if url.query else path,
        "QUERY_STRING": url.query,
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "wsgi.input": io.BytesIO(bytes(body)),
    }


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value

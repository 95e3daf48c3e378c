"""Asks whether `s3://` paths may be opened, before Spark opens them as files of this machine.

Python imports a module of this name when it starts. On AWS Spark would ask S3 for each file, which
refuses what the job's role may not do; here the paths lead past S3.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_MODULE = "pyspark.sql.readwriter"
_FORMATS = ("csv", "json", "orc", "parquet", "text", "xml")
_ADDRESS = "/_local_cloud/files"


class _Finder(importlib.abc.MetaPathFinder):
    """Finds Spark's readers and writers, and guards them once they are imported."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - as Python calls it
        target: ModuleType | None = None,  # noqa: ARG002 - as Python calls it
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Guarding(spec.loader)
        return spec


class _Guarding(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _guard(module.DataFrameReader, ("load", *_FORMATS), "reads")
        _guard(module.DataFrameWriter, ("save", *_FORMATS), "writes")


def _guard(kind: Any, methods: Sequence[str], does: str) -> None:
    for name in methods:
        if hasattr(kind, name):
            setattr(kind, name, _guarded(getattr(kind, name), does))


def _guarded(method: Callable[..., Any], does: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def guarded(self: Any, *arguments: Any, **named: Any) -> Any:
        given = (*arguments, named.get("path"), named.get("paths"))
        _ask(does, [path for one in given for path in _locations(one)])
        return method(self, *arguments, **named)

    return guarded


def _locations(given: Any) -> Iterator[str]:
    if isinstance(given, str) and given.startswith(("s3://", "s3a://")):
        yield given
    elif isinstance(given, (list, tuple)):
        for one in given:
            yield from _locations(one)


def _ask(does: str, locations: list[str]) -> None:
    """Raises PermissionError for what the role may not do."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    if not locations or not endpoint:
        return
    # Every process of a job imports this module, and only the driver asks.
    import json  # noqa: PLC0415
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    content = {"reads": [], "writes": [], does: locations}
    scope = f"{os.environ.get('AWS_ACCESS_KEY_ID', '')}/20260101/here/s3/aws4_request"
    request = urllib.request.Request(  # noqa: S310 - the address of this machine's own AWS
        endpoint + _ADDRESS,
        data=json.dumps(content).encode(),
        headers={"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request):
            return
    except urllib.error.HTTPError as error:
        with error:
            raise PermissionError(f"AccessDenied: {error.read().decode()}") from None


sys.meta_path.insert(0, _Finder())

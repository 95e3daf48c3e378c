"""moto's HTTP application, without the work that it repeats for each request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError
from flask import Flask
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import (
    BackendRequest,
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from local_cloud.http.request import Environ
from local_cloud.moto_glue import honour_table_versions

View = Callable[[BackendRequest, str, dict[str, str]], Any]
"""A service's answer: its body, or status, headers and body."""


class MotoApplication(DomainDispatcherApplication):
    """Remembers what moto looks up each time: the service of a host, and the view of a service.

    moto lists its own folder for each request to see which services it has. Flask, which moto uses
    to route, takes as long as moto takes to answer; services whose operations all have one path
    need no routing.
    """

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        honour_table_versions()
        self._services: dict[str | None, Any] = {}
        self._views: dict[Flask, View | None] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        if host not in self._services:
            self._services[host] = super().get_backend_for_host(host)
        return self._services[host]

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        application = self.get_application(environ)
        view = self._view(application) if _has_one_path(environ) else None
        if view is None:
            answer: Iterable[bytes] = application(environ, start_response)
            return answer
        return _viewed(view, environ, start_response)

    def _view(self, application: Flask) -> View | None:
        if application not in self._views:
            self._views[application] = _view_of_root(application)
        return self._views[application]


def _has_one_path(environ: Environ) -> bool:
    """Whether the operation is in a header, and no browser needs headers about its origin."""
    return (
        "HTTP_X_AMZ_TARGET" in environ
        and environ["PATH_INFO"] == "/"
        and "HTTP_ORIGIN" not in environ
    )


def _view_of_root(application: Flask) -> View | None:
    try:
        endpoint, _ = application.url_map.bind("localhost").match("/", method="POST")
    except (HTTPException, RequestRedirect):
        return None
    view = application.view_functions[endpoint]
    return view.callback if isinstance(view, convert_to_flask_response) else None


def _viewed(view: View, environ: Environ, start_response: Any) -> Iterable[bytes]:
    request = BackendRequest(environ)
    try:
        answer = view(request, request.raw_url, dict(request.headers))
    except ClientError as error:
        answer = 400, {}, error.response["Error"]["Message"]
    except HTTPException as error:
        failure: Iterable[bytes] = error.get_response(environ)(environ, start_response)
        return failure
    status, headers, content = answer if len(answer) == 3 else (200, {}, answer)
    body = content.encode() if isinstance(content, str) else bytes(content)
    spelled = {str(name).lower(): str(value) for name, value in headers.items()}
    spelled.setdefault("content-type", "text/html; charset=utf-8")
    spelled["content-length"] = str(len(body))
    start_response(f"{int(status)} {HTTPStatus(int(status)).phrase}", list(spelled.items()))
    return [body]

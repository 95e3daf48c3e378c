"""How requests say who asks: what is added to each, from the secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from connectors.errors import AccessRefused, SecretError
from connectors.http.messages import Answer, Request, place_of
from connectors.http.pace import Clock
from connectors.secrets import Secret, Secrets
from wires.api_sources import Authentication, ClientPlace, KeyPlace, Login

_BEFORE_ITS_END = 30.0
"""Seconds before a token runs out at which another is asked for."""
_USUAL_LIFE = 300.0
"""Seconds of a token whose server does not say how long it is good for."""
Post = Callable[[str, bytes, Mapping[str, str]], Answer]
"""Sends a body to an address with headers; has attempts, and a budget."""


class Credentials:
    """Puts credentials on requests, and renews them."""

    def __init__(
        self, authentication: Authentication, secrets: Secrets, *, post: Post, clock: Clock
    ) -> None:
        self._how = authentication
        self._secrets = secrets
        self._post = post
        self._clock = clock
        self._token = ""
        self._until = 0.0

    def on(self, request: Request) -> tuple[Request, Mapping[str, str]]:
        """Return the request with parameters, and the headers, that say who asks.

        Raises SecretError, or AccessRefused if no token can be had.
        """
        how = self._how
        if how.kind is Login.KEY and how.place is KeyPlace.PARAMETER:
            key = self._secrets.current.value("key")
            return request.with_parameter(how.name, key), {}
        return request, self._headers()

    def _headers(self) -> Mapping[str, str]:
        secret = self._secrets.current
        if self._how.kind is Login.KEY:
            return {self._how.name: _header(secret, "key")}
        if self._how.kind is Login.BEARER:
            return {"Authorization": f"Bearer {_header(secret, 'token')}"}
        if self._how.kind is Login.BASIC:
            return {"Authorization": _basic(secret.value("username"), secret.value("password"))}
        if self._how.kind is Login.OAUTH2:
            return {"Authorization": f"Bearer {self._good_token()}"}
        return {}

    def renew(self) -> bool:
        """Have other credentials after a refusal; False if there are none but the same.

        A secret is read again, because somebody may have replaced it since.
        """
        if self._how.kind is Login.NONE:
            return False
        before = self._secrets.current
        after = self._secrets.read()
        if self._how.kind is Login.OAUTH2:
            self._token = ""
            return True
        return after != before

    def _good_token(self) -> str:
        if not self._token or self._clock.monotonic() >= self._until:
            self._ask_for_a_token()
        return self._token

    def _ask_for_a_token(self) -> None:
        secret, how = self._secrets.current, self._how
        id, password = secret.value("client_id"), secret.value("client_secret")
        form = {"grant_type": "client_credentials", **dict(how.token_parameters)}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        if how.scope:
            form["scope"] = how.scope
        if how.client_in is ClientPlace.BODY:
            form |= {"client_id": id, "client_secret": password}
        else:
            # https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
            headers["Authorization"] = _basic(quote(id, safe=""), quote(password, safe=""))
        answer = self._post(how.token_url, urlencode(form).encode(), headers)
        given = self._read(answer)
        self._token = str(given["access_token"])
        self._secrets.also(token=self._token)
        life = given.get("expires_in")
        seconds = float(str(life)) if str(life).isdigit() else _USUAL_LIFE
        self._until = self._clock.monotonic() + max(seconds - _BEFORE_ITS_END, seconds / 2)

    def _read(self, answer: Answer) -> Mapping[str, Any]:
        try:
            given = json.loads(answer.body)
        except ValueError:
            given = None
        if answer.status == 200 and isinstance(given, dict) and given.get("access_token"):
            return given
        # The rest of the answer may have the credentials in it.
        code = given.get("error") if isinstance(given, dict) else None
        raise AccessRefused(
            f"expected {place_of(self._how.token_url)} to give a token, it answers "
            f"{answer.status} {code if isinstance(code, str) else ''}".rstrip()
            + ": look at client_id, client_secret and api.authentication.scope"
        )


def _basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def _header(secret: Secret, field: str) -> str:
    """Return a value that fits a header. Raises SecretError for one that does not."""
    value = secret.value(field)
    if not value or not value.isascii() or not value.isprintable():
        raise SecretError(
            f"expected the field {field} of the secret {secret.name} to be one line of ASCII "
            "text, as headers are: write it anew"
        )
    return value

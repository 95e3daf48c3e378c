"""The credentials of a source, and how they are kept out of all that people read."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from botocore.exceptions import ClientError

from connectors.errors import ConnectorError, SecretError, SourceFailed

HIDDEN = "(hidden)"
_SHORTEST = 4
"""Shorter values would be found in any text."""
Load = Callable[[], str]


@dataclass(frozen=True, repr=False)
class Secret:
    """Values of a secret. It shows none of them, however it is printed."""

    name: str
    _values: Mapping[str, str]

    def value(self, field: str) -> str:
        """Return a field. Raises SecretError if the secret has none of this name."""
        if field not in self._values:
            raise SecretError(
                f"expected the secret {self.name} to have the field {field}, it has "
                f"{', '.join(sorted(self._values)) or 'none'}: add it"
            )
        return self._values[field]

    def optional(self, field: str) -> str:
        """Return a field; "" if the secret has none of this name."""
        return self._values.get(field, "")

    def hidden_in(self, text: str) -> str:
        """Return a text without the values, as they are or as requests spell them."""
        spellings = {
            spelling
            for value in [*self._values.values(), *self._pairs()]
            if len(value) >= _SHORTEST
            for spelling in (value, quote(value, safe=""), quote_plus(value), _base64(value))
        }
        for spelling in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelling, HIDDEN)
        return text

    def _pairs(self) -> list[str]:
        """Return what basic authentication makes of two fields."""
        values = list(self._values.values())
        return [f"{one}:{other}" for one in values for other in values if one != other]

    def __repr__(self) -> str:
        return f"Secret({self.name!r})"


def secret_from(text: str, name: str) -> Secret:
    """Read a secret's JSON. Raises SecretError, which shows nothing of it."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(type(one) in (str, int) for one in found.values()):
        raise SecretError(
            f'expected the secret {name} to be a JSON object of texts, such as {{"token": "…"}}: '
            "write it anew"
        )
    # Secrets of RDS have the port as a number.
    return Secret(name, {field: str(value) for field, value in found.items()})


class Secrets:
    """Reads one secret, and reads it again when it may have been replaced."""

    def __init__(self, name: str, load: Load) -> None:
        self._name = name
        self._load = load
        self._current: Secret | None = None
        self._known: list[Secret] = []

    @property
    def current(self) -> Secret:
        """The secret as it was read last; one without fields for a source that needs none."""
        return self._current or self.read()

    def text(self) -> str:
        """Return the secret as it is kept."""
        return self._load()

    def read(self) -> Secret:
        """Read it anew. Raises SecretError if it cannot be had."""
        text = self._load() if self._name else "{}"
        self._current = secret_from(text, self._name)
        self._known.append(self._current)
        return self._current

    def also(self, **values: str) -> None:
        """Take down values that were made of the secret, such as a token; they are hidden too."""
        self._known.append(Secret(self._name, values))

    def is_in(self, text: str) -> bool:
        """Whether a text shows a value."""
        return self.hidden_in(text) != text

    def hidden_in(self, text: str) -> str:
        """Return a text without any value that was ever read or made."""
        for secret in self._known:
            text = secret.hidden_in(text)
        return text


def in_secrets_manager(client: Any, name: str) -> Secrets:
    """Return the secret of this name in an account."""

    def load() -> str:
        try:
            return str(client.get_secret_value(SecretId=name)["SecretString"])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise SecretError(
                f"expected to read the secret {name}, Secrets Manager says {code}: create it in "
                "this account and region under that name, as docs/connectors.md says"
            ) from None
        except KeyError:
            raise SecretError(f"expected the secret {name} to be text, it is binary") from None

    return Secrets(name, load)


@contextmanager
def without_secrets(secrets: Secrets) -> Iterator[None]:
    """Let no error of the block through that shows a credential, whatever has made it.

    Glue keeps the error of a run, and shows it to people.
    """
    try:
        yield
    except Exception as error:
        if not any(secrets.is_in(str(one)) for one in _chain(error)):
            raise
        kind = type(error) if isinstance(error, ConnectorError) else SourceFailed
        raise kind(secrets.hidden_in(str(error))) from None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and those that a traceback shows with it."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()

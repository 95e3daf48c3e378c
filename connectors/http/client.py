"""Asks an API: within its budget, as often as it takes, and as whoever the secret says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import AccessRefused, SourceFailed
from connectors.http.addresses import Addresses
from connectors.http.logins import Credentials
from connectors.http.messages import Answer, Request, place_of
from connectors.http.pace import Budget, Clock, demanded_pause, pause_before
from connectors.http.transport import BrokenExchange, Transport, origin_of
from connectors.secrets import Secrets
from wires.api_sources import ApiSource, Login

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same request may be answered otherwise. All requests only read."""
_REFUSED = frozenset({401, 403})
_LONGEST_WORDS = 300
Say = Callable[[str], Any]


class ApiClient:
    """One run's conversation with an API."""

    def __init__(self, api: ApiSource, secrets: Secrets, *, clock: Clock, say: Say) -> None:
        limits = api.limits
        self._limits = limits
        self._secrets = secrets
        self._clock = clock
        self._say = say
        self._transport = Transport(
            origins=origins_of(api),
            addresses=Addresses.with_networks(api.networks),
            timeout=limits.timeout_seconds,
            most_bytes=limits.bytes_per_answer,
        )
        self._budget = Budget(limits.requests_per_minute, clock)
        self._login = api.authentication.kind
        self._credentials = Credentials(api.authentication, secrets, post=self._post, clock=clock)
        self.requests = 0

    def close(self) -> None:
        self._transport.close()

    def ask(self, request: Request, read: Callable[[Answer], Any]) -> Answer:
        """Return an answer of success with what was read out of it, or that nothing has changed.

        One of which `read` says that it is broken is asked for again.

        Raises SourceFailed, AccessRefused or AddressRefused; none of them shows a credential.
        """
        answer = self._asked(request, read)
        if answer.status in _REFUSED and self._credentials.renew():
            self._say(f"{place_of(request.url)} answers {answer.status}; credentials are renewed")
            answer = self._asked(request, read)
        if answer.status in _REFUSED:
            raise AccessRefused(
                f"{place_of(request.url)} answers {answer.status} to the credentials of the secret "
                f"({self._login}): {self._words(answer)}"
            )
        if answer.status == 304 or 200 <= answer.status < 300:
            return answer
        raise SourceFailed(
            f"{place_of(request.url)} answers {answer.status}: {self._words(answer)}"
        )

    def _asked(self, request: Request, read: Callable[[Answer], Any]) -> Answer:
        def send() -> Answer:
            known, headers = self._credentials.on(request)
            answer = self._transport.send(known, headers)
            good = 200 <= answer.status < 300
            return replace(answer, content=read(answer)) if good else answer

        return self._persistently(place_of(request.url), send)

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self._persistently(
            place_of(url), lambda: self._transport.exchange("POST", url, body, headers)
        )

    def _persistently(self, place: str, send: Callable[[], Answer]) -> Answer:
        """Send until there is an answer that another attempt would not change."""
        attempt = 0
        while True:
            attempt += 1
            answer, trouble = self._attempted(send)
            if answer is not None and answer.status not in _AGAIN:
                return answer
            if attempt >= self._limits.attempts:
                raise SourceFailed(
                    f"{trouble or self._troubled(place, answer)}, in {attempt} attempts"
                )
            pause = pause_before(attempt + 1)
            if answer is not None:
                pause = max(pause, self._demanded(answer, place))
            self._say(f"{trouble or self._troubled(place, answer)}; again in {pause:.0f} s")
            self._clock.sleep(pause)

    def _attempted(self, send: Callable[[], Answer]) -> tuple[Answer | None, str]:
        self._budget.spend()
        self.requests += 1
        try:
            return send(), ""
        except BrokenExchange as error:
            return None, self._secrets.hidden_in(str(error))

    def _demanded(self, answer: Answer, place: str) -> float:
        pause = demanded_pause(answer.headers, self._clock.now())
        if pause > self._limits.longest_wait_seconds:
            raise SourceFailed(
                f"{place} answers {answer.status} and asks to be left alone for {pause:.0f} s, "
                f"longer than api.limits.longest_wait_seconds "
                f"({self._limits.longest_wait_seconds}); the next run asks again"
            )
        return pause

    def _troubled(self, place: str, answer: Answer | None) -> str:
        return f"{place} answers {answer.status if answer else 'nothing'}"

    def _words(self, answer: Answer) -> str:
        """Return the beginning of what a server says, without credentials."""
        text = answer.body[: 10 * _LONGEST_WORDS].decode("utf-8", "replace")
        words = " ".join(self._secrets.hidden_in(text).split())
        return words[:_LONGEST_WORDS] or "it does not say why"


def origins_of(api: ApiSource) -> frozenset[str]:
    """Return the origins that a source's file allows."""
    url = urlsplit(api.url)
    own = {origin_of(url), *(f"{url.scheme.lower()}://{host.lower()}" for host in api.hosts)}
    if api.authentication.kind is Login.OAUTH2:
        own.add(origin_of(urlsplit(api.authentication.token_url)))
    return frozenset(own)

"""Two ways to the same API: over the network with a token, or on the host itself, in this
process, straight to the database."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from flask import Flask

from civic_push.config import is_local, settings
from civic_push.db import db, utcnow
from civic_push.integrations import clients
from civic_push.web.api.frame import HOST_CLIENT
from civic_push.web.problems import API

_SECONDS = 20.0
_PAUSES = (1.0, 3.0)  # before asking again
_PASSING = (502, 503, 504)


class NoAnswer(Exception):
    """The API did not answer, or not as an API does; asking later may help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said."""

    status: int
    body: dict[str, Any]


class Door(Protocol):
    """A way to the API."""

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
            ) -> Answer:
        """One request; `key` makes it safe to repeat. Raises NoAnswer."""


class Remote:
    """The API of another host. A token never travels unencrypted, nor after a redirect."""

    def __init__(self, url: str, token: str, pauses: tuple[float, ...] = _PAUSES) -> None:
        """Raises ValueError for an address that is not safe."""
        self.url = url.rstrip("/").removesuffix(API)
        if not (self.url.startswith("https://") or (
                self.url.startswith("http://") and is_local(self.url))):
            raise ValueError("CIVIC_PUSH_API_URL must begin with https://, so that nobody on "
                             "the way reads the token.")
        self._token, self._pauses = token, pauses

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
            ) -> Answer:
        """One request, repeated twice where nothing, or only a proxy, answers."""
        for pause in (*self._pauses, None):
            try:
                return self._ask(method, path, body, key)
            except NoAnswer:
                if pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError("the last pause is None")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None, key: str) -> Answer:
        headers = {"Authorization": f"Bearer {self._token}",
                   **({"Idempotency-Key": key} if key else {})}
        try:
            answer = requests.request(method, f"{self.url}{API}{path}", json=body,
                                      headers=headers, timeout=_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            raise NoAnswer(f"{self.url} does not answer ({type(error).__name__}).") from error
        if answer.status_code in _PASSING:
            raise NoAnswer(f"{self.url} is not available (status {answer.status_code}).")
        return Answer(answer.status_code, _object(answer.text, self.url))


class Here:
    """The API of this host, in this process; needs an app context."""

    def __init__(self, app: Flask) -> None:
        self._asks = app.test_client()
        self._client = str(clients.of_host(db.session(), utcnow()).id)
        self._url = settings().public_url
        db.session.remove()  # SQLite has one writer: the requests' own sessions

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
            ) -> Answer:
        """One request."""
        more: dict[str, Any] = {} if body is None else {"json": body}
        answer = self._asks.open(
            API + path, method=method, base_url=self._url,
            environ_overrides={HOST_CLIENT: self._client},
            headers={"Idempotency-Key": key, "Accept-Language": "en"} if key else {}, **more)
        return Answer(answer.status_code, _object(answer.get_data(as_text=True), "This host"))


def _object(text: str, who: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NoAnswer(f"{who} does not answer like Civic Push. Is its address right?")
    return found

"""What stands where an Apprise plugin expects the `requests` module: kept connections,
time-outs, and a memory of the last exchange."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0  # unless an Apprise URL says ?cto= and ?rto=


@dataclass(slots=True)
class Exchange:
    """The last thing that happened on the wire during one hand-over."""

    status: int = 0  # 0: no answer
    body: bytes = b""
    retry_after: str = ""
    error: requests.RequestException | None = None
    requests: int = 0


class Wire:
    """Stands where a plugin expects the `requests` module. Sessions belong to one thread
    of one process; cookies are not kept, so that recipients do not leave traces."""

    def __init__(self) -> None:
        self._local = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)  # codes, exceptions, auth …

    def begin(self) -> Exchange:
        """Start to remember; the returned exchange fills itself."""
        self._local.exchange = Exchange()
        return self._local.exchange  # type: ignore[no-any-return]

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Like requests.request, on a kept connection."""
        exchange: Exchange = getattr(self._local, "exchange", None) or self.begin()
        exchange.requests += 1
        exchange.status, exchange.error = 0, None
        options.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        session = self._session()
        try:
            response = session.request(method, url, **options)
        except requests.RequestException as error:
            exchange.error = error
            raise
        finally:
            session.cookies.clear()
        exchange.status, exchange.body = response.status_code, response.content[:8192]
        exchange.retry_after = response.headers.get("Retry-After", "")
        return response

    def get(self, url: str, **options: Any) -> requests.Response:
        """Like requests.get."""
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        """Like requests.post."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> requests.Response:
        """Like requests.put."""
        return self.request("PUT", url, **options)

    def delete(self, url: str, **options: Any) -> requests.Response:
        """Like requests.delete."""
        return self.request("DELETE", url, **options)

    def close(self) -> None:
        """Close this thread's connections."""
        kept = self._local.__dict__.pop("kept", None)
        if kept is not None and kept[0] == os.getpid():
            kept[1].close()

    def _session(self) -> requests.Session:
        kept = getattr(self._local, "kept", None)
        if kept is None or kept[0] != os.getpid():
            session = requests.Session()
            session.trust_env = False  # no .netrc, no proxy that nobody set here
            self._local.kept = kept = (os.getpid(), session)
        return kept[1]


def never_sent(error: requests.RequestException) -> bool:
    """Whether the service cannot have got the request."""
    if isinstance(error, requests.ReadTimeout):
        return False
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.SSLError,
                          requests.exceptions.ProxyError, requests.exceptions.InvalidURL,
                          requests.exceptions.MissingSchema)):
        return True
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    return isinstance(reason, (urllib3.exceptions.NewConnectionError,
                               urllib3.exceptions.NameResolutionError))

"""A municipal identity provider: a real OpenID Connect provider (oidc-provider-mock) in a
process of its own, and what somebody does at its sign-in page."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests


class IdentityProvider:
    """The provider; `issuer` is its address."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://localhost:{port}"

    def knows(self, subject: str, **claims: Any) -> None:
        """Keep an account there, with what it tells about it."""
        requests.put(f"{self.issuer}/users/{subject}", json=claims,
                     timeout=5).raise_for_status()

    def sign_in(self, address: str, subject: str) -> str:
        """Sign in on the page the browser was sent to; where the browser is sent then."""
        return self._send(address, {"sub": subject})

    def deny(self, address: str) -> str:
        """Break off there."""
        return self._send(address, {"action": "deny"})

    def _send(self, address: str, form: dict[str, str]) -> str:
        answer = requests.post(address, data=form, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])


@contextmanager
def providing() -> Iterator[IdentityProvider]:
    """Run the provider while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port),
         "--require-nonce", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(port)
        yield IdentityProvider(port)
    finally:
        process.terminate()
        process.wait(10)


def _await(port: int) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)

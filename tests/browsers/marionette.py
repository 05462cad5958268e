"""Firefox's own remote protocol, Marionette 3: JSON with its length before it, on TCP.
(https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html)"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name for "this is an element"


class MarionetteError(Exception):
    """A command that Firefox could not do."""


class Marionette:
    """One session. Elements are their references, as strings."""

    def __init__(self, port: int, seconds: float = 60) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), seconds)
        self._file = self._socket.makefile("rb")
        self._number = 0
        self._receive()  # the greeting
        self.call("WebDriver:NewSession")

    def close(self) -> None:
        """Close the connection."""
        self._file.close()
        self._socket.close()

    def call(self, command: str, **parameters: Any) -> Any:
        """Do a command and return its value. Raises MarionetteError, OSError."""
        self._number += 1
        body = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(body), body))
        _kind, _number, error, result = self._receive()
        if error:
            raise MarionetteError(f"{command}: {error.get('error')}: {error.get('message')}")
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def run(self, script: str, *arguments: object) -> Any:
        """Run JavaScript with these `arguments`; what it returns."""
        return self.call("WebDriver:ExecuteScript", script=script, args=list(arguments))

    def run_async(self, script: str, *arguments: object) -> Any:
        """Run JavaScript in the page's own world; what it passes to its last argument."""
        # sandbox null: see the page's own globals, not a sandbox of Marionette's
        return self.call("WebDriver:ExecuteAsyncScript", script=script, args=list(arguments),
                         sandbox=None)

    def find(self, xpath: str) -> list[str]:
        """All elements for an XPath."""
        found = self.call("WebDriver:FindElements", using="xpath", value=xpath)
        return [element[_ELEMENT] for element in found]

    def click(self, element: str) -> None:
        """Scroll to an element and click where it is."""
        self.call("WebDriver:ElementClick", id=element)

    def write(self, element: str, text: str) -> None:
        """Replace what stands in a field, key by key."""
        self.call("WebDriver:ElementClear", id=element)
        self.call("WebDriver:ElementSendKeys", id=element, text=text)

    @contextmanager
    def chrome(self) -> Iterator[None]:
        """Scripts in this block run with the browser's privileges."""
        self.call("Marionette:SetContext", value="chrome")
        try:
            yield
        finally:
            self.call("Marionette:SetContext", value="content")

    def _receive(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._file.read(1)
            if not byte:
                raise ConnectionError("Firefox has closed the connection")
            length += byte
        return json.loads(self._file.read(int(length[:-1])))

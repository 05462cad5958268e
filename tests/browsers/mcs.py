"""MCS, the connection over which Google's service brings pushes to Chromium: tag, length
and a protobuf message for each frame, on TLS."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from tests.browsers.protobuf import Message, encode, varint
from tests.stand_ins.push_service import UserAgent
from tests.stand_ins.vapid_check import b64u_decode

if TYPE_CHECKING:
    from tests.browsers.gcm_service import LocalGcmService

_VERSION = 41
_PING, _PONG, _LOGIN, _LOGIN_REPLY, _CLOSE, _IQ, _DATA = 0, 1, 2, 3, 4, 7, 8
# where each kind of frame says up to which of ours it has got (last_stream_id_received)
_SEEN_FIELD = {_PING: 2, _PONG: 2, _IQ: 10, _DATA: 11}


class McsSession:
    """One browser's connection; to LocalPushService it looks like a websocket."""

    def __init__(self, service: LocalGcmService, reader: asyncio.StreamReader,
                 writer: asyncio.StreamWriter) -> None:
        self.agent: UserAgent | None = None
        self._service, self._reader, self._writer = service, reader, writer
        self._sent: list[str | None] = []  # the message that each stream id carried
        self._seen = 0

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._writer.is_closing()

    async def send_json(self, frame: dict[str, Any]) -> None:
        """Send a "notification" frame of LocalPushService as a DataMessageStanza."""
        app, subtype, sender = self._service.apps[frame["channelID"]]
        items = {"subtype": subtype}
        data = []
        if "data" in frame:
            items["content-encoding"] = "aes128gcm"
            data = [(21, b64u_decode(frame["data"]))]
        await self._send(_DATA, encode(
            (2, frame["version"]), (3, sender), (5, app),
            *((7, encode((1, key), (2, value))) for key, value in items.items()),
            (9, frame["version"]), (17, frame.get("ttl", 0)),
            (18, int(time.time() * 1000)), *data, (24, 1)), frame["version"])

    async def close(self) -> None:
        """End the connection."""
        self._writer.close()

    async def serve(self) -> None:
        """Read frames until the browser goes. Raises what a lost connection raises."""
        await self._reader.readexactly(1)  # the browser's version
        while True:
            tag, message = await self._read()
            if self.agent is None:
                if tag != _LOGIN or not await self._login(message):
                    return
                continue
            if tag == _PING:
                await self._send(_PONG, b"")
            if tag in _SEEN_FIELD:
                self._acknowledge(self.agent, message.number(_SEEN_FIELD[tag]))
            if tag == _CLOSE:
                return

    async def _read(self) -> tuple[int, Message]:
        tag = (await self._reader.readexactly(1))[0]
        size = shift = 0
        while True:
            byte = (await self._reader.readexactly(1))[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return tag, Message(await self._reader.readexactly(size))

    async def _login(self, message: Message) -> bool:
        self._writer.write(bytes([_VERSION]))
        agent = self._service.agent(message.texts(3)[0])
        if agent is None:  # error code 401 makes Chromium check in anew
            await self._send(_LOGIN_REPLY, encode((1, "local"), (3, encode((1, 401)))))
            return False
        await self._send(_LOGIN_REPLY, encode((1, "local"), (8, int(time.time() * 1000))))
        self.agent = agent
        await self._service.attach(agent, self, had=message.texts(10))
        return True

    async def _send(self, tag: int, body: bytes, version: str | None = None) -> None:
        self._sent.append(version)
        self._writer.write(bytes([tag]) + varint(len(body)) + body)
        await self._writer.drain()

    def _acknowledge(self, agent: UserAgent, up_to: int) -> None:
        while self._seen < min(up_to, len(self._sent)):
            version = self._sent[self._seen]
            self._seen += 1
            if version:
                self._service.acknowledge(agent, version)

"""The browser's half of the local push service: Mozilla's autopush protocol.

Firefox is pointed here with the pref `dom.push.serverURL`, plus
`dom.push.testing.allowInsecureServerURL`. JSON over a websocket: hello, register,
unregister, notification, ack, nack, broadcast_subscribe, ping.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from cryptography.hazmat.primitives.asymmetric import ec

from tests.stand_ins.vapid_check import b64u_decode, b64u_encode

log = logging.getLogger("push_service")


@dataclass
class Message:
    """A push message on its way to a browser."""

    version: str
    channel: str
    uaid: str
    body: bytes
    expires: float  # 0: never stored
    topic: str | None = None

    def frame(self) -> dict[str, Any]:
        """The `notification` a browser gets."""
        out: dict[str, Any] = {"messageType": "notification", "channelID": self.channel,
                               "version": self.version}
        if self.expires:
            out["ttl"] = max(0, int(self.expires - time.time()))
        if self.body:
            # Firefox picks its decryption scheme from headers.encoding
            out["headers"] = {"encoding": "aes128gcm"}
            out["data"] = b64u_encode(self.body)
        return out


@dataclass
class UserAgent:
    """A browser; `queue` holds what it has not acknowledged, by version."""

    uaid: str
    channels: dict[str, str] = field(default_factory=dict)  # channelID -> token
    socket: web.WebSocketResponse | None = None
    queue: OrderedDict[str, Message] = field(default_factory=OrderedDict)


@dataclass
class Endpoint:
    """What a subscription's URL leads to."""

    token: str
    uaid: str
    channel: str
    key: bytes | None  # applicationServerKey, if the subscription has one
    gone: bool = False


class BrowserSide:
    """Browsers, their subscriptions, and what happened to them."""

    origin: str

    def __init__(self) -> None:
        self._agents: dict[str, UserAgent] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._events: list[dict[str, Any]] = []
        self._changed = threading.Condition()

    def events(self, kind: str | None = None, **match: Any) -> list[dict[str, Any]]:
        """What happened so far, oldest first."""
        with self._changed:
            return [e for e in self._events if (kind is None or e["kind"] == kind)
                    and all(e.get(k) == v for k, v in match.items())]

    def forget_events(self) -> None:
        """Begin anew: what happened so far was somebody else's."""
        with self._changed:
            self._events.clear()

    def wait_event(self, kind: str, timeout: float = 10, count: int = 1, **match: Any
                   ) -> dict[str, Any]:
        """Block (from another thread) until `count` such events were seen."""
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                found = self.events(kind, **match)
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"no {kind} {match} in {timeout} s; "
                                       f"seen: {[e['kind'] for e in self._events]}")
                self._changed.wait(left)

    def _event(self, kind: str, **data: Any) -> None:
        log.info("%s %s", kind, json.dumps(data))
        with self._changed:
            self._events.append({"n": len(self._events), "t": round(time.time(), 3),
                                 "kind": kind, **data})
            self._changed.notify_all()

    async def _root(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(text="local push service\n")
        socket = web.WebSocketResponse(protocols=("push-notification",), max_msg_size=1 << 20)
        await socket.prepare(request)
        agent: UserAgent | None = None
        self._event("connect")
        try:
            async for raw in socket:
                if raw.type != WSMsgType.TEXT:
                    continue
                try:
                    message = json.loads(raw.data)
                    kind = message.get("messageType", "ping")  # a bare {} is a ping too
                except (ValueError, AttributeError):
                    break
                if kind == "hello" and agent is None:
                    agent = await self._hello(socket, message)
                elif agent is None and kind != "ping":
                    break  # anything before hello
                else:
                    await self._heard(socket, agent, kind, message)
        finally:
            if agent is not None and agent.socket is socket:
                agent.socket = None
            self._event("disconnect", uaid=agent.uaid if agent else None)
        return socket

    async def _heard(self, socket: web.WebSocketResponse, agent: UserAgent | None, kind: str,
                     message: dict[str, Any]) -> None:
        if kind == "ping" or agent is None:
            await socket.send_str("{}")
        elif kind == "register":
            await self._register(socket, agent, message)
        elif kind == "unregister":
            await self._unregister(socket, agent, message)
        elif kind == "ack":
            for update in message.get("updates", []):
                agent.queue.pop(str(update.get("version")), None)
                self._event("ack", channel=update.get("channelID"),
                            version=update.get("version"), code=update.get("code"))
        elif kind == "nack":
            self._event("nack", version=message.get("version"), code=message.get("code"))
        elif kind == "broadcast_subscribe":
            self._event("broadcast_subscribe", broadcasts=message.get("broadcasts"))
        else:
            self._event("unknown_message", message=message)

    async def _hello(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> UserAgent:
        asked = message.get("uaid") or ""
        agent = self._agents.get(asked)
        if agent is None:  # new, or forgotten: a new UAID makes Firefox drop every subscription
            agent = UserAgent(uuid.uuid4().hex)
            self._agents[agent.uaid] = agent
        elif agent.socket is not None:
            await agent.socket.close()
        agent.socket = socket
        self._event("hello", asked=asked, uaid=agent.uaid,
                    use_webpush=message.get("use_webpush"), broadcasts=message.get("broadcasts"))
        await socket.send_json({"messageType": "hello", "status": 200, "uaid": agent.uaid,
                                "use_webpush": True, "broadcasts": {}})
        now = time.time()
        for waiting in list(agent.queue.values()):
            if waiting.expires <= now:
                del agent.queue[waiting.version]
                self._event("expired", version=waiting.version)
            else:
                await self._relay(agent, waiting)
        return agent

    async def _register(self, socket: web.WebSocketResponse, agent: UserAgent,
                        message: dict[str, Any]) -> None:
        channel, key, status = str(message.get("channelID", "")), None, 200
        try:
            channel = str(uuid.UUID(channel))
            if message.get("key"):
                key = b64u_decode(message["key"])
                ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        except ValueError:
            status = 400
        reply: dict[str, Any] = {"messageType": "register", "channelID": channel,
                                 "status": status}
        if status == 200:
            reply.update(uaid=agent.uaid, pushEndpoint=self._enrol(agent, channel, key))
        self._event("register", status=status, uaid=agent.uaid, channel=channel,
                    restricted=key is not None, endpoint=reply.get("pushEndpoint"))
        await socket.send_json(reply)

    def _enrol(self, agent: UserAgent, channel: str, key: bytes | None) -> str:
        token = agent.channels.get(channel) or b64u_encode(
            uuid.uuid4().bytes + uuid.uuid4().bytes)
        agent.channels[channel] = token
        self._endpoints[token] = Endpoint(token, agent.uaid, channel, key)
        return f"{self.origin}/wpush/v2/{token}"

    async def _unregister(self, socket: web.WebSocketResponse, agent: UserAgent,
                          message: dict[str, Any]) -> None:
        channel = str(message.get("channelID", ""))
        token = agent.channels.pop(channel, None)
        if token:
            self._endpoints[token].gone = True
        for waiting in [m for m in agent.queue.values() if m.channel == channel]:
            del agent.queue[waiting.version]
        self._event("unregister", channel=channel, known=token is not None,
                    code=message.get("code"))
        await socket.send_json({"messageType": "unregister", "channelID": channel,
                                "status": 200})

    async def _relay(self, agent: UserAgent, message: Message) -> bool:
        if agent.socket is None or agent.socket.closed:
            return False
        try:
            await agent.socket.send_json(message.frame())
        except ConnectionError:
            return False
        self._event("relay", version=message.version, channel=message.channel)
        return True

"""A push service on this machine that a real Firefox can use.

One port serves both halves: `ws://HOST:PORT/` the browser's (push_browser_side.py), and
`http://HOST:PORT/wpush/v2/TOKEN` the application server's: RFC 8030 POST with an RFC 8188
and 8291 `aes128gcm` body and RFC 8292 authorisation. It never sees a plaintext; it relays
the body to the browser.

Answers: 201 accepted (Location, TTL) · 400 no or invalid TTL, Topic, Urgency, encoding ·
401 no VAPID on a restricted subscription · 403 VAPID wrong: signature, aud, exp, sub, or
another key than the subscription's · 404 no such endpoint · 410 unregistered or expired ·
413 over 4096 bytes. `DELETE /m/ID` cancels a stored message.

Test controls (loopback only, no authentication):
  GET  /_local/state, /_local/events[?kind=ack]
  POST /_local/expire {"endpoint": URL}: it now gives 410
  POST /_local/forget {}: forget every browser: on its next hello Firefox gets a new UAID
       and fires pushsubscriptionchange
  POST /_local/disconnect {}: close every websocket
  POST /_local/fault {"status": 503, "count": 1, "headers": {"Retry-After": "2"}}: the next
       `count` pushes are answered so and not delivered

TTL 0 is relayed if the browser is connected, else dropped. TTL > 0 is kept until the
browser acks it or the TTL runs out, and sent again at each hello. A message with a Topic
replaces a stored one of the same channel and topic. State is in memory only.

`python -m tests.stand_ins.push_service --port 8765`, or `with LocalPushService() as service`.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import re
import threading
import time
import uuid
from typing import Any

from aiohttp import web

from tests.stand_ins.loops import LoopThread
from tests.stand_ins.push_browser_side import BrowserSide, Endpoint, Message, UserAgent
from tests.stand_ins.vapid_check import VapidError, b64u_decode, b64u_encode, check_vapid

__all__ = ["Endpoint", "LocalPushService", "Message", "UserAgent", "VapidError", "b64u_decode",
           "b64u_encode", "check_vapid"]

MAX_BODY = 4096  # RFC 8030 section 5: at least 4096 must be taken
MAX_TTL = 60 * 24 * 3600  # longer TTLs are granted as this
GCM_HEADER = 16 + 4 + 1 + 65  # salt, rs, idlen, keyid (an uncompressed P-256 point)
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Refusal(Exception):
    """A status for the application server, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class LocalPushService(BrowserSide):
    """The service in a thread of its own. `public_origin` is what endpoints (and so VAPID's
    aud) begin with when a TLS proxy stands before it."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0,
                 public_origin: str | None = None) -> None:
        super().__init__()
        self.host, self.port, self._public = host, port, public_origin
        self._fault: dict[str, Any] | None = None
        self._turning = LoopThread()
        self._runner: web.AppRunner | None = None

    @property
    def origin(self) -> str:  # type: ignore[override]
        """What endpoints begin with."""
        return self._public or f"http://{self.host}:{self.port}"

    @property
    def ws_url(self) -> str:
        """The value for the pref dom.push.serverURL."""
        return f"ws://{self.host}:{self.port}/"

    # ---- for tests without a browser

    def subscribe(self, application_server_key: str | None = None) -> str:
        """Enrol a browser that is offline; return its endpoint."""
        agent = self._agents.setdefault(uaid := uuid.uuid4().hex, UserAgent(uaid))
        key = b64u_decode(application_server_key) if application_server_key else None
        return self._enrol(agent, str(uuid.uuid4()), key)

    def waiting(self, endpoint: str) -> list[bytes]:
        """The bodies kept for an endpoint's browser, oldest first."""
        found = self._endpoints[endpoint.rpartition("/")[2]]
        return [m.body for m in self._agents[found.uaid].queue.values()
                if m.channel == found.channel]

    def expire(self, endpoint: str) -> None:
        """Let an endpoint be gone."""
        self._endpoints[endpoint.rpartition("/")[2]].gone = True

    def fail(self, status: int, count: int = 1, **headers: str) -> None:
        """Answer the next `count` pushes with `status`."""
        self._fault = {"status": status, "count": count,
                       "headers": {name.replace("_", "-"): v for name, v in headers.items()}}

    # ---- the application server's side

    async def _push(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        if self._fault:
            fault = self._fault
            fault["count"] -= 1
            if fault["count"] <= 0:
                self._fault = None
            return self._refuse(fault["status"], "fault asked for by the test",
                                fault.get("headers"), token)
        try:
            endpoint, agent = self._subscription(token)
            claims = self._authorised(request, endpoint)
            ttl, topic, urgency = _wishes(request)
            body = await _body(request)
        except Refusal as refusal:
            return self._refuse(refusal.status, refusal.why, token=token)
        message = Message(uuid.uuid4().hex, endpoint.channel, agent.uaid, body,
                          time.time() + ttl if ttl else 0.0, topic)
        if ttl:
            self._keep(agent, message)
        self._event("push", version=message.version, channel=message.channel, ttl=ttl,
                    topic=topic, urgency=urgency, size=len(body), sub=claims.get("sub"),
                    online=agent.socket is not None)
        if not await self._relay(agent, message) and not ttl:
            self._event("dropped", version=message.version)
        return web.Response(status=201, headers={
            "Location": f"{self.origin}/m/{message.version}", "TTL": str(ttl)})

    def _subscription(self, token: str) -> tuple[Endpoint, UserAgent]:
        endpoint = self._endpoints.get(token)
        if endpoint is None:
            raise Refusal(404, "no such endpoint")
        agent = self._agents.get(endpoint.uaid)
        if endpoint.gone or agent is None:
            raise Refusal(410, "endpoint has expired")
        return endpoint, agent

    def _authorised(self, request: web.Request, endpoint: Endpoint) -> dict[str, Any]:
        header = request.headers.get("Authorization")
        if not header:
            if endpoint.key is not None:
                raise Refusal(401, "vapid authorisation needed")
            return {}
        try:
            key, claims = check_vapid(header, self.origin)
        except VapidError as error:
            raise Refusal(403, f"vapid: {error}") from error
        if endpoint.key is not None and key != endpoint.key:
            raise Refusal(403, "vapid: not the key of this subscription")
        return claims

    @staticmethod
    def _keep(agent: UserAgent, message: Message) -> None:
        for old in [m for m in agent.queue.values() if message.topic
                    and (m.channel, m.topic) == (message.channel, message.topic)]:
            del agent.queue[old.version]
        agent.queue[message.version] = message

    def _refuse(self, status: int, why: str, headers: dict[str, str] | None = None,
                token: str | None = None) -> web.Response:
        self._event("refused", status=status, why=why, token=token)
        if status == 401:
            headers = {"WWW-Authenticate": "vapid", **(headers or {})}
        return web.json_response({"code": status, "message": why}, status=status,
                                 headers=headers)

    async def _cancel(self, request: web.Request) -> web.Response:
        version = request.match_info["version"]
        for agent in self._agents.values():
            if agent.queue.pop(version, None):
                self._event("cancel", version=version)
                return web.Response(status=204)
        return self._refuse(404, "no such message")

    # ---- test controls

    async def _show(self, request: web.Request) -> web.Response:
        if request.match_info["what"] == "events":
            return web.json_response(self.events(request.query.get("kind")))
        return web.json_response({a.uaid: {
            "connected": a.socket is not None, "channels": a.channels,
            "queued": list(a.queue)} for a in self._agents.values()})

    async def _control(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        data = await request.json() if request.can_read_body else {}
        if what == "expire":
            self.expire(data["endpoint"])
        elif what == "fault":
            self.fail(int(data["status"]), int(data.get("count", 1)),
                      **(data.get("headers") or {}))
        else:
            agents = list(self._agents.values())
            if what == "forget":
                self._agents.clear()
            for agent in agents:
                if agent.socket is not None:
                    await agent.socket.close()
        return web.json_response({})

    # ---- running

    def _routes(self, app: web.Application) -> None:
        app.router.add_get("/", self._root)
        app.router.add_post("/wpush/v2/{token}", self._push)
        app.router.add_delete("/m/{version}", self._cancel)
        app.router.add_get("/_local/{what:state|events}", self._show)
        app.router.add_post("/_local/{what:expire|fault|forget|disconnect}", self._control)

    async def _start(self) -> None:
        app = web.Application(client_max_size=1 << 20)
        self._routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1,
                                     auto_decompress=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        for agent in self._agents.values():
            if agent.socket is not None:
                await agent.socket.close()
        assert self._runner is not None
        await self._runner.cleanup()

    def start(self) -> LocalPushService:
        """Serve from a thread of its own; returns when the port is open."""
        self._turning.start()
        self._turning.run(self._start())
        return self

    def stop(self) -> None:
        """End it."""
        self._turning.run(self._stop())
        self._turning.end()

    def __enter__(self) -> LocalPushService:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()


def _wishes(request: web.Request) -> tuple[int, str | None, str]:
    """TTL (seconds), Topic and Urgency."""
    ttl = request.headers.get("TTL", "")
    if not re.fullmatch(r"[0-9]{1,10}", ttl):
        raise Refusal(400, "TTL header missing or invalid")
    topic = request.headers.get("Topic")
    if topic is not None and not TOPIC.fullmatch(topic):
        raise Refusal(400, "invalid Topic")
    urgency = request.headers.get("Urgency", "normal")
    if urgency not in ("very-low", "low", "normal", "high"):
        raise Refusal(400, "invalid Urgency")
    return min(int(ttl), MAX_TTL), topic, urgency


async def _body(request: web.Request) -> bytes:
    body = b""
    while more := await request.content.read(MAX_BODY + 1):
        body += more
        if len(body) > MAX_BODY:
            raise Refusal(413, "body over 4096 bytes")
    if body:
        encoding = request.headers.get("Content-Encoding", "")
        if encoding != "aes128gcm":
            raise Refusal(400, f"Content-Encoding {encoding!r}, not aes128gcm")
        if len(body) < GCM_HEADER + 17 or body[20] != 65 or body[21] != 4:
            raise Refusal(400, "no aes128gcm header block")
    return body


def main() -> None:
    """The service by itself."""
    args = argparse.ArgumentParser(description="A push service on this machine")
    args.add_argument("--host", default="127.0.0.1")
    args.add_argument("--port", type=int, default=8765)
    args.add_argument("--public-origin", help="what endpoints start with, if not http://HOST:PORT")
    options = args.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with LocalPushService(options.host, options.port, options.public_origin) as service:
        print(f"dom.push.serverURL = {service.ws_url}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()

"""The push service's Chromium side: a stand-in for Google's GCM/FCM, enough that a real
Chromium subscribes, connects, receives an encrypted push and decrypts it, offline.

Chromium finds it by three command-line switches (`switches()`):
  --gcm-checkin-url        http, protobuf: the device checks in
  --gcm-registration-url   http: a token for each subscription
  --gcm-mcs-endpoint       MCS: protobuf frames on TLS
and --ignore-certificate-errors-spki-list for MCS's self-signed certificate.

The application server's side is that of LocalPushService (same answers, same controls) at
http://HOST:PORT/wpush/v2/TOKEN. Chromium, though, puts a host into the subscription that
is fixed in its binary (Debian's 156: https://jmt17.google.com/fcm/send/TOKEN):
`page_script()` makes the page itself hand out endpoints that the server can reach.

Unlike Firefox, Chromium reports no decryption outcome: an "ack" event (code null) only
says that the frame arrived.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
import tempfile
import time
import uuid
from pathlib import Path

import requests
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.browsers.mcs import McsSession
from tests.browsers.protobuf import Fixed64, Message, encode
from tests.stand_ins.certificates import make_certificates
from tests.stand_ins.push_service import LocalPushService, UserAgent
from tests.stand_ins.vapid_check import b64u_decode

_SECURITY_TOKEN = 0x1234567890ABCDEF

_PAGE_SCRIPT = """(base => {
  if (!self.PushSubscription) return;
  const proto = PushSubscription.prototype, toJSON = proto.toJSON,
        get = Object.getOwnPropertyDescriptor(proto, 'endpoint').get,
        local = url => base + url.split('/').pop();
  Object.defineProperty(proto, 'endpoint', {configurable: true, enumerable: true,
    get() { return local(get.call(this)); }});
  proto.toJSON = function () {
    const o = toJSON.call(this); o.endpoint = local(o.endpoint); return o;
  };
})(%r);"""


class LocalGcmService(LocalPushService):
    """A push service for Chromium, and still one for Firefox."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.mcs_port = 0
        # what a DataMessageStanza names: (category, subtype, sender) by channel
        self.apps: dict[str, tuple[str, str, str]] = {}
        self._mcs: asyncio.Server | None = None
        self._pin = ""  # of MCS's certificate

    def switches(self) -> list[str]:
        """Command-line switches for Chromium."""
        base = f"http://{self.host}:{self.port}"
        return [f"--gcm-checkin-url={base}/checkin",
                f"--gcm-registration-url={base}/c2dm/register3",
                f"--gcm-mcs-endpoint=https://{self.host}:{self.mcs_port}",
                f"--ignore-certificate-errors-spki-list={self._pin}"]

    def page_script(self) -> str:
        """JavaScript that gives PushSubscription.endpoint and toJSON() the local address."""
        return _PAGE_SCRIPT % f"{self.origin}/wpush/v2/"

    def forget(self) -> None:
        """Forget every browser: each that connects again is given new subscriptions."""
        requests.post(f"{self.origin}/_local/forget", timeout=10)

    def agent(self, uaid: str) -> UserAgent | None:
        """A browser that has checked in."""
        return self._agents.get(uaid)

    async def attach(self, agent: UserAgent, session: McsSession, had: list[str]) -> None:
        """A browser has logged in; `had` are the messages that it already has."""
        if agent.socket is not None:
            await agent.socket.close()
        agent.socket = session
        for gone in had:
            agent.queue.pop(gone, None)
        self._event("hello", asked=agent.uaid, uaid=agent.uaid)
        for message in list(agent.queue.values()):
            if message.expires <= time.time():
                del agent.queue[message.version]
            else:
                await self._relay(agent, message)

    def acknowledge(self, agent: UserAgent, version: str) -> None:
        """A frame has arrived."""
        agent.queue.pop(version, None)
        self._event("ack", version=version, code=None)

    async def _checkin(self, request: web.Request) -> web.Response:
        android_id = Message(await request.read()).number(2) or uuid.uuid4().int >> 66
        agent = self._agents.setdefault(str(android_id), UserAgent(str(android_id)))
        self._event("checkin", uaid=agent.uaid)
        return web.Response(content_type="application/x-protobuf", body=encode(
            (1, 1), (3, int(time.time() * 1000)), (7, Fixed64(android_id)),
            (8, Fixed64(_SECURITY_TOKEN))))

    async def _register3(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        # Authorization: AidLogin <android id>:<security token>
        uaid = request.headers.get("Authorization", "").removeprefix("AidLogin ").split(":")[0]
        agent = self._agents.get(uaid)
        if agent is None:
            return web.Response(text="Error=AUTHENTICATION_FAILED")
        if form.get("delete"):
            return self._delete(agent, form)
        subtype, sender = form.get("X-subtype", ""), form.get("sender", "")
        channel = f"{uaid} {subtype} {sender}"
        key = _vapid_key(sender)
        self.apps[channel] = (form["app"], subtype, sender)
        endpoint = self._enrol(agent, channel, key)
        self._event("register", uaid=uaid, channel=channel, restricted=key is not None,
                    endpoint=endpoint)
        return web.Response(text=f"token={endpoint.rpartition('/')[2]}")

    def _delete(self, agent: UserAgent, form: dict[str, str]) -> web.Response:
        subtype, sender = form.get("X-subtype", ""), form.get("sender", "")
        prefix = f"{agent.uaid} {subtype} "
        gone = [c for c in agent.channels  # sender "*": every token of that subtype
                if c == prefix + sender or (sender == "*" and c.startswith(prefix))]
        for channel in gone:
            self._endpoints[agent.channels.pop(channel)].gone = True
            for message in [m for m in agent.queue.values() if m.channel == channel]:
                del agent.queue[message.version]
        self._event("unregister", channel=prefix + sender, known=bool(gone))
        return web.Response(text=f"token={subtype}")

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
                          ) -> None:
        session = McsSession(self, reader, writer)
        self._event("connect")
        try:
            await session.serve()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the browser has ended
        finally:
            agent = session.agent
            if agent is not None and agent.socket is session:
                agent.socket = None
            self._event("disconnect", uaid=agent.uaid if agent else None)
            writer.close()

    def _routes(self, app: web.Application) -> None:
        super()._routes(app)
        app.router.add_post("/checkin", self._checkin)
        app.router.add_post("/c2dm/register3", self._register3)

    async def _start(self) -> None:
        await super()._start()
        with tempfile.TemporaryDirectory() as folder:
            made = make_certificates(Path(folder))
            context = made.server_context()
            signed = x509.load_pem_x509_certificate(made.certificate.read_bytes())
        spki = signed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._pin = base64.b64encode(hashlib.sha256(spki).digest()).decode()
        self._mcs = await asyncio.start_server(self._connection, self.host, 0, ssl=context)
        self.mcs_port = self._mcs.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._mcs is not None:
            self._mcs.close()
        await super()._stop()


def _vapid_key(sender: str) -> bytes | None:
    """The application server's key; None for a legacy numeric sender id."""
    try:
        key = b64u_decode(sender)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError:
        return None
    return key

"""The e-mail channel from settings to the server's mailbox."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from email.message import Message as ParsedMail
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.handlers import Message as MessageHandler
from aiosmtpd.smtp import SMTP, AuthResult

import channels
from channels import smtp_connection
from channels.base import Envelope, InvalidAddress, Kind, Message
from channels.mail import Mail
from tests.stand_ins.certificates import Certificates, make_certificates
from tests.stand_ins.loops import LoopThread
from tests.stand_ins.smtp_sink import SmtpSink

MESSAGE = Message(
    key="a7", title="Sperrung", text="Gesperrt – bis Freitag.",
    html="<p>Gesperrt – bis Freitag.</p>", short="Gesperrt.",
    url="https://push.example.org/meldungen/7", language="de", sender="Stadt Detmold",
    leave_label="Abmelden", list_id="meldungen.push.example.org")


def settings(url: str, **changes: Any) -> dict[str, Any]:
    return {"email_url": url, "email_reply_to": "", "email_per_second": 0.0,
            "sender": "Stadt Detmold", "public_url": "https://push.example.org", **changes}


def envelope(number: int, address: str | None = None, **changes: Any) -> Envelope:
    return Envelope(**{
        "id": number, "address": address or f"resident{number}@example.org", "message": MESSAGE,
        "leave_url": f"https://push.example.org/abmelden/{number}", **changes})


@pytest.fixture
def make_mail() -> Iterator[Callable[..., Mail]]:
    made: list[Mail] = []

    def make(url: str, **changes: Any) -> Mail:
        mail = Mail.from_config(settings(url, **changes))
        assert mail is not None
        made.append(mail)
        return mail

    yield make
    for mail in made:
        mail.close()


@pytest.mark.parametrize(("given", "canonical"), [
    ("Max.Muster@Example.ORG", "max.muster@example.org"),
    ("  max@example.org\n", "max@example.org"),
    ("max@städte.example", "max@xn--stdte-hra.example"),
    ("max+push@example.org", "max+push@example.org"),
    ("o'neill@example.org", "o'neill@example.org"),
    ("max@sub.detmold.example", "max@sub.detmold.example"),
])
def test_an_address_has_one_spelling(make_mail: Callable[..., Mail], given: str,
                                     canonical: str) -> None:
    mail = make_mail("mailto://localhost?from=news@example.org")
    assert mail.clean(given) == canonical
    assert mail.clean(canonical) == canonical


@pytest.mark.parametrize(("address", "code"), [
    ("", "email_malformed"),
    ("max", "email_malformed"),
    ("max@", "email_malformed"),
    ("@example.org", "email_malformed"),
    ("max@localhost", "email_malformed"),
    ("max@example..org", "email_malformed"),
    ("max @example.org", "email_malformed"),
    ("Max <max@example.org>", "email_malformed"),
    ("max@example.org\r\nRCPT TO:<eva@example.org>", "email_malformed"),
    ("max@example.org,eva@example.org", "email_malformed"),
    ("max@[127.0.0.1]", "email_malformed"),
    ("x" * 65 + "@example.org", "email_malformed"),
    ("max@" + "x" * 250 + ".org", "email_malformed"),
    ("mäx@example.org", "email_international"),
])
def test_an_address_that_cannot_be_reached_is_named_so(
        make_mail: Callable[..., Mail], address: str, code: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        make_mail("mailto://localhost?from=news@example.org").clean(address)
    assert caught.value.code == code
    assert not address or address not in str(caught.value)


def test_without_a_url_there_is_no_mail() -> None:
    assert Mail.from_config(settings("")) is None


def test_the_house_finds_the_channel_by_its_name() -> None:
    assert channels.KINDS["email"] is Mail


@pytest.mark.parametrize(("url", "words"), [
    ("json://localhost", "is no mail URL"),
    ("nonsense", "is no mail URL"),
    ("mailtos://", "is no mail URL"),
    ("mailto://localhost?from=Stadt", "names no sender"),
    ("mailto://localhost:25", "names no sender"),
    ("mailto://localhost?from=a..b@example.org", "names no sender"),
    ("mailto://user:secret@smtp.example.org?from=news@example.org", "unencrypted"),
])
def test_a_url_that_cannot_work_is_explained(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        Mail.from_config(settings(url))
    assert "secret" not in str(caught.value)


def test_a_reply_to_that_is_no_address_is_explained() -> None:
    with pytest.raises(ValueError, match="CIVIC_PUSH_EMAIL_REPLY_TO is no e-mail address"):
        Mail.from_config(settings("mailto://localhost?from=news@example.org",
                                  email_reply_to="das Rathaus"))


@pytest.mark.parametrize(("url", "expected"), [
    ("mailto://localhost:2525?from=news@example.org",
     ("localhost", 2525, "insecure", "", True)),
    ("mailtos://max:p%40ss@smtp.example.org?from=news@example.org",
     ("smtp.example.org", 587, "starttls", "max", True)),
    ("mailtos://max:p%40ss@smtp.example.org:465?mode=ssl&verify=no&from=news@example.org",
     ("smtp.example.org", 465, "ssl", "max", False)),
    ("mailtos://max:p%40ss@example.org?smtp=relay.example.net&from=Stadt%20<news@example.org>",
     ("relay.example.net", 587, "starttls", "max", True)),
    ("mailto://max:p%40ss@[::1]:25?from=news@example.org", ("::1", 25, "insecure", "max", True)),
    ("mailto://max:p%40ss@relay.lan?mode=insecure&from=news@example.org",
     ("relay.lan", 25, "insecure", "max", True)),
])
def test_the_url_is_read_as_apprise_reads_it(
        make_mail: Callable[..., Mail], url: str, expected: tuple[Any, ...]) -> None:
    relay = make_mail(url)._transport.relay
    assert (relay.host, relay.port, relay.security, relay.user, relay.verify) == expected
    assert relay.sender == "news@example.org"
    assert relay.password == ("p@ss" if relay.user else "")


@pytest.mark.parametrize(("public_url", "domain"), [
    ("https://push.detmold.example", "push.detmold.example"),
    ("http://localhost:8000", "example.org"),
    ("http://127.0.0.1:8000", "example.org"),
])
def test_message_ids_end_in_a_name_of_ours(make_mail: Callable[..., Mail], public_url: str,
                                           domain: str) -> None:
    with SmtpSink() as sink:
        mail = make_mail(f"mailto://127.0.0.1:{sink.port}?from=news@example.org",
                         public_url=public_url)
        assert [outcome.kind for _, outcome in mail.send([envelope(5)])] == [Kind.SENT]
        assert list(sink.counts) == [f"d5.a7@{domain}"]


def test_a_mail_sent_again_has_the_same_message_id(make_mail: Callable[..., Mail]) -> None:
    with SmtpSink() as sink:
        mail = make_mail(f"mailto://127.0.0.1:{sink.port}?from=news@example.org")
        for _ in range(2):
            list(mail.send([envelope(5)]))
        assert sink.counts == {"d5.a7@push.example.org": 2}


def test_each_gets_their_own_mail(make_mail: Callable[..., Mail]) -> None:
    with SmtpSink(keep=True) as sink:
        mail = make_mail(f"mailto://127.0.0.1:{sink.port}?from=news@example.org")
        outcomes = dict(mail.send([envelope(number) for number in range(200)]))
        assert {outcome.kind for outcome in outcomes.values()} == {Kind.SENT}
        assert len(outcomes) == len(sink.mails) == 200
        for recipient, raw in sink.mails:
            number = recipient.removeprefix("resident").partition("@")[0]
            assert f"To: <{recipient}>".encode() in raw
            assert raw.count(f"/abmelden/{number}".encode()) == 3  # header, text, HTML


@pytest.mark.parametrize("broken", [
    {"address": "max@example.org>\r\nRCPT TO:<eva@example.org"}, {"address": "mäx@example.org"},
    {"address": "max muster@example.org"}, {"leave_url": "javascript:alert(1)"},
    {"leave_url": "https://x.example/\r\nBcc: eva@example.org"}, {"manage_url": "https://x.é/"},
    {"leave_url": "https://x.example/" + "a" * 2000}])
def test_what_could_break_the_conversation_never_leaves(
        make_mail: Callable[..., Mail], broken: dict[str, str]) -> None:
    with SmtpSink() as sink:
        mail = make_mail(f"mailto://127.0.0.1:{sink.port}?from=news@example.org")
        outcomes = dict(mail.send([envelope(1), envelope(2, **broken), envelope(3)]))
        assert [outcomes[n].kind for n in (1, 2, 3)] == [Kind.SENT, Kind.REFUSED, Kind.SENT]
        assert len(sink.counts) == 2


def test_outcomes_are_those_of_the_server(make_mail: Callable[..., Mail]) -> None:
    with SmtpSink() as sink:
        mail = make_mail(f"mailto://127.0.0.1:{sink.port}?from=news@example.org")
        outcomes = dict(mail.send([
            envelope(1, "gone-1@example.org"), envelope(2, "later-2@example.org"),
            envelope(3, "refused-3@example.org"), envelope(4, "drop-after-data-4@example.org"),
            envelope(5)]))
        assert [outcomes[n].kind for n in range(1, 6)] == [
            Kind.GONE, Kind.LATER, Kind.REFUSED, Kind.UNKNOWN, Kind.SENT]


class Mailbox(MessageHandler):
    """Keeps what a real server's parser made of it."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[ParsedMail] = []

    def handle_message(self, message: ParsedMail) -> None:
        self.mails.append(message)


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certificates]:
    """Certificates of an authority that OpenSSL trusts for the length of the test."""
    made = make_certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    smtp_connection.tls_context.cache_clear()
    yield made
    smtp_connection.tls_context.cache_clear()


@pytest.fixture(params=["PLAIN", "LOGIN"])
def relay(request: pytest.FixtureRequest, certificates: Certificates
          ) -> Iterator[tuple[int, Mailbox]]:
    """aiosmtpd as a submission server: STARTTLS, then AUTH by one mechanism."""
    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str,
                     data: Any) -> AuthResult:
        right = data.login == b"stadt" and data.password == "größe".encode()
        return AuthResult(success=right, handled=False)

    mailbox = Mailbox()
    turning = LoopThread()
    turning.start()

    def converse() -> SMTP:
        return SMTP(
            mailbox, loop=turning.loop, tls_context=certificates.server_context(),
            require_starttls=True, auth_required=True, authenticator=authenticate,
            auth_exclude_mechanism=({"PLAIN", "LOGIN"} - {request.param}))

    async def listen() -> asyncio.Server:
        return await turning.loop.create_server(converse, "127.0.0.1", 0)

    server = turning.run(listen())
    yield server.sockets[0].getsockname()[1], mailbox
    turning.loop.call_soon_threadsafe(server.close)
    turning.end()


def test_a_real_server_takes_our_mail_over_starttls_with_a_password(
        relay: tuple[int, Mailbox], make_mail: Callable[..., Mail]) -> None:
    port, mailbox = relay
    mail = make_mail(f"mailtos://stadt:gr%C3%B6%C3%9Fe@127.0.0.1:{port}"
                     "?from=news@example.org")
    assert mail.check() is None
    outcomes = dict(mail.send([envelope(number) for number in range(30)]))
    assert {outcome.kind for outcome in outcomes.values()} == {Kind.SENT}
    assert len(mailbox.mails) == 30
    first = next(one for one in mailbox.mails if one["To"] == "<resident3@example.org>")
    assert first["X-MailFrom"] == "news@example.org"
    assert first["X-RcptTo"] == "resident3@example.org"
    assert first["Message-ID"] == "<d3.a7@push.example.org>"
    assert first["List-Unsubscribe"] == "<https://push.example.org/abmelden/3>"
    plain = first.get_payload(0)
    assert isinstance(plain, ParsedMail)
    words = plain.get_payload(decode=True)
    assert isinstance(words, bytes)
    assert "Gesperrt – bis Freitag." in words.decode()


def test_a_wrong_password_rests_the_channel_and_is_not_repeated_in_logs(
        relay: tuple[int, Mailbox], make_mail: Callable[..., Mail]) -> None:
    port, mailbox = relay
    mail = make_mail(f"mailtos://stadt:falsch@127.0.0.1:{port}"
                     "?from=news@example.org")
    outcomes = dict(mail.send([envelope(number) for number in range(30)]))
    assert all(o.kind is Kind.LATER and o.whole for o in outcomes.values())
    assert "sign-in refused: 535" in outcomes[0].detail
    assert "falsch" not in outcomes[0].detail + str(mail.check())
    assert "sign-in refused" in str(mail.check())
    assert mailbox.mails == []


def test_a_server_with_a_strangers_certificate_gets_no_password(
        relay: tuple[int, Mailbox], make_mail: Callable[..., Mail],
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ssl.get_default_verify_paths().openssl_cafile)
    smtp_connection.tls_context.cache_clear()
    mail = make_mail(f"mailtos://stadt:x@127.0.0.1:{relay[0]}?from=news@example.org")
    assert "certificate verify failed" in str(mail.check())

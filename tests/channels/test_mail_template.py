"""The composed mail, read back by Python's own mail parser."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Envelope, Message, Urgency
from channels.mail_template import SUBJECT_LIMIT, Letterhead, compose

LETTERHEAD = Letterhead("news@example.org", "Stadt Detmold", "", "push.example.org")
MESSAGE = Message(
    key="a7", title="Sperrung der Paulinenstraße", text="Ab Montag gesperrt.\n\nBis Freitag.",
    html="<p>Ab Montag gesperrt.</p>\n<p>Bis Freitag.</p>", short="Gesperrt.",
    url="https://push.example.org/meldungen/7", language="de", why="Weil Sie es so wollten.",
    sender="Stadt Detmold", leave_label="Abmelden", manage_label="Einstellungen ändern",
    imprint_label="Impressum", imprint_url="https://push.example.org/impressum",
    privacy_label="Datenschutz", privacy_url="https://push.example.org/datenschutz",
    action_label="Auf der Webseite lesen", list_id="meldungen.push.example.org")
LEAVE = "https://push.example.org/abmelden/" + "Ab-_" * 12
MANAGE = "https://push.example.org/einstellungen/" + "Cd-_" * 12
DATE = b"Wed, 18 Nov 2026 09:30:00 -0000"
NASTY = [
    "🚧 Ümläute & „Anführung“ 'x' \"y\" </script><b>",
    "x" * 10_000,
    "Wort " * 3_000,
    "ä" * 5_000,
    "a\r\nBcc: evil@example.com\r\n\r\nbody",
    "\n.\n..\r\n.x\n. y\n",
    "=?utf-8?q?kein?= =3D =\n=20 trailing \t\n",
    "Zeile 1\rZeile 2\u2028Zeile 3\x0b\x00\x1b[31m",
    "שלום عربى 你好",
    "Schluss mit Leerzeichen   ",
    "",
]


def envelope(message: Message = MESSAGE, **changes: Any) -> Envelope:
    return Envelope(**{"id": 42, "address": "max@example.org", "message": message,
                       "leave_url": LEAVE, "manage_url": MANAGE, **changes})


def render(message: Message = MESSAGE, letterhead: Letterhead = LETTERHEAD,
           **changes: Any) -> bytes:
    one = envelope(message, **changes)
    template = compose(message, letterhead, bool(one.leave_url), bool(one.manage_url),
                       bool(one.follows))
    return template.fill(one, DATE)


def parse(raw: bytes) -> EmailMessage:
    """Parse strictly: a defect is an error."""
    policy = email.policy.SMTP.clone(raise_on_defect=True)
    return email.message_from_bytes(raw, policy=policy)


def part(mail: EmailMessage, subtype: str) -> str:
    found = mail.get_body((subtype,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def assert_fit_for_the_wire(raw: bytes) -> None:
    """What SMTP asks of every mail: RFC 5321, 4.5.2 and 4.5.3.1.6, RFC 2045, 6.7."""
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert b"\x00" not in raw
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert not re.search(rb"^\.", raw, re.MULTILINE), "a line begins with a dot"
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76


class Tags(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "tags are not nested"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def links(self) -> list[str | None]:
        return [attributes["href"] for tag, attributes in self.tags if tag == "a"]


def test_the_headers_say_who_what_and_how_to_leave() -> None:
    mail = parse(render())
    assert mail["From"] == "Stadt Detmold <news@example.org>"
    assert mail["To"] == "max@example.org"
    assert mail["Subject"] == MESSAGE.title
    assert mail["Message-ID"] == "<d42.a7@push.example.org>"
    assert parsedate_to_datetime(mail["Date"]).year == 2026
    assert mail["List-Id"] == "<meldungen.push.example.org>"
    assert mail["List-Unsubscribe"] == f"<{LEAVE}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "de"
    for absent in ("Reply-To", "Importance", "Precedence", "In-Reply-To", "Sender", "X-Mailer"):
        assert mail[absent] is None
    assert max(mail.keys().count(name) for name in mail.keys()) == 1  # noqa: SIM118


def test_plain_text_comes_first_then_html() -> None:
    mail = parse(render())
    assert mail.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]


def test_the_plain_text_has_every_word_and_link() -> None:
    text = part(parse(render()), "plain")
    assert text == (
        "Sperrung der Paulinenstraße\n===========================\n\n"
        "Ab Montag gesperrt.\n\nBis Freitag.\n\n"
        "Auf der Webseite lesen:\nhttps://push.example.org/meldungen/7\n\n-- \n"
        "Weil Sie es so wollten.\n\nStadt Detmold\n\n"
        f"Abmelden:\n{LEAVE}\nEinstellungen ändern:\n{MANAGE}\n"
        "Impressum:\nhttps://push.example.org/impressum\n"
        "Datenschutz:\nhttps://push.example.org/datenschutz\n")


def test_the_html_is_structured_named_and_loads_nothing() -> None:
    html = part(parse(render()), "html")
    page = Tags(html)
    assert page.open == []
    assert page.links() == [MESSAGE.url, LEAVE, MANAGE, MESSAGE.imprint_url, MESSAGE.privacy_url]
    first = dict(page.tags[0][1])
    assert (page.tags[0][0], first["lang"], first["dir"]) == ("html", "de", "ltr")
    article = next(a for tag, a in page.tags if tag == "div" and "role" in a)
    assert (article["lang"], article["role"]) == ("de", "article")
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert "<title>Sperrung der Paulinenstraße</title>" in html
    assert MESSAGE.html in html
    assert {"img", "link", "script", "table"}.isdisjoint(tag for tag, _ in page.tags)
    assert "url(" not in html
    _, _, body = html.partition("</head>")
    assert re.findall(r"(?<![\w-])(?:color|background(?:-color)?):", body) == []


def test_arabic_reads_from_the_right() -> None:
    html = part(parse(render(replace(MESSAGE, language="ar", direction="rtl"))), "html")
    assert '<html lang="ar" dir="rtl">' in html
    assert '<div class="mail" lang="ar" dir="rtl"' in html


def test_a_confirmation_has_nothing_to_leave() -> None:
    message = replace(MESSAGE, list_id="", action_label="Bestätigen", why="")
    raw = render(message, leave_url="", manage_url="")
    mail = parse(raw)
    for absent in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "References"):
        assert mail[absent] is None
    for subtype in ("plain", "html"):
        assert "Abmelden" not in part(mail, subtype)
        assert "Einstellungen" not in part(mail, subtype)
        assert "Bestätigen" in part(mail, subtype)


def test_only_danger_is_marked_important() -> None:
    assert parse(render(replace(MESSAGE, urgency=Urgency.DANGER)))["Importance"] == "high"
    assert parse(render(replace(MESSAGE, urgency=Urgency.IMPORTANT)))["Importance"] is None


def test_a_correction_stands_beneath_what_it_corrects() -> None:
    original = parse(render())
    correction = parse(render(replace(MESSAGE, thread=MESSAGE.key), follows=original_id(original)))
    assert correction["In-Reply-To"] == original["Message-ID"]
    assert correction["References"].split() == [original["References"], original["Message-ID"]]
    assert correction["References"].startswith("<a7.thread@push.example.org>")


def original_id(mail: EmailMessage) -> int:
    """The delivery's id, which a Message-ID begins with."""
    return int(mail["Message-ID"].removeprefix("<d").partition(".")[0])


def test_reply_to_and_sender_come_from_the_letterhead() -> None:
    letterhead = Letterhead("news@example.org", "Bürgerbüro", "rathaus@example.org", "x.org")
    mail = parse(render(replace(MESSAGE, sender=""), letterhead))
    assert mail["Reply-To"] == "rathaus@example.org"
    assert mail["From"].addresses[0].display_name == "Bürgerbüro"
    assert mail["From"].addresses[0].addr_spec == "news@example.org"


@pytest.mark.parametrize("name", ['Stadt "D", Amt', "a@b", "=?utf-8?q?x?=", "Ä" * 70, "x\r\ny"])
def test_no_senders_name_breaks_the_from_line(name: str) -> None:
    raw = render(replace(MESSAGE, sender=name))
    assert_fit_for_the_wire(raw)
    address = parse(raw)["From"].addresses
    assert [one.addr_spec for one in address] == ["news@example.org"]
    # the library puts a space between two encoded words, against RFC 2047, 6.2
    assert visible(address[0].display_name.replace("…", "")) in visible(name)


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("where", ["title", "text", "html", "why", "leave_label", "sender"])
def test_nothing_a_text_says_breaks_the_mail(where: str, nasty: str) -> None:
    message = replace(MESSAGE, **{where: nasty})  # type: ignore[arg-type]
    if where == "text":
        message = replace(message, html="")  # what else mails take their text part from
    raw = render(message)
    assert_fit_for_the_wire(raw)
    mail = parse(raw)
    assert "Bcc" not in mail
    assert mail["To"] == "max@example.org"
    assert f"\n{LEAVE}\n" in part(mail, "plain")
    page = Tags(part(mail, "html") if where != "html" else "")
    assert "script" not in [tag for tag, _ in page.tags]
    if where == "text":
        assert visible(nasty) in visible(part(mail, "plain"))
    if where == "why":
        assert visible(nasty) in visible("".join(page.texts))


def visible(text: str) -> str:
    """What is left when white space and controls are taken as nothing."""
    return "".join(c for c in text if c.isprintable() and not c.isspace())


@pytest.mark.parametrize("title", NASTY)
def test_every_title_becomes_one_subject(title: str) -> None:
    subject = str(parse(render(replace(MESSAGE, title=title)))["Subject"] or "")
    assert len(subject) <= SUBJECT_LIMIT
    whole = "".join(c for c in " ".join(title.split()) if c.isprintable())
    assert whole.startswith(subject.removesuffix("…").strip())
    assert subject or not whole


@pytest.mark.parametrize("link", [
    "https://x.example.org/" + "." * 300,
    "https://x.example.org/?a=1&b==&c=%20" + "=" * 200,
    "https://x.example.org/" + "a" * 850,
    "https://x.example.org/\"'",
    "http://localhost:8000/l/" + "A" * 43,
])
def test_every_link_arrives_as_it_was_given(link: str) -> None:
    raw = render(leave_url=link, manage_url=link)
    assert_fit_for_the_wire(raw)
    mail = parse(raw)
    assert mail["List-Unsubscribe"].replace(" ", "") == f"<{link}>"
    assert part(mail, "plain").count(f"\n{link}\n") == 2
    assert Tags(part(mail, "html")).links()[1:3] == [link, link]


@given(st.text(max_size=300), st.text("a.=\n \t✓", max_size=300), st.integers(1, 900))
@settings(max_examples=50)
def test_any_text_and_any_link_survive_the_wire(title: str, text: str, length: int) -> None:
    link = ("https://x.org/" + "Ab.=&" * 200)[:length + 20]
    raw = render(replace(MESSAGE, title=title, text=text, html=""), leave_url=link)
    assert_fit_for_the_wire(raw)
    mail = parse(raw)
    assert f"\n{link}\n" in part(mail, "plain")
    assert visible(text) in visible(part(mail, "plain"))
    assert Tags(part(mail, "html")).links()[1] == link


def test_two_inboxes_differ_only_in_what_is_personal() -> None:
    one = render()
    other = render(id=43, address="eva@example.org", leave_url=LEAVE[:-1] + "X")
    assert one != other
    assert one.replace(b"d42", b"d43").replace(b"max@", b"eva@").replace(
        LEAVE.encode(), (LEAVE[:-1] + "X").encode()).count(b"eva@") == other.count(b"eva@")
    assert one.count(b"\r\n") == other.count(b"\r\n")


def test_a_message_is_composed_once() -> None:
    compose.cache_clear()
    render()
    render(id=43)
    assert compose.cache_info().misses == 1

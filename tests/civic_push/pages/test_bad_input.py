"""Whatever is sent, nothing breaks: one sentence says what is wrong, and what was typed is
kept where people can mend it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.routing import AnyConverter, IntegerConverter

from civic_push import web
from civic_push.db import db
from civic_push.staff import accounts
from civic_push.web.protection import clean
from subscriptions.tokens import Purpose
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.civic_push.pages.resident import Resident

TEMPLATES = Path(web.__file__).parent.parent / "templates"
NAMES = sorted({name for path in TEMPLATES.rglob("*.html") for name in re.findall(
    r"""(?:name="|(?:field|check|select|area)\(typed, ")(\w+)\"""",
    path.read_text(encoding="utf-8"))})
NASTY = ["", "\0", "a\0b", "\x0b\x7f", "x" * 10_000, "²", "９", "-1", "99999999999999999999",
         "1e9", "NaN", "2026-02-30", "0000-00-00T25:61", "<script>alert(1)</script>", "%(x)s {x}",
         "\u202e\u2066", "\ufffe", "🏳️‍🌈" * 50, "' OR 1=1 --", "//evil.example", "alle", "ja",
         "preview", "vorschau"]
KEPT_OUT = {"security.logout", "desk.sign_out", "static",  # they end the visit
            "monitoring.ready"}  # its 503 says that no clock runs in a test


def title_of(page):
    return unescape(re.search(r"<h1[^>]*>(.*?)</h1>", page.text, re.DOTALL)[1])


def places(app, word, tokens, desk=False):
    """Every address of the residents' pages, or of the desk's, with methods: with the tokens
    that open them, if any, else with a word."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/redaktion") != desk or rule.endpoint in KEPT_OUT:
            continue
        token = next((t for path, t in tokens.items() if rule.rule.startswith(path)), word)
        values = {name: sorted(kind.items)[0] if isinstance(kind, AnyConverter)
                  else 1 if isinstance(kind, IntegerConverter)
                  else token if name == "token" else word
                  for name, kind in rule._converters.items()}
        path = app.url_map.bind("localhost").build(rule.endpoint, values, append_unknown=False)
        yield path, rule.methods & {"GET", "POST"}


def open_tokens(app, client, contact):
    """Tokens for a contact's pages, by how their addresses begin."""
    make, number = app.extensions["tokens"].make, contact.id
    manage = make(Purpose.MANAGE, number)
    with app.app_context():
        page = client.get(f"/einstellungen/{manage}").headers["Location"].split("/")[3]
    return {"/einstellungen/offen/": page.partition("?")[0], "/einstellungen/": manage,
            "/abmelden/": make(Purpose.LEAVE, number), "/bestaetigen/": make(
                Purpose.CONFIRM, number, challenge=contact.challenge)}


MISCHIEF = st.fixed_dictionaries({
    "fields": st.dictionaries(st.sampled_from(NAMES), st.lists(
        st.one_of(st.sampled_from(NASTY), st.text(max_size=20)), min_size=1, max_size=3),
        max_size=12),
    "word": st.one_of(st.sampled_from(NASTY), st.text(st.characters(codec="utf-8"), min_size=1,
                                                      max_size=30)),
    "json": st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["endpoint", "keys", "p256dh", "auth", "token", "alt", "message",
                             "chat", "text"]), inner, max_size=4), max_leaves=8)})
FOR_ALL = settings(max_examples=2,
                   suppress_health_check=[HealthCheck.function_scoped_fixture])


def broken_by(app, client, mischief, tokens, desk=False):
    """Send the same mischief to every page; which of them broke: a server's error, or a
    refusal without a sentence."""
    broken, tried = [], 0
    db.session.remove()  # SQLite has one writer
    fields, word = mischief["fields"], mischief["word"].replace("/", "") or "x"
    for path, methods in places(app, word, tokens, desk):
        app.extensions["redis"].flushall()  # the limits are not what is tried here
        for method in sorted(methods):
            sent = [{"query_string": fields}] if method == "GET" else [{"data": fields}]
            if method == "POST" and not desk:
                sent.append({"json": mischief["json"]})
            for what in sent:
                with app.app_context():
                    answer = client.open(path, method=method, buffered=True, **what)
                tried += 1
                speechless = (answer.status_code >= 400 and answer.mimetype == "text/html"
                              and not title_of(answer))
                if answer.status_code >= 500 or speechless:
                    broken.append((method, path, answer.status_code))
    assert tried > 20, "hardly a page was tried"
    return broken


@given(mischief=MISCHIEF)
@example(mischief={"fields": {name: ["a\0b", "²"] for name in NAMES}, "word": "\0",
                   "json": {"endpoint": "\ud800", "keys": {"p256dh": "\0", "auth": 1}}})
@example(mischief={"fields": {name: ["x" * 10_000] for name in NAMES}, "word": "x" * 2_000,
                   "json": [[]]})
@FOR_ALL
def test_no_form_of_residents_can_be_broken(app, make_contact, client, mischief):
    app.config["WTF_CSRF_ENABLED"] = False  # or no form would be read at all
    contact = make_contact(address=f"a{abs(hash(str(mischief)))}@example.org")
    assert broken_by(app, client, mischief, open_tokens(app, client, contact)) == []


@given(mischief=MISCHIEF)
@example(mischief={"fields": {name: ["a\0b", "²"] for name in NAMES}, "word": "\0", "json": None})
@settings(FOR_ALL, max_examples=1)
def test_no_form_of_the_desk_can_be_broken(app, client, session, now, mischief):
    app.config["WTF_CSRF_ENABLED"] = False
    address = f"admin{abs(hash(str(mischief)))}@example.org"
    account = accounts.create(session, address, PASSWORD, "admin", now)
    session.commit()
    sign_in(client, session, account)
    assert broken_by(app, client, mischief, {}, desk=True) == []


def test_broken_utf_8_is_answered_like_any_other_mistake(app, resident):
    client = app.test_client()
    for path in ("/hier/%ff", "/%ff%fe", "/meldungen/%c3%28"):
        assert client.get(path).status_code == 404
    raw = client.open("/meldungen", environ_overrides={"QUERY_STRING": "ortsteil=\xff\xfe&q=\xc3("})
    assert raw.status_code in (200, 422)
    resident.open("/anmelden")
    broken = client.post("/sprache", data=b"sprache=\xff&weiter=%ff%fe",
                         content_type="application/x-www-form-urlencoded")
    assert broken.status_code == 303


def test_control_characters_are_dropped_and_lines_are_kept():
    assert clean("a\0b\x0b\x1f\x7fc\r\n\td") == "abc\r\n\td"


def test_a_stranger_s_host_name_is_told_our_own(make_app):
    client = make_app(public_url="https://push.stadt.example").test_client()
    page = client.get("/", base_url="https://evil.example")
    assert page.status_code == 421
    assert "https://push.stadt.example" in page.text
    assert "evil.example" not in page.text
    for own in ("https://push.stadt.example", "http://127.0.0.1:8000", "http://localhost"):
        assert client.get("/impressum", base_url=own).status_code == 200
    assert client.get("/health", base_url="http://10.0.0.7").status_code == 200
    assert client.get("/", headers={"Host": "a b\"<>"}).status_code == 421


def test_an_old_form_comes_back_with_all_that_was_typed(app, resident):
    resident.open("/anmelden")
    typed = {"ortsteil": ["alle", "3"], "email": "anna@example.org\"><b>"}
    answer = resident.open("/anmelden?x=1", method="POST", data={**typed, "csrf_token": "alt"},
                           headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, title_of(answer)) == (400, "Bitte noch einmal senden")
    assert "<b>" not in answer.text
    form = next(f for f in resident.forms() if f.action == "/anmelden?x=1")
    assert form.values["ortsteil"] == ["3"]  # the last of the two: this reader keeps one
    assert form.values["email"] == [typed["email"]]
    assert answer.text.count('name="ortsteil"') == 2
    again = resident.press("/anmelden", email="anna@example.org")
    assert again.status_code == 422  # read, and found wanting
    assert 'value="anna@example.org"' in again.text


@pytest.mark.parametrize("headers", [
    {}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}])
def test_what_another_site_sends_does_not_come_back_as_a_form(app, headers):
    page = Resident(app.test_client()).open(
        "/anmelden", method="POST", headers=headers, data={"email": "anna@example.org"})
    assert page.status_code == 400
    assert "anna@example.org" not in page.text
    assert "Formular" in title_of(page)


def test_passwords_never_come_back(app):
    page = Resident(app.test_client()).open(
        "/redaktion/anmelden", method="POST", headers={"Sec-Fetch-Site": "same-origin"},
        data={"email": "a@example.org", "password": "geheim", "csrf_token": "alt"})
    assert page.status_code == 400
    assert "geheim" not in page.text


@pytest.mark.parametrize(("method", "path", "status", "words"), [
    ("GET", "/sprache", 405, "so nicht aufgerufen"),
    ("DELETE", "/", 405, "so nicht aufgerufen"),
    ("POST", "/impressum", 405, "so nicht aufgerufen"),
    ("GET", "/gibt-es-nicht", 404, "Diese Seite gibt es nicht"),
    ("POST", "/sprache", 413, "zu viele Daten"),
])
def test_each_mistake_has_one_sentence_in_the_reader_s_language(app, method, path, status, words):
    data = {"weiter": "x" * 1_100_000} if status == 413 else None
    visitor = Resident(app.test_client())
    page = visitor.open(path, method=method, data=data)
    assert page.status_code == status
    assert words in title_of(page)
    english = visitor.open(path, method=method, data=data, headers={"Accept-Language": "en"})
    assert words not in english.text
    assert '<html lang="en">' in english.text

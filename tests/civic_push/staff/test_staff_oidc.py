"""Signing in through the town's identity provider, against a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.config import BadSetting, Settings
from civic_push.db import db
from civic_push.staff import accounts, oidc
from civic_push.staff.models import Staff, TrailEntry
from tests.civic_push.conftest import EDITOR
from tests.civic_push.desk_visitor import Visitor
from tests.stand_ins.identity_provider import IdentityProvider, providing

START, SIGN_IN = "/redaktion/anmelden/stadtkonto", "/redaktion/anmelden"
NEW = "neu@stadt.example"


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    """The provider, with its accounts."""
    with providing() as running:
        running.knows("anna", email=EDITOR, email_verified=True, groups=["alle"])
        running.knows("nachfolgerin", email=EDITOR, email_verified=True)
        running.knows("neu", email=NEW, email_verified=True, groups=["alle", "presse"])
        running.knows("fremd", email="fremd@anderswo.example", groups=["presse"])
        running.knows("unklar", email="unklar@stadt.example", email_verified=False)
        running.knows("ohne", groups=["presse"])
        yield running


@pytest.fixture
def oidc_app(make_app: Callable[..., Flask], provider: IdentityProvider, session: Session
             ) -> Callable[..., Flask]:
    """An app that knows the provider."""
    def make(**settings: object) -> Flask:
        return make_app(oidc_issuer=provider.issuer, oidc_client_id="civic-push",
                        oidc_client_secret="geheim", **settings)
    return make


def arrive(app: Flask, provider: IdentityProvider, subject: str, asked: str = "") -> Visitor:
    """Go there, sign in there, come back."""
    visitor = Visitor(app.test_client())
    there = visitor.get(f"{START}{asked}").location
    back = urlsplit(provider.sign_in(there, subject))
    visitor.answer = visitor.get(f"{back.path}?{back.query}")  # type: ignore[attr-defined]
    return visitor


def where(visitor: Visitor) -> str:
    return str(visitor.answer.location)  # type: ignore[attr-defined]


def test_the_browser_leaves_with_state_nonce_and_a_pkce_challenge(
        oidc_app: Callable[..., Flask], provider: IdentityProvider) -> None:
    there = Visitor(oidc_app().test_client()).get(START).location
    assert there.startswith(f"{provider.issuer}/oauth2/authorize?")
    query = parse_qs(urlsplit(there).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == ["http://localhost/redaktion/anmelden/stadtkonto/zurueck"]
    assert all(len(query[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))


def test_an_invited_person_comes_in_by_address_and_later_by_subject(
        oidc_app: Callable[..., Flask], provider: IdentityProvider, session: Session,
        staff: Staff) -> None:
    app = oidc_app()
    visitor = arrive(app, provider, "anna", "?next=/redaktion/eingang")
    assert where(visitor) == "/redaktion/eingang"
    assert visitor.get("/redaktion/eingang").status_code == 200  # that counts as strong
    session.rollback()
    assert session.get(Staff, staff.id).oidc_subject == f"{provider.issuer} anna"
    staff.email = "umbenannt@example.org"
    session.commit()
    assert where(arrive(app, provider, "anna")) == "/redaktion/"
    entry = session.scalars(select(TrailEntry).order_by(TrailEntry.id)).first()
    assert entry is not None
    assert entry.after == '{"by":"identity provider"}'


def test_who_gets_a_used_address_next_does_not_get_the_account_with_it(
        oidc_app: Callable[..., Flask], provider: IdentityProvider, session: Session,
        staff: Staff) -> None:
    app = oidc_app()
    assert where(arrive(app, provider, "anna")) == "/redaktion/"
    next_one = arrive(app, provider, "nachfolgerin")
    assert where(next_one) == SIGN_IN
    assert "Sie sind für die Redaktion noch nicht freigegeben." in next_one.read(SIGN_IN)
    session.rollback()
    assert session.get(Staff, staff.id).oidc_subject == f"{provider.issuer} anna"
    accounts.reset(session, staff)  # an administrator decides that it is hers now
    session.commit()
    assert where(arrive(app, provider, "nachfolgerin")) == "/redaktion/"


@pytest.mark.parametrize(("said", "admitted"), [
    ({"email_verified": True}, True), ({"email_verified": "true"}, True), ({}, True),
    ({"email_verified": None}, True), ({"email_verified": False}, False),
    ({"email_verified": "false"}, False), ({"email_verified": "False"}, False),
    ({"email_verified": 0}, False)])
def test_an_address_is_refused_however_the_provider_says_that_it_is_unverified(
        make_app: Callable[..., Flask], staff: Staff, now: datetime,
        said: dict[str, object], admitted: bool) -> None:
    app = make_app(oidc_issuer="https://login.example", oidc_client_id="x",
                   oidc_client_secret="y")
    claims = {"sub": "anna", "email": EDITOR, **said}
    with app.app_context():
        if admitted:
            assert oidc.admit(db.session(), claims, now).email == EDITOR
            return
        with pytest.raises(oidc.NotAdmitted) as refusal:
            oidc.admit(db.session(), claims, now)
    assert refusal.value.reason == "unverified"


def test_groups_give_roles_and_take_them_away(
        oidc_app: Callable[..., Flask], provider: IdentityProvider, session: Session,
        staff: Staff) -> None:
    app = oidc_app(oidc_roles=("presse=editor", "leitung=admin"))
    assert where(arrive(app, provider, "neu")) == "/redaktion/"
    session.rollback()
    assert [r.name for r in accounts.existing(session, NEW).roles] == ["editor"]
    assert where(arrive(app, provider, "anna")) == SIGN_IN  # in no group that counts


@pytest.mark.parametrize(("subject", "settings", "sentence"), [
    ("neu", {}, "Sie sind für die Redaktion noch nicht freigegeben."),
    ("unklar", {"oidc_roles": ("presse=editor",)}, "keine bestätigte E-Mail-Adresse"),
    ("ohne", {"oidc_roles": ("presse=editor",)}, "keine bestätigte E-Mail-Adresse"),
    ("fremd", {"oidc_roles": ("presse=editor",), "oidc_domains": ("stadt.example",)},
     "nehmen Sie Ihr dienstliches Stadtkonto"),
])
def test_who_has_no_place_at_the_desk_is_told_why(
        oidc_app: Callable[..., Flask], provider: IdentityProvider, session: Session,
        subject: str, settings: dict[str, object], sentence: str) -> None:
    visitor = arrive(oidc_app(**settings), provider, subject)
    assert where(visitor) == SIGN_IN
    assert sentence in visitor.read(SIGN_IN)
    session.rollback()
    assert session.query(Staff).count() == 0


def test_a_closed_account_stays_closed(
        oidc_app: Callable[..., Flask], provider: IdentityProvider, session: Session,
        staff: Staff) -> None:
    accounts.disable(session, staff)
    session.commit()
    visitor = arrive(oidc_app(), provider, "anna")
    assert "Ihr Konto in der Redaktion ist gesperrt." in visitor.read(SIGN_IN)


def test_breaking_off_there_and_forged_returns_are_refused(
        oidc_app: Callable[..., Flask], provider: IdentityProvider, staff: Staff) -> None:
    app = oidc_app()
    victim = Visitor(app.test_client())
    denied = urlsplit(provider.deny(victim.get(START).location))
    others = urlsplit(provider.sign_in(Visitor(app.test_client()).get(START).location, "anna"))
    for query in (denied.query, others.query, "code=x&state=y", "", "state=y"):
        assert victim.get(f"{START}/zurueck?{query}").location == SIGN_IN, query
        assert "abgebrochen oder ist abgelaufen" in victim.read(SIGN_IN)


def test_a_return_holds_once(oidc_app: Callable[..., Flask], provider: IdentityProvider,
                             staff: Staff) -> None:
    visitor = Visitor(oidc_app().test_client())
    back = urlsplit(provider.sign_in(visitor.get(START).location, "anna"))
    assert visitor.get(f"{back.path}?{back.query}").location == "/redaktion/"
    assert visitor.get(f"{back.path}?{back.query}").location == SIGN_IN


def test_a_provider_that_is_away_costs_a_sentence(
        app: Flask, make_app: Callable[..., Flask]) -> None:
    visitor = Visitor(make_app(oidc_issuer="http://127.0.0.1:1", oidc_client_id="x",
                               oidc_client_secret="y").test_client())
    assert visitor.get(START).location == SIGN_IN
    assert "gerade nicht zu erreichen" in visitor.read(SIGN_IN)


def test_without_a_provider_there_is_no_such_way(app: Flask) -> None:
    visitor = Visitor(app.test_client())
    assert "Stadtkonto" not in visitor.read(SIGN_IN)
    assert visitor.get(START).status_code == 404


@pytest.mark.parametrize("settings", [
    {"oidc_issuer": "https://login.stadt.example"}, {"oidc_roles": ("presse",)},
    {"second_factor": "maybe"}])
def test_settings_that_do_not_fit_together_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(BadSetting):
        Settings(**settings)  # type: ignore[arg-type]

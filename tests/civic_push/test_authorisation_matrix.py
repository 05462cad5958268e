"""Who may open what: every route, every role, and announcements inside and outside what
somebody is limited to. A new route fails here until somebody has said who may have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import db, utcnow
from civic_push.staff import accounts
from civic_push.staff.models import Staff
from civic_push.staff.roles import ROLES
from subscriptions.models import Neighbourhood, Topic
from tests.civic_push.api.test_api_matrix import NEEDED
from tests.civic_push.conftest import PASSWORD, sign_in
from tests.test_house import PUBLIC

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

EVERYBODY = frozenset(ROLES)
READERS = frozenset({"author", "editor", "approver", "admin"})
WRITERS = READERS
PUBLISHERS = frozenset({"editor", "approver", "admin"})
COUNTER = frozenset({"clerk", "admin"})
ADMINS = frozenset({"admin"})

DESK = {
    "desk.overview": EVERYBODY,  # clerks are led on to their own page
    "desk.account": EVERYBODY, "desk.change_password": EVERYBODY, "desk.set_up_app": EVERYBODY,
    "desk.keep_app": EVERYBODY, "desk.remove_app": EVERYBODY, "desk.add_passkey": EVERYBODY,
    "desk.remove_passkey": EVERYBODY, "desk.new_codes": EVERYBODY, "desk.sign_out": EVERYBODY,
    "desk.end_session": EVERYBODY, "desk.end_others": EVERYBODY,
    "desk.announcements": READERS, "desk.tray": READERS, "desk.watch": READERS,
    "desk.new": WRITERS, "desk.save_new": WRITERS, "desk.edit": WRITERS, "desk.save": WRITERS,
    "desk.writing_help": WRITERS, "desk.paste": WRITERS, "desk.keep_new": WRITERS,
    "desk.keep_text": WRITERS, "desk.forget_text": WRITERS, "desk.show_versions": READERS,
    "desk.was_saved": WRITERS, "desk.choose_template": WRITERS,
    "desk.template_fields": WRITERS, "desk.fill_template": WRITERS,
    "desk.manage_templates": ADMINS, "desk.new_template": ADMINS, "desk.add_template": ADMINS,
    "desk.edit_template": ADMINS, "desk.save_template": ADMINS, "desk.remove_template": ADMINS,
    "desk.dismiss": WRITERS, "desk.restore": WRITERS,
    "desk.confirm": WRITERS, "desk.submit": WRITERS, "desk.take_back": WRITERS,
    "desk.publish": PUBLISHERS, "desk.send_back": PUBLISHERS, "desk.try_channel": PUBLISHERS,
    "desk.administration": PUBLISHERS, "desk.barrier_reports": PUBLISHERS,
    "desk.answer_report": PUBLISHERS,
    "desk.follow": WRITERS, "desk.save_follow": WRITERS, "desk.edit_follow_up": WRITERS,
    "desk.save_follow_up": WRITERS, "desk.confirm_follow_up": WRITERS,
    "desk.submit_follow_up": WRITERS, "desk.keep_follow_up": WRITERS,
    "desk.keep_new_follow_up": WRITERS, "desk.help_follow_up": WRITERS,
    "desk.publish_follow_up": PUBLISHERS, "desk.ask_stop": PUBLISHERS, "desk.stop": PUBLISHERS,
    "desk.show_report": READERS, "desk.report_as_csv": READERS,
    "desk.ask_again": PUBLISHERS, "desk.send_again": PUBLISHERS,
    "desk.live": READERS, "desk.hold": PUBLISHERS, "desk.resume": PUBLISHERS,
    "desk.show_preview": READERS, "desk.show_mail": READERS, "desk.send_trial": WRITERS,
    "desk.image": WRITERS, "desk.save_image": WRITERS, "desk.remove_image": WRITERS,
    "desk.show_image": READERS,
    "desk.act_on_tray": WRITERS, "desk.undo_dismissal": WRITERS,
    "desk.counter": COUNTER, "desk.counter_submit": COUNTER, "desk.counter_done": COUNTER,
    "desk.counter_code": COUNTER, "desk.counter_confirm": COUNTER, "desk.counter_sheet": COUNTER,
    "desk.counter_leave": COUNTER, "desk.counter_end": COUNTER,
    "desk.team": ADMINS, "desk.invite": ADMINS, "desk.send_invitation": ADMINS,
    "desk.person": ADMINS, "desk.change_person": ADMINS, "desk.close_account": ADMINS,
    "desk.open_account": ADMINS, "desk.sign_person_out": ADMINS, "desk.invite_again": ADMINS,
    "desk.reset_person": ADMINS, "desk.show_trail": ADMINS,
    "desk.sources": ADMINS, "desk.new_source": ADMINS, "desk.add_source": ADMINS,
    "desk.source": ADMINS, "desk.change_source": ADMINS, "desk.check_source": ADMINS,
    "desk.pause_source": ADMINS, "desk.resume_source": ADMINS,
    "desk.end_source": ADMINS,
    "desk.topics": ADMINS, "desk.new_topic": ADMINS, "desk.add_topic": ADMINS,
    "desk.topic": ADMINS, "desk.change_topic": ADMINS, "desk.raise_topic": ADMINS,
    "desk.retire_topic": ADMINS, "desk.offer_topic": ADMINS,
    "desk.places": ADMINS, "desk.place": ADMINS, "desk.change_place": ADMINS,
    "desk.street_list": ADMINS, "desk.load_streets": ADMINS,
    "desk.outlets": ADMINS, "desk.retention": ADMINS,
    "desk.channels": ADMINS, "desk.check_channels": ADMINS, "desk.ask_hold": ADMINS,
    "desk.hold_channel": ADMINS, "desk.release_channel": ADMINS,
    "desk.clients_list": ADMINS, "desk.add_client": ADMINS, "desk.renew_client": ADMINS,
    "desk.revoke_client": ADMINS, "desk.webhooks_list": ADMINS, "desk.add_webhook": ADMINS,
    "desk.test_webhook": ADMINS, "desk.switch_webhook": ADMINS, "desk.remove_webhook": ADMINS,
    "desk.legal_texts": ADMINS, "desk.legal_text": ADMINS, "desk.save_legal_text": ADMINS,
}
"""Each route of the desk, and the roles that are let in."""

# Those of them that are about one announcement, where Ortsteil and topic count as well.
LIMITED = {"desk.edit", "desk.save", "desk.keep_text", "desk.dismiss", "desk.restore",
           "desk.keep_follow_up", "desk.keep_new_follow_up", "desk.help_follow_up",
           "desk.confirm", "desk.publish", "desk.follow", "desk.save_follow", "desk.edit_follow_up",
           "desk.save_follow_up", "desk.confirm_follow_up", "desk.publish_follow_up",
           "desk.submit", "desk.submit_follow_up", "desk.take_back", "desk.send_back",
           "desk.ask_stop", "desk.stop", "desk.hold", "desk.resume", "desk.ask_again",
           "desk.send_again", "desk.send_trial", "desk.image", "desk.save_image",
           "desk.remove_image"}


@dataclass
class Cast:
    """Somebody with each role, limited to Hiddesen; an announcement there and one elsewhere;
    and an account for administrators to try things on."""

    app: Flask
    session: Session
    people: dict[str, Staff] = field(default_factory=dict)
    own: int = 0
    foreign: int = 0
    victim: int = 0

    def ask(self, role: str | None, rule: Rule, method: str, number: int) -> TestResponse:
        """What somebody with this role (None: a stranger) is answered; before that, all is
        as it was."""
        self.session.execute(update(Announcement).values(state=AnnouncementState.DRAFT))
        self.session.execute(update(Staff).values(active=True))
        self.session.commit()
        client = self.app.test_client()
        visitor = sign_in(client, self.session, self.people[role]) if role else None
        path = self.path(rule, number)
        self.session.remove()
        with self.app.app_context():
            if visitor is None:
                return client.open(path, method=method)
            return visitor.get(path) if method == "GET" else visitor.post(path)

    def path(self, rule: Rule, number: int) -> str:
        """An address that leads there; `number` is an announcement's."""
        about_staff = "/team/" in rule.rule
        values = {"number": self.victim if about_staff else number, "which": "entwuerfe",
                  "channel": "sms", "name": "imprint", "wording": "de", "token": "x" * 38,
                  "key": "0" * 32, "deed": "korrigieren"}
        wanted = {name: values[name] for name in rule.arguments}
        return self.app.url_map.bind("localhost").build(rule.endpoint, wanted)


@pytest.fixture
def cast(make_app: Callable[..., Flask], make_neighbourhood: Callable[..., Neighbourhood],
         make_announcement: Callable[..., Announcement], make_topic: Callable[..., Topic],
         session: Session, app: Flask) -> Iterator[Cast]:
    """The people and announcements of the matrix. Form tokens have tests of their own."""
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["RATELIMIT_ENABLED"] = False
    here, there = make_neighbourhood("hiddesen"), make_neighbourhood("pivitsheide")
    all_ = Cast(app, session)
    first = accounts.create(session, "opfer@example.org", PASSWORD, "author", utcnow())
    for role in ROLES:
        person = Staff(email=f"{role}@example.org", created_at=utcnow(), fs_uniquifier=role,
                       password=first.password, neighbourhoods=[here],
                       roles=accounts.roles_named(session, [role]))
        session.add(person)
        session.flush()
        all_.people[role] = person
    all_.own = make_announcement(neighbourhoods=[here.id]).id
    all_.foreign = make_announcement(neighbourhoods=[here.id, there.id]).id
    all_.victim = first.id
    session.commit()
    yield all_
    db.session.remove()


def rules(app: Flask) -> list[tuple[Rule, str]]:
    """Every route of the desk with every method."""
    return [(rule, method) for rule in app.url_map.iter_rules() if rule.endpoint in DESK
            for method in sorted((rule.methods or set()) & {"GET", "POST"})]


def let_in(answer: TestResponse) -> bool:
    """Whether the page was there for whoever asked."""
    turned_back = answer.status_code == 302 and "/redaktion/anmelden" in answer.location
    return answer.status_code not in (401, 403) and not turned_back


def test_every_route_is_in_the_matrix_or_public_on_purpose(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - PUBLIC == set(DESK) | set(NEEDED)
    assert set(DESK) >= LIMITED


def test_a_stranger_gets_no_further_than_the_door(cast: Cast) -> None:
    inside = {f"{method} {rule.endpoint}" for rule, method in rules(cast.app)
              if let_in(cast.ask(None, rule, method, cast.own))}
    assert inside == set()


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_opens_what_the_matrix_says_and_nothing_else(cast: Cast, role: str) -> None:
    wrong = []
    for rule, method in rules(cast.app):
        answer = cast.ask(role, rule, method, cast.own)
        inside = let_in(answer) or rule.endpoint == "desk.sign_out"  # it leads to the door
        if inside != (role in DESK[rule.endpoint]) or answer.status_code >= 500:
            wrong.append((rule.endpoint, method, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", sorted(ROLES))
def test_an_announcement_beyond_ones_ortsteil_can_be_read_but_not_touched(
        cast: Cast, role: str) -> None:
    for rule, method in rules(cast.app):
        if rule.endpoint in LIMITED:
            answer = cast.ask(role, rule, method, cast.foreign)
            assert answer.status_code == 403, (rule.endpoint, method)
            if role in DESK[rule.endpoint]:
                assert "außerhalb Ihrer Ortsteile oder Themen" in answer.text
        elif rule.endpoint in ("desk.watch", "desk.show_versions") and role in READERS:
            assert cast.ask(role, rule, method, cast.foreign).status_code == 200


def test_an_author_reaches_his_own_drafts_wherever_they_are_about(cast: Cast) -> None:
    cast.session.execute(update(Announcement).where(Announcement.id == cast.foreign)
                         .values(author_id=cast.people["author"].id))
    cast.session.commit()
    edit = next(r for r, _ in rules(cast.app) if r.endpoint == "desk.edit")
    assert cast.ask("author", edit, "GET", cast.foreign).status_code == 200

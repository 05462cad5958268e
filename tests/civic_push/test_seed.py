"""The first Ortsteile and topics."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civic_push.languages import LANGUAGES
from civic_push.seed import rows, seed
from subscriptions.models import Neighbourhood, Topic


def test_a_new_house_knows_all_27_ortsteile_and_a_dozen_topics(session: Session) -> None:
    assert seed(session) == (27, 12)
    session.commit()
    assert session.scalar(select(func.count()).select_from(Neighbourhood)) == 27
    berlebeck = session.scalar(select(Neighbourhood).filter_by(slug="berlebeck"))
    assert berlebeck is not None
    assert (berlebeck.name, berlebeck.aliases) == ("Berlebeck", "Johannaberg")


def test_seeding_again_adds_nothing_and_keeps_what_was_changed(session: Session) -> None:
    seed(session)
    topic = session.scalars(select(Topic).order_by(Topic.position)).first()
    assert topic is not None
    topic.name = "Gefahren"
    session.commit()
    assert seed(session) == (0, 0)
    session.commit()
    session.refresh(topic)
    assert topic.name == "Gefahren"


def test_an_ortsteil_that_was_lost_comes_back(session: Session) -> None:
    seed(session)
    session.delete(session.scalars(select(Neighbourhood).filter_by(slug="hiddesen")).one())
    session.commit()
    assert seed(session) == (1, 0)


def test_every_topic_speaks_every_language(session: Session) -> None:
    seed(session)
    for topic in session.scalars(select(Topic)):
        for language in set(LANGUAGES) - {"de"}:
            for say in (topic.title, topic.about, topic.sample):
                assert say(language)
                assert say(language) != say("de"), (topic.slug, language)


def test_a_topic_of_the_town_s_own_speaks_german_until_it_is_translated() -> None:
    topic = Topic(slug="hunde", name="Hunde", translations={"en": {"name": "Dogs"}})
    assert (topic.title("en"), topic.title("ar"), topic.title("de")) == ("Dogs", "Hunde", "Hunde")


def test_slugs_are_fit_for_addresses_and_unique() -> None:
    for name in ("ortsteile.csv", "topics.csv"):
        slugs = [row["slug"] for row in rows(name)]
        assert len(set(slugs)) == len(slugs)
        assert all(s.replace("-", "").isalnum() and s.isascii() and s.islower() for s in slugs)

"""How many announcements a month to expect."""

from __future__ import annotations

from datetime import timedelta

import pytest

from civic_push.announcements import publishing
from civic_push.web.estimate import a_month, in_words


@pytest.fixture
def say(session, now, make_announcement):
    """Publish an announcement so many days ago."""
    def publish(days, **draft):
        announcement = make_announcement(**draft)
        publishing.publish(session, announcement, now - timedelta(days=days))
    return publish


def test_the_expectation_counts_what_would_have_come_in_90_days(
        app, session, now, say, make_topic, make_neighbourhood):
    waste, roads = make_topic("abfall").id, make_topic("verkehr").id
    here, there = make_neighbourhood("hiddesen").id, make_neighbourhood("klut").id
    say(100, topics=[waste])  # too long ago, but the service is old enough
    for days in (80, 50, 20):
        say(days, topics=[waste], neighbourhoods=[here])
        say(days, topics=[roads], neighbourhoods=[there])
        say(days, topics=[roads, waste])  # the whole town, and counted once
    expected = {((), ()): 3, ((waste,), ()): 2, ((roads,), ()): 2, ((waste, roads), ()): 3,
                ((), (here,)): 2, ((roads,), (here,)): 1, ((roads,), (here, there)): 2}
    for (topics, places), number in expected.items():
        assert a_month(session, topics, places, now) == pytest.approx(number), (topics, places)


def test_a_young_service_makes_no_promises_and_then_reckons_with_its_own_age(
        app, session, now, say, make_topic):
    topic = make_topic("abfall").id
    assert a_month(session, (), (), now) is None
    say(5, topics=[topic])
    app.extensions["civic_push_estimates"].clear()
    assert a_month(session, (), (), now) is None
    say(10, topics=[topic])
    app.extensions["civic_push_estimates"].clear()
    assert a_month(session, (), (), now) == pytest.approx(6)


def test_a_count_is_kept_for_a_while(app, session, now, say, make_topic):
    topic = make_topic("abfall").id
    say(30, topics=[topic])
    assert a_month(session, (topic,), (), now) == pytest.approx(1)
    say(1, topics=[topic])
    assert a_month(session, (topic,), (), now) == pytest.approx(1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_expectation_in_words(app):
    with app.test_request_context("/"):
        assert [in_words(n) for n in (None, 0.2, 1.2, 7.6)] == [
            "Wie viele Meldungen das sind, können wir noch nicht sagen.",
            "Das ist weniger als eine Meldung im Monat.",
            "Das ist etwa eine Meldung im Monat.",
            "Das sind etwa 8 Meldungen im Monat."]

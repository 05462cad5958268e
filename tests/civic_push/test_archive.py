"""Finding what is published: by place, topic, words and time, page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from civic_push.announcements.archive import Search, find, origins
from civic_push.announcements.models import AnnouncementKind, AnnouncementState
from civic_push.db import db


@pytest.fixture
def publish(session, make_announcement, now):
    """Store a published announcement, an hour after the one before, with columns of its own."""
    count = 0

    def make(title="Brücke gesperrt", columns=None, **draft):
        nonlocal count
        count += 1
        row = make_announcement(title=title, **draft)
        row.state, row.published_at = AnnouncementState.PUBLISHED, now + timedelta(hours=count)
        for name, value in (columns or {}).items():
            setattr(row, name, value)
        session.commit()
        return row
    return make


def titles(found):
    """What a page lists."""
    return [row.title for row in found.rows]


def test_pages_are_turned_both_ways_without_gap_or_repeat(session, publish, now):
    same_moment = {"published_at": now}
    for number in range(7):
        publish(f"Nr. {number}", columns=same_moment if number in (2, 3, 4) else None)
    seen, page = [], find(session, Search(), 3)
    assert page.newer is None
    while True:
        seen.append(titles(page))
        if page.older is None:
            break
        page = find(session, Search(), 3, older_than=page.older)
    assert sorted(title for part in seen for title in part) == [f"Nr. {n}" for n in range(7)]
    assert [len(part) for part in seen] == [3, 3, 1]
    back = find(session, Search(), 3, newer_than=page.newer)
    assert titles(back) == seen[1]
    assert titles(find(session, Search(), 3, newer_than=back.newer)) == seen[0]


def test_an_unknown_key_gives_the_first_page(session, publish):
    publish("Da")
    for turn in ({"older_than": 999}, {"newer_than": 999}, {"older_than": 2**63 - 1}):
        found = find(session, Search(), 3, **turn)
        assert (titles(found), found.newer) == (["Da"], None)


def test_all_words_must_be_there_in_any_case_umlauts_too(session, publish):
    publish("Öffnung des Freibads", body="Ab Montag 100 % offen")
    publish("Freibad geschlossen", body="Wegen Wartung")
    for words, count in (("öffnung", 1), ("ÖFFNUNG montag", 1), ("freibad", 2), ("freibad kino", 0),
                         ("100 %", 1), ("_", 0), ("%%", 0), ("\\", 0), ("x" * 5000, 0)):
        assert len(find(session, Search(words=words), 9).rows) == count, words


def test_a_span_of_time_includes_its_beginning_and_not_its_end(session, publish, now):
    for title in ("eins", "zwei", "drei"):
        publish(title)
    found = find(session, Search(since=now + timedelta(hours=2), until=now + timedelta(hours=3)), 9)
    assert titles(found) == ["zwei"]


def test_a_correction_takes_the_original_s_place_but_keeps_its_origin(session, publish):
    first = publish("Erst so")
    second = publish("Dann so", columns={
        "kind": AnnouncementKind.CORRECTION, "replaces_id": first.id, "root_id": first.id})
    third = publish("Zuletzt so", columns={
        "kind": AnnouncementKind.WITHDRAWAL, "replaces_id": second.id, "root_id": first.id})
    publish("Entwurf einer weiteren", columns={
        "replaces_id": third.id, "root_id": first.id, "state": AnnouncementState.DRAFT})
    found = find(session, Search(), 9)
    assert titles(found) == ["Zuletzt so"]
    origin = origins(session, found.rows)[third.id]
    assert (origin.id, origin.published_at, origin.followed) == (first.id, first.published_at, 2)


def test_the_number_of_queries_does_not_grow_with_the_page(session, publish):
    for number in range(8):
        publish(f"Nr. {number}")
    titles(find(session, Search(), 2))
    assert _statements(session, 8) == _statements(session, 2)


def _statements(session, size):
    """How many statements it takes to list a page with all that it shows."""
    sent = []
    session.expunge_all()
    event.listen(db.engine, "before_cursor_execute", lambda *a: sent.append(a[2]))
    for row in find(session, Search(), size).rows:
        assert (row.title, len(row.topics), row.neighbourhoods) != ("", 0, None)
    return len(sent)
